import { describe, expect, it } from 'vitest';
import { LAC_TABLE, LNS_TABLE } from './session-table.ts';

describe.each([
  ['LAC', '§7.4.1', LAC_TABLE],
  ['LNS', '§7.4.2', LNS_TABLE],
])('the table of the %s for incoming calls (RFC 2661 %s)', (_name, _ref, table) => {
  it('has one row for each event in a state', () => {
    const keys = table.map(([state, event]) => `${state} ${event}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('never judges a message where another row says that there is nothing to judge', () => {
    for (const [state, event] of table)
      if (/[+-]$/.test(event))
        expect(table.some((row) => row[0] === state && row[1] === event.slice(0, -1))).toBe(false);
  });

  it('goes back to idle by cleaning up, and only so', () => {
    for (const [, , actions, next] of table) expect(actions.includes('clean up')).toBe(next === 'idle');
  });

  it('connects on the way into established, and only so', () => {
    for (const [state, , actions, next] of table)
      expect(actions.includes('connect')).toBe(next === 'established' && state !== 'established');
  });

  it('never answers a CDN, and says nothing on a tunnel that is gone (§6.12, §5.7)', () => {
    for (const [, event, actions] of table)
      if (event === 'CDN' || event === 'tunnel closed') expect(actions).toEqual(['clean up']);
  });

  it('knows in every state how to close, and what to do when the tunnel is gone', () => {
    const states = new Set(table.map(([state]) => state));
    for (const state of states)
      for (const event of ['close', 'tunnel closed'])
        expect(table.some((row) => row[0] === state && row[1] === event)).toBe(true);
  });
});
