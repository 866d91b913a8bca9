import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ACTIONS, EVENTS, STATES, TABLE, transition } from './automaton-table.ts';

/** The table as RFC 1661 prints it on pages 12 and 13, read back into rows of ten cells. */
function printed(): Record<string, string[]> {
  const text = readFileSync(join(import.meta.dirname, '../../../test/fixtures/rfc1661-4.1.txt'), 'utf8');
  const rows: Record<string, string[]> = {};
  for (const line of text.split('\n')) {
    const [, name = '', cells = ''] = /^ *([A-Z][A-Za-z]*[+-]?) *\|(.*)$/.exec(line) ?? [];
    if (name !== '' && name !== 'Events')
      rows[name.toLowerCase()] = [...(rows[name.toLowerCase()] ?? []), ...cells.trim().split(/ +/)];
  }
  return rows;
}

const cells = EVENTS.flatMap((event) => TABLE[event].map((cell, index) => ({ event, cell, state: STATES[index] })));

describe('the automaton table', () => {
  it('is the table of RFC 1661 §4.1, cell for cell', () => {
    expect(TABLE).toEqual(printed());
  });

  it('has 16 events and 10 states, 40 of the 160 events impossible', () => {
    expect(EVENTS).toHaveLength(16);
    expect(cells).toHaveLength(160);
    expect(cells.filter(({ cell }) => cell === '-')).toHaveLength(40);
  });

  it('uses no action but those of §4.4', () => {
    const words = cells.flatMap(({ cell }) => (cell.includes('/') ? (cell.split('/')[0] ?? '').split(',') : []));
    expect([...new Set(words)].sort()).toEqual([...ACTIONS].sort());
  });

  it('never leaves opened without tld, never enters it without tlu', () => {
    for (const event of EVENTS) {
      for (const state of STATES) {
        const { actions = [], next = state } = transition(state, event) ?? {};
        expect([event, state, actions.includes('tld')]).toEqual([
          event,
          state,
          state === 'opened' && next !== 'opened',
        ]);
        expect([event, state, actions.includes('tlu')]).toEqual([
          event,
          state,
          state !== 'opened' && next === 'opened',
        ]);
      }
    }
  });

  it('can time out exactly where something was sent that wants an answer (§4.1)', () => {
    const timed = STATES.filter((state) => transition(state, 'to+') !== undefined);
    expect(timed).toEqual(['closing', 'stopping', 'req-sent', 'ack-rcvd', 'ack-sent']);
    expect(STATES.filter((state) => transition(state, 'to-') !== undefined)).toEqual(timed);
  });
});
