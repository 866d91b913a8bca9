import { describe, expect, it } from 'vitest';
import { Chance } from '../../test/support/chance.ts';
import { EVERYTHING, packetsOf, piecesOf, writtenOf } from '../../test/support/coalescing.ts';
import {
  assemble,
  dissect,
  FLAG,
  get16,
  ICMP,
  type IpFields,
  ipHeader,
  type Parts,
  put16,
  TCP,
  type TcpFields,
  tcpHeader,
  UDP,
  udpHeader,
} from '../../test/support/inner-packet.ts';
import { concat } from '../wire/bytes.ts';
import { Arena } from './arena.ts';
import { Coalescer, MOST_RUNS } from './coalesce.ts';
import { GSO, VNET_OCTETS } from './vnet-header.ts';

const SIZE = 100;
const IPV4: IpFields = {
  version: 4,
  source: 1,
  destination: 2,
  hopLimit: 64,
  service: 0,
  identification: 0xfffe,
  fragment: 0x4000,
  options: new Uint8Array(),
  flowLabel: 0x12345,
  extensions: [],
};
const IPV6: IpFields = { ...IPV4, version: 6 };
const HOP_BY_HOP = { type: 0, octets: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) };
const OTHER_HOP_BY_HOP = { type: 0, octets: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 1) };
const DESTINATION = { ...HOP_BY_HOP, type: 60 };
const OPTIONS = Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2);

interface Changes {
  ip?: Partial<IpFields>;
  tcp?: Partial<TcpFields>;
  port?: number;
  size?: number;
  protocol?: number;
  payload?: Uint8Array;
}

/** The k-th packet of a flow in which every packet has 100 octets of payload, with changes to that packet. */
function parts(
  k: number,
  base: IpFields,
  protocol: number,
  { ip, tcp, port = 1000, size = SIZE, payload }: Changes = {},
): Parts {
  const ports = concat(Uint8Array.of(port >> 8, port & 0xff), Uint8Array.of(0, 80));
  const fields = {
    sequence: 0xffff_ffd0 + SIZE * k,
    acknowledgment: 7,
    flags: FLAG.ack,
    window: 500,
    urgent: 0,
    reserved: 0,
    options: OPTIONS,
  };
  return {
    ip: ipHeader({ ...base, identification: base.identification + k, ...ip }, protocol),
    protocol,
    transport: protocol === TCP ? tcpHeader(ports, { ...fields, ...tcp }) : udpHeader(ports),
    payload: payload ?? new Chance(k).entropy(size),
  };
}
const segment = (k: number, changes: Changes = {}, base = IPV4) => assemble(parts(k, base, TCP, changes));
const segment6 = (k: number, changes: Changes = {}) => segment(k, changes, IPV6);
const datagram = (k: number, changes: Changes = {}, base = IPV4) => assemble(parts(k, base, UDP, changes));

/** How many packets each write has, having seen that they come out as they went in. */
function runs(...packets: Uint8Array[]): number[] {
  const written = writtenOf(packets);
  const out = written.flatMap(packetsOf);
  const text = (all: readonly Uint8Array[]) => all.map(String).sort();
  expect(text(out)).toEqual(text(packets));
  return written.map(({ count }) => count);
}
const with16 = (packet: Uint8Array, at: number, change: (value: number) => number) => {
  const changed = packet.slice();
  put16(changed, at, change(get16(packet, at)));
  return changed;
};
const flipped = (packet: Uint8Array, at: number, bit = 1) => packet.with(at, (packet[at] as number) ^ bit);

