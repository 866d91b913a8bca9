import { describe, expect, it } from 'vitest';
import { TUNNEL_TABLE, tunnelRow } from './tunnel-table.ts';

describe('the table of the control connection (RFC 2661 §7.2.1)', () => {
  it('has one row for each event in a state', () => {
    const keys = TUNNEL_TABLE.map(([state, event]) => `${state} ${event}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('never judges a message where another row says that there is nothing to judge', () => {
    for (const [state, event] of TUNNEL_TABLE)
      if (/[+-]$/.test(event))
        expect(TUNNEL_TABLE.some((row) => row[0] === state && row[1] === event.slice(0, -1))).toBe(false);
  });

  it('has an acceptable and an unacceptable form of every message that is judged', () => {
    const judged = TUNNEL_TABLE.filter(([, event]) => event.endsWith('+')).map(([state, event]) => [
      state,
      event.slice(0, -1),
    ]);
    expect(judged).toEqual([
      ['idle', 'SCCRQ'],
      ['wait-ctl-reply', 'SCCRP'],
      ['wait-ctl-conn', 'SCCCN'],
    ]);
    for (const [state, kind] of judged)
      expect(TUNNEL_TABLE.some((row) => row[0] === state && row[1] === `${kind}-`)).toBe(true);
  });

  it('goes back to idle by cleaning up, and only so', () => {
    for (const [, event, actions, next] of TUNNEL_TABLE)
      expect(actions.includes('clean up')).toBe(next === 'idle' && event !== 'SCCRQ lose tie');
  });

  it('opens the tunnel on the way into established, and only so', () => {
    for (const [state, , actions, next] of TUNNEL_TABLE)
      expect(actions.includes('tunnel open')).toBe(next === 'established' && state !== 'established');
  });

  it('ends in every state when the peer says so, we say so, or nothing works', () => {
    for (const state of ['idle', 'wait-ctl-reply', 'wait-ctl-conn', 'established'] as const)
      for (const event of ['StopCCN', 'close', 'fault'] as const) expect(tunnelRow(state, event)?.[3]).toBe('idle');
  });

  it('answers StopCCN with nothing: the acknowledgement is enough (§6.4)', () => {
    for (const [, event, actions] of TUNNEL_TABLE) if (event === 'StopCCN') expect(actions).toEqual(['clean up']);
  });
});
