import type * as fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeKernel } from '../../../test/support/fake-kernel.ts';
import type { DataPath, DataPathRequest } from '../../ports/data-path.ts';
import type { DatagramHandlers } from '../../ports/datagram.ts';
import { DataLane } from '../../protocol/data-lane.ts';
import { readDatagram } from '../../wire/l2tp-header.ts';
import type { Outcome } from '../linux/command.ts';
import { IP_MTU } from '../native/socket-table.ts';
import { NativeSocket, nativeUdp } from '../native/udp.ts';
import { kernelBackend, unlessNumbered } from './backend.ts';

/** Descriptors from 1,000,000 on are those of the fake kernel; /dev/ppp is its as well. */
const { kernels } = vi.hoisted(() => ({ kernels: [] as { allocate(): number; release(fd: number): number }[] }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    openSync: (...where: Parameters<typeof fs.openSync>) =>
      where[0] === '/dev/ppp' ? kernels.at(-1)?.allocate() : real.openSync(...where),
    closeSync: (fd: number) => (fd >= 1_000_000 ? kernels.at(-1)?.release(fd) : real.closeSync(fd)),
    close: (fd: number, done: () => void) =>
      fd >= 1_000_000 ? setImmediate(() => [kernels.at(-1)?.release(fd), done()]) : real.close(fd, done),
  };
});

const PEER = { address: '192.0.2.72', port: 1701 };
const done: Outcome = { status: 0, output: '', errors: '', complaint: '' };
const nothing = () => undefined;

let kernel: FakeKernel;
let socket: NativeSocket;
let told: [string, number][];
let lane: DataLane;
let paths: DataPath[];

beforeEach(async () => {
  kernel = new FakeKernel();
  kernels.push(kernel);
  [told, paths] = [[], []];
  const handlers: DatagramHandlers = { datagram: nothing, pathMtu: (...words) => told.push(words) };
  const place = { local: { address: '192.0.2.2', port: 1701 }, device: 'lo', mark: undefined };
  const opened = await nativeUdp(kernel.native).open(place, handlers);
  if (!(opened instanceof NativeSocket)) throw new Error('another kind of socket');
  socket = opened;
  lane = new DataLane({ localTunnelId: 1, localSessionId: 2, peerTunnelId: 3, peerSessionId: 4 }, PEER);
});
afterEach(async () => {
  vi.useRealTimers();
  for (const path of paths) await path.close();
  socket.close();
  expect({ open: [...kernel.open], watched: [...kernel.watched], stray: kernel.stray }).toEqual({
    ...{ open: [], watched: [], stray: [] },
  });
});

const request = (more: Partial<DataPathRequest> = {}): DataPathRequest => ({
  ...{ device: 'lo', mtu: 1400, lane, socket, peer: PEER, udpChecksums: true },
  ...{ attention: nothing, datagram: nothing, lost: nothing },
  ...more,
});
const backend = (rename: (from: string, to: string) => Promise<void> = async () => undefined) =>
  kernelBackend({ run: async () => done, rename });
const open = async (more: Partial<DataPathRequest> = {}): Promise<DataPath> => {
  const path = await backend().open(request(more));
  paths.push(path);
  return path;
};

describe('what is opened is opened whole or not at all', () => {
  it.each([0, 1, 2])('when watch %i of three fails', async (most) => {
    const before = [...kernel.open];
    kernel.watchesLeft = most;
    await expect(open()).rejects.toThrow('no watch to spare');
    expect([...kernel.open]).toEqual(before);
    expect(kernel.watched.size).toBe(1); // the engine's socket
  });

  it('when the kernel does not take the session over', async () => {
    const { connect } = kernel.native.libc;
    let sockets = 0; // of the tunnel, of the session, and UDP
    const libc = kernel.native.libc as { connect: typeof connect };
    libc.connect = (...words) => (++sockets === 3 ? -1 : connect(...words));
    await expect(open()).rejects.toThrow("the kernel's L2TP: connect to 192.0.2.72");
    expect([kernel.open.size, kernel.watched.size]).toEqual([1, 1]);
  });

  it('when nothing fails, six descriptors and three watches more, and all of them go', async () => {
    const path = await open();
    expect([kernel.open.size, kernel.watched.size]).toEqual([6, 4]);
    await path.close();
    expect([kernel.open.size, kernel.watched.size]).toEqual([1, 1]);
  });
});

