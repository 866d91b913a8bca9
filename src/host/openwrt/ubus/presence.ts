/** Keeps us on the bus: opens another link when one ends, and wishes again for all that is to stand there. */

import type { Alarm, Clock } from '../../../ports/clock.ts';
import type { Log, LogLevel } from '../../../ports/log.ts';
import type { Wish } from './conversation-io.ts';
import { type Link, type LinkEffect, openLink } from './link.ts';

export interface BusOptions {
  /** Usually `/var/run/ubus/ubus.sock`. */
  readonly socketPath: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Between two attempts to find ubusd: the first pause, doubled each time up to the longest, ms. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;
/** An ubusd that stays so long is there; one that does not has the same trouble as before, ms. */
const STEADY_MS = 5000;
/** Different words about one trouble. */
const MOST_TOLD = 16;

export class Presence {
  readonly #options: BusOptions;
  readonly #perform: (effect: LinkEffect, link: Link) => void;
  readonly #retry: Alarm;
  readonly #wishes = new Set<Wish>();
  #link: Link | undefined;
  /** Since when everything is registered. */
  #readyAt: number | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  /** What the log has been told about the present trouble: each thing once, however often we try. */
  readonly #told = new Set<string>();
  #isClosed = false;

  /** @param perform does what a link says; the link is gone, or another one, when that takes long */
  constructor(options: BusOptions, perform: (effect: LinkEffect, link: Link) => void) {
    this.#options = options;
    this.#perform = perform;
    this.#retry = options.clock.alarm(() => this.#open());
    this.#open();
  }

  /** Everything is registered with an ubusd that is there. */
  get isConnected(): boolean {
    return this.#readyAt !== undefined && !this.#isClosed;
  }
  /** undefined between two attempts. */
  get link(): Link | undefined {
    return this.#link;
  }

  wish(wish: Wish): void {
    this.#wishes.add(wish);
    this.#link?.push({ type: 'wish', wish });
  }
  withdraw(wish: Wish): void {
    if (this.#wishes.delete(wish)) this.#link?.push({ type: 'withdraw', wish });
  }
  close(): void {
    this.#isClosed = true;
    this.#retry.close();
    this.#link?.close();
  }

  #open(): void {
    const { socketPath, clock } = this.#options;
    const link = openLink(socketPath, clock, {
      perform: (effect) => {
        if (effect.type === 'ready') this.#ready();
        this.#perform(effect, link);
      },
      ended: (why) => this.#ended(why),
    });
    this.#link = link;
    for (const wish of this.#wishes) link.push({ type: 'wish', wish });
  }

  #ready(): void {
    this.#readyAt = this.#options.clock.now();
    if (this.#told.size > 0) this.#tell('info', 'connected');
  }

  #ended(why: string): void {
    const { clock, socketPath } = this.#options;
    const now = clock.now();
    this.#link = undefined;
    if (this.#readyAt !== undefined && now - this.#readyAt >= STEADY_MS) {
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#told.clear();
    }
    this.#readyAt = undefined;
    if (this.#isClosed) return;
    this.#tell('warn', `no connection at ${socketPath}: ${why}; trying on`);
    this.#retry.set(now + this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  #tell(level: LogLevel, words: string): void {
    if (this.#told.has(words) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(words);
    this.#options.log.write(level, undefined, `ubus: ${words}`);
  }
}
