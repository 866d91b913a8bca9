/**
 * A Linux that has L2TP and PPP in its kernel, whatever the machine has: User-Mode Linux, with a namespace `client` in which the
 * shipped bundle runs, and one for every LNS. Booted in some 2 s, an LNS in 1 to 2 s more; node takes 1 s to start in it.
 */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConnectionStatus, Status } from '../../src/daemon/status.ts';
import { run } from '../lab/command.ts';
import type { LnsOptions } from '../lab/lab.ts';
import { script } from '../lab/netns.ts';
import { Asked, BUNDLE, type ConnectionFile, configuration } from './daemon.ts';

/** Where the shipped tree is in there: a copy, for the checkout may be in a place that is another one in there, such as /tmp. */
const TREE = '/run/lab/out/tree';
const BUNDLE_INSIDE = `${TREE}/l2tpwan.cjs`;
/** The lab's own LNS. */
export const LAB_BUNDLE = `${TREE}/l2tpwan-lab.cjs`;
const STAGE = fileURLToPath(new URL('../../scripts/stage', import.meta.url));

/** As test/lab/lns-xl2tpd has them, but for what concerns the machine around it. */
export type UmlLnsOptions = Omit<LnsOptions['xl2tpd'], 'tag' | 'ifname' | 'hop' | 'metric' | 'cap'>;

/** What the client's namespace looks like: equal before a test and after it. */
export interface KernelState {
  readonly links: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  /** Tunnels and sessions of the kernel. */
  readonly l2tp: readonly string[];
}

export class Uml {
  static #count = 0;
  readonly #name: string;
  /** Here and, as /run/lab/out, in there. */
  readonly directory: string;
  readonly #daemons: UmlDaemon[] = [];

  private constructor(name: string, directory: string) {
    this.#name = name;
    this.directory = directory;
  }

  /** It ends with this process at the latest. @throws CommandFailed with its last words */
  static async boot(label = 'uml'): Promise<Uml> {
    const name = `l2w${process.pid}-${label}${++Uml.#count}`;
    await run(script('uml'), ['up', name, `owner=${process.pid}`]);
    const uml = new Uml(name, join((await run(script('uml'), ['env', name])).trim(), 'out'));
    const tree = join(uml.directory, 'tree');
    await run(STAGE, [tree]);
    copyFileSync(BUNDLE.replace(/\.cjs$/, '-lab.cjs'), join(tree, 'l2tpwan-lab.cjs'));
    return uml;
  }

  /** xl2tpd and pppd in a namespace of that name; the client's link to it has the name as well. */
  async lns(side: string, options: UmlLnsOptions = {}): Promise<void> {
    await this.#call('lns', side, ...Object.entries(options).map(([key, value]) => `${key}=${value}`));
  }
  /** An empty namespace, and the link to it; addresses in a /24. */
  async wire(side: string, ...addresses: readonly [client: string, side: string] | readonly []): Promise<void> {
    await this.#call('wire', side, ...addresses);
  }
  /** Ends every program of a namespace at once. */
  async crash(side: string): Promise<void> {
    await this.exec(`kill -9 $(ip netns pids ${side})`);
  }

  /** A shell command with the lab's tools, in no side. @throws CommandFailed */
  exec(command: string): Promise<string> {
    return this.#call('exec', command);
  }
  /** A shell command with the machine's programs. @throws CommandFailed */
  host(side: string, command: string): Promise<string> {
    return this.#call('host', side, command);
  }
  /** Starts such a command, which writes to the file `NAME.log` of the directory. @returns its process id in there */
  async spawn(side: string, name: string, command: string): Promise<number> {
    const output = `/run/lab/out/${name}.log`;
    return Number(await this.host(side, `setsid ${command} >>${output} 2>&1 </dev/null & echo $!`));
  }

  /** Writes the configuration and starts a daemon on it. */
  async daemon(connections: Readonly<Record<string, ConnectionFile>>): Promise<UmlDaemon> {
    const daemon = new UmlDaemon(this, `daemon${this.#daemons.length}`);
    this.#daemons.push(daemon);
    daemon.configure(connections);
    await daemon.start();
    return daemon;
  }

  /** Pings from the client. @throws Error a reply is missing */
  async ping(address = '203.0.113.1', count = 3, ...more: string[]): Promise<void> {
    const said = await this.client('ping', '-q', '-c', `${count}`, '-i', '0.1', '-W', '2', ...more, address);
    if (!said.includes(' 0% packet loss')) throw new Error(said); // its status only says whether any came back
  }
  /** One of the lab's programs in the client's namespace. @throws CommandFailed */
  client(...words: string[]): Promise<string> {
    return this.exec(`ip netns exec client ${words.join(' ')}`);
  }