describe('a connection that is taken down meanwhile', () => {
  it("while the device is renamed: nothing is done with a descriptor that may be somebody else's", async () => {
    const opening = backend(async () => socket.close()).open(request());
    await expect(opening).rejects.toThrow("the tunnel's socket has been closed meanwhile");
  });

  it('while the kernel is looked at', async () => {
    const opening = backend().open(request());
    socket.close();
    await expect(opening).rejects.toThrow("the tunnel's socket has been closed meanwhile");
  });

  it('and asked all the same, while the kernel removes the device and after that', async () => {
    const path = await open();
    const ask = () => {
      path.takes?.(lane.wrap(Uint8Array.of(0xff, 3, 0xc0, 0x21, 9, 1, 0, 4)));
      path.counters?.();
      path.agreed?.();
    };
    const closing = path.close();
    ask();
    await closing;
    ask();
    expect(kernel.stray).toEqual([]);
  });
});

describe('a server that numbers', () => {
  const opened = (isNumbering: boolean) => {
    lane.noteSequence(isNumbering ? 0 : undefined);
    return unlessNumbered(backend())
      .open(request())
      .then((path) => void paths.push(path));
  };
  it('is declined where another data path will do', async () => {
    await expect(opened(true)).rejects.toThrow('the server numbers its data messages');
    await opened(false);
  });
});

describe('the path MTU', () => {
  const OVERHEAD = 38;
  const full = () => kernel.sent.filter(({ length }) => length > 1000);

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  });

  it('is felt for with a Discard-Request that fills the tunnel, at once and every ten minutes', async () => {
    const path = await open({ device: 'lo', mtu: 1400 });
    expect(full()).toHaveLength(1);
    const datagram = readDatagram(full()[0] as Uint8Array);
    expect(datagram).toMatchObject({ kind: 'data', header: { tunnelId: 3, sessionId: 4, ns: undefined } });
    expect((full()[0]?.length ?? 0) + 28).toBe(1400 + OVERHEAD);
    if (datagram.kind === 'data')
      expect(Buffer.from(datagram.payload.subarray(0, 12)).toString('hex')).toBe('ff03c0210b00057800000000');
    vi.advanceTimersByTime(599_999);
    expect(full()).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(full()).toHaveLength(2);
    await path.close();
    vi.advanceTimersByTime(3_600_000);
    expect([full().length, vi.getTimerCount()]).toEqual([2, 0]);
  });

  it('is what the kernel has learnt of it, a second later and with every word of PPP', async () => {
    const path = await open();
    kernel.options.set(IP_MTU, 1380);
    vi.advanceTimersByTime(1000);
    await Promise.resolve();
    expect(told).toEqual([[PEER.address, 1380]]);
    kernel.options.set(IP_MTU, 1300);
    path.takes?.(lane.wrap(Uint8Array.of(0xff, 3, 0xc0, 0x21, 9, 1, 0, 4)));
    await Promise.resolve();
    expect(told.at(-1)).toEqual([PEER.address, 1300]);
  });

  it('is not worth a word as long as full packets fit', async () => {
    await open({ device: 'no-such-device0' });
    kernel.options.set(IP_MTU, 1500);
    vi.advanceTimersByTime(1_800_000);
    await Promise.resolve();
    expect([told, full().length]).toEqual([[], 1]);
  });

  it('is not felt for where the kernel numbers what is sent', async () => {
    lane.noteSequence(0);
    await open();
    vi.advanceTimersByTime(1_800_000);
    expect(full()).toEqual([]);
  });
});
