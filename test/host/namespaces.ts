/** A small internet of network namespaces for one test, and a LinuxNetwork living in it; all of it gone afterwards. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'tsup';
import type { Failure } from '../../src/protocol/failure.ts';
import type { Calls, Told } from './network-driver.ts';

const PROGRAMS = { ip: '/usr/sbin/ip', nft: '/usr/sbin/nft', busybox: '/usr/bin/busybox' };

export const IMPLEMENTATIONS = ['iproute2', 'BusyBox'] as const;
export type Implementation = (typeof IMPLEMENTATIONS)[number];

/** Why nothing can be tried here; undefined: all is well. */
export function whyNotHere(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = Object.values(PROGRAMS).filter((path) => !existsSync(path));
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  const probe = spawnSync(PROGRAMS.ip, ['netns', 'add', `l2w-probe-${process.pid}`], { encoding: 'utf8' });
  if (probe.status !== 0) return `no network namespaces: ${probe.stderr.trim()}`;
  execFileSync(PROGRAMS.ip, ['netns', 'del', `l2w-probe-${process.pid}`]);
  return undefined;
}

/** Bundles the driver once. @returns its path and how to remove it */
export async function bundleDriver(): Promise<{ driver: string; remove: () => void }> {
  const directory = mkdtempSync(join(tmpdir(), 'l2tpwan-driver-'));
  const entry = join(import.meta.dirname, 'network-driver.ts');
  await build({
    entry: { driver: entry },
    outDir: directory,
    format: ['cjs'],
    config: false,
    silent: true,
    target: 'node20',
  });
  const driver = readdirSync(directory).find((name) => /\.c?js$/.test(name)) ?? '';
  return { driver: join(directory, driver), remove: () => rmSync(directory, { recursive: true }) };
}

let count = 0;

/**
 * `home`: the machine under test, wan0 = 10.0.2.2/24, 2001:db8:2::2/64, and a tunnel device.
 * `away`: the other end of the wire: router 10.0.2.1 and 10.0.2.254, LNSes 10.0.2.72 (on-link), 10.5.1.9 and 10.5.1.7 (behind).
 */
export class Internet {
  readonly home: string;
  readonly away: string;
  readonly device = 'l2w-wan';
  readonly runDir: string;
  readonly stateDir: string;
  readonly #directory: string;
  readonly #driver: string;
  readonly #implementation: Implementation;
  readonly #hosts: Host[] = [];
  readonly #children: ChildProcess[] = [];

