import { describe, expect, it } from 'vitest';
import { octets, testCodec } from '../../test/codec-vectors.ts';
import { Malformed } from './malformed.ts';
import { type PapMessage, readPap, writePap } from './pap-message.ts';
import { utf8Of } from './text.ts';

describe('PAP', () => {
  testCodec<PapMessage>(
    [
      [
        'the request of xl2tpd-pap',
        { kind: 'authenticate-request', id: 1, peerId: utf8Of('alice'), password: utf8Of('s3cret') },
        '01010011 05616c696365 06733363726574',
      ],
      [
        'the Ack of xl2tpd-pap',
        { kind: 'authenticate-ack', id: 1, message: utf8Of('Login ok') },
        '0201000d 084c6f67696e206f6b',
      ],
      ['the Ack of l2tpns-pap', { kind: 'authenticate-ack', id: 1, message: octets('') }, '02010005 00'],
      [
        'the Nak of xl2tpd-wrongpass-pap',
        { kind: 'authenticate-nak', id: 1, message: utf8Of('Login incorrect') },
        '03010014 0f4c6f67696e20696e636f7272656374',
      ],
      [
        'a request without name and password',
        { kind: 'authenticate-request', id: 7, peerId: octets(''), password: octets('') },
        '01070006 00 00',
      ],
    ],
    { read: readPap, write: writePap },
  );

  it('reads the Ack of SoftEther, which has no Msg-Length (softether-pap)', () => {
    expect(readPap(octets('02010004'))).toEqual({ kind: 'authenticate-ack', id: 1, message: octets('') });
  });

  it('takes what there is of a message that promises more', () => {
    expect(readPap(octets('03010007 ff 4e6f'))).toEqual({ kind: 'authenticate-nak', id: 1, message: utf8Of('No') });
  });

  it.each([
    ['a name beyond the end', '01010007 03 6161'],
    ['a password beyond the end', '01010008 01 61 02 62'],
    ['no password field', '01010006 01 61'],
    ['code 4', '04010004'],
  ])('refuses %s', (_, hex) => {
    expect(() => readPap(octets(hex))).toThrow(Malformed);
  });
});
