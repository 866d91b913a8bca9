/** All connections by name: made, replaced when their settings change, removed. What happens to one is no other's business. */
import type { Host } from '../ports/host.ts';
import type { Log } from '../ports/log.ts';
import { FAILURE, type Failure } from '../protocol/failure.ts';
import type { FarewellRecord } from '../protocol/l2tp/farewell.ts';
import type { Calendar } from './calendar.ts';
import { Connection, type MakeEngine } from './connection.ts';
import { Errands } from './errands.ts';
import type { ConnectionEvent, Events } from './events.ts';
import { confession } from './mistake.ts';
import { type ConnectionSettings, sameSettings } from './settings.ts';
import { shownFailure, shownFor } from './shown.ts';
import { type ConnectionStatus, connectionStatus } from './status.ts';

export interface ConnectionsParts {
  readonly host: Host;
  readonly calendar: Calendar;
  readonly events: Events;
  readonly log: Log;
  /** What has to be done once a connection has a way to its server, before it dials: that has not heard of the end of a tunnel. Never rejects. */
  readonly beforeDial: (name: string, unheard: FarewellRecord | undefined) => Promise<void>;
  /** A test has its own. */
  readonly makeEngine?: MakeEngine;
}

/** What new settings did, by name. */
export interface Changes {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

interface Kept {
  readonly connection: Connection;
  readonly shown: (text: string) => string;
}

export class Connections {
  readonly #parts: ConnectionsParts;
  /** Those of the file. */
  readonly #kept = new Map<string, Kept>();
  /** Those of an owner. */
  readonly #managed = new Map<string, Kept>();
  /** What an owner wants of one connection is no other's business: each has a turn of its own. */
  readonly #turns = new Map<string, Errands>();
  readonly #errands = new Errands();
  #isOver = false;

  constructor(parts: ConnectionsParts) {
    this.#parts = parts;
  }

