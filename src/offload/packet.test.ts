import { describe, expect, it } from 'vitest';
import { random } from '../../test/random.ts';
import { Chance } from '../../test/support/chance.ts';
import {
  assemble,
  dissect,
  FLAG,
  ICMP,
  type IpFields,
  ipHeader,
  put16,
  TCP,
  tcpHeader,
  UDP,
  udpHeader,
} from '../../test/support/inner-packet.ts';
import { mutated } from '../../test/support/mutation.ts';
import { Arena } from './arena.ts';
import { PacketLayout } from './packet.ts';

const PORTS = Uint8Array.of(0x12, 0x34, 0, 80);
const IPV4: IpFields = {
  version: 4,
  source: 1,
  destination: 2,
  hopLimit: 64,
  service: 0,
  identification: 7,
  fragment: 0x4000,
  options: new Uint8Array(),
  flowLabel: 0,
  extensions: [],
};
const IPV6: IpFields = { ...IPV4, version: 6 };
const tcp = tcpHeader(PORTS, {
  ...{ sequence: 1, acknowledgment: 2, flags: FLAG.ack, window: 3, urgent: 0, reserved: 0 },
  options: new Uint8Array(12),
});
const packetOf = (fields: IpFields, protocol = TCP, transport = tcp, payload = random(1).octets(50)) =>
  assemble({ ip: ipHeader(fields, protocol), protocol, transport, payload });

const AT = 10;
/** Reads the packet at an odd place, with other octets before and behind it. */
function read(packet: Uint8Array, behind = 0) {
  const arena = Arena.ofSize(AT + packet.length + 100);
  arena.octets.fill(0x45).set(packet, AT);
  const layout = new PacketLayout();
  const isLegible = layout.read(arena, AT, AT + packet.length + behind);
  const { version, protocol, isFragment, hasPorts } = layout;
  if (!isLegible) return undefined;
  const payloadAt = layout.payloadAt(arena);
  return {
    ...{ version, protocol, isFragment, hasPorts },
    transport: layout.transportAt - AT,
    payload: payloadAt === 0 ? undefined : payloadAt - AT,
    end: layout.end - AT,
  };
}

