/** Runs the table of RFC 1661 §4.1: state, Restart counter and Restart timer. What the layer itself has to do comes back as actions. */
import type { Instant } from '../deadlines.ts';
import { type Action, type Event, type State, transition } from './automaton-table.ts';

/** RFC 1661 §4.6: all of it configurable, these are the defaults. */
export interface Limits {
  /** Restart timer while a Configure-Request is unanswered, ms. */
  readonly restartMs: number;
  /** Restart timer while terminating, ms. */
  readonly terminateMs: number;
  /** Configure-Requests sent without a valid answer before giving up. */
  readonly maxConfigure: number;
  /** Terminate-Requests, likewise. */
  readonly maxTerminate: number;
}

export const LIMITS: Limits = {
  restartMs: 3000,
  terminateMs: 1000, // ours, "based on the speed of the link": a hang-up that nobody answers must still be over in 3 s
  maxConfigure: 10,
  maxTerminate: 2,
};

export class Automaton {
  readonly #limits: Limits;
  #state: State = 'initial';
  #restarts = 0;
  #restartAt: Instant | undefined;

  constructor(limits: Limits = LIMITS) {
    this.#limits = limits;
  }

  get state(): State {
    return this.#state;
  }
  /** When the Restart timer expires; undefined while it is not running. */
  get deadline(): Instant | undefined {
    return this.#restartAt;
  }

  /** The timeout event that is due at `now`, if any (§4.3). */
  timeout(now: Instant): 'to+' | 'to-' | undefined {
    if (this.#restartAt === undefined || now < this.#restartAt) return undefined;
    return this.#restarts > 0 ? 'to+' : 'to-';
  }

  /**
   * Takes an event; the state is the new one when this returns.
   * @returns what the layer has to do, in the RFC's order; undefined where the table has a dash: then nothing has happened
   */
  fire(event: Event, now: Instant): readonly Action[] | undefined {
    const step = transition(this.#state, event);
    if (step === undefined) return undefined;
    for (const action of step.actions) this.#count(action, step.actions, now);
    this.#state = step.next;
    if (transition(step.next, 'to+') === undefined) this.#restartAt = undefined;
    return step.actions;
  }

  /** A Configure-Request left without an event: it counts, and is waited for, like any other. */
  noteRequest(now: Instant): void {
    this.#count('scr', [], now);
  }

  #count(action: Action, actions: readonly Action[], now: Instant): void {
    const { restartMs, terminateMs, maxConfigure, maxTerminate } = this.#limits;
    switch (action) {
      case 'irc':
        this.#restarts = actions.includes('str') ? maxTerminate : maxConfigure;
        break;
      case 'zrc':
        this.#restarts = 0;
        this.#restartAt = now + terminateMs;
        break;
      case 'scr':
        this.#restarts--;
        this.#restartAt = now + restartMs;
        break;
      case 'str':
        this.#restarts--;
        this.#restartAt = now + terminateMs;
        break;
    }
  }
}