describe('packets that follow each other', () => {
  it.each([
    ['TCP over IPv4', segment, GSO.tcpv4, { headerOctets: 52, checksumStart: 20, checksumOffset: 16 }],
    ['TCP over IPv6', segment6, GSO.tcpv6, { headerOctets: 72, checksumStart: 40, checksumOffset: 16 }],
    ['UDP over IPv4', datagram, GSO.udpL4, { headerOctets: 28, checksumStart: 20, checksumOffset: 6 }],
    [
      'UDP over IPv6',
      (k: number) => datagram(k, {}, IPV6),
      GSO.udpL4,
      { headerOctets: 48, checksumStart: 40, checksumOffset: 6 },
    ],
  ] as const)('become one: %s', (_name, packet, gsoType, places) => {
    const packets = [0, 1, 2, 3].map((k) => packet(k));
    const written = writtenOf(packets);
    expect(written.map(({ vnet }) => vnet)).toEqual([{ flags: 1, gsoType, gsoSize: SIZE, ...places }]);
    expect(written.flatMap(packetsOf)).toEqual(packets);
  });

  it('become one with the same options or extension headers', () => {
    const options = Uint8Array.of(1, 1, 1, 0);
    expect(runs(...[0, 1, 2].map((k) => segment(k, { ip: { options } })))).toEqual([3]);
    const extensions = [HOP_BY_HOP, DESTINATION];
    expect(runs(...[0, 1, 2].map((k) => segment6(k, { ip: { extensions } })))).toEqual([3]);
  });

  it('become one with any octets, of odd sizes and at odd places', () => {
    for (const size of [1, 2, 3, 99, 1408, 1409])
      expect(runs(...[0, 1, 2].map((k) => segment(k, { size, tcp: { sequence: 5 + k * size } })))).toEqual([3]);
  });

  it('end with a shorter one, or one with PSH', () => {
    expect(runs(segment(0), segment(1, { size: 99 }))).toEqual([2]);
    expect(runs(segment(0), segment(1, { size: 60 }), segment(2, { tcp: { sequence: 0xffff_ffd0 + 160 } }))).toEqual([
      2, 1,
    ]);
    expect(runs(datagram(0), datagram(1, { size: 60 }), datagram(2, { size: 60 }))).toEqual([2, 1]);
    expect(runs(segment(0), segment(1, { tcp: { flags: FLAG.ack | FLAG.psh } }), segment(2), segment(3))).toEqual([
      2, 2,
    ]);
  });

  it('do not begin with PSH, nor with a shorter one', () => {
    expect(runs(segment(0, { tcp: { flags: FLAG.ack | FLAG.psh } }), segment(1), segment(2))).toEqual([1, 2]);
    expect(runs(segment(0), segment(1, { size: SIZE + 1 }))).toEqual([1, 1]);
    expect(runs(datagram(0), datagram(1, { size: SIZE + 1 }))).toEqual([1, 1]);
  });

  it('are 64 at most, and 65535 octets', () => {
    const small = Array.from({ length: 130 }, (_, k) => segment(k));
    expect(runs(...small)).toEqual([64, 64, 2]);
    expect(runs(...Array.from({ length: 130 }, (_, k) => datagram(k)))).toEqual([64, 64, 2]);
    const large = (k: number, size: number) => ({ size, tcp: { sequence: k * size } });
    expect(runs(...[0, 1, 2].map((k) => segment(k, large(k, 21_827))))).toEqual([3]); // 52 + 3 * 21827 = 65533
    expect(runs(...[0, 1, 2].map((k) => segment(k, large(k, 21_828))))).toEqual([2, 1]);
  });

  it('may all have ECE', () => {
    const flags = FLAG.ack | FLAG.ece;
    expect(runs(segment(0, { tcp: { flags } }), segment(1, { tcp: { flags: flags | FLAG.psh } }))).toEqual([2]);
  });

  it('may have a checksum that comes out as zero', () => {
    expect(runs(segment(0), withZeroChecksum(parts(1, IPV4, TCP)))).toEqual([2]);
    const datagramOfZero = withZeroChecksum(parts(1, IPV4, UDP));
    expect(get16(datagramOfZero, 26)).toBe(0xffff);
    expect(runs(datagram(0), datagramOfZero)).toEqual([2]);
  });
});

/** Chooses the first two payload octets so that the sum of everything is 0xffff, and the checksum its complement. */
function withZeroChecksum(from: Parts): Uint8Array {
  const payload = from.payload.slice();
  put16(payload, 0, 0);
  const field = from.ip.length + (from.protocol === TCP ? 16 : 6);
  put16(payload, 0, get16(assemble({ ...from, payload }), field));
  return assemble({ ...from, payload });
}