describe('the layout of a packet', () => {
  it('is that of an IPv4 packet, with options or without', () => {
    expect(read(packetOf(IPV4))).toEqual({
      ...{ version: 4, protocol: TCP, isFragment: false, hasPorts: true },
      ...{ transport: 20, payload: 52, end: 102 },
    });
    const options = Uint8Array.of(1, 1, 1, 0);
    expect(read(packetOf({ ...IPV4, options }, UDP, udpHeader(PORTS)))).toEqual({
      ...{ version: 4, protocol: UDP, isFragment: false, hasPorts: true },
      ...{ transport: 24, payload: 32, end: 82 },
    });
  });

  it('is that of an IPv6 packet, with extension headers or without', () => {
    expect(read(packetOf(IPV6))).toMatchObject({ version: 6, protocol: TCP, transport: 40, payload: 72, end: 122 });
    const extensions = [
      { type: 0, octets: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) },
      { type: 60, octets: Uint8Array.of(0, 1, 1, 12, ...new Uint8Array(12)) },
      { type: 43, octets: Uint8Array.of(0, 0, 4, 0, 0, 0, 0, 0) },
    ];
    expect(read(packetOf({ ...IPV6, extensions }))).toMatchObject({
      protocol: TCP,
      transport: 72,
      payload: 104,
      hasPorts: true,
    });
  });

  it('ends where the IP header says, whatever follows', () => {
    expect(read(packetOf(IPV4), 6)).toMatchObject({ end: 102 });
    expect(read(packetOf(IPV6), 6)).toMatchObject({ end: 122 });
  });

  it.each([
    ['first', 0x2000],
    ['middle', 0x20b9],
    ['last', 0x00b9],
  ])('knows the %s IPv4 fragment', (_name, fragment) => {
    expect(read(packetOf({ ...IPV4, fragment }))).toMatchObject({
      isFragment: true,
      hasPorts: false,
      payload: undefined,
    });
  });

  it('knows IPv6 fragments, and does not look behind what authenticates or encrypts', () => {
    const extension = { octets: Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 9) };
    const protocolOf = (type: number) => read(packetOf({ ...IPV6, extensions: [{ ...extension, type }] }));
    expect(protocolOf(44)).toMatchObject({ protocol: 44, isFragment: true, hasPorts: false, transport: 40 });
    expect(protocolOf(51)).toMatchObject({ protocol: 51, isFragment: false, hasPorts: false });
    expect(protocolOf(50)).toMatchObject({ protocol: 50, isFragment: false, hasPorts: false });
  });

  it('has no ports where the protocol has none, or they are cut off', () => {
    expect(read(packetOf(IPV4, ICMP, Uint8Array.of(8, 0, 0, 0)))).toMatchObject({
      hasPorts: false,
      payload: undefined,
    });
    expect(read(packetOf(IPV4, 132, PORTS))).toMatchObject({ hasPorts: false, payload: undefined }); // SCTP
    const cut = packetOf(IPV4).slice(0, 23);
    put16(cut, 2, 23);
    expect(read(cut)).toMatchObject({ hasPorts: false, payload: undefined });
  });

  it('has no payload where the transport header is cut off or contradicts the IP header', () => {
    const withOctet = (packet: Uint8Array, at: number, value: number) => packet.with(at, value);
    expect(read(withOctet(packetOf(IPV4), 32, 0x40))).toMatchObject({ hasPorts: true, payload: undefined }); // shorter than 20
    expect(read(withOctet(packetOf(IPV4, TCP, tcp, new Uint8Array()), 32, 0x90))).toMatchObject({ payload: undefined }); // beyond
    const short = packetOf(IPV4).slice(0, 39);
    put16(short, 2, 39);
    expect(read(short)).toMatchObject({ hasPorts: true, payload: undefined });
    for (const wrong of [57, 59]) {
      const datagram = packetOf(IPV6, UDP, udpHeader(PORTS));
      put16(datagram, 44, wrong);
      expect(read(datagram)).toMatchObject({ hasPorts: true, payload: undefined });
    }
    const halfHeader = packetOf(IPV6, UDP, udpHeader(PORTS)).slice(0, 47);
    put16(halfHeader, 4, 7);
    put16(halfHeader, 44, 7);
    expect(read(halfHeader)).toMatchObject({ hasPorts: true, payload: undefined });
  });

  it('is not that of anything cut short, nor of another version', () => {
    for (const packet of [packetOf(IPV4), packetOf(IPV6)]) {
      for (let octets = 0; octets < packet.length; octets++) expect(read(packet.slice(0, octets))).toBeUndefined();
      for (const version of [0, 5, 7, 15]) expect(read(packet.with(0, version * 16 + 5))).toBeUndefined();
    }
    expect(read(packetOf(IPV4).with(0, 0x44))).toBeUndefined();
    const shorterThanItsHeader = packetOf(IPV4);
    put16(shorterThanItsHeader, 2, 19);
    expect(read(shorterThanItsHeader)).toBeUndefined();
    const extension = { type: 0, octets: Uint8Array.of(0, 30, 1, 4, 0, 0, 0, 0) };
    expect(read(packetOf({ ...IPV6, extensions: [extension] }))).toBeUndefined();
  });

  it('is not read beyond the arena', () => {
    const arena = Arena.over(packetOf(IPV4));
    const layout = new PacketLayout();
    expect(layout.read(arena, 0, 103)).toBe(false);
    expect(layout.read(arena, -1, 102)).toBe(false);
    expect(layout.read(arena, 5, 5)).toBe(false);
    expect(layout.read(arena, 0, 102)).toBe(true);
  });

  it('agrees with a plain reader about damaged packets, and stays within them', () => {
    const chance = new Chance(4);
    const extensions = [{ type: 0, octets: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) }];
    const packets = [packetOf(IPV4), packetOf({ ...IPV6, extensions }), packetOf(IPV6, UDP, udpHeader(PORTS))];
    for (let i = 0; i < 10_000; i++) {
      const packet = mutated(chance.pick(packets), chance);
      const found = read(packet);
      if (found === undefined) continue;
      const ends = [found.transport, found.payload ?? 0, found.end];
      if (ends.some((end) => end > packet.length)) expect.fail(`beyond the end: ${packet}`);
      const parts = dissect(packet);
      if (found.payload === undefined || found.end < packet.length || parts === undefined) continue;
      expect([found.protocol, found.transport, found.payload]).toEqual([
        parts.protocol,
        parts.ip.length,
        parts.ip.length + parts.transport.length,
      ]);
    }
  });
});
