import { isIPv4, isIPv6 } from 'node:net';
import { describe, expect, it } from 'vitest';
import { addressAndPortOf, addressOf, hostAndPortOf, prefixOf } from './address.ts';

// The left column of the IPv6 rows and their canonical form: RFC 5952 sections 2 and 4.
const ADDRESSES = [
  ['10.5.1.9', '10.5.1.9'],
  ['255.255.255.255', '255.255.255.255'],
  ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
  ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
  ['2001:DB8::0001', '2001:db8::1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ['fe80:0:0:0:10:0:0:0', 'fe80::10:0:0:0'],
] as const;

const NO_ADDRESSES = [
  '',
  '10.5.1',
  '10.5.1.256',
  '010.5.1.9',
  '10.5.1.9.',
  '1:2:3:4:5:6:7:8:9',
  '1::2::3',
  ':1',
  '12345::',
  'g::',
  '1.2.3.4::',
  'lns.example.net',
];

describe('addressOf', () => {
  it.each(ADDRESSES)('%s is %s', (text, canonical) => expect(addressOf(text)).toBe(canonical));

  it.each(NO_ADDRESSES)('%j is no address', (text) => expect(addressOf(text)).toBeUndefined());

  it('agrees with the host about what an address is', () => {
    const texts = [
      ...ADDRESSES.map(([text]) => text),
      ...NO_ADDRESSES,
      '1:2:3:4:5:6:7::',
      '::2:3:4:5:6:7:8',
      '1:2:3:4:5:6:7',
      '0::0',
      'fe80::1::',
      '::1.2.3.4',
    ];
    for (const text of texts)
      expect([text, addressOf(text) !== undefined]).toEqual([text, isIPv4(text) || isIPv6(text)]);
  });
});

describe('prefixOf', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.5.1.9', '10.5.1.9/32'],
    ['0.0.0.0/1', '0.0.0.0/1'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['2001:db8::1', '2001:db8::1/128'],
  ])('%s is %s', (text, prefix) => expect(prefixOf(text)).toEqual({ prefix }));

  it('names the network when bits behind the length are set', () => {
    expect(prefixOf('10.0.2.72/8')).toEqual({ wrong: 'the network itself, 10.0.0.0/8' });
    expect(prefixOf('2001:db8::1/32')).toEqual({ wrong: 'the network itself, 2001:db8::/32' });
  });

  it.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0/8', '::/129', 'lns/8', '/8', '10.0.0.0/-1'])(
    '%s is none',
    (text) => expect(prefixOf(text)).toEqual({ wrong: 'a prefix such as 10.0.0.0/8 or 2001:db8::/32' }),
  );
});

describe('hostAndPortOf', () => {
  it.each([
    ['lns.example.net', 'lns.example.net', 1701],
    ['lns.example.net:1702', 'lns.example.net', 1702],
    ['10.5.1.9', '10.5.1.9', 1701],
    ['10.5.1.9:65535', '10.5.1.9', 65535],
    ['2001:DB8::1', '2001:db8::1', 1701],
    ['[2001:db8::1]', '2001:db8::1', 1701],
    ['[2001:db8::1]:1702', '2001:db8::1', 1702],
  ])('%s', (text, host, port) => expect(hostAndPortOf(text, 1701)).toEqual({ host, port }));

  it.each([
    '',
    ':1701',
    'lns:0',
    'lns:65536',
    'lns:x',
    '10.5.1.256',
    '10.5.1',
    '[10.5.1.9]:1',
    '[::1',
    'a b',
    '-lns',
    'l2tp://lns',
    '[2001:db8::1]1702',
  ])('%j is none', (text) => expect(hostAndPortOf(text, 1701)).toBeUndefined());
});

describe('addressAndPortOf', () => {
  it('takes addresses only', () => {
    expect(addressAndPortOf('10.10.0.21', 53)).toEqual({ host: '10.10.0.21', port: 53 });
    expect(addressAndPortOf('[2001:db8::1]:5353', 53)).toEqual({ host: '2001:db8::1', port: 5353 });
    expect(addressAndPortOf('dns.example.net', 53)).toBeUndefined();
  });
});
