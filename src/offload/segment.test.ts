import { describe, expect, it } from 'vitest';
import { Chance } from '../../test/support/chance.ts';
import {
  assemble,
  dissect,
  FLAG,
  get16,
  internetSum,
  ipHeader,
  type Parts,
  pseudoHeader,
  put16,
  TCP,
  UDP,
} from '../../test/support/inner-packet.ts';
import { takenApart } from '../../test/support/linux-offload.ts';
import { segmented } from '../../test/support/segmenting.ts';
import {
  anyUnfinished,
  DESTINATION,
  HOP_BY_HOP,
  IPV4,
  IPV6,
  type Unfinished,
  unfinished,
} from '../../test/support/unfinished-packet.ts';
import { concat, hex } from '../wire/bytes.ts';
import { MOST_SEGMENTS } from './segment.ts';
import { GSO } from './vnet-header.ts';

const octets = (count: number) => new Chance(1).entropy(count);
const finished = (packet: Uint8Array) => assemble(dissect(packet) as Parts);
const segments = (of: Unfinished, at?: number) => segmented(of, at).segments;
const NOTHING_TO_DO = { flags: 0, gsoType: GSO.none, headerOctets: 0, gsoSize: 0, checksumStart: 0, checksumOffset: 0 };

function expectAsLinux(of: Unfinished, at?: number): void {
  expect(segments(of, at).map(hex)).toEqual(takenApart(of.vnet, of.packet).map(hex));
}

describe('a packet that is one packet', () => {
  it('stays what it is', () => {
    const packet = octets(77);
    expect(segmented({ vnet: NOTHING_TO_DO, packet })).toEqual({ segments: [packet], headerOctets: 0 });
  });

  it.each([
    ['TCP over IPv4', IPV4, TCP],
    ['TCP over IPv6 with extension headers', { ...IPV6, extensions: [HOP_BY_HOP, DESTINATION] }, TCP],
    ['UDP over IPv4 with options', { ...IPV4, options: Uint8Array.of(1, 1, 1, 0) }, UDP],
    ['UDP over IPv6', IPV6, UDP],
  ] as const)('gets its checksum: %s', (_name, ip, protocol) => {
    for (const size of [0, 1, 100, 1401])
      for (const at of [16, 17, 18, 19]) {
        const one = unfinished(ip, octets(size), undefined, {}, protocol);
        expect(segmented(one, at)).toEqual({ segments: [finished(one.packet)], headerOctets: 0 });
      }
  });

  it('gets 0xffff where its UDP checksum would be 0', () => {
    const payload = octets(100);
    put16(payload, 0, 0);
    put16(payload, 0, get16(finished(unfinished(IPV6, payload, undefined, {}, UDP).packet), 46));
    const [segment] = segments(unfinished(IPV6, payload, undefined, {}, UDP)) as [Uint8Array];
    expect(get16(segment, 46)).toBe(0xffff);
    expect(internetSum(concat(pseudoHeader(segment, UDP, 108), segment.subarray(40)))).toBe(0xffff);
  });

  it('gets a checksum of another protocol, wherever it belongs', () => {
    const ICMPV6 = 58;
    const packet = concat(ipHeader(IPV6, ICMPV6), Uint8Array.of(128, 0, 0, 0), octets(20));
    put16(packet, 4, 24);
    const pseudo = pseudoHeader(packet, ICMPV6, 24);
    put16(packet, 42, internetSum(pseudo));
    const vnet = { ...NOTHING_TO_DO, flags: 1, checksumStart: 40, checksumOffset: 2 };
    const [segment] = segments({ vnet, packet }) as [Uint8Array];
    expect(internetSum(concat(pseudo, segment.subarray(40)))).toBe(0xffff);
  });

  it('may say that it is several and be too small for that', () => {
    for (const size of [0, 99, 100]) {
      const one = unfinished(IPV4, octets(size), 100, { flags: FLAG.ack | FLAG.psh | FLAG.fin | FLAG.cwr });
      expect(segmented(one)).toEqual({ segments: [finished(one.packet)], headerOctets: 0 });
    }
  });
});

