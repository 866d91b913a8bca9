/** Time from Node: the monotonic clock for the engine, the wall clock for people. */
import type { Alarm, Clock } from '../../ports/clock.ts';
import type { Instant } from '../../protocol/deadlines.ts';

/** setTimeout holds at most this many milliseconds; a later alarm is set again when it rings. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Not `performance.now()`, which brings half a megabyte of statistics with it. */
function now(): Instant {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

export const clock: Clock = {
  now,
  wallClock: () => Date.now(),
  alarm: (ring) => new NodeAlarm(ring),
};

class NodeAlarm implements Alarm {
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at: Instant | undefined;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  set(at: Instant | undefined): void {
    if (at === this.#at) return;
    clearTimeout(this.#timer);
    this.#at = at;
    if (at === undefined) return;
    // Rounded up: a timer that rings a fraction of a millisecond early would find nothing due and be set again.
    const ms = Math.min(Math.max(0, Math.ceil(at - now())), LONGEST_TIMEOUT_MS);
    this.#timer = setTimeout(() => {
      this.#at = undefined;
      this.#ring();
    }, ms);
  }

  close(): void {
    this.set(undefined);
  }
}
