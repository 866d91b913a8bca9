/** How much of something may happen in a while, so that nobody can flood anybody through us. */
import type { Clock } from '../ports/clock.ts';

export class Allowance {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #periodMs: number;
  readonly #taken: number[] = [];

  /** @param most so many in any `periodMs` */
  constructor(clock: Clock, most: number, periodMs: number) {
    this.#clock = clock;
    this.#most = most;
    this.#periodMs = periodMs;
  }

  /** Whether one more is allowed; it is counted then. */
  take(): boolean {
    const now = this.#clock.now();
    while (this.#taken[0] !== undefined && this.#taken[0] <= now - this.#periodMs) this.#taken.shift();
    if (this.#taken.length >= this.#most) return false;
    this.#taken.push(now);
    return true;
  }
}