  constructor(driver: string, implementation: Implementation) {
    const name = `l2w${process.pid}-${count++}`;
    this.home = `${name}h`;
    this.away = `${name}a`;
    this.#driver = driver;
    this.#implementation = implementation;
    this.#directory = mkdtempSync(join(tmpdir(), 'l2tpwan-host-'));
    this.runDir = join(this.#directory, 'run');
    this.stateDir = join(this.#directory, 'state');
    try {
      this.#furnish();
    } catch (error) {
      this.#demolish();
      throw error;
    }
  }

  #furnish(): void {
    for (const namespace of [this.home, this.away]) {
      this.#ip('netns', 'add', namespace);
      this.#ip('-n', namespace, 'link', 'set', 'lo', 'up');
    }
    this.#ip('-n', this.home, 'link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', 'lan0', 'netns', this.away);
    for (const address of ['10.0.2.1/24', '10.0.2.254/24', '10.0.2.72/24', '2001:db8:2::1/64']) {
      this.there(`addr add ${address} dev lan0${address.includes(':') ? ' nodad' : ''}`);
    }
    for (const address of ['10.5.1.9/32', '10.5.1.7/32']) this.there(`addr add ${address} dev lo`);
    this.there('link set lan0 up');
    this.here('addr add 10.0.2.2/24 dev wan0');
    this.here('addr add 2001:db8:2::2/64 dev wan0 nodad');
    this.here('link set wan0 up');
    this.addTunnel(this.device);
    // Foreign things that must survive whatever we do.
    this.here('route add 10.77.0.0/16 via 10.0.2.9 metric 7 proto static');
    this.here('route add blackhole 10.78.0.0/16');
    this.here('route add 10.79.0.0/16 via 10.0.2.9 table 200');
    this.here('rule add from 10.99.0.0/16 lookup 200 priority 500');
    this.nft('table inet somebody { chain forward { type filter hook forward priority 0; }\n}\n');
  }

  addTunnel(device: string): void {
    this.here(`tuntap add dev ${device} mode tun`);
  }

  /** `ip` in the namespace under test, iproute2's whatever is tested. */
  here(command: string): string {
    return this.#ip('-n', this.home, ...command.split(' '));
  }

  there(command: string): string {
    return this.#ip('-n', this.away, ...command.split(' '));
  }

  nft(input: string): void {
    execFileSync(PROGRAMS.ip, ['netns', 'exec', this.home, PROGRAMS.nft, '-f', '-'], { input });
  }

  /** Any program in the namespace under test. */
  run(...argv: string[]): string {
    return execFileSync(PROGRAMS.ip, ['netns', 'exec', this.home, ...argv], { encoding: 'utf8' });
  }

  /** Runs a line of JavaScript that says `ready` and goes on; it ends with the test. */
  async keep(namespace: string, script: string): Promise<void> {
    const argv = ['netns', 'exec', namespace, process.execPath, '-e', script];
    const child = spawn(PROGRAMS.ip, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.push(child);
    await new Promise((resolve) => child.stdout.once('data', resolve));
  }

  /** TCP connections with what the kernel knows about them. */
  sockets(namespace: string): string {
    return execFileSync(PROGRAMS.ip, ['netns', 'exec', namespace, 'ss', '-tinH'], { encoding: 'utf8' });
  }

  /** Where a packet to an address goes: `dev wan0`, `via 10.0.2.1 dev wan0`. */
  wayTo(address: string): string {
    const answer = this.here(`route get ${address}`).split('\n')[0] ?? '';
    return /(via \S+ )?dev \S+/.exec(answer)?.[0] ?? answer;
  }

  /** Everything of the network that one connection could leave behind. */
  snapshot(): string {
    const ofTheKernel = /^(local|broadcast|multicast|anycast) |proto kernel|dev l2w-|^fe80::/;
    const lines = (text: string) => text.split('\n').map((line) => line.trim().replace(/ linkdown$/, ''));
    const keep = (text: string) => lines(text).filter((line) => line !== '' && !ofTheKernel.test(line));
    return [
      ...keep(this.here('route show table all')),
      ...keep(this.here('-6 route show table all')),
      ...lines(this.here('rule show')),
      ...lines(this.here('-6 rule show')),
      ...lines(this.run(PROGRAMS.nft, 'list', 'ruleset')),
    ].join('\n');
  }

  /** What is on the tunnel devices: their routes (of any table) and addresses. */
  onTunnels(): string[] {
    const text = [this.here('route show table all'), this.here('-6 route show table all'), this.here('addr show')].join(
      '\n',
    );
    return text
      .split('\n')
      .filter((line) => line.includes('l2w-') && !/^\d+: /.test(line))
      .map((line) => line.trim());
  }

  /** Starts a daemon's worth of network. @param without programs missing from its PATH */
  host(without: readonly ('ip' | 'nft')[] = []): Host {
    const path = mkdtempSync(join(this.#directory, 'path-'));
    const programs = { ip: this.#implementation === 'BusyBox' ? PROGRAMS.busybox : PROGRAMS.ip, nft: PROGRAMS.nft };
    for (const name of ['ip', 'nft'] as const)
      if (!without.includes(name)) symlinkSync(programs[name], join(path, name));
    symlinkSync('/bin/sh', join(path, 'sh'));
    mkdirSync(this.runDir, { recursive: true });
    const argv = ['netns', 'exec', this.home, process.execPath, this.#driver, this.runDir, this.stateDir, path];
    const host = new Host(spawn(PROGRAMS.ip, argv, { stdio: ['pipe', 'pipe', 'inherit'] }));
    this.#hosts.push(host);
    return host;
  }

  async remove(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const host of this.#hosts) await host.kill();
    this.#demolish();
  }

  #demolish(): void {
    for (const namespace of [this.home, this.away]) spawnSync(PROGRAMS.ip, ['netns', 'del', namespace]);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #ip(...args: string[]): string {
    return execFileSync(PROGRAMS.ip, args, { encoding: 'utf8', stdio: 'pipe' });
  }
}

/** A process with a LinuxNetwork in it. */
export class Host {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (failure: Error) => void }>();
  readonly #ended: Promise<void>;
  #id = 0;
  readonly log: string[] = [];
  readonly changes: { name: string; failure: Failure }[] = [];

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => child.on('close', () => resolve()));
    if (child.stdout === null) throw new Error('no standard output');
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(JSON.parse(line) as Told));
    child.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the driver ended'));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Rejects with a HostFailure where the network throws one. */
  call<K extends keyof Calls>(call: K, args: Calls[K]['arguments']): Promise<Calls[K]['result']> {
    const id = this.#id++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, call, ...args })}\n`);
    });
  }

  /** kill -9 */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #take(told: Told): void {
    if (told.kind === 'log') this.log.push(`${told.level}: ${told.words}`);
    else if (told.kind === 'uplink-changed') this.changes.push({ name: told.name, failure: told.failure });
    else {
      const waiting = this.#waiting.get(told.id);
      this.#waiting.delete(told.id);
      if (told.kind === 'answer') waiting?.resolve(told.result);
      else waiting?.reject(new HostFailure(told.failure));
    }
  }
}

class HostFailure extends Error {
  readonly code: string;

  constructor({ code, detail }: Failure) {
    super(detail);
    this.code = code;
  }
}
