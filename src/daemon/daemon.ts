/** The daemon as a whole: starts with what a crash left behind, keeps the connections of one file, ends without a trace. */
import type { Host } from '../ports/host.ts';
import type { Fault, ManagedConnections } from '../ports/interface-owner.ts';
import { Calendar } from './calendar.ts';
import type { Connection, MakeEngine } from './connection.ts';
import { type Changes, Connections } from './connections.ts';
import { Events } from './events.ts';
import { Farewells } from './farewells.ts';
import type { LineLog } from './log.ts';
import { confession } from './mistake.ts';
import { type Reading, readConnection, type Settings, type Surroundings } from './settings.ts';
import type { ConnectionStatus, Status } from './status.ts';

export interface DaemonParts {
  readonly host: Host;
  readonly log: LineLog;
  readonly version: string;
  /** Reads the configuration again, from wherever it is. */
  readonly read: () => Promise<Reading>;
  /** For connections that come without a file. */
  readonly surroundings: Surroundings;
  /** What is running here besides us, for people: the runtime, the machine. */
  readonly about?: Readonly<Record<string, string>>;
  /** Told of the settings in force, after the start and after each reload: of what no connection is concerned with. */
  readonly applied?: (settings: Settings) => void;
  /** A test has its own. */
  readonly makeEngine?: MakeEngine;
}

/** What became of a reload: changes, or the lines that say why everything stays as it is. */
export type Reloaded = { readonly changes: Changes } | { readonly faults: readonly string[] };

export class Daemon implements ManagedConnections {
  readonly events: Events;
  readonly version: string;
  readonly #parts: DaemonParts;
  readonly #calendar: Calendar;
  readonly #farewells: Farewells;
  readonly #connections: Connections;
  readonly #startedAt: number;
  /** What an owner has given us of each connection, as it was given: read again when something else holds for all of them. */
  readonly #given = new Map<string, unknown>();
  #dataPath: Settings['dataPath'] = 'auto';
  #stateDir: string | undefined;
  /** Nothing is reloaded before the start is over: it would be undone by it. */
  #started: Promise<void> = Promise.resolve();

