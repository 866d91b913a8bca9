/** What the short cut has to refuse and random traffic hardly ever has: packets that are right, with the form of zero that Linux does not write. */
import { describe, expect, it } from 'vitest';
import { EVERYTHING } from '../../test/support/coalescing.ts';
import {
  assemble,
  FLAG,
  internetSum,
  ipHeader,
  put16,
  TCP,
  tcpHeader,
  UDP,
  udpHeader,
} from '../../test/support/inner-packet.ts';
import { quickOf, summableMemory } from '../host/native/quick-memory.ts';
import { Arena } from './arena.ts';
import { Coalescer } from './coalesce.ts';

const SIZE = 100;
const PORTS = Uint8Array.of(4, 0, 0, 80);
const IPV4 = {
  version: 4,
  source: 1,
  destination: 2,
  hopLimit: 64,
  service: 0,
  fragment: 0x4000,
  flowLabel: 0,
} as const;

/** The first identification is such that the header checksum of the second packet comes out as zero. */
function packets(protocol: number, { isOdd = false } = {}): Uint8Array[] {
  const made = (identification: number, sequence: number) =>
    assemble({
      ip: ipHeader({ ...IPV4, identification, options: new Uint8Array(), extensions: [] }, protocol),
      protocol,
      transport: protocol === TCP ? tcpHeader(PORTS, { ...TCP_FIELDS, sequence }) : udpHeader(PORTS),
      payload: new Uint8Array(SIZE).fill(7),
    });
  const second = 0xffff - internetSum(made(0, 0).fill(0, 10, 12).subarray(0, 20));
  const all = [-1, 0, 1].map((k) => made(second + k, k * SIZE + SIZE));
  if (isOdd) put16(all[1] as Uint8Array, 10, 0xffff);
  return all;
}
const TCP_FIELDS = {
  ...{ sequence: 0, acknowledgment: 7, flags: FLAG.ack, window: 500, urgent: 0, reserved: 0 },
  options: new Uint8Array(),
};

/** How many the short cut takes behind the first. */
function followed(all: readonly Uint8Array[]): number {
  const octets = summableMemory(1000);
  const coalescer = new Coalescer(Arena.over(octets, quickOf(octets)), EVERYTHING, () => undefined);
  const step = all[0]?.length ?? 0;
  for (const [k, packet] of all.entries()) octets.set(packet, 16 + k * step);
  coalescer.add(16, 16 + step);
  return coalescer.follow(0, 16 + step, step, all.length - 1);
}

describe.each([
  ['TCP', TCP],
  ['UDP', UDP],
])('the short cut, of %s over IPv4', (_, protocol) => {
  it('takes a header checksum of zero', () => {
    expect(packets(protocol)[1]?.subarray(10, 12)).toEqual(Uint8Array.of(0, 0));
    expect(followed(packets(protocol))).toBe(2);
  });

  it('does not take it in its other form, which is as right', () => {
    const all = packets(protocol, { isOdd: true });
    expect(internetSum(all[1]?.subarray(0, 20) ?? new Uint8Array())).toBe(0xffff);
    expect(followed(all)).toBe(0);
  });
});
