/**
 * The data path `kernel`: Linux's own L2TP and PPP move the packets, and none of them comes here.
 *
 * PPP is the engine's until IPCP is open, in data messages like any other. Then the kernel gets the session, and what remains for
 * the engine is read from /dev/ppp and handed to it as the data message that it was; what the engine sends goes the other way.
 */
import type { DataPathBackend } from '../../ports/data-path.ts';
import { HostError } from '../../ports/host-error.ts';
import type { Run } from '../linux/command.ts';
import { loadNative } from '../native/koffi.ts';
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
      const native = loadNative();
      const { socket, lane, peer, device, udpChecksums } = request;
      if (!(socket instanceof NativeSocket))
        throw new HostError('device-failed', "the kernel's L2TP needs a socket that was opened through koffi");
      await probe(native);
      if (socket.fd < 0) throw new HostError('device-failed', "the tunnel's socket has been closed meanwhile");
      const session = new KernelSession(native, { ids: lane.ids, peer, engine: socket, udpChecksums });
      try {
        await rename(session.device, device);
        return new KernelPath(native, session, request);
      } catch (error) {
        await session.close();
        throw error;
      }
    },
  };
}