describe('a packet that is several', () => {
  it.each([
    ['TCP over IPv4', IPV4, TCP],
    ['TCP over IPv6', IPV6, TCP],
    ['UDP over IPv4', IPV4, UDP],
    ['UDP over IPv6', IPV6, UDP],
  ] as const)('comes out as Linux would take it apart: %s', (_name, ip, protocol) => {
    const several = unfinished(ip, octets(64_768), 1408, {}, protocol);
    expect(segments(several)).toHaveLength(46);
    expectAsLinux(several);
  });

  it('comes out as Linux would take it apart, whatever it is and wherever it lies', () => {
    const chance = new Chance(20);
    for (let i = 0; i < 400; i++) expectAsLinux(anyUnfinished(chance, 10), 16 + chance.below(8));
  });

  it('has the checksums that Wireshark finds right', () => {
    const tcp = { sequence: 0x1000, acknowledgment: 0, window: 0, options: octets(0), flags: FLAG.ack | FLAG.psh };
    const several = unfinished({ ...IPV4, identification: 0x0102 }, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 4, tcp);
    expect(segments(several).map(hex)).toEqual([
      '4500002c01024000400622c80a0001010a0002021234005000001000000000005010000072440000' + '01020304',
      '4500002c01034000400622c70a0001010a000202123400500000100400000000501800006a300000' + '05060708',
    ]);
  });

  it('has FIN and PSH on the last segment, CWR on the first, all other flags on every one', () => {
    const { vnet, packet } = unfinished(IPV4, octets(300), 100, { flags: 0xff });
    for (const ecn of [0, GSO.ecn]) {
      const found = segments({ vnet: { ...vnet, gsoType: GSO.tcpv4 | ecn }, packet });
      expect(found.map((segment) => segment[33])).toEqual([0xf6, 0x76, 0x7f]);
    }
  });

  it('keeps the pseudo-header the kernel took: behind a routing header that is not of the address in front', () => {
    const routing = { type: 43, octets: Uint8Array.of(0, 2, 4, 1, 0, 0, 0, 0, 0xfd, ...new Uint8Array(14), 9) };
    const { vnet, packet } = unfinished({ ...IPV6, extensions: [routing] }, octets(250), 100);
    const pseudoOf = (count: number) => {
      const pseudo = pseudoHeader(packet, TCP, count);
      pseudo.set(routing.octets.subarray(8), 16); // the final destination
      return pseudo;
    };
    put16(packet, 64 + 16, internetSum(pseudoOf(packet.length - 64)));
    const sums = segments({ vnet, packet }).map((one) => concat(pseudoOf(one.length - 64), one.subarray(64)));
    expect(sums.map(internetSum)).toEqual([0xffff, 0xffff, 0xffff]);
  });

  it('may be TCP without NEEDS_CSUM: the checksum is made all the same', () => {
    for (const ip of [IPV4, IPV6]) {
      const { vnet, packet } = unfinished(ip, octets(250), 100);
      put16(packet, vnet.checksumStart + 16, 0x1234);
      expectAsLinux({ vnet: { ...vnet, flags: 0, checksumStart: 0, checksumOffset: 0 }, packet });
    }
  });

  it('has 0xffff in the segment whose UDP checksum would be 0', () => {
    const payload = octets(300);
    put16(payload, 100, 0);
    const before = unfinished(IPV4, payload, 100, {}, UDP);
    put16(payload, 100, get16(takenApart(before.vnet, before.packet)[1] as Uint8Array, 26));
    const several = unfinished(IPV4, payload, 100, {}, UDP);
    expect(get16(segments(several)[1] as Uint8Array, 26)).toBe(0xffff);
    expectAsLinux(several);
  });

  it('can be as many as TCP can have, and no more than there is room for', () => {
    const bare = (gsoSize: number) => segments(unfinished(IPV4, octets(65_495), gsoSize, { options: octets(0) }));
    expect(bare(8)).toHaveLength(8187);
    expect(bare(7)).toHaveLength(0);
    const datagrams = (gsoSize: number) => segments(unfinished(IPV4, octets(65_507), gsoSize, {}, UDP));
    expect(datagrams(8)).toHaveLength(8189);
    expect(MOST_SEGMENTS).toBe(8192);
    expect(datagrams(7)).toHaveLength(0);
    const ip = { ...IPV6, extensions: [HOP_BY_HOP, DESTINATION] };
    const longHeader = (gsoSize: number) => segments(unfinished(ip, octets(65_400), gsoSize));
    expect(longHeader(16)).toHaveLength(4088);
    expect(longHeader(14)).toHaveLength(0); // more than the headers' arena holds
  });
});