// Each row alone keeps two packets of a flow apart that would otherwise be one: the second is good, but not the one that Linux makes.
describe('a second packet goes alone if', () => {
  const pair = (name: string, changes: Changes, make = segment) => [name, make(0), make(1, changes)] as const;
  const ecn = { service: 3 };
  const other = Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 3);
  const eightMore = (ip: Partial<IpFields>) => ({ ip, tcp: { options: OPTIONS.subarray(0, 4) } });
  const flagsOf = (flag: number) => ({ tcp: { flags: FLAG.ack | flag } });
  const longExtension = { type: 60, octets: Uint8Array.of(0, 26, 1, 212, ...new Uint8Array(212)) };

  it.each([
    pair('its type of service differs', { ip: { service: 0xb8 } }),
    pair('it met congestion', { ip: ecn }),
    pair('its TTL differs', { ip: { hopLimit: 63 } }),
    pair('its DF differs', { ip: { fragment: 0 } }),
    pair('its reserved flag differs', { ip: { fragment: 0xc000 } }),
    pair('its identification is the same', { ip: { identification: 0xfffe } }),
    pair('its identification leaves one out', { ip: { identification: 0 } }),
    pair('it has options', { ip: { options: Uint8Array.of(1, 1, 1, 0) } }),
    pair('its headers are as long, but otherwise', eightMore({ options: Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 0) })),
    pair('its sequence number leaves one out', { tcp: { sequence: 0xffff_ffd0 + SIZE + 1 } }),
    pair('its sequence number repeats', { tcp: { sequence: 0xffff_ffd0 } }),
    pair('its acknowledgment differs', { tcp: { acknowledgment: 8 } }),
    pair('its window differs', { tcp: { window: 501 } }),
    pair('its urgent pointer differs', { tcp: { urgent: 1 } }),
    pair('its reserved bits differ', { tcp: { reserved: 1 } }),
    pair('its TCP options differ', { tcp: { options: other } }),
    pair('its TCP options are longer', { tcp: { options: concat(OPTIONS, OPTIONS) } }),
    pair('it has ECE', flagsOf(FLAG.ece)),
    pair('it has CWR', flagsOf(FLAG.cwr)),
    pair('it has FIN', flagsOf(FLAG.fin)),
    pair('it has SYN', flagsOf(FLAG.syn)),
    pair('it has RST', flagsOf(FLAG.rst)),
    pair('it has URG', flagsOf(FLAG.urg)),
    pair('it has no ACK', { tcp: { flags: 0 } }),
    pair('it has no payload', { size: 0 }),
    pair('its traffic class differs', { ip: { service: 4 } }, segment6),
    pair('it met congestion, in IPv6', { ip: ecn }, segment6),
    pair('its flow label differs', { ip: { flowLabel: 5 } }, segment6),
    pair('its hop limit differs', { ip: { hopLimit: 63 } }, segment6),
    pair('it has an extension header', { ip: { extensions: [HOP_BY_HOP] } }, segment6),
    pair('it has another protocol', { protocol: UDP }, (k, changes) =>
      changes?.protocol === UDP ? datagram(k) : segment(k),
    ),
    pair('its identification is the same, in UDP', { ip: { identification: 0xfffe } }, datagram),
    pair('its TTL differs, in UDP', { ip: { hopLimit: 63 } }, datagram),
    pair('it has no payload, in UDP', { size: 0 }, datagram),
    [
      'its extension header differs',
      ...[HOP_BY_HOP, OTHER_HOP_BY_HOP].map((one, k) => segment6(k, { ip: { extensions: [one] } })),
    ],
    [
      'its extension header is of another type',
      ...[HOP_BY_HOP, DESTINATION].map((one, k) => segment6(k, { ip: { extensions: [one] } })),
    ],
    ['its options differ', ...[0, 1].map((k) => segment(k, { ip: { options: Uint8Array.of(1, 1, 1, k) } }))],
    ['headers are very long', ...[0, 1].map((k) => segment6(k, { ip: { extensions: [longExtension] } }))],
    ['octets follow it', segment(0), concat(segment(1), Uint8Array.of(0))],
    ['octets follow it, in IPv6', segment6(0), concat(segment6(1), Uint8Array.of(0))],
    ['octets follow the first', concat(segment(0), Uint8Array.of(0)), segment(1)],
    ['both have CWR', segment(0, flagsOf(FLAG.cwr)), segment(1, flagsOf(FLAG.cwr))],
    ['both have FIN', segment(0, flagsOf(FLAG.fin)), segment(1, flagsOf(FLAG.fin))],
    ['both have SYN', segment(0, flagsOf(FLAG.syn)), segment(1, flagsOf(FLAG.syn))],
    ['both have RST', segment(0, flagsOf(FLAG.rst)), segment(1, flagsOf(FLAG.rst))],
    ['both have URG', segment(0, flagsOf(FLAG.urg)), segment(1, flagsOf(FLAG.urg))],
    ['both have no ACK', segment(0, { tcp: { flags: 0 } }), segment(1, { tcp: { flags: 0 } })],
    ['its UDP checksum is left out', datagram(0), with16(datagram(1), 26, () => 0)],
    ['both UDP checksums are left out', ...[0, 1].map((k) => with16(datagram(k), 26, () => 0))],
    ['its UDP length is too short', datagram(0), with16(datagram(1), 24, (length) => length - 1)],
    ['its TCP header is too long', segment(0), segment(1, { size: 4 }).with(32, 0xf0)],
  ] as readonly (readonly [string, Uint8Array, Uint8Array])[])('%s', (_name, first, second) => {
    expect(runs(first, second)).toEqual([1, 1]);
  });
});

