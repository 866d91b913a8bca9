/** What the Internet checksum of a stretch of memory is (RFC 1071), fast enough to be taken of every octet that comes and goes. */
import type { Arena } from './arena.ts';
import { IPV4_SOURCE, IPV6_SOURCE } from './header-table.ts';

/** The longest stretch that can be summed, octets: twice what an IP packet can have, and what 32-bit sums can hold. */
export const LONGEST_SUM = 131_068;

/** Octets from which on the fast way is the faster one. */
const WORTH_A_CALL = 128;

/**
 * The ones' complement sum of 16-bit numbers, the first octet being the upper half of the first one and, where their count is odd,
 * a zero following the last. It may begin at any place, of any length up to {@link LONGEST_SUM}. An empty stretch has the sum 0.
 *
 * RFC 1071 §2 (B): the sum does not depend on the byte order it is taken in, apart from its own two octets being exchanged. So it
 * is taken in the machine's order, by whole words at their natural places; if the stretch begins at an odd octet, every octet is in
 * the wrong half, and the two are exchanged once more.
 *
 * @returns 0-65535; 0 only for octets that are all zero
 */
export function sum(arena: Arena, from: number, to: number): number {
  const { octets, halves, words, isLittleEndian, quick } = arena;
  if (quick !== undefined && to - from >= WORTH_A_CALL) {
    const folded = fold(quick.sum(from, to) >>> 0);
    return ((folded & 0xff) << 8) | (folded >> 8);
  }
  let at = from;
  let odds = 0; // what is in no whole word
  if ((at & 1) === 1 && at < to) odds += (octets[at++] as number) << (isLittleEndian ? 8 : 0);
  if ((at & 2) === 2 && at + 2 <= to) {
    odds += halves[at >> 1] as number;
    at += 2;
  }
  // Two sums: of the upper halves, and of whole words modulo 2^32. The sum of the lower halves follows from them, and a word
  // costs one operation less than taken apart; two words are added up before they join the sum to shorten the chain of additions.
  // `| 0` everywhere: without it V8 checks every addition for overflow, even those of indices.
  let upper = 0;
  let whole = 0;
  let i = at >> 2;
  const last = at < to ? to >> 2 : i;
  for (const lastEight = last - 8; i <= lastEight; i = (i + 8) | 0) {
    let a = words[i] as number;
    let b = words[(i + 1) | 0] as number;
    whole = (whole + ((a + b) | 0)) | 0;
    upper = (upper + (((a >>> 16) + (b >>> 16)) | 0)) | 0;
    a = words[(i + 2) | 0] as number;
    b = words[(i + 3) | 0] as number;
    whole = (whole + ((a + b) | 0)) | 0;
    upper = (upper + (((a >>> 16) + (b >>> 16)) | 0)) | 0;
    a = words[(i + 4) | 0] as number;
    b = words[(i + 5) | 0] as number;
    whole = (whole + ((a + b) | 0)) | 0;
    upper = (upper + (((a >>> 16) + (b >>> 16)) | 0)) | 0;
    a = words[(i + 6) | 0] as number;
    b = words[(i + 7) | 0] as number;
    whole = (whole + ((a + b) | 0)) | 0;
    upper = (upper + (((a >>> 16) + (b >>> 16)) | 0)) | 0;
  }
  for (; i < last; i = (i + 1) | 0) {
    const word = words[i] as number;
    whole = (whole + word) | 0;
    upper = (upper + (word >>> 16)) | 0;
  }
  if (i << 2 > at) at = i << 2;
  if (at + 2 <= to) {
    odds += halves[at >> 1] as number;
    at += 2;
  }
  if (at < to) odds += (octets[at] as number) << (isLittleEndian ? 0 : 8);
  const lower = ((whole - (upper << 16)) | 0) >>> 0;
  const folded = fold(fold(lower) + fold(upper) + odds);
  const isExchanged = isLittleEndian !== ((from & 1) === 1);
  return isExchanged ? ((folded & 0xff) << 8) | (folded >> 8) : folded;
}

/** A sum of sums (below 2^32) brought back to 16 bits, carries going round (RFC 1071 §1). */
export function fold(sums: number): number {
  const once = (sums & 0xffff) + (sums >>> 16);
  return (once & 0xffff) + (once >>> 16);
}

/** What belongs into a checksum field, given the sum of everything else it covers: 0-65535. */
export function complement(sums: number): number {
  return ~fold(sums) & 0xffff;
}

/**
 * The part of the pseudo-header that is the same for all packets of a flow: addresses and protocol (RFC 9293 §3.1, RFC 768, RFC
 * 8200 §8.1). The length of the transport header and its payload is still to be added.
 * @param ipAt where the IP header begins
 */
export function flowSum(arena: Arena, version: number, ipAt: number, protocol: number): number {
  const sourceAt = version === 4 ? ipAt + IPV4_SOURCE : ipAt + IPV6_SOURCE;
  return sum(arena, sourceAt, sourceAt + (version === 4 ? 8 : 32)) + protocol;
}
