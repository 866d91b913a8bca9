/** Network namespaces for tests: made, looked at and removed, and what they ran with them. Needs root. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type RunOptions, run } from './command.ts';

const IP = 'ip';

/** The absolute path of one of the lab's scripts. */
export const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

let rootPath: Promise<string> | undefined;

/**
 * Where the lab's root file system is. Made first if it is not there: some 20 s and 100 MB to download.
 * @throws CommandFailed
 */
export function labRoot(): Promise<string> {
  rootPath ??= run(script('root'), [], { timeoutMs: 600_000 }).then((path) => path.trim());
  return rootPath;
}

/** What a namespace looks like from outside: equal before a test and after it. */
export interface NetworkState {
  readonly links: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  readonly nftTables: readonly string[];
}

export class Netns {
  static #count = 0;
  readonly name: string;
  readonly #guard: ChildProcess;

  private constructor(name: string, guard: ChildProcess) {
    this.name = name;
    this.#guard = guard;
  }

  /**
   * A new namespace with nothing but its loopback, up. Its name is unique on the machine; if this process ends without
   * {@link destroy}, however, it is removed all the same.
   * @param label letters and digits for whoever reads `ip netns`
   * @throws CommandFailed
   */
  static async create(label = 'client'): Promise<Netns> {
    Netns.#count += 1;
    const name = `l2w${process.pid}-${label}${Netns.#count}`;
    const guard = guarded(script('remove-netns'), name);
    await run(IP, ['netns', 'add', name]);
    const netns = new Netns(name, guard);
    await netns.exec(IP, ['link', 'set', 'lo', 'up']);
    return netns;
  }

  /** Ends what runs in it (SIGTERM, after half a second SIGKILL) and removes it. A second time does nothing. */
  async destroy(): Promise<void> {
    await run(script('remove-netns'), [this.name]);
    unguard(this.#guard);
  }

  /**
   * Runs a program of this machine in it, to the end; gives its standard output.
   * @throws CommandFailed
   */
  exec(program: string, args: readonly string[] = [], options: RunOptions = {}): Promise<string> {
    return run(IP, ['netns', 'exec', this.name, program, ...args], options);
  }
  /** Starts a program of this machine in it. */
  spawn(program: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
    return spawn(IP, ['netns', 'exec', this.name, program, ...args], options);
  }
  /**
   * Runs a program of the lab's root in it (iperf3, ping, socat, tcpdump, …), whatever this machine has installed.
   * @throws CommandFailed
   */
  async tool(program: string, args: readonly string[] = [], options: RunOptions = {}): Promise<string> {
    // A mount made here is seen by nobody else: `ip netns exec` gives each program a mount namespace of its own.
    const withDevices = 'mount --bind /dev "$0/dev" && exec chroot "$0" "$@"';
    return this.exec('sh', ['-c', withDevices, await labRoot(), program, ...args], options);
  }

  /** Names of all network devices, sorted. */
  async links(): Promise<string[]> {
    const lines = linesOf(await this.exec(IP, ['-o', 'link', 'show']));
    return lines.map((line) => line.replace(/^\d+: ([^:@]+).*$/, '$1')).sort();
  }
  /** All routes of all tables, IPv4 and IPv6, as `ip route` prints them, sorted; lifetimes are left out. */
  async routes(): Promise<string[]> {
    const texts = await Promise.all(
      ['-4', '-6'].map((family) => this.exec(IP, [family, 'route', 'show', 'table', 'all'])),
    );
    return texts
      .flatMap(linesOf)
      .map((line) => line.replace(/ expires \S+/, ''))
      .sort();
  }
  /** All policy rules, IPv4 and IPv6, as `ip rule` prints them, sorted. */
  async rules(): Promise<string[]> {
    const texts = await Promise.all(['-4', '-6'].map((family) => this.exec(IP, [family, 'rule', 'show'])));
    return texts.flatMap(linesOf).sort();
  }
  /** All nftables tables, as `family name`, sorted. */
  async nftTables(): Promise<string[]> {
    const lines = linesOf(await this.exec('nft', ['list', 'tables']));
    return lines.map((line) => line.replace(/^table /, '')).sort();
  }
  async state(): Promise<NetworkState> {
    const [links, routes, rules, nftTables] = await Promise.all([
      this.links(),
      this.routes(),
      this.rules(),
      this.nftTables(),
    ]);
    return { links, routes, rules, nftTables };
  }

  /**
   * Records a device's packets from now on.
   * @param file pcap, written as packets come
   * @param filter in tcpdump's words, for example `udp port 1701`
   * @throws Error when tcpdump does not start
   */
  async capture(device: string, file: string, filter = ''): Promise<Capture> {
    const output = await open(file, 'w');
    const args = [await labRoot(), 'tcpdump', '-Z', 'root', '-i', device, '--immediate-mode', '-U', '-w', '-', filter];
    const child = this.spawn('chroot', args, { stdio: ['ignore', output.fd, 'pipe'] });
    await output.close();
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`no capture of ${device} in ${this.name}: ${said}`)));
      child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk;
        if (said.includes('listening on')) resolve();
      });
    });
    return {
      file,
      stop: async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exit = once(child, 'exit');
        child.kill('SIGINT');
        await exit;
      },
    };
  }
}

export interface Capture {
  readonly file: string;
  /** Ends it; then everything is in the file. */
  stop(): Promise<void>;
}

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Has a command run once this process is gone: a run that is killed leaves nothing behind either. */
export function guarded(...command: string[]): ChildProcess {
  const guard = spawn(script('guard'), [String(process.pid), ...command], { detached: true, stdio: 'ignore' });
  guard.unref();
  return guard;
}

export function unguard(guard: ChildProcess): void {
  if (guard.pid === undefined || guard.exitCode !== null || guard.signalCode !== null) return;
  process.kill(-guard.pid);
}
