/** One block of DES (FIPS 46-3), encrypted under a 56-bit key: all that MS-CHAP asks of it. Written like the standard, bit by bit, for it runs three times a login. */
import {
  EXPANSION,
  FINAL_PERMUTATION,
  INITIAL_PERMUTATION,
  LEFT_SHIFTS,
  PERMUTATION,
  PERMUTED_CHOICE_1,
  PERMUTED_CHOICE_2,
  SELECTION,
} from './des-table.ts';

/**
 * RFC 2759 §8.6, DesEncrypt.
 * @param clear 8 octets
 * @param key 7 octets, without parity bits
 * @returns 8 octets
 */
export function desEncrypt(clear: Uint8Array, key: Uint8Array): Uint8Array {
  const permuted = permute(bitsOf(clear), INITIAL_PERMUTATION);
  let [left, right]: [Bits, Bits] = [permuted.slice(0, 32), permuted.slice(32)];
  for (const roundKey of roundKeys(desKeyOf(key))) {
    [left, right] = [right, xor(left, cipher(right, roundKey))];
  }
  return octetsOf(permute([...right, ...left], FINAL_PERMUTATION));
}

/**
 * The eight octets that DES calls a key: seven bits of the raw key and one of odd parity in each (RFC 2759 §9.3).
 * @param raw 7 octets
 */
export function desKeyOf(raw: Uint8Array): Uint8Array {
  const bits = bitsOf(raw);
  const withParity = Array.from({ length: 8 }, (_, i) => {
    const seven = bits.slice(7 * i, 7 * i + 7);
    return [...seven, 1 - (seven.reduce((sum, bit) => sum + bit, 0) % 2)];
  });
  return octetsOf(withParity.flat());
}

/** Bits as numbers 0 and 1, the most significant first. */
type Bits = readonly number[];

/** f(R, K) */
function cipher(right: Bits, roundKey: Bits): Bits {
  const mixed = xor(permute(right, EXPANSION), roundKey);
  const selected = SELECTION.flatMap((box, i) => {
    const [b1, b2, b3, b4, b5, b6] = mixed.slice(6 * i, 6 * i + 6) as [number, number, number, number, number, number];
    const row = 2 * b1 + b6;
    const column = 8 * b2 + 4 * b3 + 2 * b4 + b5;
    const value = box[16 * row + column] as number;
    return [value >> 3, (value >> 2) & 1, (value >> 1) & 1, value & 1];
  });
  return permute(selected, PERMUTATION);
}

/** KS: the sixteen keys of 48 bits. */
function roundKeys(key: Uint8Array): Bits[] {
  const chosen = permute(bitsOf(key), PERMUTED_CHOICE_1);
  let [c, d]: [Bits, Bits] = [chosen.slice(0, 28), chosen.slice(28)];
  return LEFT_SHIFTS.map((shift) => {
    [c, d] = [rotate(c, shift), rotate(d, shift)];
    return permute([...c, ...d], PERMUTED_CHOICE_2);
  });
}

const permute = (bits: Bits, table: readonly number[]): Bits => table.map((position) => bits[position - 1] as number);
const rotate = (bits: Bits, count: number): Bits => [...bits.slice(count), ...bits.slice(0, count)];
const xor = (a: Bits, b: Bits): Bits => a.map((bit, i) => bit ^ (b[i] as number));
const bitsOf = (octets: Uint8Array): Bits =>
  Array.from(octets).flatMap((octet) => Array.from({ length: 8 }, (_, i) => (octet >> (7 - i)) & 1));
const octetsOf = (bits: Bits): Uint8Array =>
  Uint8Array.from({ length: bits.length / 8 }, (_, i) =>
    bits.slice(8 * i, 8 * i + 8).reduce((octet, bit) => 2 * octet + bit, 0),
  );
