import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { packetsOf } from '../../../test/support/coalescing.ts';
import { FakeMemory } from '../../../test/support/fake-memory.ts';
import { assemble, FLAG, type IpFields, ipHeader, TCP, tcpHeader } from '../../../test/support/inner-packet.ts';
import { readVnet } from '../../../test/support/linux-offload.ts';
import { DataLane } from '../../protocol/data-lane.ts';
import { concat } from '../../wire/bytes.ts';
import type { Native } from '../native/koffi.ts';
import type { Machine } from '../native/layout.ts';
import { summableMemory } from '../native/quick-memory.ts';
import { Inbound } from './inbound.ts';
import type { TunDevice } from './tun-device.ts';
import { Writer } from './writer.ts';

const FD = 42;
const IDS = { localTunnelId: 1, localSessionId: 2, peerTunnelId: 1, peerSessionId: 2 };
const COALESCING = { tcp4: true, tcp6: true, udp4: true, udp6: true };

const MACHINES = [
  { pointerOctets: 8, isLittleEndian: true },
  { pointerOctets: 4, isLittleEndian: true },
  { pointerOctets: 8, isLittleEndian: false },
  { pointerOctets: 4, isLittleEndian: false },
] as const satisfies readonly Machine[];

/** An inbound half whose device takes what `takes` says, else has that error. */
function device(
  takes: (written: Uint8Array) => boolean,
  hasVnetHeader = true,
  error = constants.errno.EINVAL,
  machine: Machine = MACHINES[0],
) {
  const memory = new FakeMemory(machine);
  const calls: Uint8Array[] = [];
  const written: Uint8Array[] = [];
  const writev = (fd: number, iovecs: number, count: number) => {
    expect(fd).toBe(FD);
    const octets = memory.gathered(iovecs, count);
    calls.push(octets);
    if (!takes(octets)) return -1;
    written.push(octets);
    return octets.length;
  };
  const native = { ...memory.native, libc: { writev }, errno: () => error } as unknown as Native;
  const lane = new DataLane(IDS, { address: '192.0.2.1', port: 1701 });
  lane.ipv4Open = true;
  const tun = { fd: FD, hasVnetHeader } as TunDevice;
  const coalescing = hasVnetHeader ? COALESCING : { tcp4: false, tcp6: false, udp4: false, udp6: false };
  const writer = new Writer(native, tun, coalescing);
  const inbound = new Inbound({ native, lane, writer });
  const arena = memory.adopt(summableMemory(128 * 1024)).bytes;
  return {
    inbound,
    writer,
    arena,
    calls,
    written,
    /** All of them in one batch. */
    arrive(datagrams: readonly Uint8Array[]): boolean[] {
      let at = 6;
      const taken = datagrams.map((datagram) => {
        arena.set(datagram, at);
        at += datagram.length;
        return inbound.segment(arena, at - datagram.length, at);
      });
      inbound.end();
      return taken;
    },
  };
}

const IPV4: IpFields = {
  ...{ version: 4, source: 1, destination: 2, hopLimit: 64, service: 0, identification: 7, fragment: 0x4000 },
  ...{ options: new Uint8Array(), flowLabel: 0, extensions: [] },
};
/** Segment `k` of a flow. */
const segment = (k: number) =>
  assemble({
    ip: ipHeader({ ...IPV4, identification: 7 + k }, TCP),
    protocol: TCP,
    transport: tcpHeader(Uint8Array.of(3, 232, 0, 80), {
      ...{ sequence: 1000 + 100 * k, acknowledgment: 5, flags: FLAG.ack, window: 9, urgent: 0, reserved: 0 },
      options: new Uint8Array(),
    }),
    payload: new Uint8Array(100).fill(k + 1),
  });
const SEGMENTS = Array.from({ length: 5 }, (_, k) => segment(k));
const PREFIX = Uint8Array.of(0, 2, 0, 1, 0, 2, 0xff, 0x03, 0, 0x21);
const DATAGRAMS = SEGMENTS.map((packet) => concat(PREFIX, packet));
const NO_HEADER = new Uint8Array(10);
const isRun = (octets: Uint8Array) => readVnet(octets).gsoType !== 0;