  constructor(parts: DaemonParts) {
    this.#parts = parts;
    this.version = parts.version;
    this.#calendar = new Calendar(parts.host.clock);
    this.#startedAt = this.#calendar.now;
    this.events = new Events(this.#calendar);
    this.#farewells = new Farewells(parts.host, parts.log);
    this.#connections = new Connections({
      ...parts,
      calendar: this.#calendar,
      events: this.events,
      beforeDial: (name, unheard) => this.#farewells.catchUp(name, unheard),
    });
  }

  /** Cleans up after an earlier run and hangs up its tunnels before the first dial: some servers allow one login only. */
  start(settings: Settings): Promise<void> {
    this.#started = this.#start(settings);
    return this.#started;
  }

  async #start(settings: Settings): Promise<void> {
    const { host, log } = this.#parts;
    log.level = settings.logLevel;
    this.#stateDir = settings.stateDir;
    this.#dataPath = settings.dataPath;
    try {
      await host.network.recover((name, farewell) => this.#farewells.say(name, farewell));
    } catch (error) {
      log.write('error', undefined, `what an earlier run left behind could not be removed: ${confession(error)}`);
    }
    await this.#connections.apply(settings.connections);
    this.#parts.applied?.(settings);
  }

  /** A file that is wrong, or cannot be read, changes nothing. */
  async reload(): Promise<Reloaded> {
    const { log, read } = this.#parts;
    await this.#started;
    const reading = await read();
    if ('faults' in reading) {
      log.write('error', undefined, 'the new configuration is wrong, everything stays as it is:');
      for (const fault of reading.faults) log.write('error', undefined, fault);
      return reading;
    }
    const { settings, warnings } = reading;
    for (const warning of warnings) log.write('warn', undefined, warning);
    if (settings.stateDir !== this.#stateDir)
      log.write('warn', undefined, 'stateDir: the new directory is used from the next start on');
    log.level = settings.logLevel;
    const isOtherForAll = settings.dataPath !== this.#dataPath;
    this.#dataPath = settings.dataPath;
    const ofFile = await this.#connections.apply(settings.connections);
    const ofOwner = isOtherForAll ? await this.#readGivenAgain() : [];
    const changes = { ...ofFile, changed: [...ofFile.changed, ...ofOwner] };
    this.#parts.applied?.(settings);
    log.write('info', undefined, `configuration read again: ${changesWords(changes)}`);
    return { changes };
  }

  async connect(name: string, raw: unknown): Promise<readonly Fault[]> {
    await this.#started;
    if (this.#connections.isOfFile(name))
      return [{ field: '', words: 'the configuration file has a connection of this name' }];
    const reading = this.#read(name, raw);
    if ('faults' in reading) return reading.faults;
    this.#given.set(name, raw);
    for (const { field, words } of reading.warnings) this.#parts.log.write('warn', name, `${field}: ${words}`);
    await this.#connections.connect(reading.settings);
    return [];
  }
  disconnect(name: string, why: string): Promise<void> {
    return this.#connections.disconnect(name, why);
  }
  forget(name: string): Promise<void> {
    this.#given.delete(name);
    return this.#connections.forget(name);
  }
  hurry(name: string, why: string): void {
    this.#connections.hurry(name, why);
  }

  /** @returns names of the connections of an owner that are dialled anew, because what they do not say has changed */
  async #readGivenAgain(): Promise<readonly string[]> {
    const names = [...this.#given].map(async ([name, raw]) => {
      const reading = this.#read(name, raw);
      if (!('faults' in reading)) return (await this.#connections.change(reading.settings)) ? [name] : [];
      for (const { field, words } of reading.faults)
        this.#parts.log.write('error', name, `${field}: ${words}; it stays as it is`);
      return [];
    });
    return (await Promise.all(names)).flat();
  }

  #read(name: string, raw: unknown): ReturnType<typeof readConnection> {
    const defaults = { ...this.#parts.surroundings, dataPath: this.#dataPath };
    return readConnection(name, raw, defaults, this.#connections.settingsBeside(name));
  }

  /** Hangs up everything properly and leaves nothing behind. Less than 3 s. */
  async stop(why: string): Promise<void> {
    this.#parts.log.write('info', undefined, `stopping: ${why}`);
    await this.#connections.stop(why);
    await this.#parts.host.network.close();
  }

  /** Who decides whether a connection is up; undefined: we do. */
  ownerOf(name: string): Host['owner'] {
    return this.#connections.isOfFile(name) ? undefined : this.#parts.host.owner;
  }
  get about(): Readonly<Record<string, string>> {
    return this.#parts.about ?? {};
  }
  get refused(): Status['refused'] {
    return this.#parts.host.owner?.refused ?? {};
  }
  get names(): readonly string[] {
    return this.#connections.names;
  }
  connection(name: string): Connection | undefined {
    return this.#connections.get(name);
  }
  connectionStatus(name: string): ConnectionStatus | undefined {
    return this.#connections.status(name);
  }
  get status(): Status {
    const statuses = this.names.flatMap((name) => {
      const status = this.#connections.status(name);
      return status === undefined ? [] : [[name, status] as const];
    });
    return {
      daemon: {
        version: this.version,
        since: this.#calendar.dateOf(this.#startedAt),
        ageMs: this.#calendar.ageOf(this.#startedAt),
      },
      connections: Object.fromEntries(statuses),
      refused: this.refused,
    };
  }
}

/** `added a, b; changed c`, or that nothing did. */
export function changesWords(changes: Changes): string {
  const words = (['added', 'changed', 'removed'] as const)
    .filter((what) => changes[what].length > 0)
    .map((what) => `${what} ${changes[what].join(', ')}`);
  return words.length === 0 ? 'nothing changed' : words.join('; ');
}
