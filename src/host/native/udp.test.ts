import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DatagramHandlers, Place } from '../../ports/datagram.ts';
import { HostError } from '../../ports/host-error.ts';
import type { Endpoint } from '../../protocol/machine.ts';
import { loadNative, type Native } from './koffi.ts';
import { sockaddrOf } from './sockaddr.ts';
import type { SocketFeature } from './socket-options.ts';
import { SO_BINDTODEVICE, SO_MARK, SOL_UDP, UDP_SEGMENT } from './socket-table.ts';
import { NativeSocket, nativeUdp } from './udp.ts';

const native = loadNative();
const nothing: DatagramHandlers = { datagram: () => undefined, pathMtu: () => undefined };

describe('our own UDP socket', () => {
  const open: NativeSocket[] = [];
  afterEach(() => {
    for (const socket of open.splice(0)) socket.close();
  });

  const socketAt = async (
    address: string,
    handlers: Partial<DatagramHandlers> = {},
    without: readonly SocketFeature[] = [],
    place: Partial<Place> = {},
    system: Native = native,
  ): Promise<NativeSocket> => {
    const at = { local: { address, port: 0 }, device: 'lo', mark: undefined, ...place };
    const socket = await nativeUdp(system, { without }).open(at, { ...nothing, ...handlers });
    if (!(socket instanceof NativeSocket)) throw new Error('another kind of socket');
    open.push(socket);
    return socket;
  };

  describe.each(['127.0.0.1', '::1'])('at %s', (address) => {
    // Twenty of one size and a shorter one: the kernel cuts them apart, or hands them over in one piece if it is told that it may.
    const stream = Uint8Array.from({ length: 20 * 1001 + 17 }, (_, i) => (i * 31) % 251);
    const expected = Array.from({ length: 21 }, (_, i) => Buffer.from(stream.subarray(i * 1001, (i + 1) * 1001)));

    it.each([
      { without: [], messages: 1 },
      { without: ['udp-gro'] as const, messages: 21 },
    ])('takes datagrams apart that came as one, without $without', async ({ without, messages }) => {
      const ordinary: Buffer[] = [];
      const a = await socketAt(address, { datagram: (bytes) => ordinary.push(Buffer.from(bytes)) }, without);
      const b = await socketAt(address);
      sendSegmented(b, a.local, stream, 1001);
      await until(() => ordinary.length === 21);
      expect(ordinary).toEqual(expected);

      // In place each message has a slot of its own; one that came as one piece lies there without gaps.
      const inPlace: Buffer[] = [];
      const gaps: number[] = [];
      let last = -1;
      a.attach({
        peer: b.local,
        segment: (bytes, from, to) => {
          if (from !== last) gaps.push(from);
          last = to;
          inPlace.push(Buffer.from(bytes.subarray(from, to)));
          return true;
        },
        end: () => undefined,
      });
      sendSegmented(b, a.local, stream, 1001);
      await until(() => inPlace.length === 21);
      expect(inPlace).toEqual(expected);
      expect(gaps).toHaveLength(messages);
      expect(ordinary).toHaveLength(21);
    });

    it('offers what the peer sends to the intake alone, and the rest to the others', async () => {
      const ordinary: { first: number | undefined; from: Endpoint }[] = [];
      const a = await socketAt(address, { datagram: ([first], from) => ordinary.push({ first, from }) });
      const peer = await socketAt(address);
      const stranger = await socketAt(address);
      const offered: number[] = [];
      let ends = 0;
      a.attach({
        peer: peer.local,
        segment: (bytes, from) => {
          offered.push(bytes[from] as number);
          return bytes[from] !== 2; // of 2 it wants to know nothing
        },
        end: () => ends++,
      });
      for (const value of [1, 2, 3]) {
        peer.send(new Uint8Array([value]), a.local);
        stranger.send(new Uint8Array([10 + value]), a.local);
      }
      await until(() => ordinary.length === 4 && ends > 0);
      expect(offered).toEqual([1, 2, 3]);
      expect(ends).toBeGreaterThan(0);
      expect(ordinary).toEqual([
        { first: 11, from: stranger.local },
        { first: 2, from: peer.local },
        { first: 12, from: stranger.local },
        { first: 13, from: stranger.local },
      ]);
    });
  });

  it('lets an intake end, or another take its place, in the middle of a message', async () => {
    const ordinary: number[] = [];
    const a = await socketAt('127.0.0.1', { datagram: ([first]) => ordinary.push(first as number) });
    const b = await socketAt('127.0.0.1');
    const [first, second]: [number[], number[]] = [[], []];
    const intake = (into: number[], enough: number, then: () => void) => ({
      peer: b.local,
      segment: (bytes: Uint8Array, from: number) => {
        into.push(bytes[from] as number);
        if (into.length === enough) then();
        return true;
      },
      end: () => undefined,
    });
    a.attach(intake(first, 2, () => a.attach(intake(second, 3, () => a.attach(undefined)))));
    sendSegmented(
      b,
      a.local,
      Uint8Array.from({ length: 80 }, (_, i) => Math.floor(i / 10)),
      10,
    );
    await until(() => ordinary.length === 3);
    expect([first, second, ordinary]).toEqual([
      [0, 1],
      [2, 3, 4],
      [5, 6, 7],
    ]);
  });

  it('knows its peer by the address, not by the port alone', async () => {
    const ordinary: Endpoint[] = [];
    const a = await socketAt('127.0.0.1', { datagram: (_bytes, from) => ordinary.push(from) });
    const peer = await socketAt('127.0.0.1');
    const { port } = peer.local;
    const stranger = await socketAt('127.0.0.2', {}, [], { local: { address: '127.0.0.2', port } });
    let offered = 0;
    a.attach({ peer: peer.local, segment: () => ++offered > 0, end: () => undefined });
    for (const socket of [peer, stranger]) socket.send(new Uint8Array(1), a.local);
    await until(() => ordinary.length > 0);
    expect([offered, ordinary]).toEqual([1, [{ address: '127.0.0.2', port }]]);
  });

  it('goes to sleep after an error that nobody asks for', async () => {
    const a = await socketAt('127.0.0.1');
    const gone = await socketAt('127.0.0.1');
    gone.close();
    a.send(new Uint8Array(1), gone.local);
    await sleep(20);
    const before = process.cpuUsage();
    await sleep(200);
    const { user, system } = process.cpuUsage(before);
    expect(user + system, 'µs of 200 ms').toBeLessThan(40_000);
  });

  it('may be closed by its intake', async () => {
    let ordinary = 0;
    const a = await socketAt('127.0.0.1', { datagram: () => ordinary++ });
    const b = await socketAt('127.0.0.1');
    let offered = 0;
    let ends = 0;
    const segment = () => {
      offered++;
      a.close();
      return true;
    };
    a.attach({ peer: b.local, segment, end: () => ends++ });
    sendSegmented(b, a.local, new Uint8Array(80), 10);
    await until(() => offered > 0);
    await sleep(5);
    expect({ offered, ends, ordinary, fd: a.fd }).toEqual({ offered: 1, ends: 0, ordinary: 0, fd: -1 });
    a.send(new Uint8Array(1), b.local);
    a.bindTo('lo');
  });

  it('hears all of a burst, however much it takes at a time', async () => {
    const heard: number[] = [];
    const a = await socketAt('127.0.0.1', { datagram: (bytes) => heard.push((bytes[0] ?? 0) + 256 * (bytes[1] ?? 0)) });
    const b = await socketAt('127.0.0.1');
    for (let i = 0; i < 500; i++) b.send(Uint8Array.of(i, i >> 8), a.local);
    await until(() => heard.length === 500);
    expect(heard).toEqual(Array.from({ length: 500 }, (_, i) => i));
  });

  describe('with a handler that throws', () => {
    const boom = new Error('a mistake of ours');
    let thrown: unknown[];
    let listeners: NodeJS.UncaughtExceptionListener[];
    beforeEach(() => {
      thrown = [];
      listeners = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.on('uncaughtException', (error) => thrown.push(error));
    });
    afterEach(() => {
      process.removeAllListeners('uncaughtException');
      for (const each of listeners) process.on('uncaughtException', each);
    });

    it("ends where one of Node's own sockets does, and no other datagram is lost over it", async () => {
      const heard: number[] = [];
      const a = await socketAt('127.0.0.1', {
        datagram: ([first]) => {
          if (first === 1) throw boom;
          heard.push(first as number);
        },
      });
      const b = await socketAt('127.0.0.1');
      for (const value of [0, 1, 2]) b.send(Uint8Array.of(value), a.local);
      await until(() => heard.length === 2);
      b.send(Uint8Array.of(3), a.local);
      await until(() => heard.length === 3 && thrown.length > 0);
      expect([heard, thrown]).toEqual([[0, 2, 3], [boom]]);
    });

    it('an intake has an end all the same, and sees the rest of a message', async () => {
      const a = await socketAt('127.0.0.1');
      const b = await socketAt('127.0.0.1');
      const [seen, ends]: [number[], number[]] = [[], []];
      const segment = (bytes: Uint8Array, from: number) => {
        seen.push(bytes[from] as number);
        if (seen.length === 3) throw boom;
        return true;
      };
      const end = () => {
        ends.push(seen.length);
        if (ends.length === 1) throw boom;
      };
      a.attach({ peer: b.local, segment, end });
      const stream = Uint8Array.from({ length: 80 }, (_, i) => Math.floor(i / 10));
      sendSegmented(b, a.local, stream, 10);
      await until(() => ends.length === 1);
      sendSegmented(b, a.local, stream, 10);
      await until(() => ends.length === 2 && thrown.length === 2);
      expect([seen, ends, thrown]).toEqual([
        [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7],
        [8, 16],
        [boom, boom],
      ]);
    });

    it('so does a system call of ours', async () => {
      let fails = 2;
      const recvmmsg: Native['libc']['recvmmsg'] = (...args) => {
        if (fails-- > 0) throw boom;
        return native.libc.recvmmsg(...args);
      };
      let heard = 0;
      const libc = { ...native.libc, recvmmsg };
      const a = await socketAt('127.0.0.1', { datagram: () => heard++ }, [], {}, { ...native, libc });
      const b = await socketAt('127.0.0.1');
      b.send(Uint8Array.of(1), a.local);
      await until(() => heard === 1);
      expect([heard, thrown]).toEqual([1, [boom, boom]]);
    });

    it('those who wait for room are all called', async () => {
      const a = await socketAt('127.0.0.1');
      let called = 0;
      a.whenWritable(() => {
        throw boom;
      });
      a.whenWritable(() => called++);
      await until(() => called === 1 && thrown.length === 1);
      expect([called, thrown]).toEqual([1, [boom]]);
    });
  });

  it('leaves no descriptor behind when it cannot be watched', async () => {
    const nowhere = 1_000_000; // a descriptor that is nobody's
    const closed: number[] = [];
    const failing: Native = {
      ...native,
      libc: {
        ...native.libc,
        socket: () => nowhere,
        setsockopt: () => 0,
        bind: () => 0,
        getsockname: () => 0,
        close: (fd) => closed.push(fd),
      },
      poll: () => {
        throw new Error('no handle to spare');
      },
    };
    await expect(socketAt('127.0.0.1', {}, [], {}, failing)).rejects.toThrow('no handle to spare');
    expect(closed).toEqual([nowhere]);
  });

  it('says what it makes use of', async () => {
    const with_ = await socketAt('127.0.0.1');
    expect(with_.features).toEqual(
      ['bind-to-device', 'udp-segment', 'udp-gro'].map((name) => ({ name, missing: undefined })),
    );
    const without = await socketAt('127.0.0.1', {}, ['bind-to-device', 'udp-segment', 'udp-gro']);
    expect(without.features.map(({ missing }) => missing)).toEqual(Array(3).fill('switched off'));
    expect([with_.canSegment, without.canSegment]).toEqual([true, false]);
  });

  // What a kernel says to a process without CAP_NET_RAW, or one that is too old.
  const refusing = (option: number, errno: number): Native => {
    let refused = false;
    return {
      ...native,
      errno: () => (refused ? errno : native.errno()),
      libc: {
        ...native.libc,
        setsockopt: (fd, level, name, value, octets) => {
          refused = name === option;
          return refused ? -1 : native.libc.setsockopt(fd, level, name, value, octets);
        },
      },
    };
  };
  const [EPERM, ENOPROTOOPT] = [1, 92];

  it('does without what the kernel refuses', async () => {
    const unbound = await socketAt('127.0.0.1', {}, [], {}, refusing(SO_BINDTODEVICE, EPERM));
    expect(unbound.features).toContainEqual({ name: 'bind-to-device', missing: 'no permission (CAP_NET_RAW)' });
    unbound.bindTo('lo');
    const old = await socketAt('127.0.0.1', {}, [], {}, refusing(UDP_SEGMENT, ENOPROTOOPT));
    expect(old.features).toContainEqual({ name: 'udp-segment', missing: 'this kernel does not have it' });
  });

  it('is not opened without the mark that is wished, nor on a device that is gone', async () => {
    const unmarked = socketAt('127.0.0.1', {}, [], { mark: 7 }, refusing(SO_MARK, EPERM));
    await expect(unmarked).rejects.toThrow('packets cannot be marked 7: EPERM');
    await expect(unmarked).rejects.toBeInstanceOf(HostError);
    const nowhere = socketAt('127.0.0.1', {}, [], { device: 'gone0' });
    await expect(nowhere).rejects.toThrow('there is no device gone0 any more');
    await expect(nowhere).rejects.toBeInstanceOf(HostError);
    const socket = await socketAt('127.0.0.1');
    expect(() => socket.bindTo('gone0')).toThrow(HostError);
  });
});