describe('packets for the device', () => {
  it('are written as one where they can be', () => {
    const { arrive, written, writer } = device(() => true);
    expect(arrive(DATAGRAMS)).toEqual(DATAGRAMS.map(() => true));
    expect(written).toHaveLength(1);
    const [octets] = written as [Uint8Array];
    expect(packetsOf({ octets, vnet: readVnet(octets), packet: octets.slice(10), count: 5 })).toEqual(SEGMENTS);
    expect(writer.dropped).toBe(0);
  });

  it('are written one by one where the kernel does not take them as one', () => {
    const { arrive, written, writer } = device((octets) => !isRun(octets));
    arrive(DATAGRAMS);
    expect(written).toEqual(SEGMENTS.map((packet) => concat(NO_HEADER, packet)));
    expect(writer.dropped).toBe(0);
  });

  it('are not tried as one again where the kernel has refused such runs, which is said', () => {
    const { arrive, calls, writer } = device((octets) => !isRun(octets));
    expect(writer.refused).toBeUndefined();
    arrive(DATAGRAMS);
    arrive(DATAGRAMS);
    expect(calls.map(isRun)).toEqual([true, ...Array(10).fill(false)]);
    expect(writer.refused).toMatch(/^not of tcp4: .*EINVAL/);
  });

  it('are tried as one again after an error that says nothing of runs', () => {
    const { arrive, calls, writer } = device((octets) => !isRun(octets), true, constants.errno.ENOMEM);
    arrive(DATAGRAMS);
    arrive(DATAGRAMS);
    expect(calls.filter(isRun)).toHaveLength(2);
    expect(writer.refused).toBeUndefined();
  });

  it('are counted when the kernel does not take them at all, and the reason is kept', () => {
    const { arrive, inbound, writer } = device(() => false, true, constants.errno.EIO);
    expect(writer.whyDropped).toBeUndefined();
    arrive(DATAGRAMS);
    inbound.deliver(SEGMENTS[0] as Uint8Array);
    expect([writer.dropped, writer.whyDropped]).toEqual([6, expect.stringContaining('EIO')]);
    expect(writer.refused).toBeUndefined();
  });

  it('are written as they are to a device without vnet headers', () => {
    const { arrive, written, inbound } = device(() => true, false);
    arrive(DATAGRAMS);
    inbound.deliver(new Uint8Array(5001).fill(0x45));
    expect(written).toEqual([...SEGMENTS, new Uint8Array(5001).fill(0x45)]);
  });

  describe('of one batch, runs and others,', () => {
    /** What cannot join a run, and ends those under way. */
    const lone = (k: number) =>
      assemble({ ip: ipHeader(IPV4, 99), protocol: 99, transport: new Uint8Array(), payload: Uint8Array.of(k) });
    /** Twelve runs, each of another length, and a packet by itself behind each. */
    const PACKETS = Array.from({ length: 12 }, (_, i) => [
      ...Array.from({ length: 2 + i }, (_, k) => segment(20 * i + k)),
      lone(i),
    ]).flat();
    const batch = PACKETS.map((packet) => concat(PREFIX, packet));
    const packetsIn = (written: readonly Uint8Array[]) =>
      written.flatMap((octets) => {
        const [vnet, packet] = [readVnet(octets), octets.slice(10)];
        const count = vnet.gsoSize === 0 ? 1 : (packet.length - vnet.headerOctets) / vnet.gsoSize;
        return packetsOf({ octets, vnet, packet, count });
      });

    it('are written in the order they came', () => {
      const { arrive, written } = device(() => true);
      arrive(batch);
      expect(written.map(isRun)).toEqual(Array(12).fill([true, false]).flat());
      expect(packetsIn(written)).toEqual(PACKETS);
    });

    it.each(MACHINES)('also where the kernel takes no runs: %j', (machine) => {
      const { arrive, written, writer } = device((octets) => !isRun(octets), true, constants.errno.EINVAL, machine);
      arrive(batch);
      expect(packetsIn(written)).toEqual(PACKETS);
      expect(writer.dropped).toBe(0);
    });

    it('are written only when the batch is over, or there are eight; but at once what has nothing to wait for', () => {
      const { inbound, arena, calls } = device(() => true);
      let at = 6;
      const arrive = (packet: Uint8Array) => {
        const datagram = concat(PREFIX, packet);
        arena.set(datagram, at);
        inbound.segment(arena, at, at + datagram.length);
        at += datagram.length;
        return calls.length;
      };
      expect(arrive(lone(0))).toBe(1);
      // Two of each run, and what ends it: a run and a packet by itself are written together.
      const after = Array.from({ length: 5 }, (_, i) =>
        [segment(20 * i), segment(20 * i + 1), lone(i)].map(arrive).at(-1),
      );
      expect(after).toEqual([1, 1, 1, 1, 9]);
      inbound.end();
      expect(calls).toHaveLength(11);
    });

    it('are all written, however many and however long', () => {
      const { arrive, written, writer } = device((octets) => !isRun(octets));
      const packets = Array.from({ length: 8 }, (_, i) =>
        Array.from({ length: 64 }, (_, k) => segment(100 * i + k)),
      ).flat();
      arrive(packets.map((packet) => concat(PREFIX, packet)));
      expect(packetsIn(written)).toEqual(packets);
      expect([writer.dropped, writer.refused]).toEqual([0, expect.stringContaining('tcp4')]);
    });

    it('are written before one that comes from elsewhere', () => {
      const { inbound, arena, written } = device(() => true);
      for (const [k, datagram] of DATAGRAMS.entries()) {
        arena.set(datagram, 6 + 200 * k);
        inbound.segment(arena, 6 + 200 * k, 6 + 200 * k + datagram.length);
      }
      inbound.deliver(lone(7));
      expect(packetsIn(written)).toEqual([...SEGMENTS, lone(7)]);
      inbound.end();
      expect(written).toHaveLength(2);
    });
  });

  describe('that lie behind the last one, or elsewhere,', () => {
    const STEP = DATAGRAMS[0]?.length ?? 0;
    /** The first one is taken, and the others lie at `at`. */
    function next(at: number) {
      const { inbound, arena, written } = device(() => true);
      arena.set(DATAGRAMS[0] as Uint8Array, 6);
      expect(inbound.segment(arena, 6, 6 + STEP)).toBe(true);
      arena.set(concat(...DATAGRAMS.slice(1)), at);
      return { inbound, arena, written };
    }

    it.each([6 + STEP, 6 + 9 * STEP, 40_000])('go on where it ended without being looked at one by one (%i)', (at) => {
      const { inbound, written } = next(at);
      expect(inbound.follow(at, STEP, 4)).toBe(4);
      inbound.end();
      expect(written).toHaveLength(1);
      const [octets] = written as [Uint8Array];
      expect(packetsOf({ octets, vnet: readVnet(octets), packet: octets.slice(10), count: 5 })).toEqual(SEGMENTS);
    });

    it('are looked at again after one that is not of this call, which may have changed everything', () => {
      const { inbound, arena } = next(6 + STEP);
      arena.set(Uint8Array.of(0xc8, 2), 50_000);
      expect(inbound.segment(arena, 50_000, 50_200)).toBe(false);
      expect(inbound.follow(6 + STEP, STEP, 4)).toBe(0);
      expect(inbound.segment(arena, 6 + STEP, 6 + 2 * STEP)).toBe(true);
      expect(inbound.follow(6 + 2 * STEP, STEP, 3)).toBe(3);
    });

    it('are looked at again after the batch, when the last one may have been overwritten', () => {
      const { inbound } = next(6 + STEP);
      inbound.end();
      expect(inbound.follow(6 + STEP, STEP, 4)).toBe(0);
    });
  });

  it('are only those of this call: others are left to others', () => {
    const { arrive, written } = device(() => true);
    const strangers = [
      concat(Uint8Array.of(0, 2, 0, 1, 0, 9, 0xff, 3, 0, 0x21), SEGMENTS[0] as Uint8Array),
      Uint8Array.of(0xc8, 2),
    ];
    expect(arrive([...strangers, DATAGRAMS[1] as Uint8Array])).toEqual([false, false, true]);
    expect(written).toEqual([concat(NO_HEADER, SEGMENTS[1] as Uint8Array)]);
  });
});
