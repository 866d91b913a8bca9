import { describe, expect, it } from 'vitest';
import { octets } from '../../../test/codec-vectors.ts';
import type { PeerWords } from '../failure.ts';
import { type Circumstances, meaningOf, terminateFailure } from './link-failure.ts';

const UP: Circumstances = {
  accepts: ['chap-md5', 'pap'],
  authRefused: undefined,
  answeredWith: undefined,
  refusedEncryption: false,
};

/** What real servers put into their Terminate-Requests, and what we make of it. */
// biome-ignore format: a table
const TERMINATED: readonly [who: string, data: string, circumstances: Circumstances, code: string, text: string | undefined][] = [
  ['pppd that requires MPPE',        '4d505045207265717569726564206275742070656572206e65676f74696174696f6e206661696c6564', UP, 'encryption-required', 'MPPE required but peer negotiation failed'],
  ['Windows: error 742',             '7ff04cbc003ccd74000002e6', UP,                                          'encryption-required', 'Windows error 742'],
  ['Windows: error 691',             '7ff04cbc003ccd74000002b3', { ...UP, answeredWith: 'chap-md5' }, 'auth-rejected',      'Windows error 691'],
  ['Windows that just hangs up',     '4112134400 3ccd7400000000', UP,                                         'ppp-terminated',      undefined],
  ['anybody after our refusal of CCP', '',                      { ...UP, refusedEncryption: true },           'encryption-required', undefined],
  ['pppd after a failure that got lost', '41757468656e7469636174696f6e206661696c6564', { ...UP, answeredWith: 'pap' }, 'auth-rejected', 'Authentication failed'],
  ['SoftEther, wrong password by PAP', '',                      { ...UP, answeredWith: 'pap' },     'auth-rejected',       undefined],
  ['SoftEther after a Nak of all its methods', '',              { ...UP, authRefused: 'EAP' },      'auth-method-refused', undefined],
  ['pppd whose method we talked it out of', '70656572207265667573656420746f2061757468656e746963617465', { ...UP, authRefused: 'CHAP-MD5' }, 'auth-method-refused', 'peer refused to authenticate'],
  ['pppd when the session is over',  '557365722072657175657374', UP,                                          'ppp-terminated',      'User request'],
  ['one that quotes the password',   '70617373776f72643a20733363726574', { ...UP, answeredWith: 'pap' }, 'auth-rejected',  'password: ***'],
];

describe('a Terminate-Request', () => {
  it.each(TERMINATED)('from %s (%s)', (_, data, circumstances, code, text) => {
    const failure = terminateFailure(octets(data), 's3cret', circumstances);
    expect(failure.code).toBe(code);
    expect(failure.peer).toEqual({ message: 'LCP Terminate-Request', ...(text !== undefined && { text }) });
    expect(failure.detail).not.toContain('s3cret');
  });

  it('names what the server wants and what is allowed', () => {
    const failure = terminateFailure(octets(''), '', { ...UP, authRefused: 'EAP' });
    expect(failure.detail).toBe('the server wants EAP, allowed here: CHAP-MD5, PAP');
  });
});

describe('a CDN', () => {
  const cdn: PeerWords = { message: 'CDN', result: 3, text: 'Administrative' };

  it('means nothing in particular on a link that is up', () => expect(meaningOf(cdn, UP)).toBeUndefined());
  it('means the password when it answers it (l2tpns)', () => {
    const failure = meaningOf(cdn, { ...UP, answeredWith: 'chap-md5' });
    expect(failure).toMatchObject({ code: 'auth-rejected', peer: cdn });
    expect(failure?.detail).toContain('CHAP-MD5');
  });
  it.each([
    ['no facilities now', { message: 'CDN', result: 4 }],
    ['no facilities ever', { message: 'CDN', result: 5, error: 0 }],
    ['busy', { message: 'CDN', result: 8 }],
    ['no resources', { message: 'CDN', result: 2, error: 4 }],
    ['no resources at all', { message: 'StopCCN', result: 2, error: 4 }],
    ['being shut down', { message: 'StopCCN', result: 6, error: 0 }],
  ] as const)('or StopCCN that says why (%s) blames neither password nor method nor encryption', (_, peer) => {
    const blameable = { answeredWith: 'pap', authRefused: 'EAP', refusedEncryption: true } as const;
    expect(meaningOf(peer, { ...UP, ...blameable })).toBeUndefined();
  });
  it('means the method when we would not have it (l2tpns)', () => {
    expect(meaningOf(cdn, { ...UP, authRefused: 'CHAP-MD5' })?.code).toBe('auth-method-refused');
  });
});
