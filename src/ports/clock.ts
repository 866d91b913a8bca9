/** Time as a host gives it. */
import type { Instant } from '../protocol/deadlines.ts';

export interface Clock {
  /** Milliseconds on a monotonic clock: never set, never jumps. */
  now(): Instant;
  /** Milliseconds since 1970, for people only: it may jump at any time. */
  wallClock(): number;
  /** One alarm that can be set again and again; `close` ends it. */
  alarm(ring: () => void): Alarm;
}

export interface Alarm {
  /** Replaces the time it was set to; undefined silences it. */
  set(at: Instant | undefined): void;
  close(): void;
}
