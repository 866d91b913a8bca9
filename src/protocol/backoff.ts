/** When to dial again: exponential backoff with jitter, longer where the server is full, slow where only a person can help. */
import { FAILURE, type FailureCode, type Retry } from './failure.ts';
import type { Entropy } from './machine.ts';
import type { RedialSettings } from './settings.ts';

const STRENGTH: Record<Retry, number> = { backoff: 0, busy: 1, slow: 2 };

/** Ours: what fails before a packet has left costs nobody anything, and ends the moment the uplink is back. */
const BEFORE_THE_WIRE: ReadonlySet<FailureCode> = new Set(['no-route', 'resolve-failed']);
const LONGEST_BEFORE_THE_WIRE_MS = 10_000;

export class Backoff {
  readonly #settings: RedialSettings;
  readonly #entropy: Entropy;
  #attempts = 0;

  constructor(settings: RedialSettings, entropy: Entropy) {
    this.#settings = settings;
    this.#entropy = entropy;
  }

  /** Attempts since the last time the connection stayed up. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The connection was up for `upMs` before it ended. */
  wasUp(upMs: number): void {
    if (upMs >= this.#settings.resetAfterMs) this.#attempts = 0;
  }

  reset(): void {
    this.#attempts = 0;
  }

  /** How long to wait, ms, after a round of dials that ended with these failures. */
  next(failures: readonly FailureCode[]): number {
    const { firstMs, maxMs, busyMs, slowMs } = this.#settings;
    const isLocal = failures.length > 0 && failures.every((code) => BEFORE_THE_WIRE.has(code));
    const longest = isLocal ? Math.min(maxMs, LONGEST_BEFORE_THE_WIRE_MS) : maxMs;
    const doubled = Math.min(longest, firstMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts++;
    const strongest = Math.max(0, ...failures.map((code) => STRENGTH[FAILURE[code].retry]));
    const floor = strongest === STRENGTH.slow ? slowMs : strongest === STRENGTH.busy ? busyMs : 0;
    // Jitter: many clients that lost one server together must not come back together.
    const jitter = this.#fraction() / 2;
    return Math.round(Math.max(doubled * (0.5 + jitter), Math.max(firstMs, floor) * (1 + jitter)));
  }

  #fraction(): number {
    const [a = 0, b = 0] = this.#entropy(2);
    return (a * 256 + b) / 65535;
  }
}