describe('a checksum', () => {
  const withOtherZero = (packet: Uint8Array, at: number) => {
    expect(get16(packet, at)).toBe(0);
    return with16(packet, at, () => 0xffff);
  };

  it('that is right, but not what Linux writes, keeps its packet alone', () => {
    const segmentOfZero = withOtherZero(withZeroChecksum(parts(1, IPV4, TCP)), 36);
    expect(runs(segment(0), segmentOfZero)).toEqual([1, 1]);
    expect(runs(segmentOfZero, segment(2))).toEqual([1, 1]);
    const checksum = get16(segment(0, { ip: { identification: 0 } }), 10);
    const headerOfZero = segment(1, { ip: { identification: checksum } });
    const before = segment(0, { ip: { identification: checksum - 1 } });
    expect(runs(before, headerOfZero)).toEqual([2]);
    expect(runs(before, withOtherZero(headerOfZero, 10))).toEqual([1, 1]);
  });

  it.each([
    ['TCP over IPv4', segment],
    ['TCP over IPv6', segment6],
    ['UDP over IPv4', datagram],
    ['UDP over IPv6', (k: number) => datagram(k, {}, IPV6)],
  ] as const)(
    'never becomes right by the way: %s',
    (_name, packet) => {
      const packets = [packet(0), packet(1), packet(2)];
      for (let i = 0; i < 3; i++)
        for (let at = 0; at < (packets[i] as Uint8Array).length; at++)
          for (let bit = 1; bit < 256; bit *= 2) {
            const damaged = packets.with(i, flipped(packets[i] as Uint8Array, at, bit));
            const out = writtenOf(damaged).flatMap(packetsOf);
            if (out.map(String).sort().join() !== damaged.map(String).sort().join())
              expect.fail(`bit ${bit} of octet ${at}`);
          }
    },
    60_000,
  );

  it('that is wrong keeps its packet alone, and the others apart', () => {
    const damaged = flipped(segment(2), 120);
    expect(runs(segment(0), segment(1), damaged, segment(3), segment(4))).toEqual([2, 1, 2]);
    const written = writtenOf([segment(0), segment(1), damaged]);
    expect(written[1]).toMatchObject({
      count: 1,
      packet: damaged,
      vnet: { flags: 0, gsoType: 0, headerOctets: 0, gsoSize: 0, checksumStart: 0, checksumOffset: 0 },
    });
    expect(runs(flipped(segment(0), 120), segment(1), segment(2))).toEqual([1, 2]);
    expect(runs(flipped(segment(0), 8), segment(1), segment(2))).toEqual([1, 2]); // its TTL
  });

  it('of a packet that is on its way through a routing header cannot be verified', () => {
    const routing = { type: 43, octets: Uint8Array.of(0, 2, 4, 1, 0, 0, 0, 0, 0xfd, ...new Uint8Array(14), 9) };
    const packets = [0, 1].map((k) => {
      const packet = segment6(k, { ip: { extensions: [routing] } });
      return flipped(packet, 64 + 17); // as it would be with another destination
    });
    expect(runs(...(packets as [Uint8Array, Uint8Array]))).toEqual([1, 1]);
  });
});

