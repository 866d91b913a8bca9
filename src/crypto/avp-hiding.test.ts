import { describe, expect, it } from 'vitest';
import { octets } from '../../test/codec-vectors.ts';
import { conceal, type HidingKey, reveal } from './avp-hiding.ts';

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

// Made with `openssl md5` and a shell's XOR, block by block as RFC 2661 §4.3 prints it: b1 = MD5(AV + S + RV),
// c1 = p1 xor b1, b2 = MD5(S + c1), c2 = p2 xor b2, … The clear text is a length of 34, 34 octets and 2 of padding.
const key: HidingKey = { type: 11, secret: Buffer.from('secret'), randomVector: Buffer.from('RANDOM') };
const CLEAR = '0022000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021abcd';
const HIDDEN = '22ffb890b24757a5f3639e3aa544bb2524264995851896b73c7857e8261a97f8680fe6916520';

describe('hiding of AVP values', () => {
  it.each([2, 15, 16, 17, 32, 33, 38])('hides and opens %i octets', (count) => {
    const [clear, hidden] = [octets(CLEAR.slice(0, 2 * count)), octets(HIDDEN.slice(0, 2 * count))];
    expect(hexOf(conceal(clear, key))).toBe(hexOf(hidden));
    expect(hexOf(reveal(hidden, key))).toBe(hexOf(clear));
  });

  it('hides nothing in nothing', () => expect(conceal(new Uint8Array(), key)).toEqual(new Uint8Array()));

  it.each([
    ['attribute type', { ...key, type: 0x0b00 }],
    ['secret', { ...key, secret: Buffer.from('Secret') }],
    ['random vector', { ...key, randomVector: Buffer.from('RANDOm') }],
  ])('depends on the %s', (_, other) => expect(hexOf(reveal(octets(HIDDEN), other))).not.toBe(CLEAR));
});
