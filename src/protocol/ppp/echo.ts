/** Whether the far end of the link is still alive: when an LCP Echo-Request is due, and when enough of them stayed unanswered. */
import type { Instant } from '../deadlines.ts';

export interface EchoSettings {
  /** Time between Echo-Requests, ms; 0 sends none. */
  readonly intervalMs: number;
  /** Echo-Requests unanswered, with nothing heard in between, after which the link is dead (1-…). */
  readonly failures: number;
}

export class Echo {
  readonly #settings: EchoSettings;
  #dueAt: Instant | undefined;
  #sent: { readonly id: number; readonly at: Instant } | undefined;
  #unanswered = 0;
  #dataCameIn = false;
  #roundTripMs: number | undefined;

  constructor(settings: EchoSettings) {
    this.#settings = settings;
  }

  get deadline(): Instant | undefined {
    return this.#dueAt;
  }
  /** Of the last echo that was answered; undefined before the first. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  start(now: Instant): void {
    this.stop();
    if (this.#settings.intervalMs > 0) this.#dueAt = now + this.#settings.intervalMs;
  }
  stop(): void {
    this.#dueAt = undefined;
    this.#sent = undefined;
    this.#unanswered = 0;
    this.#dataCameIn = false;
  }

  /** Data came in: the next Echo-Request is not needed. */
  dataCameIn(): void {
    this.#dataCameIn = true;
  }
  /** Something else came in: nothing counts as unanswered any more. */
  signOfLife(): void {
    this.#unanswered = 0;
  }
  /** An Echo-Reply came. */
  answered(id: number, now: Instant): void {
    this.#unanswered = 0;
    if (this.#sent?.id === id) {
      this.#roundTripMs = now - this.#sent.at;
      this.#sent = undefined;
    }
  }
  /** An Echo-Request left. */
  noteSent(id: number, now: Instant): void {
    this.#sent = { id, at: now };
    this.#unanswered++;
  }

  /** What is due at `now`. */
  take(now: Instant): 'send' | 'dead' | undefined {
    if (this.#dueAt === undefined || now < this.#dueAt) return undefined;
    this.#dueAt = now + this.#settings.intervalMs;
    if (this.#dataCameIn) {
      this.#dataCameIn = false;
      this.#unanswered = 0;
      return undefined;
    }
    return this.#unanswered >= this.#settings.failures ? 'dead' : 'send';
  }
}