  /** In the order of the file; then those of an owner. */
  get names(): readonly string[] {
    return [...this.#kept.keys(), ...this.#managed.keys()];
  }

  /** Settings of all but one. */
  settingsBeside(name: string): readonly ConnectionSettings[] {
    const all = [...this.#kept.values(), ...this.#managed.values()];
    return all.map(({ connection }) => connection.settings).filter((settings) => settings.name !== name);
  }

  isOfFile(name: string): boolean {
    return this.#kept.has(name);
  }

  get(name: string): Connection | undefined {
    return this.#find(name)?.connection;
  }

  status(name: string): ConnectionStatus | undefined {
    const kept = this.#find(name);
    return kept && connectionStatus(kept.connection, this.#parts.calendar, kept.shown);
  }

  /** Touches only what differs. The changed ones hang up first, all at once: their device may be another's from now on. */
  apply(wanted: ReadonlyMap<string, ConnectionSettings>): Promise<Changes> {
    return this.#errands.run(async () => {
      const before = new Map(this.#kept);
      const wishes = new Map([...before].map(([name, { connection }]) => [name, connection.wanted]));
      const differs = (name: string) => {
        const [now, old] = [wanted.get(name), before.get(name)?.connection.settings];
        return now === undefined || old === undefined || !sameSettings(now, old);
      };
      const removed = [...before.keys()].filter((name) => !wanted.has(name));
      const changed = [...before.keys()].filter((name) => wanted.has(name) && differs(name));
      const added = [...wanted.keys()].filter((name) => !before.has(name));
      await Promise.all([
        ...removed.map((name) => this.#stop(name, 'it is no longer configured')),
        ...changed.map((name) => this.#stop(name, 'its settings have changed')),
      ]);
      this.#kept.clear();
      if (this.#isOver) return { added: [], changed: [], removed: [] };
      const starts: Connection[] = [];
      for (const [name, settings] of wanted) {
        if (this.#managed.has(name)) {
          this.#parts.log.write('error', name, 'the configuration names it, but it is an interface already: left out');
          continue;
        }
        const old = before.get(name);
        const kept = old !== undefined && !differs(name) ? old : this.#make(settings);
        if (kept === undefined) continue;
        this.#kept.set(name, kept);
        // The file decides when it says something new, otherwise what the user said last.
        const wish = old?.connection.settings.enabled === settings.enabled ? wishes.get(name) : settings.enabled;
        if (kept !== old && wish === true) starts.push(kept.connection);
      }
      for (const name of removed) this.#parts.events.forget(name);
      for (const connection of starts) connection.up();
      return { added, changed, removed };
    });
  }

  /** Keeps a connection of an owner up from now on, with these settings; one that has them already is left in peace. */
  connect(settings: ConnectionSettings): Promise<void> {
    return this.#inTurn(settings.name, () => this.#keepUp(settings));
  }

  /** Other settings for a connection of an owner, should it be up. @returns whether it is dialled anew for them */
  change(settings: ConnectionSettings): Promise<boolean> {
    return this.#inTurn(settings.name, async () => {
      const connection = this.#managed.get(settings.name)?.connection;
      if (connection?.wanted !== true || sameSettings(connection.settings, settings)) return false;
      await this.#keepUp(settings);
      return true;
    });
  }

  /** Fulfilled when the connection of an owner is down. */
  disconnect(name: string, why: string): Promise<void> {
    return this.#inTurn(name, async () => this.#managed.get(name)?.connection.hangUp(why));
  }

  /** A connection of an owner is no more. */
  forget(name: string): Promise<void> {
    return this.#inTurn(name, async () => {
      if (!this.#managed.has(name)) return;
      await this.#stop(name, 'it is no longer configured');
      this.#managed.delete(name);
      this.#parts.events.forget(name);
    });
  }

  /** A dial that failed for want of a network, and waits, is tried anew. What the server said no to would be said no to again. */
  hurry(name: string, why: string): void {
    const connection = this.#managed.get(name)?.connection;
    if (connection?.wanted !== true) return;
    const { stage, lastFailure } = connection.snapshot;
    const isOfNetwork = lastFailure !== undefined && FAILURE[lastFailure.failure.code].fault === 'network';
    if (stage === 'waiting' && isOfNetwork) connection.redial(why);
  }

  /** Hangs up all of them at once, for good. Less than 3 s. */
  async stop(why: string): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.names.map((name) => this.#stop(name, why)));
  }

  #find(name: string): Kept | undefined {
    return this.#kept.get(name) ?? this.#managed.get(name);
  }

  async #keepUp(settings: ConnectionSettings): Promise<void> {
    const { name } = settings;
    const old = this.#managed.get(name);
    const isSame = old !== undefined && sameSettings(old.connection.settings, settings);
    if (!isSame) await this.#stop(name, 'its settings have changed');
    if (this.#isOver) return;
    const kept = isSame ? old : this.#make(settings, this.#parts.host.owner?.failed.bind(this.#parts.host.owner));
    if (kept === undefined) return;
    this.#managed.set(name, kept);
    if (!kept.connection.wanted) kept.connection.up();
  }

  #inTurn<Result>(name: string, errand: () => Promise<Result>): Promise<Result> {
    const turn = this.#turns.get(name) ?? new Errands();
    this.#turns.set(name, turn);
    return turn.run(errand);
  }

  /** @param failed told of every dial that failed, without any secret */
  #make(settings: ConnectionSettings, failed?: (name: string, failure: Failure) => void): Kept | undefined {
    const { host, events, log, beforeDial, makeEngine } = this.#parts;
    const { name } = settings;
    const shown = shownFor(settings);
    const report = (event: ConnectionEvent) => {
      const isUp = event.kind === 'stage' && event.stage === 'up';
      const { level, words } = events.record(name, event, shown, isUp ? upDetail(connection) : '');
      log.write(level, name, words);
      if (event.kind === 'failed') failed?.(name, shownFailure(event.failure, shown));
    };
    let connection: Connection;
    try {
      connection = new Connection(settings, host, report, (unheard) => beforeDial(name, unheard), makeEngine);
    } catch (error) {
      log.write('error', name, confession(error));
      return undefined;
    }
    return { connection, shown };
  }

  async #stop(name: string, why: string): Promise<void> {
    await this.#find(name)
      ?.connection.stop(why)
      .catch((error: unknown) => this.#parts.log.write('error', name, confession(error)));
  }
}

function upDetail({ snapshot, dataPath }: Connection): string {
  const { link, mtu, dial } = snapshot;
  const first = dial[0]?.at;
  const last = dial.at(-1)?.at;
  const took = first === undefined || last === undefined ? '' : `, after ${Math.round(last - first)} ms`;
  return `: ${link?.localAddress ?? '?'} on ${dataPath?.device ?? '?'}, MTU ${mtu ?? '?'}${took}`;
}
