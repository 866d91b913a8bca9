import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

const settings = { firstMs: 1000, maxMs: 300_000, busyMs: 60_000, slowMs: 120_000, resetAfterMs: 60_000 };
const least = () => new Uint8Array([0, 0]);
const most = () => new Uint8Array([255, 255]);

describe('Backoff', () => {
  it('doubles from the first wait to the longest, and jitters', () => {
    const [low, high] = [new Backoff(settings, least), new Backoff(settings, most)];
    const waits = Array.from({ length: 12 }, () => [low.next(['no-answer']), high.next(['no-answer'])]);
    expect(waits.slice(0, 4)).toEqual([
      [1000, 1500],
      [1000, 2000],
      [2000, 4000],
      [4000, 8000],
    ]);
    expect(waits.at(-1)).toEqual([150_000, 300_000]);
  });

  it('starts anew only after the connection has been up for a while', () => {
    const backoff = new Backoff(settings, most);
    for (let i = 0; i < 5; i++) backoff.next(['no-answer']);
    backoff.wasUp(59_999);
    expect(backoff.next(['echo-lost'])).toBe(32_000);
    backoff.wasUp(60_000);
    expect(backoff.next(['echo-lost'])).toBe(1500);
  });

  it('waits longer for a server without room, and slowly where only a person can help', () => {
    expect(new Backoff(settings, least).next(['no-answer', 'tunnel-busy'])).toBe(60_000);
    expect(new Backoff(settings, least).next(['tunnel-busy', 'auth-rejected'])).toBe(120_000);
    expect(new Backoff(settings, most).next(['call-busy'])).toBe(90_000);
  });

  it('looks often for an uplink that is not there', () => {
    const backoff = new Backoff(settings, most);
    for (let i = 0; i < 20; i++) backoff.next(['no-route', 'no-route']);
    expect(backoff.next(['resolve-failed', 'no-route'])).toBe(10_000);
    expect(backoff.next(['no-route', 'no-answer'])).toBe(300_000);
  });

  it('stays finite after years of failures', () => {
    const backoff = new Backoff(settings, most);
    for (let i = 0; i < 10_000; i++) backoff.next(['no-answer']);
    expect(backoff.next(['no-answer'])).toBe(300_000);
  });
});
