import { describe, expect, it } from 'vitest';
import { Chance } from '../../test/support/chance.ts';
import {
  assemble,
  dissect,
  FLAG,
  get16,
  ICMP,
  type IpFields,
  internetSum,
  ipHeader,
  isIpv4,
  pseudoHeader,
  put16,
  TCP,
  type TcpFields,
  tcpHeader,
  UDP,
  udpHeader,
} from '../../test/support/inner-packet.ts';
import { takenApart } from '../../test/support/linux-offload.ts';
import { mutated } from '../../test/support/mutation.ts';
import { concat, sameOctets } from '../wire/bytes.ts';
import { Arena } from './arena.ts';
import { MOST_SEGMENTS, Segmenter } from './segment.ts';
import { GSO, NEEDS_CSUM, VnetHeader } from './vnet-header.ts';

const PORTS = Uint8Array.of(0x12, 0x34, 0, 80);
const IPV4: IpFields = {
  version: 4,
  source: 1,
  destination: 2,
  hopLimit: 64,
  service: 0,
  identification: 0xffff, // the next one is 0
  fragment: 0x4000,
  options: new Uint8Array(),
  flowLabel: 0x12345,
  extensions: [],
};
const IPV6: IpFields = { ...IPV4, version: 6 };
const HOP_BY_HOP = { type: 0, octets: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) };
const DESTINATION = { type: 60, octets: Uint8Array.of(0, 1, 1, 12, ...new Uint8Array(12)) };
const TCP_FIELDS: TcpFields = {
  sequence: 0xffff_f000, // goes over 2^32
  acknowledgment: 77,
  flags: FLAG.ack,
  window: 500,
  urgent: 0,
  reserved: 0,
  options: Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2),
};
type Fields = Partial<VnetHeader>;

/** A packet as the kernel leaves it: the checksum field holds the sum of the pseudo-header. */
function unfinished(ip: IpFields, payload: Uint8Array, tcp: Partial<TcpFields> = {}, protocol = TCP): Uint8Array {
  const transport = protocol === TCP ? tcpHeader(PORTS, { ...TCP_FIELDS, ...tcp }) : udpHeader(PORTS);
  const parts = { ip: ipHeader(ip, protocol), protocol, transport, payload };
  const packet = assemble(parts);
  const partial = internetSum(pseudoHeader(packet, protocol, transport.length + payload.length));
  put16(packet, parts.ip.length + (protocol === TCP ? 16 : 6), partial);
  return packet;
}

/** The vnet header that the kernel puts in front of such a packet. */
function vnetOf(packet: Uint8Array, gsoSize: number, changes: Fields = {}): VnetHeader {
  const { ip, protocol, transport } = dissect(packet) as NonNullable<ReturnType<typeof dissect>>;
  return Object.assign(new VnetHeader(), {
    flags: NEEDS_CSUM,
    gsoType: protocol === UDP ? GSO.udpL4 : isIpv4(packet) ? GSO.tcpv4 : GSO.tcpv6,
    gsoSize,
    headerOctets: ip.length + transport.length,
    checksumStart: ip.length,
    checksumOffset: protocol === UDP ? 6 : 16,
    ...changes,
  });
}

const PREFIX = 18;
const arena = Arena.ofSize(70_000);
const UNTOUCHED = Buffer.alloc(70_000, 0xee);
const segmenter = new Segmenter(arena, PREFIX);

