import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { packetsOf } from '../../../test/support/coalescing.ts';
import { FakeMemory } from '../../../test/support/fake-memory.ts';
import { assemble, FLAG, type IpFields, ipHeader, TCP, tcpHeader } from '../../../test/support/inner-packet.ts';
import { readVnet } from '../../../test/support/linux-offload.ts';
import { DataLane } from '../../protocol/data-lane.ts';
import { concat } from '../../wire/bytes.ts';
import type { Native } from '../native/koffi.ts';
import { summableMemory } from '../native/quick-memory.ts';
import { Inbound } from './inbound.ts';
import type { TunDevice } from './tun-device.ts';

const FD = 42;
const IDS = { localTunnelId: 1, localSessionId: 2, peerTunnelId: 1, peerSessionId: 2 };
const COALESCING = { tcp4: true, tcp6: true, udp4: true, udp6: true };

/** An inbound half whose device takes what `takes` says, else has that error. */
function device(takes: (written: Uint8Array) => boolean, hasVnetHeader = true, error = constants.errno.EINVAL) {
  const memory = new FakeMemory({ pointerOctets: 8, isLittleEndian: true });
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
  const inbound = new Inbound({ native, tun, lane, coalescing });
  const arena = memory.adopt(summableMemory(64 * 1024)).bytes;
  return {
    inbound,
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
/** Consecutive segments of one flow. */
const SEGMENTS = Array.from({ length: 5 }, (_, k) =>
  assemble({
    ip: ipHeader({ ...IPV4, identification: 7 + k }, TCP),
    protocol: TCP,
    transport: tcpHeader(Uint8Array.of(3, 232, 0, 80), {
      ...{ sequence: 1000 + 100 * k, acknowledgment: 5, flags: FLAG.ack, window: 9, urgent: 0, reserved: 0 },
      options: new Uint8Array(),
    }),
    payload: new Uint8Array(100).fill(k + 1),
  }),
);
const PREFIX = Uint8Array.of(0, 2, 0, 1, 0, 2, 0xff, 0x03, 0, 0x21);
const DATAGRAMS = SEGMENTS.map((packet) => concat(PREFIX, packet));
const NO_HEADER = new Uint8Array(10);
const isRun = (octets: Uint8Array) => readVnet(octets).gsoType !== 0;

describe('packets for the device', () => {
  it('are written as one where they can be', () => {
    const { arrive, written, inbound } = device(() => true);
    expect(arrive(DATAGRAMS)).toEqual(DATAGRAMS.map(() => true));
    expect(written).toHaveLength(1);
    const [octets] = written as [Uint8Array];
    expect(packetsOf({ octets, vnet: readVnet(octets), packet: octets.slice(10), count: 5 })).toEqual(SEGMENTS);
    expect(inbound.dropped).toBe(0);
  });

  it('are written one by one where the kernel does not take them as one', () => {
    const { arrive, written, inbound } = device((octets) => !isRun(octets));
    arrive(DATAGRAMS);
    expect(written).toEqual(SEGMENTS.map((packet) => concat(NO_HEADER, packet)));
    expect(inbound.dropped).toBe(0);
  });

  it('are not tried as one again where the kernel has refused such runs, which is said', () => {
    const { arrive, calls, inbound } = device((octets) => !isRun(octets));
    expect(inbound.refused).toBeUndefined();
    arrive(DATAGRAMS);
    arrive(DATAGRAMS);
    expect(calls.map(isRun)).toEqual([true, ...Array(10).fill(false)]);
    expect(inbound.refused).toMatch(/^not of tcp4: .*EINVAL/);
  });

  it('are tried as one again after an error that says nothing of runs', () => {
    const { arrive, calls, inbound } = device((octets) => !isRun(octets), true, constants.errno.ENOMEM);
    arrive(DATAGRAMS);
    arrive(DATAGRAMS);
    expect(calls.filter(isRun)).toHaveLength(2);
    expect(inbound.refused).toBeUndefined();
  });

  it('are counted when the kernel does not take them at all, and the reason is kept', () => {
    const { arrive, inbound } = device(() => false, true, constants.errno.EIO);
    expect(inbound.whyDropped).toBeUndefined();
    arrive(DATAGRAMS);
    inbound.deliver(SEGMENTS[0] as Uint8Array);
    expect([inbound.dropped, inbound.whyDropped]).toEqual([6, expect.stringContaining('EIO')]);
    expect(inbound.refused).toBeUndefined();
  });

  it('are written as they are to a device without vnet headers', () => {
    const { arrive, written, inbound } = device(() => true, false);
    arrive(DATAGRAMS);
    inbound.deliver(new Uint8Array(5001).fill(0x45));
    expect(written).toEqual([...SEGMENTS, new Uint8Array(5001).fill(0x45)]);
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
