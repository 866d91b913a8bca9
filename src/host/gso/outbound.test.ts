import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { FakeMemory } from '../../../test/support/fake-memory.ts';
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
  const sender = (memories: ConstructorParameters<typeof Sender>[3]) =>
    new Sender(native, outlet, new Uint8Array(16), memories, () => undefined);
  return {
    outbound: new Outbound({ native, tun, lane, sender }),
    ...{ lane, datagrams, rest },
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
});