/** Segments a packet at some place among other octets. @returns the segments, each gathered from header and payload */
function segments(vnet: VnetHeader, packet: Uint8Array, at = 16): Uint8Array[] {
  arena.octets.fill(0xee);
  arena.octets.set(packet, at);
  const count = segmenter.segment(vnet, at, packet.length);
  const { headers, headerAt, headerOctets, payloadAt, payloadOctets } = segmenter;
  const here = arena.octets.subarray(at, at + packet.length);
  const after = here.slice();
  if (headerOctets > 0 || count === 0) expect(sameOctets(after, packet)).toBe(true);
  here.fill(0xee);
  expect(UNTOUCHED.equals(arena.octets)).toBe(true);
  here.set(after);
  let free = 0;
  return Array.from({ length: count }, (_, k) => {
    const [header, payload] = [headerAt[k] as number, payloadAt[k] as number];
    const before = free;
    free = header + headerOctets;
    const end = payload + (payloadOctets[k] as number);
    if (header % 4 !== 0 || header - PREFIX < before || payload < at || end > at + packet.length)
      expect.fail(`segment ${k}`);
    return concat(
      headers.octets.subarray(header, header + headerOctets),
      arena.octets.subarray(payload, payload + (payloadOctets[k] as number)),
    );
  });
}
const octets = (count: number, seed = 1) => new Chance(seed).entropy(count);
const hexOf = (packets: readonly Uint8Array[]) =>
  packets.map((packet) => Array.from(packet, (o) => o.toString(16)).join(' '));
function expectSame(found: readonly Uint8Array[], wanted: readonly Uint8Array[]): void {
  if (found.length === wanted.length && found.every((packet, i) => sameOctets(packet, wanted[i] as Uint8Array))) return;
  expect(hexOf(found)).toEqual(hexOf(wanted));
}

describe('a packet that is one packet', () => {
  it('stays what it is', () => {
    const packet = octets(77);
    expectSame(segments(new VnetHeader(), packet), [packet]);
    expect(segmenter.headerOctets).toBe(0);
    expect(segmenter.headerAt[0]).toBeGreaterThanOrEqual(PREFIX);
  });

  it.each([
    ['TCP over IPv4', IPV4, TCP],
    ['TCP over IPv6 with extension headers', { ...IPV6, extensions: [HOP_BY_HOP, DESTINATION] }, TCP],
    ['UDP over IPv4 with options', { ...IPV4, options: Uint8Array.of(1, 1, 1, 0) }, UDP],
    ['UDP over IPv6', IPV6, UDP],
  ] as const)('gets its checksum: %s', (_name, ip, protocol) => {
    for (const size of [0, 1, 100, 1401])
      for (const at of [16, 17, 18, 19]) {
        const packet = unfinished(ip, octets(size), {}, protocol);
        const finished = assemble(dissect(packet) as NonNullable<ReturnType<typeof dissect>>);
        expectSame(segments(vnetOf(packet, 0, { gsoType: GSO.none }), packet, at), [finished]);
      }
  });

  it('gets 0xffff where its UDP checksum would be 0', () => {
    const packet = unfinished(IPV6, octets(100), {}, UDP);
    const rest = internetSum(packet.subarray(40)); // with the pseudo-header in the field
    put16(
      packet,
      packet.length - 2,
      internetSum(Uint8Array.of(...packet.subarray(-2), (~rest >> 8) & 0xff, ~rest & 0xff)),
    );
    const [segment] = segments(vnetOf(packet, 0, { gsoType: GSO.none }), packet);
    expect(get16(segment as Uint8Array, 46)).toBe(0xffff);
    expect(internetSum(concat(pseudoHeader(packet, UDP, 108), (segment as Uint8Array).subarray(40)))).toBe(0xffff);
  });

  it('gets a checksum of another protocol, wherever it belongs', () => {
    const icmpv6 = concat(ipHeader(IPV6, 58), Uint8Array.of(128, 0, 0, 0), octets(20));
    put16(icmpv6, 4, 24);
    put16(icmpv6, 42, internetSum(pseudoHeader(icmpv6, 58, 24)));
    const fields = { flags: NEEDS_CSUM, checksumStart: 40, checksumOffset: 2 };
    const [segment] = segments(Object.assign(new VnetHeader(), fields), icmpv6);
    expect(internetSum(concat(pseudoHeader(icmpv6, 58, 24), (segment as Uint8Array).subarray(40)))).toBe(0xffff);
  });

  it('may say that it is several and be too small for that', () => {
    for (const size of [0, 99, 100]) {
      const packet = unfinished(IPV4, octets(size), { flags: FLAG.ack | FLAG.psh | FLAG.fin | FLAG.cwr });
      expectSame(segments(vnetOf(packet, 100), packet), [
        assemble(dissect(packet) as NonNullable<ReturnType<typeof dissect>>),
      ]);
      expect(segmenter.headerOctets).toBe(0);
    }
  });
});

