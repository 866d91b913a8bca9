import { describe, expect, it } from 'vitest';
import { contains, hostPrefix, readPrefix, writePrefix } from './prefix.ts';

const read = (text: string) => {
  const prefix = readPrefix(text);
  if (prefix === undefined) throw new Error(`${text} is not a prefix`);
  return prefix;
};

describe('prefixes', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.0.2.72/8', '10.0.0.0/8'],
    ['10.5.1.9', '10.5.1.9/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['255.255.255.255/1', '128.0.0.0/1'],
    ['2001:DB8:0:0::1/48', '2001:db8::/48'],
    ['::/0', '::/0'],
    ['fe80::1', 'fe80::1/128'],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.1/128'],
    ['2001:0:0:1::1', '2001:0:0:1::1/128'],
  ])('reads %s as %s', (text, written) => {
    expect(writePrefix(read(text))).toBe(written);
  });

  it.each([
    '',
    '10.0.0/8',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    'fe80::1%eth0',
    'default',
  ])('takes %j for none', (text) => {
    expect(readPrefix(text)).toBeUndefined();
  });

  it('knows which lies in which', () => {
    const inside = (outer: string, inner: string) => contains(read(outer), read(inner));
    expect(inside('10.0.0.0/8', '10.255.255.255')).toBe(true);
    expect(inside('10.0.0.0/8', '11.0.0.0')).toBe(false);
    expect(inside('10.0.0.0/8', '10.0.0.0/8')).toBe(true);
    expect(inside('10.0.0.0/8', '10.0.0.0/7')).toBe(false);
    expect(inside('0.0.0.0/0', '2001:db8::1')).toBe(false);
    expect(inside('2001:db8::/32', '2001:db8:ffff::1')).toBe(true);
  });

  it('makes a host route of an address only', () => {
    expect([hostPrefix('10.5.1.9'), hostPrefix('10.5.1.9/32'), hostPrefix('lns')]).toEqual([
      '10.5.1.9/32',
      undefined,
      undefined,
    ]);
  });
});
