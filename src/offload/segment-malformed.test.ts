/** What the segmenter makes of packets that are not what their vnet header says: nothing. */
import { describe, expect, it } from 'vitest';
import { Chance } from '../../test/support/chance.ts';
import { assemble, dissect, ICMP, type Parts, put16, UDP } from '../../test/support/inner-packet.ts';
import type { Vnet } from '../../test/support/linux-offload.ts';
import { mutated } from '../../test/support/mutation.ts';
import { segmented } from '../../test/support/segmenting.ts';
import { HOP_BY_HOP, IPV4, IPV6, type Unfinished, unfinished } from '../../test/support/unfinished-packet.ts';
import { concat } from '../wire/bytes.ts';
import { Arena } from './arena.ts';
import { Segmenter } from './segment.ts';
import { GSO, VnetHeader } from './vnet-header.ts';

const octets = (count: number) => new Chance(1).entropy(count);
const SEGMENTS = unfinished(IPV4, octets(300), 100);
const SEGMENTS6 = unfinished({ ...IPV6, extensions: [HOP_BY_HOP] }, octets(300), 100);
const DATAGRAMS = unfinished(IPV6, octets(300), 100, {}, UDP);

const countOf = (of: Unfinished) => segmented(of).segments.length;
const saying = ({ vnet, packet }: Unfinished, changes: Partial<Vnet>) =>
  countOf({ vnet: { ...vnet, ...changes }, packet });
const being = ({ vnet }: Unfinished, packet: Uint8Array) => countOf({ vnet, packet });
function with16(packet: Uint8Array, at: number, value: number): Uint8Array {
  const changed = packet.slice();
  put16(changed, at, value);
  return changed;
}

describe('there are no segments of a packet that', () => {
  it('is not as it should be: as it is, there are', () => {
    expect([SEGMENTS, SEGMENTS6, DATAGRAMS].map(countOf)).toEqual([3, 3, 3]);
  });

  it.each<[string, Partial<Vnet>]>([
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
  ])('%s', (_name, changes) => expect(saying(SEGMENTS, changes)).toBe(0));

  it('is UDP with ECN, or without NEEDS_CSUM, or says that it is TCP', () => {
    expect(saying(DATAGRAMS, { gsoType: GSO.udpL4 | GSO.ecn })).toBe(0);
    expect(saying(DATAGRAMS, { flags: 0 })).toBe(0);
    expect(saying(DATAGRAMS, { gsoType: GSO.tcpv6, flags: 0 })).toBe(0);
  });

  it('is several and has nothing', () => {
    expect(saying(unfinished(IPV4, octets(0), 100), { gsoSize: 0 })).toBe(0);
  });

  it('ends elsewhere than its IP or UDP header says', () => {
    for (const one of [SEGMENTS, SEGMENTS6, DATAGRAMS]) {
      expect(being(one, concat(one.packet, octets(1)))).toBe(0);
      expect(being(one, one.packet.slice(0, -1))).toBe(0);
    }
    expect(being(DATAGRAMS, with16(DATAGRAMS.packet, 44, 307))).toBe(0);
  });

  it('is a fragment, or of another protocol', () => {
    for (const fragment of [0x2000, 0x0001]) expect(being(SEGMENTS, with16(SEGMENTS.packet, 6, fragment))).toBe(0);
    const parts = dissect(SEGMENTS.packet) as Parts;
    expect(being(SEGMENTS, assemble({ ...parts, protocol: ICMP }).with(9, ICMP))).toBe(0);
  });

  it('has a TCP header that is too short, or longer than the packet', () => {
    expect(being(SEGMENTS, SEGMENTS.packet.with(32, 0x40))).toBe(0);
    const bare = unfinished(IPV4, octets(10), 5, { options: octets(0) });
    expect(countOf(bare)).toBe(2);
    expect(being(bare, bare.packet.with(32, 0xf0))).toBe(0);
  });

  it.each<[string, Partial<Vnet>]>([
    ['inside the IP header', { checksumStart: 18 }],
    ['behind the packet', { checksumStart: 20, checksumOffset: 331 }],
    ['half behind the packet', { checksumStart: 349, checksumOffset: 2 }],
    ['across two numbers', { checksumOffset: 15 }],
    ['far away', { checksumStart: 65_535, checksumOffset: 65_534 }],
  ])('has its checksum %s', (_name, changes) => {
    expect(saying(SEGMENTS, { gsoType: GSO.none, ...changes })).toBe(0);
  });

  it('is not in the arena', () => {
    const segmenter = new Segmenter(Arena.ofSize(100), Arena.ofSize(100), 0);
    expect(segmenter.segment(new VnetHeader(), 90, 11)).toBe(0);
    expect(segmenter.segment(new VnetHeader(), -1, 10)).toBe(0);
    expect(segmenter.segment(new VnetHeader(), 0, 0)).toBe(0);
    expect(segmenter.segment(new VnetHeader(), 90, 10)).toBe(1);
  });
});

it('throws nothing, writes nowhere else and names nothing beyond a packet, however damaged', () => {
  const chance = new Chance(30);
  const NAMES = ['flags', 'gsoType', 'gsoSize', 'headerOctets', 'checksumStart', 'checksumOffset'] as const;
  let made = 0;
  for (let i = 0; i < 2000; i++) {
    const { vnet, packet } = chance.pick([SEGMENTS, SEGMENTS6, DATAGRAMS]);
    const changes: { -readonly [Name in keyof Vnet]?: number } = {};
    for (const name of NAMES)
      if (chance.happens(0.15)) changes[name] = chance.pick([0, 1, 4, 5, 0x81, 40, 65_535, chance.below(400)]);
    made += countOf({ vnet: { ...vnet, ...changes }, packet: chance.happens(0.7) ? mutated(packet, chance) : packet });
  }
  expect(made).toBeGreaterThan(500);
});
