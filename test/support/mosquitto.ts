/** A real broker: Debian's mosquitto, as scripts/setup put it there, with a configuration of the test's own. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../lab/command.ts';
import { guarded, unguard } from '../lab/netns.ts';
import type { Issued } from './certificates.ts';

const CACHED_PROGRAMS = fileURLToPath(new URL('../../.cache/bin', import.meta.url));
const PATH = `${CACHED_PROGRAMS}:${process.env.PATH ?? ''}:/usr/sbin`;
const CACHED_PASSWD = fileURLToPath(new URL('../../.cache/debian/mosquitto/usr/bin', import.meta.url));

/** Longest wait for it to listen, ms. */
const START_MS = 10_000;

export interface BrokerOptions {
  /** The address it listens on. */
  readonly address?: string;
  readonly port?: number;
  readonly webSockets?: boolean;
  /** TLS, with this certificate. */
  readonly tls?: Issued;
  /** Path of the authority whose clients are let in, and nobody else. */
  readonly clientCa?: string;
  /** Names and passwords; without any, everybody is let in. */
  readonly accounts?: Readonly<Record<string, string>>;
  /** Lines of mosquitto's ACL file. */
  readonly acl?: readonly string[];
  /** More lines of its configuration. */
  readonly lines?: readonly string[];
  /** Starts it elsewhere, in a namespace for example. */
  readonly spawn?: (program: string, args: readonly string[], options: SpawnOptions) => ChildProcess;
}

export class Mosquitto {
  readonly port: number;
  readonly directory = mkdtempSync(join(tmpdir(), 'l2tpwan-mosquitto-'));
  readonly #options: BrokerOptions;
  #process: ChildProcess | undefined;
  /** Ends it should this process be ended without a word. */
  #guard: ChildProcess | undefined;
  #log = '';

  private constructor(port: number, options: BrokerOptions) {
    this.port = port;
    this.#options = options;
  }

  /** @returns once it listens @throws Error it does not start */
  static async start(options: BrokerOptions = {}): Promise<Mosquitto> {
    const broker = new Mosquitto(options.port ?? (await freePort()), options);
    try {
      await broker.#configure();
      await broker.resume();
      return broker;
    } catch (error) {
      await broker.destroy();
      throw error;
    }
  }

  /** Where it listens for tests, wherever it is; it would not start with WebSockets alone either. */
  get socketPath(): string {
    return join(this.directory, 'socket');
  }
  get log(): string {
    return this.#log;
  }

  /** Starts it again after {@link kill}, where it was. */
  async resume(): Promise<void> {
    const { spawn: start = spawn } = this.#options;
    const from = this.#log.length;
    const env = { ...process.env, PATH };
    const args = ['-c', join(this.directory, 'mosquitto.conf')];
    const child = start('mosquitto', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    this.#guard = guarded('kill', '-KILL', String(child.pid));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text;
    });
    const end = Date.now() + START_MS;
    while (!this.#log.slice(from).includes(' running')) {
      if (Date.now() > end || child.exitCode !== null) throw new Error(`mosquitto does not start:\n${this.#log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends it: at once and without a word to anybody, unless told otherwise. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (this.#guard !== undefined) unguard(this.#guard);
    this.#guard = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  async destroy(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #configure(): Promise<void> {
    const { address = '127.0.0.1', webSockets, tls, clientCa, accounts, acl, lines = [] } = this.#options;
    const path = (name: string) => join(this.directory, name);
    const configuration = [
      'user root', // it would become another one, who may not read our files
      'log_type all',
      'log_dest stderr', // standard output would be buffered
      `listener 0 ${this.socketPath}`,
      `listener ${this.port} ${address}`,
      ...(webSockets === true ? ['protocol websockets'] : []),
      ...(tls === undefined ? [] : [`certfile ${tls.certificate}`, `keyfile ${tls.key}`]),
      ...(clientCa === undefined ? [] : [`cafile ${clientCa}`, 'require_certificate true']),
      `allow_anonymous ${accounts === undefined}`,
      ...(accounts === undefined ? [] : [`password_file ${path('passwords')}`]),
      ...(acl === undefined ? [] : [`acl_file ${path('acl')}`]),
      ...lines,
    ];
    writeFileSync(path('mosquitto.conf'), `${configuration.join('\n')}\n`);
    if (acl !== undefined) writeFileSync(path('acl'), `${acl.join('\n')}\n`);
    if (accounts === undefined) return;
    const text = Object.entries(accounts).map(([name, password]) => `${name}:${password}\n`);
    writeFileSync(path('passwords'), text.join(''), { mode: 0o600 });
    await run('mosquitto_passwd', ['-U', path('passwords')], {
      env: { ...process.env, PATH: `${PATH}:${CACHED_PASSWD}` },
    });
  }
}

/** A TCP port of loopback that nobody has just now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