/** One call, gathered from two pieces, that the kernel makes datagrams of `octets` each of. */
function sendSegmented(socket: NativeSocket, to: Endpoint, stream: Uint8Array, octets: number): void {
  const { iovec, msghdr, cmsghdr, cmsgLen, cmsgSpace, putLong } = native.layout;
  const { bytes, words, address } = native.arena(256 + stream.length);
  const [nameAt, iovAt, controlAt, streamAt] = [64, 96, 160, 256];
  const name = sockaddrOf(native, to);
  bytes.set(name, nameAt);
  bytes.set(stream, streamAt);
  putLong(words, msghdr.name, address + nameAt);
  words[msghdr.namelen >> 2] = name.length;
  putLong(words, msghdr.iov, address + iovAt);
  putLong(words, msghdr.iovlen, 2);
  putLong(words, msghdr.control, address + controlAt);
  putLong(words, msghdr.controllen, cmsgSpace(2));
  putLong(words, iovAt + iovec.base, address + streamAt);
  putLong(words, iovAt + iovec.len, 7);
  putLong(words, iovAt + iovec.octets + iovec.base, address + streamAt + 7);
  putLong(words, iovAt + iovec.octets + iovec.len, stream.length - 7);
  putLong(words, controlAt + cmsghdr.len, cmsgLen(2));
  words[(controlAt + cmsghdr.level) >> 2] = SOL_UDP;
  words[(controlAt + cmsghdr.type) >> 2] = UDP_SEGMENT;
  new Uint16Array(bytes.buffer, controlAt + cmsghdr.octets, 1)[0] = octets;
  expect(socket.sendMessage(address)).toBe(stream.length);
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const end = Date.now() + 2000; Date.now() < end && !isTrue(); ) await sleep(1);
}
