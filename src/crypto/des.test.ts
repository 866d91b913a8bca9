import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { desEncrypt, desKeyOf } from './des.ts';

const octets = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** The seven octets that are left of a DES key without its parity bits. */
const rawKeyOf = (key: string) => {
  const bits = [...octets(key)].map((octet) => (octet >> 1).toString(2).padStart(7, '0')).join('');
  return Uint8Array.from({ length: 7 }, (_, i) => Number.parseInt(bits.slice(8 * i, 8 * i + 8), 2));
};

/** OpenSSL's triple DES with the same key three times is single DES. */
const opensslDes = (clear: Uint8Array, key: Uint8Array) => {
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null);
  cipher.setAutoPadding(false);
  return Uint8Array.from(cipher.update(clear));
};

describe('DES', () => {
  // NBS Special Publication 500-20: rows of its variable plain text, permutation, variable key and S-box tests,
  // and the example of FIPS 81
  it.each([
    ['0101010101010101', '8000000000000000', '95f8a5e5dd31d900'],
    ['0101010101010101', '0000000000000001', '166b40b44aba4bd6'],
    ['8001010101010101', '0000000000000000', '95a8d72813daa94d'],
    ['0101010101010102', '0000000000000000', '869efd7f9f265a09'],
    ['1046913489980131', '0000000000000000', '88d55e54f54c97b4'],
    ['7ca110454a1a6e57', '01a1d6d039776742', '690f5b0d9a26939b'],
    ['0131d9619dc1376e', '5cd54ca83def57da', '7a389d10354bd271'],
    ['1c587f1c13924fef', '305532286d6f295a', '63fac0d034d9f793'],
    ['0123456789abcdef', '4e6f772069732074', '3fa40e8a984d4815'],
  ])('key %s, clear %s', (key, clear, cypher) => {
    expect(desEncrypt(octets(clear), rawKeyOf(key))).toEqual(octets(cypher));
  });

  it('agrees with OpenSSL', () => {
    for (let round = 0; round < 500; round++) {
      const [clear, raw] = [randomBytes(8), randomBytes(7)];
      expect(desEncrypt(clear, raw), `${clear.toString('hex')} ${raw.toString('hex')}`).toEqual(
        opensslDes(clear, desKeyOf(raw)),
      );
    }
  });

  // RFC 2433 §B.3, RFC 2759 §9.3
  it.each([
    ['fc 15 6a f7 ed cd 6c', 'fd 0b 5b 5e 7f 6e 34 d9'],
    ['0e dd e3 33 7d 42 7f', '0e 6e 79 67 37 ea 08 fe'],
  ])('expands the raw key %s', (raw, key) => {
    expect(desKeyOf(octets(raw))).toEqual(octets(key));
  });
});