describe('the order of a flow', () => {
  const a = (k: number, changes: Changes = {}) => segment(k, { ...changes, port: 1 });
  const b = (k: number, changes: Changes = {}) => segment(k, { ...changes, port: 2 });
  const icmp = assemble({
    ip: ipHeader(IPV4, ICMP),
    protocol: ICMP,
    transport: new Uint8Array(),
    payload: new Uint8Array(40),
  });
  const later = (of: Uint8Array, fragment: number) =>
    assemble({ ...(dissect(of) as Parts), ip: ipHeader({ ...IPV4, fragment }, TCP), protocol: TCP });
  const fragment = later(segment(0), 0x2000);
  /** Which of the packets each write has, by their numbers. */
  const order = (packets: readonly Uint8Array[]) =>
    writtenOf(packets).map((one) =>
      packetsOf(one).map((packet) => packets.findIndex((each) => String(each) === String(packet))),
    );

  it('is kept in several runs side by side, which go in the order of their first packets', () => {
    expect(order([b(0), a(0), a(1), b(1), a(2), b(2)])).toEqual([
      [0, 3, 5],
      [1, 2, 4],
    ]);
  });

  it('is kept by a pure ACK, FIN or RST, which lets other flows wait', () => {
    for (const change of [{ size: 0 }, { tcp: { flags: FLAG.ack | FLAG.fin } }, { tcp: { flags: FLAG.rst } }])
      expect(order([b(0), a(0), a(1), a(2, change), b(1), a(3), a(4)])).toEqual([[1, 2], [3], [0, 4], [5, 6]]);
  });

  it('is kept by damaged packets and by duplicates', () => {
    expect(order([a(0), a(1), flipped(a(2), 100), a(3), a(4)])).toEqual([[0, 1], [2], [3, 4]]);
    expect(order([a(0), a(1), a(3), a(2)])).toEqual([[0, 1], [2], [3]]);
  });

  it.each([
    ['a fragment', fragment],
    ['the last fragment', later(segment(0), 0x0010)],
    ['what has no ports', icmp],
    ['what is cut off', segment(0).slice(0, 60)],
    ['what is no IP packet', Uint8Array.of(0, 1, 2, 3)],
    ['an encrypted packet', segment6(0, { ip: { extensions: [{ type: 50, octets: new Uint8Array(8) }] } })],
  ])('is kept by %s, which lets no flow wait', (_name, packet) => {
    expect(order([b(0), a(0), a(1), packet, b(1), a(2)])).toEqual([[0], [1, 2], [3], [4], [5]]);
  });

  it('is kept when more flows come than have room: the oldest goes', () => {
    const flows = Array.from({ length: MOST_RUNS + 1 }, (_, port) => (k: number) => segment(k, { port }));
    const first = flows.map((flow) => flow(0));
    const second = flows.map((flow) => flow(1));
    const all = [...first, ...second];
    expect(order(all.filter((_, i) => i !== MOST_RUNS && i !== 2 * MOST_RUNS + 1))).toEqual(
      Array.from({ length: MOST_RUNS }, (_, i) => [i, i + MOST_RUNS]),
    );
    // With one too many the first has gone when its second comes, which makes the next one go, and so on.
    expect(order(all)).toEqual(all.map((_, i) => [i]));
  });

  it('is that of the batch: nothing is left over for the next one', () => {
    const arena = Arena.ofSize(4096);
    const counts: number[] = [];
    const coalescer = new Coalescer(arena, EVERYTHING, (delivery) => counts.push(piecesOf(delivery).length));
    for (const k of [0, 1]) {
      arena.octets.set(segment(k));
      coalescer.add(0, segment(k).length);
      coalescer.flush();
      expect(counts).toHaveLength(k + 1);
    }
    expect(counts).toEqual([1, 1]);
    coalescer.flush();
    expect(counts).toHaveLength(2);
  });
});