describe('a packet that is several', () => {
  it.each([
    ['TCP over IPv4', IPV4, TCP, GSO.tcpv4],
    ['TCP over IPv6', IPV6, TCP, GSO.tcpv6],
    ['UDP over IPv4', IPV4, UDP, GSO.udpL4],
    ['UDP over IPv6', IPV6, UDP, GSO.udpL4],
  ] as const)('comes out as Linux would take it apart: %s', (_name, ip, protocol, gsoType) => {
    const packet = unfinished(ip, octets(64_768), {}, protocol);
    const vnet = vnetOf(packet, 1408);
    expect(vnet.gsoType).toBe(gsoType);
    const found = segments(vnet, packet);
    expect(found).toHaveLength(46);
    expectSame(found, takenApart(vnet, packet));
  });

  it('has the checksums that Wireshark finds right', () => {
    const packet = unfinished({ ...IPV4, identification: 0x0102 }, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), {
      sequence: 0x1000,
      acknowledgment: 0,
      window: 0,
      options: new Uint8Array(),
      flags: FLAG.ack | FLAG.psh,
    });
    const found = segments(vnetOf(packet, 4), packet);
    expect(hexOf(found)).toEqual([
      '45 0 0 2c 1 2 40 0 40 6 22 c8 a 0 1 1 a 0 2 2 12 34 0 50 0 0 10 0 0 0 0 0 50 10 0 0 72 44 0 0 1 2 3 4',
      '45 0 0 2c 1 3 40 0 40 6 22 c7 a 0 1 1 a 0 2 2 12 34 0 50 0 0 10 4 0 0 0 0 50 18 0 0 6a 30 0 0 5 6 7 8',
    ]);
  });

  it('has FIN and PSH on the last segment, CWR on the first, all other flags on every one', () => {
    const packet = unfinished(IPV4, octets(300), { flags: 0xff });
    for (const ecn of [0, GSO.ecn]) {
      const found = segments(vnetOf(packet, 100, { gsoType: GSO.tcpv4 | ecn }), packet);
      expect(found.map((segment) => segment[33])).toEqual([0xf6, 0x76, 0x7f]);
    }
  });

  it('keeps the pseudo-header the kernel took: behind a routing header that is not of the address in front', () => {
    const routing = { type: 43, octets: Uint8Array.of(0, 2, 4, 1, 0, 0, 0, 0, 0xfd, ...new Uint8Array(14), 9) };
    const packet = unfinished({ ...IPV6, extensions: [routing] }, octets(250));
    const pseudoOf = (count: number) => {
      const pseudo = pseudoHeader(packet, TCP, count);
      pseudo.set(routing.octets.subarray(8), 16); // the final destination
      return pseudo;
    };
    put16(packet, 64 + 16, internetSum(pseudoOf(packet.length - 64)));
    const found = segments(vnetOf(packet, 100), packet);
    expect(found.map((segment) => internetSum(concat(pseudoOf(segment.length - 64), segment.subarray(64))))).toEqual([
      0xffff, 0xffff, 0xffff,
    ]);
  });

  it('may be TCP without NEEDS_CSUM: the checksum is made all the same', () => {
    const packet = unfinished(IPV6, octets(250));
    const vnet = vnetOf(packet, 100, { flags: 0, checksumStart: 0, checksumOffset: 0 });
    put16(packet, 40 + 16, 0x1234);
    expectSame(segments(vnet, packet), takenApart(vnet, packet));
  });

  it('can be as many as TCP can have', () => {
    const packet = unfinished(IPV4, octets(65_535 - 40), { options: new Uint8Array() });
    const vnet = vnetOf(packet, 8);
    const found = segments(vnet, packet);
    expect(found).toHaveLength(8187);
    expect(found.length).toBeLessThanOrEqual(MOST_SEGMENTS);
    expectSame(found.slice(-2), takenApart(vnet, packet).slice(-2));
    expect(segments(vnetOf(packet, 7), packet)).toHaveLength(0);
  });

  it('cannot be more than there is room for', () => {
    const datagram = unfinished(IPV4, octets(65_507), {}, UDP);
    expect(segments(vnetOf(datagram, 8), datagram)).toHaveLength(8189);
    expect(segments(vnetOf(datagram, 7), datagram)).toEqual([]); // more than there can be of TCP
    const longHeader = unfinished({ ...IPV6, extensions: [HOP_BY_HOP, DESTINATION] }, octets(65_400));
    expect(segments(vnetOf(longHeader, 16), longHeader)).toHaveLength(4088);
    expect(segments(vnetOf(longHeader, 14), longHeader)).toEqual([]); // more than the headers' arena holds
  });

  it('has 0xffff in the segment whose UDP checksum would be 0', () => {
    const payload = octets(300);
    put16(payload, 100, 0);
    const before = unfinished(IPV4, payload, {}, UDP);
    put16(payload, 100, get16(takenApart(vnetOf(before, 100), before)[1] as Uint8Array, 26));
    const packet = unfinished(IPV4, payload, {}, UDP);
    const found = segments(vnetOf(packet, 100), packet);
    expect(get16(found[1] as Uint8Array, 26)).toBe(0xffff);
    expectSame(found, takenApart(vnetOf(packet, 100), packet));
  });

  it('comes out as Linux would take it apart, whatever it is', () => {
    const chance = new Chance(20);
    for (let i = 0; i < 400; i++) {
      const isUdp = chance.happens(0.3);
      const extensions = [HOP_BY_HOP, DESTINATION].filter(() => chance.happens(0.3));
      const options = chance.entropy(4 * chance.below(4)).fill(1);
      const changes = {
        service: chance.below(256),
        identification: chance.below(65_536),
        fragment: chance.pick([0, 0x4000, 0x8000]),
        ...{ extensions, options },
      };
      const tcp = {
        sequence: chance.below(2 ** 32),
        flags: chance.below(256),
        urgent: chance.pick([0, 5]),
        reserved: chance.below(16),
        options: chance.entropy(4 * chance.below(11)),
      };
      const gsoSize = chance.pick([1, 8, 99, 536, 1 + chance.below(1500)]);
      const size = gsoSize * (1 + chance.below(8)) + 1 + chance.below(gsoSize);
      const ip = { ...chance.pick([IPV4, IPV6]), ...changes };
      const packet = unfinished(ip, chance.entropy(size), tcp, isUdp ? UDP : TCP);
      const vnet = vnetOf(packet, gsoSize);
      expectSame(segments(vnet, packet, 16 + chance.below(8)), takenApart(vnet, packet));
    }
  });
});

