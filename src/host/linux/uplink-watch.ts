/** When the ground under a tunnel has changed: a look at the kernel every second, without a process. */
import type { Uplink } from '../../ports/network.ts';
import { type KernelRoute, wayTo } from './kernel-table.ts';
import type { KernelView } from './kernel-view.ts';
import { type Family, type Prefix, readPrefix, writePrefix } from './prefix.ts';
import { hopOf } from './route-plan.ts';

export interface Watched {
  readonly uplink: Uplink;
  /** Only ways over the uplink count: the user named it. */
  readonly isFixed: boolean;
}

export interface Watcher {
  /** The uplink is not what it was; said once, then the watch is over. */
  changed(words: string): void;
  /** The uplink is as it was: a moment to look after our own routes. */
  unchanged(table: Table): void;
}

export type Table = (family: Family) => readonly KernelRoute[];

export interface Watch {
  /** Another prefix whose way on the uplink must stay as it is now. */
  alsoTo(prefix: string): void;
  stop(): void;
}

export class UplinkWatch {
  readonly #view: KernelView;
  readonly #isOurs: (route: KernelRoute) => boolean;
  readonly #watches = new Set<{ look: (table: Table) => void }>();
  #timer: NodeJS.Timeout | undefined;

  /** @param isOurs routes of ours, into a tunnel or around it: they change nothing about the uplink */
  constructor(view: KernelView, isOurs: (route: KernelRoute) => boolean) {
    this.#view = view;
    this.#isOurs = isOurs;
  }

  follow(watched: Watched, watcher: Watcher): Watch {
    const { uplink } = watched;
    const index = this.#view.link(uplink.device)?.index;
    const ways: { target: Prefix; words: string }[] = [];
    let suspicion: string | undefined;

    const difference = (table: Table): string | undefined => {
      const link = this.#view.link(uplink.device);
      if (link === undefined) return `${uplink.device} has vanished`;
      if (link.index !== index) return `${uplink.device} was removed and made anew`;
      if (link.dead !== undefined) return `${uplink.device} is ${link.dead}`;
      if (!this.#view.hasAddress(uplink.source)) return `${uplink.device} no longer has the address ${uplink.source}`;
      for (const { target, words } of ways) {
        const now = this.#wayWords(table, target, watched);
        if (now !== words) return `the way to ${writePrefix(target)} was ${words} and is ${now}`;
      }
      return undefined;
    };

    // A DHCP client may take address and routes away and put the same back: only what lasts is a change.
    const look = (table: Table): void => {
      const words = difference(table);
      const isConfirmed = words !== undefined && suspicion !== undefined;
      suspicion = words;
      if (isConfirmed) {
        stop();
        watcher.changed(words);
      } else if (words === undefined) watcher.unchanged(table);
    };
    const watch = { look };
    const stop = () => {
      this.#watches.delete(watch);
      this.#schedule();
    };
    this.#watches.add(watch);
    this.#schedule();
    return {
      alsoTo: (prefix) => {
        const target = readPrefix(prefix);
        if (target !== undefined) ways.push({ target, words: this.#wayWords(this.#tables(), target, watched) });
      },
      stop,
    };
  }

  close(): void {
    this.#watches.clear();
    this.#schedule();
  }

  #wayWords(table: Table, target: Prefix, { uplink, isFixed }: Watched): string {
    const way = wayTo(
      table(target.family),
      target,
      (route) => !this.#isOurs(route) && (!isFixed || route.device === uplink.device),
    );
    return way === undefined ? 'nowhere' : hopOf(way);
  }

  /** Each table is read at most once a look, whoever asks. */
  #tables(): Table {
    const read = new Map<Family, readonly KernelRoute[]>();
    return (family) => {
      const table = read.get(family) ?? this.#view.table(family);
      read.set(family, table);
      return table;
    };
  }

  #schedule(): void {
    if (this.#watches.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#timer ??= setInterval(() => {
      const table = this.#tables();
      for (const { look } of [...this.#watches]) look(table);
    }, LOOK_EVERY_MS).unref();
  }
}

/** Seen by the first look, confirmed by the second: within 2 s of the change. */
const LOOK_EVERY_MS = 1000;
