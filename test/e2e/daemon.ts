/** The shipped bundle as a daemon: started, asked and ended as a person would, inside a namespace. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConnectionStatus, Status } from '../../src/daemon/status.ts';
import type { Netns } from '../lab/lab.ts';

export const BUNDLE = fileURLToPath(new URL('../../dist/l2tpwan.cjs', import.meta.url));

/** A connection as the configuration file has it; the lab's account unless it says otherwise. */
export type ConnectionFile = Readonly<Record<string, unknown>>;

export interface DaemonOptions {
  /** Put in front of PATH: where a test keeps another `ip` or a broken `nft`. */
  readonly path?: string;
  readonly stateDir?: string;
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  /** The `mqtt` part of the configuration file. */
  readonly mqtt?: Readonly<Record<string, unknown>>;
}

/** A daemon wherever it runs. */
export abstract class Asked {
  /** Everything it has logged. */
  abstract readonly log: string;
  /** How long it is waited for unless a test says otherwise, ms. */
  protected readonly patienceMs: number = 30_000;
  /** @throws Error no daemon, no such connection */
  abstract status(name?: string): Promise<ConnectionStatus>;

  /** The status as soon as it is as wanted. @throws Error after `withinMs`, with the log */
  async until(
    wanted: (status: ConnectionStatus) => boolean,
    what: string,
    withinMs = this.patienceMs,
    name = 'wan',
  ): Promise<ConnectionStatus> {
    const end = Date.now() + withinMs;
    let last: ConnectionStatus | undefined;
    while (Date.now() < end) {
      last = await this.status(name).catch(() => undefined);
      if (last !== undefined && wanted(last)) return last;
      await pause(100);
    }
    throw new Error(
      `not ${what} within ${withinMs / 1000} s: ${JSON.stringify(last?.lastFailure)} in ${last?.state}\n${this.log}`,
    );
  }

  up(name = 'wan', withinMs = this.patienceMs): Promise<ConnectionStatus> {
    return this.until(({ state }) => state === 'up', 'up', withinMs, name);
  }

  failed(code: string, withinMs = this.patienceMs): Promise<ConnectionStatus> {
    return this.until(({ lastFailure }) => lastFailure?.code === code, `failed with ${code}`, withinMs);
  }
}

export class Daemon extends Asked {
  readonly directory = mkdtempSync(join(tmpdir(), 'l2tpwan-e2e-'));
  readonly #netns: Netns;
  readonly #options: DaemonOptions;
  #process: ChildProcess | undefined;
  #log = '';

  constructor(netns: Netns, connections: Readonly<Record<string, ConnectionFile>>, options: DaemonOptions = {}) {
    super();
    this.#netns = netns;
    this.#options = options;
    this.configure(connections);
  }

  get log(): string {
    return this.#log;
  }
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Writes the configuration file; a running daemon looks at it when it is told to reload. */
  configure(connections: Readonly<Record<string, ConnectionFile>>, mqtt = this.#options.mqtt): void {
    const text = configuration(connections, mqtt);
    writeFileSync(join(this.directory, 'config.json'), text, { mode: 0o600 });
  }

  start(): this {
    const { path, nodeOptions = [] } = this.#options;
    const search = path === undefined ? [] : [`PATH=${path}:${process.env.PATH}`];
    const args = [
      ...search,
      'node',
      ...nodeOptions,
      BUNDLE,
      'run',
      '-c',
      join(this.directory, 'config.json'),
      '--run-dir',
      join(this.directory, 'run'),
    ];
    const child = this.#netns.spawn('env', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text;
      });
    return this;
  }

  /** @throws CommandFailed no daemon, no such connection */
  async status(name = 'wan'): Promise<ConnectionStatus> {
    const { connections } = JSON.parse(await this.command('status', '--json')) as Status;
    const found = connections[name];
    if (found === undefined) throw new Error(`no connection ${name}: ${Object.keys(connections).join(', ')}`);
    return found;
  }

  /** What `l2tpwan WORDS…` prints. @throws CommandFailed */
  command(...words: string[]): Promise<string> {
    return this.#netns.exec('node', [BUNDLE, ...words, '--run-dir', join(this.directory, 'run')]);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Ends it and waits. @returns how long that took, ms */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    const child = this.#process;
    const since = Date.now();
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill(signal);
      const limit = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await exit;
      clearTimeout(limit);
    }
    this.#process = undefined;
    return Date.now() - since;
  }

  async destroy(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The text of a configuration file. */
export function configuration(
  connections: Readonly<Record<string, ConnectionFile>>,
  mqtt?: Readonly<Record<string, unknown>>,
): string {
  const account = {
    username: 'alice',
    password: 's3cret',
    hello: 5,
    echo: 2,
    redial: { first: 0.5, max: 2, busy: 1, slow: 3 },
  };
  const filled = Object.fromEntries(
    Object.entries(connections).map(([name, fields]) => [name, { ...account, ...fields }]),
  );
  return JSON.stringify({ connections: filled, logLevel: 'debug', ...(mqtt && { mqtt }) });
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
