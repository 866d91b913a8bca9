import { describe, expect, it } from 'vitest';
import { octets, testCodec } from '../../test/codec-vectors.ts';
import { Malformed } from './malformed.ts';
import {
  type MsChapFailure,
  type MsChapV2Success,
  type MsChapV2Value,
  type MsChapValue,
  readMsChapFailure,
  readMsChapV2Success,
  readMsChapV2Value,
  readMsChapValue,
  writeMsChapFailure,
  writeMsChapV2Success,
  writeMsChapV2Value,
  writeMsChapValue,
} from './ms-chap-field.ts';

const ZEROS = '00'.repeat(24);

describe('the value of an MS-CHAP response', () => {
  testCodec<MsChapValue>(
    [
      [
        'version 1, the response of RFC 2433 §B.2',
        { ntResponse: octets('4E9D3C8F9CFD385D5BF4D3246791956CA4C351AB409A3D61'), useNtResponse: true },
        `${ZEROS} 4E9D3C8F9CFD385D5BF4D3246791956CA4C351AB409A3D61 01`,
      ],
      ['version 1, LAN Manager alone', { ntResponse: octets(ZEROS), useNtResponse: false }, `${ZEROS}${ZEROS} 00`],
    ],
    { read: readMsChapValue, write: writeMsChapValue },
  );
  testCodec<MsChapV2Value>(
    [
      [
        'version 2, xl2tpd-mschapv2',
        {
          peerChallenge: octets('f20557478d22b112ca4931ac9c05e791'),
          ntResponse: octets('7a98850074da60f94d6e227cd70ffebeb7ff3c395efa433e'),
        },
        'f20557478d22b112ca4931ac9c05e791 0000000000000000 7a98850074da60f94d6e227cd70ffebeb7ff3c395efa433e 00',
      ],
    ],
    { read: readMsChapV2Value, write: writeMsChapV2Value },
  );

  it('is 49 octets, not one more', () => {
    expect(() => readMsChapValue(new Uint8Array(50))).toThrow(Malformed);
    expect(() => readMsChapV2Value(new Uint8Array(50))).toThrow(Malformed);
  });
});

describe('the text of an MS-CHAP-V2 Success', () => {
  const authenticatorResponse = 'E9E6D8152318440EB81E220F8526FB09ED0EE267';
  it.each<[string, string, MsChapV2Success]>([
    ['pppd', `S=${authenticatorResponse} M=Access granted`, { authenticatorResponse, message: 'Access granted' }],
    ['SoftEther', `S=${authenticatorResponse}`, { authenticatorResponse, message: '' }],
    ['lower-case digits', `S=${authenticatorResponse.toLowerCase()} M=`, { authenticatorResponse, message: '' }],
    [
      '39 digits',
      `S=${authenticatorResponse.slice(1)}`,
      { authenticatorResponse: undefined, message: `S=${authenticatorResponse.slice(1)}` },
    ],
    ['no proof', 'M=Welcome', { authenticatorResponse: undefined, message: 'M=Welcome' }],
    ['nothing', '', { authenticatorResponse: undefined, message: '' }],
  ])('of %s', (_, text, success) => {
    expect(readMsChapV2Success(text)).toEqual(success);
  });

  it('is written as it was read', () => {
    const text = `S=${authenticatorResponse} M=Access granted`;
    expect(writeMsChapV2Success(readMsChapV2Success(text))).toBe(text);
  });
});

describe('the text of an MS-CHAP Failure', () => {
  it.each<[string, string, MsChapFailure | undefined]>([
    [
      'xl2tpd-wrongpass-mschapv2',
      'E=691 R=1 C=bd1ec0b1758b0c6dbbbbc745d5712d91 V=0 M=Access denied',
      {
        error: 691,
        retry: true,
        challenge: octets('bd1ec0b1758b0c6dbbbbc745d5712d91'),
        version: 0,
        message: 'Access denied',
      },
    ],
    [
      'softether-wrongpass-mschapv2',
      'E=691 R=0 C=EF10D60DF05B52E5292C0C597B89A975 V=3',
      { error: 691, retry: false, challenge: octets('EF10D60DF05B52E5292C0C597B89A975'), version: 3, message: '' },
    ],
    ['RFC 2433, no challenge', 'E=646 R=0 V=2', { error: 646, retry: false, version: 2, message: '' }],
    ['RFC 2433, no version', 'E=0000000691 R=1', { error: 691, retry: true, version: 1, message: '' }],
    ['M= in the message', 'E=691 R=0 M=say M=x E=1', { error: 691, retry: false, version: 1, message: 'say M=x E=1' }],
    ['a code alone', 'E=999', { error: 999, retry: false, version: 1, message: '' }],
    ['words alone', 'Access denied', undefined],
    ['a code that is none', 'E=abc R=0', undefined],
    ['a code inside the message alone', 'M=E=691', undefined],
    ['nothing', '', undefined],
  ])('of %s', (_, text, failure) => {
    expect(readMsChapFailure(text)).toEqual(failure);
  });

  it('is written as it was read', () => {
    const text = 'E=691 R=1 C=BD1EC0B1758B0C6DBBBBC745D5712D91 V=3 M=Access denied';
    expect(writeMsChapFailure(readMsChapFailure(text) as MsChapFailure)).toBe(text);
  });
});
