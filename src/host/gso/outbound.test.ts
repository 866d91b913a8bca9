import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { FakeMemory } from '../../../test/support/fake-memory.ts';
import { TCP } from '../../../test/support/inner-packet.ts';
import { segmented } from '../../../test/support/segmenting.ts';
import { IPV4, unfinished } from '../../../test/support/unfinished-packet.ts';
import { Arena } from '../../offload/arena.ts';
import { VnetHeader } from '../../offload/vnet-header.ts';
import { DataLane } from '../../protocol/data-lane.ts';
import { concat } from '../../wire/bytes.ts';
import type { Native } from '../native/koffi.ts';
import { Outbound } from './outbound.ts';
import { type Outlet, Sender } from './sender.ts';
import type { TunDevice } from './tun-device.ts';

const { EAGAIN, EINTR, EINVAL, EBADF } = constants.errno;
const IDS = { localTunnelId: 1, localSessionId: 2, peerTunnelId: 1, peerSessionId: 2 };
const PREFIX = Uint8Array.of(0, 2, 0, 1, 0, 2, 0xff, 0x03, 0, 0x21);
const NO_HEADER = new Uint8Array(10);
/** GSO for TCP with segments of 100 octets, in front of what is no TCP. */
const WRONG_HEADER = Uint8Array.of(1, 1, 40, 0, 100, 0, 20, 0, 16, 0);

/** An outbound half; `reads` is what the device gives, one after the other: octets, or an error number. */
function device(reads: readonly (Uint8Array | number)[], hasVnetHeader = true) {
  const memory = new FakeMemory({ pointerOctets: 8, isLittleEndian: true });
  const rest = [...reads];
  const datagrams: Uint8Array[] = [];
  let error = 0;
  let room = Number.POSITIVE_INFINITY;
  let calls = 0;
  const read = (_fd: number, address: number, octets: number) => {
    const next = rest.shift() ?? EAGAIN;
    if (typeof next === 'number') {
      error = next;
      return -1;
    }
    expect(octets).toBeGreaterThanOrEqual(65_545);
    memory.at(address, octets).set(next); // throws if it is not all in one piece of memory
    return next.length;
  };
  const outlet: Outlet = {
    canSegment: true,
    sendMessage(address) {
      if (room-- <= 0) return -EAGAIN;
      calls++;
      const { payload, control } = memory.message(address);
      const size = control === undefined ? payload.length : new DataView(control.data.buffer).getUint16(0, true);
      for (let at = 0; at < payload.length; at += size) datagrams.push(payload.slice(at, at + size));
      return payload.length;
    },
    sendMessages: () => -constants.errno.ENOSYS,
    noteLoss: () => undefined,
  };
  const native = { ...memory.native, libc: { read }, errno: () => error } as unknown as Native;
  const lane = new DataLane(IDS, { address: '192.0.2.1', port: 1701 });
  lane.ipv4Open = true;
  const tun = { fd: 5, hasVnetHeader } as TunDevice;
  const sender = new Sender(native, outlet, new Uint8Array(16), () => undefined);
  return {
    outbound: new Outbound({ native, tun, lane, sender }),
    ...{ lane, datagrams, rest },
    calls: () => calls,
    /** Calls that the socket still takes. */
    give(calls: number): void {
      room = calls;
    },
  };
}

/** An IPv4 packet of an unknown protocol, so many octets long. */
function packet(octets: number, fill: number): Uint8Array {
  const bytes = new Uint8Array(octets).fill(fill);
  bytes.set([0x45, 0, octets >> 8, octets & 0xff, 0, 0, 0, 0, 64, 253]);
  return bytes;
}
const withHeader = (bytes: Uint8Array) => concat(NO_HEADER, bytes);
const datagram = (bytes: Uint8Array) => concat(PREFIX, bytes);
const many = (count: number, octets: number) => Array.from({ length: count }, (_, k) => packet(octets, k));

