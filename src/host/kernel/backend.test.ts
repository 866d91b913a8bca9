import type * as fs from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { DataPathRequest } from '../../ports/data-path.ts';
import type { DatagramSocket } from '../../ports/datagram.ts';
import { HostError } from '../../ports/host-error.ts';
import { DataLane } from '../../protocol/data-lane.ts';
import type { Outcome, Run } from '../linux/command.ts';
import { loadNative } from '../native/koffi.ts';
import { nativeUdp } from '../native/udp.ts';
import { kernelBackend } from './backend.ts';
import { prober } from './probe.ts';

/** Opens /dev/ppp, and nothing else; a descriptor that is nobody's. */
const { openPpp, nowhere } = vi.hoisted(() => ({ openPpp: vi.fn<() => number>(), nowhere: 1_000_000 }));
vi.mock('node:fs', async (original) => {
  const { openSync, closeSync, ...others } = await original<typeof fs>();
  return {
    ...others,
    openSync: (...where: Parameters<typeof openSync>) => (where[0] === '/dev/ppp' ? openPpp() : openSync(...where)),
    closeSync: (fd: number) => (fd === nowhere ? undefined : closeSync(fd)),
  };
});

const native = loadNative();
const done: Outcome = { status: 0, output: '', errors: '', complaint: '' };
/** A kernel that refuses PPPoL2TP sockets for this reason, or has them. */
function kernelThat(errno: number): typeof native {
  const libc = { ...native.libc, socket: () => (errno === 0 ? nowhere : -1), close: () => 0 };
  return { ...native, libc, errno: () => errno };
}
const why = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'all is well',
    (error: unknown) => (error instanceof HostError ? error.failure.detail : String(error)),
  );
const fails = (code: string) => () => {
  throw Object.assign(new Error(`${code}: open /dev/ppp`), { code });
};

describe('a kernel that may have L2TP', () => {
  let run: ReturnType<typeof vi.fn<Run>>;
  beforeEach(() => {
    run = vi.fn<Run>(async () => done);
    openPpp.mockReset().mockReturnValue(nowhere);
  });

  it('has it: no module is loaded', async () => {
    expect(await why(prober(run)(kernelThat(0)))).toBe('all is well');
    expect(run).not.toHaveBeenCalled();
  });

  it.each([
    ['EAFNOSUPPORT', 97],
    ['EPROTONOSUPPORT', 93],
  ])('has no such sockets (%s): its module is loaded once, and the words name the packages', async (_, errno) => {
    const probe = prober(run);
    for (const words of await Promise.all([why(probe(kernelThat(errno))), why(probe(kernelThat(errno)))]))
      expect(words).toMatch(/has no L2TP.*kmod-pppol2tp \(OpenWrt\).*modprobe l2tp_ppp/);
    expect(run.mock.calls).toEqual([[['modprobe', 'l2tp_ppp']]]);
  });

  it('has it once the module is loaded', async () => {
    openPpp.mockImplementationOnce(fails('ENODEV'));
    expect(await why(prober(run)(kernelThat(0)))).toBe('all is well');
    expect(run).toHaveBeenCalledOnce();
  });

  it('has it, but not for this container', async () => {
    openPpp.mockImplementation(fails('ENOENT'));
    expect(await why(prober(run)(kernelThat(0)))).toMatch(
      /\/dev\/ppp does not exist.*hand the device to this container/,
    );
  });

  it('has it, but not for this user: no module would help', async () => {
    openPpp.mockImplementation(fails('EPERM'));
    expect(await why(prober(run)(kernelThat(0)))).toContain('run as root or with CAP_NET_ADMIN');
    expect(run).not.toHaveBeenCalled();
  });
});

describe('the backend', () => {
  const lane = new DataLane(
    { localTunnelId: 1, localSessionId: 2, peerTunnelId: 3, peerSessionId: 4 },
    { address: '127.0.0.1', port: 1701 },
  );
  const nothing = () => undefined;
  const request = (socket: DatagramSocket): DataPathRequest => ({
    ...{ device: 'l2w-test', mtu: 1400, lane, socket, peer: { address: '127.0.0.1', port: 1701 }, udpChecksums: true },
    ...{ attention: nothing, datagram: nothing, lost: nothing },
  });
  const backend = kernelBackend({ run: async () => done, rename: async () => undefined });

  it('wants a socket that is more than Node can give', async () => {
    const socket = { fd: 3 } as unknown as DatagramSocket;
    expect(await why(backend.open(request(socket)))).toContain('koffi');
  });

  it('is refused by a kernel without L2TP, and leaves the socket alone', async () => {
    openPpp.mockImplementation(fails('ENOENT'));
    const place = { local: { address: '127.0.0.1', port: 0 }, device: 'lo', mark: undefined };
    const socket = await nativeUdp(native).open(place, { datagram: nothing, pathMtu: nothing });
    expect(await why(backend.open(request(socket)))).toContain('kmod-pppol2tp');
    socket.close();
  });
});
