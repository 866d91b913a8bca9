import { describe, expect, it } from 'vitest';
import { octets, testCodec } from '../../test/codec-vectors.ts';
import { type ChapMessage, readChap, writeChap } from './chap-message.ts';
import { Malformed } from './malformed.ts';
import { utf8Of } from './text.ts';

describe('CHAP', () => {
  testCodec<ChapMessage>(
    [
      [
        'the Challenge of l2tpns-chap',
        {
          kind: 'challenge',
          id: 1,
          value: octets('8965a7a2edce7733befc620d7863f744'),
          name: utf8Of('lns-l2tpns'),
        },
        '0101001f 10 8965a7a2edce7733befc620d7863f744 6c6e732d6c3274706e73',
      ],
      [
        'the Response of l2tpns-chap',
        { kind: 'response', id: 1, value: octets('febd84fee6e04f243a60d6eec6dc4412'), name: utf8Of('alice') },
        '0201001a 10 febd84fee6e04f243a60d6eec6dc4412 616c696365',
      ],
      ['the Success of l2tpns-chap', { kind: 'success', id: 1, message: octets('') }, '03010004'],
      [
        'the Success of xl2tpd-ccp-vj',
        { kind: 'success', id: 174, message: utf8Of('Access granted') },
        '03ae0012 416363657373206772616e746564',
      ],
      [
        'the Failure of xl2tpd-wrongpass-chap',
        { kind: 'failure', id: 9, message: utf8Of('Access denied') },
        '04090011 4163636573732064656e696564',
      ],
      [
        'a Challenge without a name',
        { kind: 'challenge', id: 0, value: octets('ff'), name: octets('') },
        '01000006 01 ff',
      ],
    ],
    { read: readChap, write: writeChap },
  );

  it.each([
    ['a value beyond the end', '01010008 10 010203'],
    ['no value', '01010005 00'],
    ['no Value-Size', '01010004'],
    ['Change-Password of MS-CHAP', '07010004'],
  ])('refuses %s', (_, hex) => {
    expect(() => readChap(octets(hex))).toThrow(Malformed);
  });
});