describe('what is read from the device', () => {
  it.each([true, false])('is sent, whatever its size and however much there is, vnet headers: %s', (hasVnetHeader) => {
    const packets = [
      ...many(100, 60),
      packet(65_535, 1),
      ...many(7, 40_000),
      packet(20, 3),
      ...many(70, 1400),
      packet(65_535, 9),
    ];
    const { outbound, datagrams, lane } = device(
      packets.map((bytes) => (hasVnetHeader ? withHeader(bytes) : bytes)),
      hasVnetHeader,
    );
    for (let turns = 0; turns < 4; turns++) expect(outbound.turn()).toBe('done');
    expect(datagrams).toEqual(packets.map(datagram));
    expect(lane.counters).toMatchObject({ sentPackets: packets.length, notIp: 0 });
  });

  it('comes later when a signal comes first', () => {
    const { outbound, datagrams } = device([EINTR, withHeader(packet(40, 1)), EINTR, withHeader(packet(40, 2))]);
    expect(outbound.turn()).toBe('done');
    expect(datagrams).toHaveLength(2);
  });

  it('may be an error', () => {
    const { outbound } = device([EBADF]);
    expect(outbound.turn()).toEqual({ error: EBADF });
  });

  it('is left out where it is no packet for the tunnel, and the others are none the worse', () => {
    const packets = many(6, 300);
    const odd = [
      new Uint8Array(),
      new Uint8Array(9),
      NO_HEADER,
      withHeader(Uint8Array.of(0x10, 0)),
      concat(WRONG_HEADER, packet(300, 1)),
      EINVAL, // the kernel has no vnet header for it
    ];
    const { outbound, datagrams, lane } = device(
      packets.flatMap((bytes, k) => [odd[k] as Uint8Array | number, withHeader(bytes)]),
    );
    expect(outbound.turn()).toBe('done');
    expect(datagrams).toEqual(packets.map(datagram));
    expect([outbound.malformed, lane.counters.notIp]).toEqual([2, 1]);
  });

  it('waits in the device while the socket is full, and then leaves in order', () => {
    const packets = many(300, 50);
    const { outbound, datagrams, rest, give } = device(packets.map(withHeader));
    give(1);
    expect(outbound.turn()).toBe('full');
    const unread = rest.length;
    expect(unread).toBeGreaterThan(100);
    give(0);
    expect(outbound.resume()).toBe(false);
    expect(rest).toHaveLength(unread);
    give(100);
    expect(outbound.resume()).toBe(true);
    for (let turns = 0; turns < 2; turns++) expect(outbound.turn()).toBe('done');
    expect(datagrams).toEqual(packets.map(datagram));
  });

  it('leaves in full messages, though they are not what one packet makes', () => {
    const packets = superPackets(8);
    const { outbound, datagrams, calls } = device(packets.map(({ octets }) => octets));
    expect(outbound.turn()).toBe('done');
    expect(datagrams).toEqual(packets.flatMap(({ segments }) => segments).map(datagram));
    // Each by itself would make two, of 44 segments and 2.
    expect(calls()).toBeLessThanOrEqual(12);
  });

  it('is let through by a full socket in order, numbered messages of the engine included', () => {
    const packets = superPackets(3);
    const { outbound, lane, datagrams, give } = device(packets.map(({ octets }) => octets));
    lane.noteSequence(0); // the peer numbers, so we do
    const early = lane.wrap(Uint8Array.of(0xc0, 0x21, 9));
    expect(outbound.takes(early)).toBe(false); // nothing that it could overtake
    give(1);
    expect(outbound.turn()).toBe('full');
    const messages = [1, 2].map((k) => lane.wrap(Uint8Array.of(0xc0, 0x21, k)));
    for (const message of messages) {
      expect(outbound.takes(message)).toBe(true);
      message.fill(0xee); // the octets are the engine's again
    }
    give(1000);
    expect(outbound.resume()).toBe(true);
    for (let turns = 0; turns < 2; turns++) expect(outbound.turn()).toBe('done');
    const numbers = datagrams.map((bytes) => ((bytes[6] as number) << 8) | (bytes[7] as number));
    expect(numbers).toEqual(Array.from({ length: 3 * 46 + 2 }, (_, k) => k + 1));
    expect(outbound.takes(lane.wrap(Uint8Array.of(0xc0, 0x21, 3)))).toBe(false);
  });

  it('is overtaken by messages that have no numbers, and by those there is no room for', () => {
    const packets = superPackets(3);
    const { outbound, lane, give } = device(packets.map(({ octets }) => octets));
    give(0);
    expect(outbound.turn()).toBe('full');
    expect(outbound.takes(lane.wrap(Uint8Array.of(0xc0, 0x21, 1)))).toBe(false);
    lane.noteSequence(0);
    const long = lane.wrap(new Uint8Array(1500));
    let taken = 0;
    while (outbound.takes(long)) taken++;
    expect(taken).toBeGreaterThan(9);
    give(1000);
    expect(outbound.resume()).toBe(true);
  });
});

describe('when the device has become readable', () => {
  const one = withHeader(packet(60, 1));

  it('the first small packet waits for nobody, and the others leave together', () => {
    const { outbound, datagrams, calls, rest } = device([one, one, one, one]);
    expect(outbound.turn(true)).toBe('done');
    expect([datagrams.length, calls(), rest.length]).toEqual([4, 2, 0]);
  });

  it('and it was one packet, it is seldom asked for a second one', () => {
    const lone = [one, EAGAIN];
    const { outbound, calls, rest } = device([...lone, ...Array(15).fill(one), ...lone, one, one]);
    const left: number[] = [];
    for (let turns = 0; turns < 18; turns++) {
      expect(outbound.turn(true)).toBe('done');
      left.push(rest.length);
    }
    expect(left).toEqual([19, ...Array.from({ length: 15 }, (_, k) => 18 - k), 2, 1]);
    expect(calls()).toBe(18);
  });

  it('by another way than by its own word, all there is is read', () => {
    const { outbound, rest } = device([one, EAGAIN, one, one]);
    expect(outbound.turn(true)).toBe('done');
    expect(outbound.turn()).toBe('done');
    expect(rest).toHaveLength(0);
  });

  it('and the one packet is a large one, it is asked for the next, and from then on', () => {
    const [large] = superPackets(1);
    const { outbound, rest } = device([one, EAGAIN, (large as { octets: Uint8Array }).octets, one, EAGAIN, one, one]);
    const left: number[] = [];
    for (let turns = 0; turns < 3; turns++) {
      expect(outbound.turn(true)).toBe('done');
      left.push(rest.length);
    }
    expect(left).toEqual([5, 2, 0]);
  });
});

/** TCP over IPv4 as the kernel hands it over, and what is to become of it. */
function superPackets(count: number): { octets: Uint8Array; segments: readonly Uint8Array[] }[] {
  return Array.from({ length: count }, (_, k) => {
    const payload = new Uint8Array(46 * 1400).fill(k + 1);
    const { vnet, packet } = unfinished(IPV4, payload, 1400, {}, TCP);
    const header = Arena.ofSize(12);
    Object.assign(new VnetHeader(), vnet).write(header, 0);
    return { octets: concat(header.octets.slice(0, 10), packet), segments: segmented({ vnet, packet }).segments };
  });
}
