import { describe, expect, it } from 'vitest';
import type { ResultCode } from './avp-value.ts';
import { describeResult } from './result-table.ts';

describe('what a result means', () => {
  const cases: [message: 'StopCCN' | 'CDN', code: ResultCode, words: string][] = [
    [
      'StopCCN', // xl2tpd
      { result: 1, error: 0, text: 'Goodbye!' },
      'general request to clear control connection (StopCCN result 1, error 0), "Goodbye!"',
    ],
    [
      'StopCCN', // xl2tpd-nosecret-client
      { result: 2, error: 6, text: 'No secret key on our end' },
      'general error: a generic vendor-specific error occurred in the LAC (StopCCN result 2, error 6), "No secret key on our end"',
    ],
    ['CDN', { result: 3 }, 'call disconnected for administrative reasons (CDN result 3)'],
    ['CDN', { result: 2, error: 7 }, 'general error: try another LNS (CDN result 2, error 7)'],
    ['CDN', { result: 2, error: 0 }, 'general error: no general error (CDN result 2, error 0)'],
    [
      'StopCCN',
      { result: 5, error: 0x0100 },
      'the protocol version of the requester is not supported: it supports up to 1.0 (StopCCN result 5, error 256)',
    ],
    ['CDN', { result: 256, error: 99 }, 'unknown result: unknown error (CDN result 256, error 99)'], // Apple's byte order
    [
      'StopCCN',
      { result: 0, error: 0x600, text: '\0\0\0\0' },
      'reserved: unknown error (StopCCN result 0, error 1536)',
    ], // SoftEther
  ];
  it.each(cases)('%s %o', (message, code, words) => expect(describeResult(message, code)).toBe(words));

  it('quotes no control character', () =>
    expect(describeResult('CDN', { result: 3, error: 0, text: '\x1b[2Jgo\r\naway\x07\x9b\u202e' })).toBe(
      'call disconnected for administrative reasons (CDN result 3, error 0), "[2Jgo away"',
    ));

  it.each([
    ['StopCCN', 7],
    ['CDN', 11],
  ] as const)('every result of %s has a name of its own, up to %i', (message, last) => {
    const names = Array.from({ length: last + 2 }, (_, result) => describeResult(message, { result }).split(' (')[0]);
    expect(names.indexOf('unknown result')).toBe(last + 1);
    expect(new Set(names).size).toBe(last + (message === 'CDN' ? 1 : 2)); // CDN 4 and 5 differ in the bracket
  });

  it('every general error has a name of its own, up to 8', () => {
    const names = Array.from({ length: 10 }, (_, error) => describeResult('CDN', { result: 2, error }).split(' (')[0]);
    expect(names.indexOf('general error: unknown error')).toBe(9);
    expect(new Set(names).size).toBe(10);
  });
});
