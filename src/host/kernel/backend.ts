/**
 * The data path `kernel`: Linux's own L2TP and PPP move the packets, and none of them comes here.
 *
 * PPP is the engine's until IPCP is open, in data messages like any other. Then the kernel gets the session, and what remains for
 * the engine is read from /dev/ppp and handed to it as the data message that it was; what the engine sends goes the other way.
 */
import type { DataPathBackend } from '../../ports/data-path.ts';
import { HostError } from '../../ports/host-error.ts';
import type { Run } from '../linux/command.ts';
import { NativeSocket } from '../native/udp.ts';
import { KernelPath } from './kernel-path.ts';
import { KernelSession } from './kernel-session.ts';
import { prober } from './probe.ts';

export interface KernelOptions {
  readonly run: Run;
  /** Renames a device that is down. @throws HostError */
  readonly rename: (from: string, to: string) => Promise<void>;
}

export function kernelBackend({ run, rename }: KernelOptions): DataPathBackend {
  const probe = prober(run);
  return {
    name: 'kernel',
    async open(request) {
      const { socket, lane, peer, device, udpChecksums } = request;
      if (!(socket instanceof NativeSocket))
        throw new HostError('device-failed', "the kernel's L2TP needs a socket that was opened through koffi");
      const { native } = socket;
      await probe(native);
      checkOpen(socket);
      const session = new KernelSession(native, { ids: lane.ids, peer, engine: socket, udpChecksums });
      try {
        await rename(session.device, device);
        checkOpen(socket);
        return new KernelPath(native, session, request);
      } catch (error) {
        await session.close();
        throw error;
      }
    },
  };
}

/** Whoever waited has to look: the connection may have been told to go down. @throws HostError `device-failed` */
function checkOpen({ fd }: NativeSocket): void {
  if (fd < 0) throw new HostError('device-failed', "the tunnel's socket has been closed meanwhile");
}

/**
 * The same, but not for a server that numbers its data messages: the kernel cannot leave them as they come. l2tp_recv_data_seq puts
 * in order whatever has a number, asked or not (PPPOL2TP_SO_RECVSEQ 0 only allows messages without), and with one that is lost others
 * go. Without PPPOL2TP_SO_REORDERTO those are five; with it all that came in the same tick of the kernel's clock as the first that
 * had to wait, for l2tp_recv_dequeue throws away what has waited long enough, it does not let it pass. One lost in a hundred becomes
 * five to fifteen. RFC 2661 §5.4 leaves it to the receiver what it makes of the numbers; where IP is carried, our others only count.
 */
export const unlessNumbered = (backend: DataPathBackend): DataPathBackend => ({
  name: backend.name,
  async open(request) {
    if (request.lane.sequencing) throw new HostError('device-failed', NUMBERED);
    return backend.open(request);
  },
});

const NUMBERED =
  'the server numbers its data messages, and for each one that is lost the kernel would throw away more; "dataPath": "kernel" takes it all the same';
