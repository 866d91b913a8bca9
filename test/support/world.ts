/** Virtual time: everything that is going to happen, in order, without anybody waiting for it. */
import { earliest, type Instant } from '../../src/protocol/deadlines.ts';

/** Somebody with an alarm of his own. */
export interface Actor {
  readonly deadline: Instant | undefined;
  tick(): void;
}

interface Appointment {
  readonly at: Instant;
  readonly serial: number;
  readonly happen: () => void;
}

/** Turns at one instant after which time is taken to stand still. */
const MOST_TURNS_AN_INSTANT = 10_000;

export class World {
  now: Instant = 0;
  readonly #agenda: Appointment[] = [];
  readonly #actors: Actor[] = [];
  #serial = 0;
  #turns = 0;

  add(actor: Actor): void {
    this.#actors.push(actor);
  }

  after(ms: number, happen: () => void): void {
    const appointment = { at: this.now + ms, serial: this.#serial++, happen };
    let index = this.#agenda.length;
    while (index > 0 && (this.#agenda[index - 1] as Appointment).at > appointment.at) index--;
    this.#agenda.splice(index, 0, appointment);
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    this.until(() => false, ms);
  }

  /** Lets time pass until `done`, `withinMs` at most; returns whether it came to that. */
  until(done: () => boolean, withinMs: number): boolean {
    const end = this.now + withinMs;
    while (!done()) {
      const next = earliest(this.#agenda[0]?.at, ...this.#actors.map((actor) => actor.deadline));
      if (next === undefined || next > end) {
        this.now = end;
        return done();
      }
      this.#turn(next);
    }
    return true;
  }

  #turn(next: Instant): void {
    if (Number.isNaN(next)) throw new Error('a deadline that is no number');
    this.#turns = next > this.now ? 0 : this.#turns + 1;
    if (this.#turns > MOST_TURNS_AN_INSTANT) throw new Error(`time stands still at ${this.now} ms`);
    this.now = Math.max(this.now, next);
    if ((this.#agenda[0]?.at ?? Number.POSITIVE_INFINITY) <= next) this.#agenda.shift()?.happen();
    else for (const actor of this.#actors) if ((actor.deadline ?? Number.POSITIVE_INFINITY) <= next) actor.tick();
  }
}