describe('a packet that is malformed', () => {
  const good = unfinished(IPV4, octets(300));
  const good6 = unfinished({ ...IPV6, extensions: [HOP_BY_HOP] }, octets(300));
  const datagrams = unfinished(IPV6, octets(300), {}, UDP);
  const rejected = (packet: Uint8Array, changes: Fields, gsoSize = 100) =>
    segments(vnetOf(good, gsoSize, changes), packet).length;

  it('is good as long as nothing is changed', () => {
    expect(rejected(good, {})).toBe(3);
    expect(segments(vnetOf(good6, 100), good6)).toHaveLength(3);
    expect(segments(vnetOf(datagrams, 100), datagrams)).toHaveLength(3);
  });

  it.each<[string, Fields]>([
    ['says nothing of its size', { gsoSize: 0 }],
    ['is of a kind we did not ask for (UDP fragmentation)', { gsoType: 3 }],
    ['is of an unknown kind', { gsoType: 2 }],
    ['is in a tunnel', { gsoType: GSO.tcpv4 | 0x20 }],
    ['is of no kind but ECN', { gsoType: GSO.ecn }],
    ['is of the other version', { gsoType: GSO.tcpv6 }],
    ['is of the other protocol', { gsoType: GSO.udpL4 }],
    ['has its checksum elsewhere', { checksumOffset: 14 }],
    ['has its sum begin elsewhere', { checksumStart: 22 }],
    ['has longer headers than octets', { headerOctets: 353 }],
  ])('%s', (_name, changes) => expect(rejected(good, changes)).toBe(0));

  it('is UDP with ECN, or without NEEDS_CSUM, or of another length than it says', () => {
    const vnet = vnetOf(datagrams, 100);
    expect(segments(Object.assign(vnetOf(datagrams, 100), { gsoType: GSO.udpL4 | GSO.ecn }), datagrams)).toEqual([]);
    expect(segments(Object.assign(vnetOf(datagrams, 100), { flags: 0 }), datagrams)).toEqual([]);
    const lying = datagrams.slice();
    put16(lying, 44, 307);
    expect(segments(vnet, lying)).toEqual([]);
  });

  it('says that it is TCP and is UDP, or that it is several and has nothing', () => {
    const asTcp = { gsoType: GSO.tcpv6, flags: 0 };
    expect(segments(Object.assign(vnetOf(datagrams, 100), asTcp), datagrams)).toEqual([]);
    const empty = unfinished(IPV4, octets(0));
    expect(segments(vnetOf(empty, 0), empty)).toEqual([]);
  });

  it('ends elsewhere than its IP header says', () => {
    for (const packet of [concat(good, octets(1)), good.slice(0, -1)]) expect(rejected(packet, {})).toBe(0);
    for (const packet of [concat(good6, octets(1)), good6.slice(0, -1)])
      expect(segments(vnetOf(good6, 100), packet)).toEqual([]);
  });

  it('is a fragment, or its TCP header is too short or too long', () => {
    const with16 = (at: number, value: number) => {
      const packet = good.slice();
      put16(packet, at, value);
      return packet;
    };
    expect(rejected(with16(6, 0x2000), {})).toBe(0);
    expect(rejected(with16(6, 0x0001), {})).toBe(0);
    expect(rejected(good.with(32, 0x40), {})).toBe(0);
    const bare = unfinished(IPV4, octets(10), { options: new Uint8Array() });
    expect(segments(vnetOf(bare, 5), bare)).toHaveLength(2);
    expect(segments(vnetOf(bare, 5), bare.with(32, 0xf0))).toEqual([]);
    expect(
      rejected(
        assemble({ ...(dissect(good) as NonNullable<ReturnType<typeof dissect>>), protocol: ICMP }).with(9, ICMP),
        {},
      ),
    ).toBe(0);
  });

  it.each<[string, Fields]>([
    ['inside the IP header', { checksumStart: 18 }],
    ['behind the packet', { checksumStart: 20, checksumOffset: 331 }],
    ['half behind the packet', { checksumStart: 349, checksumOffset: 2 }],
    ['across two numbers', { checksumOffset: 15 }],
    ['far away', { checksumStart: 65_535, checksumOffset: 65_534 }],
  ])('its checksum belongs %s', (_name, changes) => expect(rejected(good, { gsoType: GSO.none, ...changes })).toBe(0));

  it('is not in the arena', () => {
    expect(segmenter.segment(new VnetHeader(), 69_990, 11)).toBe(0);
    expect(segmenter.segment(new VnetHeader(), -1, 10)).toBe(0);
    expect(segmenter.segment(new VnetHeader(), 0, 0)).toBe(0);
    expect(segmenter.segment(new VnetHeader(), 69_990, 10)).toBe(1);
  });

  it('is damaged at random: nothing is thrown, nothing beyond it is named or written', () => {
    const chance = new Chance(30);
    let made = 0;
    for (let i = 0; i < 2000; i++) {
      const original = chance.pick([good, good6, datagrams]);
      const vnet = vnetOf(original, chance.pick([100, 1, 250]));
      const changes: Fields = {};
      const names = ['flags', 'gsoType', 'gsoSize', 'headerOctets', 'checksumStart', 'checksumOffset'] as const;
      for (const name of names)
        if (chance.happens(0.15)) changes[name] = chance.pick([0, 1, 4, 5, 0x81, 40, 65_535, chance.below(400)]);
      made += segments(Object.assign(vnet, changes), chance.happens(0.7) ? mutated(original, chance) : original).length;
    }
    expect(made).toBeGreaterThan(500);
  });
});