describe('flows', () => {
  it.each<[string, Changes, Changes]>([
    ['source', { ip: { source: 3 } }, { ip: { source: 4 } }],
    ['destination', { ip: { destination: 3 } }, { ip: { destination: 4 } }],
    ['port', { port: 3 }, { port: 4 }],
  ])('with another %s do not disturb each other', (_name, one, two) => {
    for (const make of [segment, segment6, datagram])
      expect(runs(make(0, one), make(0, two), make(1, one), make(1, two))).toEqual([2, 2]);
  });

  it('of TCP and UDP with the same ports do not either', () => {
    expect(runs(segment(0), datagram(0), segment(1), datagram(1))).toEqual([2, 2]);
  });
});

describe('a kind that the kernel does not take', () => {
  const packets = [segment, segment6, datagram, (k: number) => datagram(k, {}, IPV6)].map(
    (make) => [make(0), make(1)] as const,
  );

  it.each([
    ['tcp4', [1, 1, 2, 2, 2]],
    ['tcp6', [2, 1, 1, 2, 2]],
    ['udp4', [2, 2, 1, 1, 2]],
    ['udp6', [2, 2, 2, 1, 1]],
  ] as const)('goes packet by packet: %s', (kind, counts) => {
    const written = packets.flatMap((pair) => writtenOf(pair, { ...EVERYTHING, [kind]: false }));
    expect(written.map(({ count }) => count)).toEqual(counts);
    expect(written.flatMap(packetsOf)).toEqual(packets.flat());
  });
});

describe('a delivery', () => {
  const deliveriesOf = (...packets: Uint8Array[]) => {
    const arena = Arena.ofSize(8192);
    const found: { headAt: number; headOctets: number; own: Uint8Array[] }[] = [];
    const coalescer = new Coalescer(arena, EVERYTHING, (delivery) => {
      const { headAt, headOctets } = delivery;
      const header = headOctets - VNET_OCTETS;
      const own = piecesOf(delivery).map(({ at, octets }) => arena.octets.slice(at - header, at + octets));
      found.push({ headAt, headOctets, own });
    });
    let at = 2;
    for (const packet of packets) {
      arena.octets.set(packet, at);
      coalescer.add(at, at + packet.length);
      at += packet.length;
    }
    coalescer.flush();
    return found;
  };

  it('has every packet around its piece, for whoever has to write them one by one', () => {
    const packets = [segment(0), segment(1), segment(2, { size: 3 })];
    const [delivery] = deliveriesOf(...packets);
    expect(delivery).toEqual({ headAt: 14, headOctets: VNET_OCTETS + 52, own: packets });
    expect(deliveriesOf(segment(0))).toEqual([{ headAt: 0, headOctets: VNET_OCTETS, own: [segment(0)] }]);
  });

  it('is not made of what is not in the arena, nor of nothing', () => {
    const coalescer = new Coalescer(Arena.ofSize(100), EVERYTHING, () => expect.fail('nothing to deliver'));
    for (const [from, to] of [
      [0, 101],
      [-1, 10],
      [10, 10],
      [10, 9],
    ] as const)
      coalescer.add(from, to);
    coalescer.flush();
  });
});
