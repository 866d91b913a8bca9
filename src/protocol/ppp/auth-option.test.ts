import { describe, expect, it } from 'vitest';
import { octets } from '../../../test/codec-vectors.ts';
import type { AuthMethod } from '../settings.ts';
import { authOption, authWords, methodOf, methodWords } from './auth-option.ts';

// As xl2tpd, SoftEther and l2tpns ask for them.
const ASKED: readonly [hex: string, method: AuthMethod | undefined, words: string][] = [
  ['c22305', 'chap-md5', 'CHAP-MD5'],
  ['c22381', 'ms-chap-v2', 'MS-CHAPv2'],
  ['c22380', 'ms-chap', 'MS-CHAP'],
  ['c023', 'pap', 'PAP'],
  ['c227', undefined, 'EAP'],
  ['c22306', undefined, 'protocol 0xc22306'],
  ['c223', undefined, 'protocol 0xc223'],
];

describe('the Authentication-Protocol option', () => {
  it.each(ASKED)('%s means %s, in words %s', (hex, method, words) => {
    expect(methodOf(octets(hex))).toBe(method);
    expect(authWords(octets(hex))).toBe(words);
    if (method !== undefined) expect(authOption(method)).toEqual(octets(hex));
  });

  it('lists methods', () => expect(methodWords(['pap', 'ms-chap'])).toBe('PAP, MS-CHAP'));
});
