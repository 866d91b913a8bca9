import { describe, expect, it } from 'vitest';
import { octets, testCodec } from '../../test/codec-vectors.ts';
import { Malformed } from './malformed.ts';
import { type PppPacket, readPacket, writePacket } from './ppp-packet.ts';

describe('a PPP packet', () => {
  testCodec<PppPacket>(
    [
      // xl2tpd-pty-chap
      [
        'Configure-Request',
        { code: 1, id: 1, data: octets('010405820206000000000506aa419f85') },
        '01010014010405820206000000000506aa419f85',
      ],
      [
        'Terminate-Request',
        { code: 5, id: 2, data: octets('557365722072657175657374') },
        '05020010557365722072657175657374',
      ],
      ['Terminate-Ack', { code: 6, id: 2, data: octets('') }, '06020004'],
      ['a code of tomorrow', { code: 255, id: 255, data: octets('00') }, 'ffff000500'],
    ],
    { read: readPacket, write: writePacket },
  );

  it('ignores padding after its Length', () => {
    expect(readPacket(octets('06020004 0000 0000'))).toEqual({ code: 6, id: 2, data: octets('') });
  });

  it.each([0, 1, 2, 3])('cannot be %i octets long', (length) => {
    expect(() => readPacket(octets(`0602000${length}`))).toThrow(Malformed);
  });
});
