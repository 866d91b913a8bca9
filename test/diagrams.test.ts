import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DIAGRAMS, stateDiagram, withDiagrams } from './support/diagrams.ts';

const ENGINE = join(import.meta.dirname, '../src/protocol');
const README = join(ENGINE, 'README.md');

describe('diagrams', () => {
  it('in the README of the engine show the tables as they are (if not: npm run diagrams)', () => {
    const text = readFileSync(README, 'utf8');
    const wanted = withDiagrams(text);
    if (process.env.UPDATE_DIAGRAMS) writeFileSync(README, wanted);
    else expect(text).toBe(wanted);
  });

  it('have one arrow for events with the same outcome', () => {
    const arrows = [
      { from: 'half-open', event: 'a', actions: ['x'], to: 'open' },
      { from: 'half-open', event: 'b', actions: ['x'], to: 'open' },
      { from: 'half-open', event: 'c', actions: [], to: 'open' },
      { from: 'open', event: 'a', actions: ['x', 'y'], to: '[*]' },
    ];
    expect(stateDiagram('half-open', arrows)).toBe(
      [
        'stateDiagram-v2',
        '  direction LR',
        '  state "half-open" as half_open',
        '  state "open" as open',
        '  [*] --> half_open',
        '  half_open --> open: a, b / x',
        '  half_open --> open: c',
        '  open --> [*]: a / x, y',
      ].join('\n'),
    );
  });

  it('have a place each, and no other', () => {
    const places = (names: readonly string[]) =>
      names.map((name) => `<!-- diagram: ${name} -->\nold\n<!-- end of diagram -->\n`).join('');
    const names = Object.keys(DIAGRAMS);
    expect(withDiagrams(places(names))).not.toContain('old');
    expect(() => withDiagrams(places(names.slice(1)))).toThrow(`no place for ${names[0]}`);
    expect(() => withDiagrams(places([...names, 'weather']))).toThrow('no diagram "weather"');
  });
});

it('the README of the engine names every file of it, and no other', () => {
  const files = readdirSync(ENGINE, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => basename(path));
  const named = [...readFileSync(README, 'utf8').matchAll(/`(?:l2tp\/|ppp\/)?([a-z0-9-]+\.ts)`/g)].map(
    ([, name]) => name,
  );
  expect([...new Set(named)].sort()).toEqual(files.sort());
});
