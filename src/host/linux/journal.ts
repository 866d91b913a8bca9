/** What a crash must not make us forget: everything one connection puts on the machine, written down before it goes in. */

import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FarewellRecord } from '../../protocol/l2tp/farewell.ts';
import { removeFile, writeWhole } from './resolv.ts';
import type { Route, Rule } from './route-plan.ts';

/** A process, told from a later one that has its number. */
export interface Owner {
  readonly pid: number;
  /** Clock ticks from boot to its start (proc_pid_stat(5), field 22). */
  readonly startedAt: string;
  readonly boot: string;
}

/** One connection's entry. Names, addresses and numbers alone: never a secret. */
export interface Entry {
  readonly version: typeof VERSION;
  readonly connection: string;
  readonly owner: Owner;
  readonly device: string;
  /** Kernel's number of the device; undefined while there is none. */
  readonly deviceIndex?: number | undefined;
  /** Planned ones as well: a `del` of what never went in, or is somebody else's, does nothing. */
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
  /** Name of the nftables table (inet). */
  readonly nftTable?: string | undefined;
  readonly resolvFile?: string | undefined;
  readonly farewell?: FarewellRecord | undefined;
}

/**
 * The journal of one connection. Routes do not outlive a reboot, so the run directory (memory) has every version; the
 * state directory (often flash) serves the farewell, which does, and gets one write a dial.
 */
export class Journal {
  readonly #often: string;
  readonly #rarely: string | undefined;
  #isKept = false;
  #latest = '';

  constructor(connection: string, runDir: string, stateDir: string) {
    this.#often = join(runDir, fileOf(connection));
    this.#rarely = stateDir === runDir ? undefined : join(stateDir, fileOf(connection));
  }

  /** @param complete the dial has come to its end and the entry says all there is to say */
  async save(entry: Entry, complete: boolean): Promise<void> {
    const text = `${JSON.stringify(entry)}\n`;
    if (text !== this.#latest) await writeWhole(this.#often, text, MODE);
    this.#latest = text;
    if (this.#rarely === undefined || !complete || this.#isKept) return;
    await writeWhole(this.#rarely, text, MODE, true);
    this.#isKept = true;
  }

  /** Nothing is left to remember. */
  async clear(): Promise<void> {
    this.#isKept = false;
    this.#latest = '';
    await removeFile(this.#often);
    if (this.#rarely !== undefined) await removeFile(this.#rarely);
  }
}

export interface Found {
  readonly path: string;
  /** undefined: a file that cannot be read as an entry. */
  readonly entry: Entry | undefined;
}

/** Every journal file of a directory; none when there is no such directory. */
export async function findJournals(directory: string): Promise<Found[]> {
  const names = await readdir(directory).catch(() => [] as string[]);
  const paths = names.filter((name) => name.endsWith(SUFFIX)).map((name) => join(directory, name));
  return Promise.all(
    paths.map(async (path) => ({ path, entry: entryOf(await readFile(path, 'utf8').catch(() => '')) })),
  );
}

export function thisProcess(): Owner {
  return { pid: process.pid, startedAt: statOf(process.pid)?.startedAt ?? '', boot: bootId() };
}

/** A number of an earlier boot, or of a process that has ended, is nobody. */
export function isRunning(owner: Owner): boolean {
  const stat = owner.boot === bootId() ? statOf(owner.pid) : undefined;
  return stat !== undefined && stat.startedAt === owner.startedAt && !['Z', 'X'].includes(stat.state);
}

export const isOfThisBoot = (owner: Owner): boolean => owner.boot === bootId();

const VERSION = 1;
const SUFFIX = '.journal.json';
const MODE = 0o600;

/** A name of our own making for every connection name, even one with a slash in it. */
const fileOf = (connection: string): string => `${encodeURIComponent(connection)}${SUFFIX}`;

const bootId = (): string => textOf('/proc/sys/kernel/random/boot_id').trim();

/** State and start of a process; its name, which may hold anything, ends at the last parenthesis. */
function statOf(pid: number): { state: string; startedAt: string } | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startedAt = fields[18];
  return state === undefined || startedAt === undefined ? undefined : { state, startedAt };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Believes only what has the shape: the file may be of another version, or cut short by a power failure. */
function entryOf(text: string): Entry | undefined {
  try {
    const read: unknown = JSON.parse(text);
    return isEntry(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(read: unknown): read is Entry {
  if (!isRecord(read)) return false;
  const { version, connection, owner, device, deviceIndex, routes, rules, nftTable, resolvFile, farewell } = read;
  return (
    version === VERSION &&
    isText(connection) &&
    isText(device) &&
    isOwner(owner) &&
    [deviceIndex ?? 0].every(isNumber) &&
    [nftTable ?? '', resolvFile ?? ''].every(isText) &&
    Array.isArray(routes) &&
    routes.every(isRoute) &&
    Array.isArray(rules) &&
    rules.every(isRule) &&
    (farewell === undefined || isFarewell(farewell))
  );
}

function isOwner(read: unknown): boolean {
  if (!isRecord(read)) return false;
  const { pid, startedAt, boot } = read;
  return isNumber(pid) && isText(startedAt) && isText(boot);
}

function isRoute(read: unknown): boolean {
  if (!isRecord(read)) return false;
  const { prefix, gateway, device, metric, table } = read;
  return [prefix, gateway ?? '', device].every(isText) && [metric ?? 0, table ?? 0].every(isNumber);
}

function isRule(read: unknown): boolean {
  if (!isRecord(read)) return false;
  const { from, table } = read;
  return isText(from) && isNumber(table);
}

/** Two endpoints, the uplink's name, and numbers; the mark is missing in journals of 0.1.0, and where there is none. */
function isFarewell(read: unknown): boolean {
  if (!isRecord(read)) return false;
  const { local, peer, uplink, mark, localTunnelId, peerTunnelId, localSessionId, peerSessionId, ns, nr } = read;
  const numbers = [mark ?? 0, localTunnelId, peerTunnelId, localSessionId, peerSessionId, ns, nr];
  return isEndpoint(local) && isEndpoint(peer) && isText(uplink) && numbers.every(isNumber);
}

function isEndpoint(read: unknown): boolean {
  if (!isRecord(read)) return false;
  const { address, port } = read;
  return isText(address) && isNumber(port);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';
