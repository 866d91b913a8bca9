import { describe, expect, it } from 'vitest';
import { failureOf, HANG_UP_TABLE } from './hang-up-table.ts';

const stopCcn = (result: number, error?: number, text?: string) => ({
  result,
  ...(error !== undefined && { error }),
  ...(text !== undefined && { text }),
});

describe('a StopCCN while the tunnel is opened', () => {
  it.each([
    // result, error, text, with a secret, without
    [1, undefined, undefined, 'tunnel-refused', 'tunnel-refused'],
    [2, 4, undefined, 'tunnel-busy', 'tunnel-busy'],
    [1, 0, 'Reached configured max-tunnels limit', 'tunnel-busy', 'tunnel-busy'],
    [2, 6, 'Too many tunnels', 'tunnel-busy', 'tunnel-busy'],
    [3, undefined, undefined, 'tunnel-busy', 'tunnel-busy'],
    [4, undefined, undefined, 'tunnel-secret-refused', 'tunnel-refused'],
    [4, 0, 'No secret key on our end', 'tunnel-secret-wrong', 'tunnel-secret-needed'],
    [2, 6, 'Invalid challenge authentication', 'tunnel-secret-refused', 'tunnel-secret-needed'],
    [5, 0x0100, undefined, 'version-unsupported', 'version-unsupported'],
    [6, 0, 'shutdown', 'tunnel-refused', 'tunnel-refused'],
    [0, 1536, undefined, 'tunnel-refused', 'tunnel-refused'],
  ])('result %d, error %s, "%s" is %s (%s without a secret)', (result, error, text, withSecret, without) => {
    const words = stopCcn(result, error, text);
    expect(failureOf('StopCCN', words, 'opening with secret', '').code).toBe(withSecret);
    expect(failureOf('StopCCN', words, 'opening without secret', '').code).toBe(without);
  });

  it('is no question of secrets once calls go through the tunnel, and one of room only by its codes', () => {
    expect(failureOf('StopCCN', stopCcn(2, 4), 'in use', '').code).toBe('tunnel-busy');
    for (const words of [stopCcn(4), stopCcn(1, 0, 'maximum session time')])
      expect(failureOf('StopCCN', words, 'in use', '').code).toBe('tunnel-closed');
  });
});

describe('a CDN', () => {
  it.each([
    [3, undefined, undefined, 'call-refused'],
    [4, undefined, undefined, 'call-busy'],
    [5, undefined, undefined, 'call-busy'],
    [8, undefined, undefined, 'call-busy'],
    [2, 4, undefined, 'call-busy'],
    [2, 6, 'no more sessions: limit reached', 'call-busy'],
    [2, 6, 'who are you', 'call-refused'],
    [0, undefined, undefined, 'call-refused'],
  ])('with result %d, error %s, "%s" refuses the call: %s', (result, error, text, code) => {
    expect(failureOf('CDN', stopCcn(result, error, text), 'opening', '').code).toBe(code);
    const isCoded = code === 'call-busy' && text === undefined;
    expect(failureOf('CDN', stopCcn(result, error, text), 'in use', '').code).toBe(isCoded ? code : 'call-closed');
  });
});

it('keeps what the peer said word for word, and says in which moment', () => {
  const words = stopCcn(2, 4, 'no\tmore');
  const failure = failureOf('StopCCN', words, 'opening without secret', 'while we waited for SCCRP');
  expect(failure.peer).toEqual({ message: 'StopCCN', result: 2, error: 4, text: 'no\tmore' });
  expect(failure.detail).toMatch(/^StopCCN came while we waited for SCCRP: .*insufficient resources.*"no more"$/);
});

it('has an answer for everything', () => {
  for (const message of ['StopCCN', 'CDN'] as const)
    for (const progress of ['opening', 'in use'] as const) {
      const last = HANG_UP_TABLE.filter((row) => row.message === message && row.progress === progress).at(-1);
      expect([last?.result, last?.error, last?.text]).toEqual([undefined, undefined, undefined]);
    }
});
