import { describe, expect, it } from 'vitest';
import { random } from '../../test/random.ts';
import { internetSum } from '../../test/support/inner-packet.ts';
import { Arena } from './arena.ts';
import { complement, flowSum, fold, LONGEST_SUM, sum } from './checksum.ts';

const hex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16));

/** An arena as a machine of the other byte order sees it: its wider views give the same octets the other way round. */
function otherByteOrder(octets: Uint8Array): Arena {
  const exchanged = (width: number) => {
    const copy = new Uint8Array(octets.length - (octets.length % width));
    for (let i = 0; i < copy.length; i++) copy[i] = octets[i - (i % width) + width - 1 - (i % width)] as number;
    return copy.buffer;
  };
  return new Arena(
    octets,
    new Uint16Array(exchanged(2)),
    new Int32Array(exchanged(4)),
    !Arena.ofSize(0).isLittleEndian,
  );
}

describe('the Internet checksum', () => {
  it('is that of the example in RFC 1071 §3', () => {
    expect(sum(Arena.over(hex('0001f203f4f5f6f7')), 0, 8)).toBe(0xddf2);
  });

  it('is that of an IPv4 header sent by a real machine', () => {
    expect(complement(sum(Arena.over(hex('45000073000040004011' + '0000' + 'c0a80001c0a800c7')), 0, 20))).toBe(0xb861);
  });

  it.each([
    ['this byte order', Arena.over],
    ['the other byte order', otherByteOrder],
  ])('is right wherever octets begin and end, on a machine of %s', (_name, arenaOver) => {
    const octets = random(1).octets(200);
    const arena = arenaOver(octets);
    for (let from = 0; from <= 40; from++)
      for (let to = from; to <= octets.length; to++)
        if (sum(arena, from, to) !== internetSum(octets.subarray(from, to)))
          expect.fail(`${from} to ${to}: ${sum(arena, from, to)}`);
  });

  it.each([0xff, 0x80, 0x7f, 0x01])('does not overflow with the longest stretch of octets %i', (octet) => {
    const octets = new Uint8Array(LONGEST_SUM + 8).fill(octet);
    const arena = Arena.over(octets);
    for (let from = 0; from < 8; from++) {
      expect(sum(arena, from, from + LONGEST_SUM)).toBe(internetSum(octets.subarray(from, from + LONGEST_SUM)));
      expect(sum(arena, from, from + 65_535)).toBe(internetSum(octets.subarray(from, from + 65_535)));
    }
  });

  it('sees every octet of a packet', () => {
    const arena = Arena.ofSize(1500);
    for (let at = 0; at < 1500; at++) {
      arena.putU8(at, 1);
      if (sum(arena, 0, 1500) !== (at % 2 === 0 ? 0x100 : 1)) expect.fail(`octet ${at}`);
      arena.putU8(at, 0);
    }
  });

  it('is 0 for nothing and for zeros alone', () => {
    expect(sum(Arena.ofSize(64), 7, 7)).toBe(0);
    expect(sum(Arena.ofSize(64), 3, 61)).toBe(0);
    expect(sum(Arena.over(hex('ffff0000')), 0, 4)).toBe(0xffff);
  });

  it('carries round', () => {
    expect([0, 0xffff, 0x1_0000, 0x1_ffff, 0xffff_ffff].map(fold)).toEqual([0, 0xffff, 1, 1, 0xffff]);
    expect([0, 0xffff, 0x1_0000].map(complement)).toEqual([0xffff, 0, 0xfffe]);
  });

  it('covers addresses and protocol', () => {
    const octets = random(2).octets(60);
    const arena = Arena.over(octets);
    const withoutLength = (...parts: readonly number[][]) => internetSum(Uint8Array.from(parts.flat()));
    expect(fold(flowSum(arena, 4, 8, 6))).toBe(withoutLength([...octets.subarray(20, 28)], [0, 6]));
    expect(fold(flowSum(arena, 6, 8, 17))).toBe(withoutLength([...octets.subarray(16, 48)], [0, 17]));
  });
});
