import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-host.ts';
import { Calendar } from './calendar.ts';

describe('a calendar', () => {
  it('gives an instant the same date whenever it is asked, though the clocks drift', async () => {
    const clock = new FakeClock();
    const calendar = new Calendar(clock);
    expect(calendar.dateOf(1000)).toBe('2026-11-22T07:00:00.000Z');
    await clock.pass(1500.4);
    clock.wallOffset += 900;
    expect(calendar.dateOf(1000)).toBe('2026-11-22T07:00:00.000Z');
    expect(calendar.ageOf(1000)).toBe(1500);
  });

  it('moves every date when the wall clock is set, and no age', () => {
    const clock = new FakeClock();
    const calendar = new Calendar(clock);
    calendar.dateOf(0);
    clock.wallOffset += 3_600_000;
    expect(calendar.dateOf(1000)).toBe('2026-11-22T08:00:00.000Z');
    expect(calendar.ageOf(1000)).toBe(0);
  });
});