  async state(): Promise<KernelState> {
    const marks = ['ip -o link', 'ip route show table all; ip -6 route show table all', 'ip rule', TUNNELS];
    const text = await this.exec(`ip netns exec client sh -c "${marks.join('; echo ==; ')}"`);
    const [links = '', routes = '', rules = '', l2tp = ''] = text.split('==\n');
    return {
      links: linesOf(links)
        .map((line) => line.replace(/^\d+: ([^:@]+).*$/, '$1'))
        .sort(),
      routes: linesOf(routes)
        .map((line) => line.replace(/ expires \S+/, ''))
        .sort(),
      rules: linesOf(rules),
      l2tp: linesOf(l2tp),
    };
  }

  /** Everything that was said, for whoever has to find out why a test failed. */
  async words(): Promise<string> {
    const kernel = await this.exec(`dmesg | tail -n 20; ip netns exec client sh -c 'ip addr; ip route; ${TUNNELS}'`);
    return [...this.#daemons.map(({ log }) => log), kernel].join('\n---\n');
  }

  /** Ends it at once, and everything in it. */
  async stop(): Promise<void> {
    await run(script('uml'), ['down', this.#name]);
  }

  #call(verb: string, ...args: string[]): Promise<string> {
    return run(script('uml'), [verb, this.#name, ...args]);
  }
}

/** A daemon in the client's namespace. */
export class UmlDaemon extends Asked {
  /** One CPU that is slow at starting programs, for the daemon, every `ip` of its, the LNSes and their pppds. */
  protected override readonly patienceMs = 60_000;
  readonly #uml: Uml;
  readonly #name: string;
  #pid = 0;

  constructor(uml: Uml, name: string) {
    super();
    this.#uml = uml;
    this.#name = name;
  }

  get log(): string {
    const file = join(this.#uml.directory, `${this.#name}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }
  get pid(): number {
    return this.#pid;
  }

  configure(connections: Readonly<Record<string, ConnectionFile>>): void {
    writeFileSync(join(this.#uml.directory, `${this.#name}.json`), configuration(connections), { mode: 0o600 });
  }

  async start(): Promise<void> {
    const args = ['-c', `/run/lab/out/${this.#name}.json`, '--run-dir', `/run/${this.#name}`];
    this.#pid = await this.#uml.spawn('client', this.#name, `node ${BUNDLE_INSIDE} run ${args.join(' ')}`);
  }

  /** What it answers to a request of src/daemon/control.ts. @throws CommandFailed no daemon */
  async ask(request: Readonly<Record<string, unknown>>): Promise<unknown> {
    const socket = `/host/run/${this.#name}/control.sock`;
    const answer = await this.#uml.exec(`echo '${JSON.stringify(request)}' | socat -t 5 - UNIX-CONNECT:${socket}`);
    return (JSON.parse(answer) as { data: unknown }).data;
  }

  async status(name = 'wan'): Promise<ConnectionStatus> {
    const { connections } = (await this.ask({ method: 'status' })) as Status;
    const found = connections[name];
    if (found === undefined) throw new Error(`no connection ${name}: ${Object.keys(connections).join(', ')}`);
    return found;
  }

  /** Takes every connection down first: when it is told to stop, it allows itself 3 s, and all that takes its time in here. */
  async end(): Promise<void> {
    if (this.#pid === 0) return;
    const { connections } = (await this.ask({ method: 'status' })) as Status;
    for (const name of Object.keys(connections)) await this.ask({ method: 'down', name });
    for (const name of Object.keys(connections))
      await this.until(({ state }) => state === 'idle', 'down', undefined, name);
    await this.stop();
  }

  /** Ends it and waits. @returns how long that took, ms, to 20 */
  async stop(signal: 'TERM' | 'KILL' = 'TERM'): Promise<number> {
    const wait = `i=0; while kill -0 ${this.#pid} 2>/dev/null && [ $i -lt 500 ]; do sleep 0.02; i=$((i + 1)); done`;
    const now = 'read -r up rest </proc/uptime; echo $up';
    const times = await this.#uml.exec(`${now}; kill -${signal} ${this.#pid} 2>/dev/null; ${wait}; ${now}`);
    this.#pid = 0;
    const [before = 0, after = 0] = linesOf(times).map(Number);
    return Math.round((after - before) * 1000);
  }
}

/** Without the head. */
const TUNNELS = 'if [ -e /proc/net/pppol2tp ]; then tail -n +7 /proc/net/pppol2tp; fi';

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
