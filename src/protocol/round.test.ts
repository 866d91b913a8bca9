import { describe, expect, it } from 'vitest';
import type { Candidate } from './client-io.ts';
import { Round } from './round.ts';

const a: Candidate = { name: 'lns.example', address: '192.0.2.1', port: 1701 };
const b: Candidate = { name: 'lns.example', address: '192.0.2.2', port: 1701 };
const c: Candidate = { name: 'other.example', address: '192.0.2.3', port: 1701 };
const still = () => new Uint8Array([0, 0]);

const order = (round: Round): string[] => {
  const out: string[] = [];
  for (let next = round.next(); next !== undefined; next = round.next()) out.push(next.address);
  return out;
};

describe('Round', () => {
  it('tries every address once, in the order listed', () => {
    const round = new Round('listed', still);
    round.begin([a, b, a, c], 0);
    expect(order(round)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    expect(round.next()).toBeUndefined();
  });

  it('puts those that failed lately at the back, the most recent last, and forgives after five minutes', () => {
    const round = new Round('listed', still);
    round.begin([a, b, c], 0);
    round.failed(b, 'no-answer', 1000);
    round.failed(a, 'no-answer', 2000);
    round.begin([a, b, c], 3000);
    expect(order(round)).toEqual(['192.0.2.3', '192.0.2.2', '192.0.2.1']);
    round.begin([a, b, c], 303_000);
    expect(order(round)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
  });

  it('shuffles when asked to, losing nobody', () => {
    let seed = 7;
    const entropy = () => {
      seed = (seed * 5 + 3) & 0xff;
      return new Uint8Array([0, seed]);
    };
    const round = new Round('random', entropy);
    const seen = new Set<string>();
    for (let i = 0; i < 50; i++) {
      round.begin([a, b, c], 0);
      const tried = order(round);
      expect([...tried].sort()).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
      seen.add(tried.join());
    }
    expect(seen.size).toBeGreaterThan(1);
  });

  it('dials the last known addresses when names cannot be resolved', () => {
    const round = new Round('listed', still);
    round.begin([a, b], 0);
    round.begin([], 1000);
    expect(order(round)).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  it('dials from port 1701 every second round while nobody answers', () => {
    const round = new Round('listed', still);
    const ports: number[] = [];
    for (let i = 0; i < 4; i++) {
      round.begin([a], i);
      ports.push(round.localPort(0));
      round.failed(a, 'no-answer', i);
      round.end();
    }
    expect(ports).toEqual([0, 1701, 0, 1701]);
    round.begin([a], 9);
    round.failed(a, 'no-answer', 9);
    round.end();
    round.begin([a], 10);
    expect(round.localPort(0)).toBe(1701);
    round.succeeded(a);
    round.begin([], 11);
    expect(round.localPort(0)).toBe(1701); // it worked from there: so it begins there
    expect(round.localPort(5000)).toBe(5000);
  });

  it('lets a reply come from elsewhere as the rule says', () => {
    const round = new Round('listed', still);
    round.begin([a, b], 0);
    const stranger = { address: '198.51.100.9', port: 1701 };
    expect((['strict', 'listed', 'any'] as const).map((rule) => round.accepts(b, a, rule))).toEqual([
      false,
      true,
      true,
    ]);
    expect((['strict', 'listed', 'any'] as const).map((rule) => round.accepts(stranger, a, rule))).toEqual([
      false,
      false,
      true,
    ]);
    expect(round.accepts({ address: a.address, port: 40_000 }, a, 'strict')).toBe(true);
  });

  it('remembers a bounded number of failures', () => {
    const round = new Round('listed', still);
    for (let i = 0; i < 1000; i++) round.failed({ ...a, port: i + 1 }, 'no-answer', i);
    round.begin([a, { ...a, port: 1000 }], 1000);
    expect(round.next()?.port).toBe(1701);
  });
});
