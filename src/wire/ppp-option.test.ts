import { describe, expect, it } from 'vitest';
import { octets } from '../../test/codec-vectors.ts';
import { Malformed } from './malformed.ts';
import { readOptions, writeOptions } from './ppp-option.ts';

// Options as tshark lists them in the Configure-Requests of xl2tpd-pty-chap, l2tpns-chap and xl2tpd-ipv6
const VECTORS: [name: string, options: [code: number, data: string][], hex: string][] = [
  ['nothing', [], ''],
  [
    'MRU, ACCM, CHAP, magic number, PFC, ACFC',
    [
      [1, '0582'],
      [2, '00000000'],
      [3, 'c22305'],
      [5, '494c26a9'],
      [7, ''],
      [8, ''],
    ],
    '0104 0582 0206 00000000 0305 c22305 0506 494c26a9 0702 0802',
  ],
  [
    'MRU, CHAP, magic number, MRRU, endpoint discriminator',
    [
      [1, '05b6'],
      [3, 'c22305'],
      [5, '6b028c4f'],
      [17, '064e'],
      [19, '020a410001'],
    ],
    '0104 05b6 0305 c22305 0506 6b028c4f 1104 064e 1307 020a410001',
  ],
  ['an interface identifier', [[1, '64347eaec6b71bad']], '010a 64347eaec6b71bad'],
  [
    'the same option twice',
    [
      [3, '0a40000a'],
      [3, '0a40000b'],
    ],
    '0306 0a40000a 0306 0a40000b',
  ],
  ['the longest option', [[13, 'ab'.repeat(253)]], `0dff ${'ab'.repeat(253)}`],
];

describe('PPP options', () => {
  for (const [name, rows, hex] of VECTORS) {
    const options = rows.map(([code, data]) => ({ code, data: octets(data) }));
    const bytes = octets(hex);
    it(`reads ${name}`, () => expect(readOptions(bytes)).toEqual(options));
    it(`writes ${name}`, () => expect(writeOptions(options)).toEqual(bytes));

    it(`is not fooled by ${name} cut short`, () => {
      // Only between two options is the shorter list a whole one.
      const ends = options.map((_, count) => writeOptions(options.slice(0, count)).length);
      for (let length = 0; length < bytes.length; length++) {
        const cut = () => readOptions(bytes.slice(0, length));
        if (ends.includes(length)) expect(cut(), `${length} octets`).toEqual(options.slice(0, ends.indexOf(length)));
        else expect(cut, `${length} octets`).toThrow(Malformed);
      }
    });
  }

  it.each(['0100', '0101'])('cannot have the Length of %s', (hex) => {
    expect(() => readOptions(octets(hex))).toThrow(Malformed);
  });
});
