/** What the broker is to keep: the newest of each topic, told when it differs from what it was told before. */
import type { Message } from '../ports/mqtt.ts';

/** What is told first when all of it is to be told. */
export const RANK = { info: 0, gone: 1, availability: 2, discovery: 3, state: 4, stats: 5, bridge: 6 } as const;
export type Rank = (typeof RANK)[keyof typeof RANK];

interface Entry {
  payload: string;
  readonly rank: Rank;
  /** To be told before the payload, until the broker has it. */
  prelude: string | undefined;
  /** In this connection to the broker. */
  isPreludeTold: boolean;
}

export class Retained {
  readonly #wanted = new Map<string, Entry>();
  /** What the broker has, as far as this connection to it told. */
  readonly #told = new Map<string, string>();
  /** What it may have, and must not; `told` once it has been asked to forget it, and has not said yes. */
  readonly #gone = new Map<string, 'due' | 'told'>();
  /** Topics whose time has come, so that nothing has to be looked for each time. */
  readonly #due = new Set<string>();
  /** false: nothing is kept by the broker, and everything said once. */
  retain = true;

  /** Everything that the broker has or may have of ours. */
  get topics(): readonly string[] {
    return [...new Set([...this.#wanted.keys(), ...this.#gone.keys()])].sort();
  }

  /** @param prelude said before the payload when that is another one than before */
  set(topic: string, payload: string, rank: Rank, prelude?: string): void {
    const entry = this.#wanted.get(topic);
    if (entry?.payload === payload) return;
    if (this.retain) this.#gone.delete(topic);
    this.#wanted.set(topic, { payload, rank, prelude, isPreludeTold: false });
    if (this.#told.get(topic) === payload) this.#due.delete(topic);
    else this.#due.add(topic);
  }

  remove(topic: string): void {
    if (this.#wanted.delete(topic)) this.takeAway(topic);
  }

  /** What is there is somebody else's. */
  disown(topic: string): void {
    this.#wanted.delete(topic);
    this.#told.delete(topic);
    this.#gone.delete(topic);
  }

  /** The broker may have something there, from an earlier run, which nobody wants any more. */
  takeAway(topic: string): void {
    if (this.#wanted.has(topic) && this.retain) return;
    this.#told.delete(topic);
    this.#gone.set(topic, 'due');
  }

  /** Everything is to be told again: the broker is another one, or has forgotten. */
  all(isMeant: (rank: Rank) => boolean = () => true): void {
    for (const [topic, entry] of this.#wanted) {
      if (!isMeant(entry.rank)) continue;
      entry.isPreludeTold = false;
      this.#told.delete(topic);
      this.#due.add(topic);
    }
    for (const topic of this.#gone.keys()) this.#gone.set(topic, 'due');
  }

  /** The broker has taken it. */
  acknowledged({ topic, payload }: Message): void {
    if (payload === '' && this.#gone.get(topic) === 'told') this.#gone.delete(topic);
    const entry = this.#wanted.get(topic);
    if (entry?.prelude === payload) entry.prelude = undefined;
  }

  /** What is to be published next, as if it were by now; undefined: nothing. */
  next(): Message | undefined {
    const due = this.#first();
    const gone = due !== undefined && due.entry.rank < RANK.gone ? undefined : this.#nextGone();
    if (gone !== undefined || due === undefined) return gone;
    const { topic, entry } = due;
    if (entry.prelude !== undefined && !entry.isPreludeTold) {
      entry.isPreludeTold = true;
      return this.#message(topic, entry.prelude);
    }
    this.#due.delete(topic);
    this.#told.set(topic, entry.payload);
    return this.#message(topic, entry.payload);
  }

  #nextGone(): Message | undefined {
    const [topic] = [...this.#gone].find(([, state]) => state === 'due') ?? [];
    if (topic === undefined) return undefined;
    this.#gone.set(topic, 'told');
    return { topic, payload: '', retain: true, qos: 1 };
  }

  #first(): { topic: string; entry: Entry } | undefined {
    let first: { topic: string; entry: Entry } | undefined;
    for (const topic of this.#due) {
      const entry = this.#wanted.get(topic);
      if (entry === undefined) this.#due.delete(topic);
      else if (first === undefined || entry.rank < first.entry.rank) first = { topic, entry };
    }
    return first;
  }

  #message(topic: string, payload: string): Message {
    return { topic, payload, retain: this.retain, qos: 1 };
  }
}
