/** Monotonic instants as dates for people. */
import type { Clock } from '../ports/clock.ts';
import type { Instant } from '../protocol/deadlines.ts';

/** A wall clock that has moved further than this was set, ms; less is the two clocks drifting apart. */
const SET_MS = 1000;

/** The same instant gives the same text each time, until somebody sets the wall clock: then all dates move with it. */
export class Calendar {
  readonly #clock: Clock;
  #epoch: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get now(): Instant {
    return this.#clock.now();
  }
  /** ISO 8601, UTC, milliseconds: the one time format of everything we print. */
  dateOf(at: Instant): string {
    const epoch = this.#clock.wallClock() - this.#clock.now();
    if (this.#epoch === undefined || Math.abs(epoch - this.#epoch) > SET_MS) this.#epoch = epoch;
    return new Date(Math.round(this.#epoch + at)).toISOString();
  }
  /** Whole milliseconds since an instant. */
  ageOf(at: Instant): number {
    return Math.max(0, Math.round(this.#clock.now() - at));
  }
}
