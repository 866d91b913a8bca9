import { describe, expect, it } from 'vitest';
import {
  accountOf,
  challengeHash,
  challengeResponse,
  generateAuthenticatorResponse,
  generateNtResponse,
  ntPasswordHash,
} from './ms-chap.ts';

const octets = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const utf16le = (text: string) => Uint8Array.from(Buffer.from(text, 'utf16le'));
const utf8 = (text: string) => Uint8Array.from(Buffer.from(text));

describe('MS-CHAP (RFC 2433 §B.2)', () => {
  const passwordHash = octets('FC 15 6A F7 ED CD 6C 0E DD E3 33 7D 42 7F 4E AC');

  it('hashes the password', () => {
    expect(ntPasswordHash(octets('4D 00 79 00 50 00 77 00'))).toEqual(passwordHash);
  });

  it('answers the challenge', () => {
    expect(challengeResponse(octets('10 2D B5 DF 08 5D 30 41'), passwordHash)).toEqual(
      octets('4E 9D 3C 8F 9C FD 38 5D 5B F4 D3 24 67 91 95 6C A4 C3 51 AB 40 9A 3D 61'),
    );
  });
});

describe('MS-CHAP-V2 (RFC 2759 §9.2)', () => {
  const exchange = {
    authenticatorChallenge: octets('5B 5D 7C 7D 7B 3F 2F 3E 3C 2C 60 21 32 26 26 28'),
    peerChallenge: octets('21 40 23 24 25 5E 26 2A 28 29 5F 2B 3A 33 7C 7E'),
    userName: octets('55 73 65 72'),
    passwordUtf16le: octets('63 00 6C 00 69 00 65 00 6E 00 74 00 50 00 61 00 73 00 73 00'),
  };
  const ntResponse = octets('82 30 9E CD 8D 70 8B 5E A0 8F AA 39 81 CD 83 54 42 33 11 4A 3D 85 D6 DF');

  it('hashes both challenges with the name', () => {
    expect(challengeHash(exchange)).toEqual(octets('D0 2E 43 86 BC E9 12 26'));
  });

  it('hashes the password', () => {
    expect(ntPasswordHash(exchange.passwordUtf16le)).toEqual(octets('44 EB BA 8D 53 12 B8 D6 11 47 44 11 F5 69 89 AE'));
  });

  it('generates the NT response', () => {
    expect(generateNtResponse(exchange)).toEqual(ntResponse);
  });

  it('generates the authenticator response', () => {
    expect(generateAuthenticatorResponse(exchange, ntResponse)).toBe('407A5589115FD0D6209F510FE9C04566932CDA56');
  });
});

// Real logins: pppd and SoftEther as authenticators, pppd as peer; user alice, password s3cret.
describe('captured MS-CHAP-V2 logins', () => {
  it.each([
    [
      'softether-mschapv2',
      '7b301b9d5c57aec9f4381d7cce061079',
      '17238353e8c0609d17e5e526776637e2',
      'fd061aa5bcdd72c704eb368843558f072c86a81e6ac6f829',
      'F3B22B5831A97BFA73E42F958ABC8C8CD635F6B2',
    ],
    [
      'softether-noeap',
      '9d3382983b1a3d5f5abf9036d964251a',
      'c85ffd3a76e50d166abb61fc743ef3b1',
      'dfb386b87ba966254e2c6a31e2d3d7cc2fd742a3490bb251',
      '58C70B65297136AE8CF696B68C448BCD15DC2728',
    ],
    [
      'xl2tpd-mschapv2',
      '18b8c643e27de6907345406905b28805',
      'f20557478d22b112ca4931ac9c05e791',
      '7a98850074da60f94d6e227cd70ffebeb7ff3c395efa433e',
      'E9E6D8152318440EB81E220F8526FB09ED0EE267',
    ],
    [
      'xl2tpd-mppe',
      '10523cdebca2dfe0efb450a8a554badc',
      'a46e479ebe637471dee9b375cfc56c13',
      '8c6280f2e841e14f3bb1cef26f6f59ca63985d7097505ec7',
      '06E1EB0F35CD6BE03C7ACFC5AC1C66548E929F8A',
    ],
  ])('%s', (_, challenge, peerChallenge, ntResponse, authenticatorResponse) => {
    const exchange = {
      authenticatorChallenge: octets(challenge),
      peerChallenge: octets(peerChallenge),
      userName: utf8('alice'),
      passwordUtf16le: utf16le('s3cret'),
    };
    expect(generateNtResponse(exchange)).toEqual(octets(ntResponse));
    expect(generateAuthenticatorResponse(exchange, octets(ntResponse))).toBe(authenticatorResponse);
  });
});

describe('accountOf', () => {
  it.each([
    ['User', 'User'],
    ['BIGCO\\johndoe', 'johndoe'],
    ['SX/x@ZJUA.XY', 'SX/x@ZJUA.XY'],
    ['a\\b\\c', 'c'],
    ['', ''],
    ['\\', ''],
  ])('of %j is %j', (name, account) => {
    expect(accountOf(utf8(name))).toEqual(utf8(account));
  });
});
