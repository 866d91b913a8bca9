/** Way by way, round by round: how much goes through, and what it costs. */
import { pause } from '../../e2e/daemon.ts';
import { cpuSecondsOf, type Memory, memoryOf } from '../process-figures.ts';
import { rounded, type Summary, summary } from '../summary.ts';
import type { Programs } from './programs.ts';
import { type Carried, type Direction, datagrams, type Ends, ping, tcp } from './traffic.ts';
import type { Way } from './ways.ts';

/** One way of loading a way, in one direction. */
export interface LoadFigures {
  /** TCP: Mbit/s. Datagrams: thousands a second. Both as they arrived. */
  readonly rate: Summary;
  /** Processor time of the client's process meanwhile, percent of one core. */
  readonly cpuPercent?: Summary;
  /** Processor time of the client's process, ms for each 10^9 bits of TCP. */
  readonly cpuMsPerGbit?: Summary;
  /** Segments of TCP that were sent again, percent of all. */
  readonly retransmittedPercent?: Summary;
}

export interface WayFigures {
  readonly loads: Readonly<Record<Load, LoadFigures>>;
  /** Round-trip times, ms: with nothing else under way, and beside TCP. */
  readonly ping: Readonly<Record<'idle' | TcpLoad, Summary>>;
  /** MB; absent where there is no process. */
  readonly memory?: { readonly idle: Memory; readonly loaded: Memory };
}

const LOADS = {
  tcpUp: { measure: tcp, direction: 'up' },
  tcpDown: { measure: tcp, direction: 'down' },
  udpUp: { measure: datagrams, direction: 'up' },
  udpDown: { measure: datagrams, direction: 'down' },
} as const satisfies Record<string, { measure: typeof datagrams; direction: Direction }>;
export type Load = keyof typeof LOADS;
export type TcpLoad = 'tcpUp' | 'tcpDown';
export const LOAD_NAMES = Object.keys(LOADS) as Load[];
export type Measurement = 'ping' | Load;
/** What a round consists of. */
export const MEASUREMENTS: readonly Measurement[] = ['ping', ...LOAD_NAMES];

export const loadWay = (load: Load, ends: Ends, seconds: number, programs: Programs): Promise<Carried> =>
  LOADS[load].measure(ends, LOADS[load].direction, seconds, programs);

/** What one way has shown so far. */
export class Course {
  readonly way: Way;
  readonly #programs: Programs;
  readonly #seconds: number;
  readonly #samples = new Map<string, number[]>();
  readonly #idle: Memory | undefined;
  #loaded: Memory = { rss: 0, privateDirty: 0 };

  /** It is idle now, and has been for a while. */
  constructor(way: Way, programs: Programs, seconds: number) {
    this.way = way;
    this.#programs = programs;
    this.#seconds = seconds;
    this.#idle = way.pid === undefined ? undefined : memoryOf(way.pid);
  }

  /** Has both directions run for a moment, unmeasured: a JIT compiles what is run often, and not before. */
  async warmUp(): Promise<void> {
    for (const load of ['tcpUp', 'tcpDown'] as const)
      await loadWay(load, this.way.ends, WARM_UP_SECONDS, this.#programs);
    await this.#quiet();
  }

  /** One measurement. @returns what came out, in words */
  async measure(what: Measurement): Promise<string> {
    if (what === 'ping') {
      await this.#ping('idle');
      return `ping ${summary(this.#samples.get('ping idle') ?? [], 3).median}`;
    }
    const watch = setInterval(() => this.#look(), LOOK_EVERY_MS);
    try {
      return `${what} ${rounded(await this.#load(what))}`;
    } finally {
      clearInterval(watch);
    }
  }

  result(): WayFigures {
    const of = (name: string, decimals?: number) => summary(this.#samples.get(name) ?? [], decimals);
    const has = (name: string) => this.#samples.has(name);
    const loadOf = (load: Load): LoadFigures => ({
      rate: of(`${load} rate`),
      ...(has(`${load} cpu`) && { cpuPercent: of(`${load} cpu`, 0) }),
      ...(has(`${load} cpu per Gbit`) && { cpuMsPerGbit: of(`${load} cpu per Gbit`, 0) }),
      ...(has(`${load} retransmitted`) && { retransmittedPercent: of(`${load} retransmitted`, 3) }),
    });
    return {
      loads: { tcpUp: loadOf('tcpUp'), tcpDown: loadOf('tcpDown'), udpUp: loadOf('udpUp'), udpDown: loadOf('udpDown') },
      ping: { idle: of('ping idle', 3), tcpUp: of('ping tcpUp', 3), tcpDown: of('ping tcpDown', 3) },
      ...(this.#idle && { memory: { idle: this.#idle, loaded: this.#loaded } }),
    };
  }

  async #load(load: Load): Promise<number> {
    const before = this.#cpuSeconds();
    const beside = async () => {
      if (load !== 'tcpUp' && load !== 'tcpDown') return;
      await pause(PING_AFTER_MS);
      await this.#ping(load);
    };
    const [carried] = await Promise.all([loadWay(load, this.way.ends, this.#seconds, this.#programs), beside()]);
    const { rate, gigabits, retransmittedPercent } = carried;
    this.#add(`${load} rate`, rate);
    if (retransmittedPercent !== undefined) this.#add(`${load} retransmitted`, retransmittedPercent);
    if (before !== undefined) {
      const used = (this.#cpuSeconds() ?? before) - before;
      this.#add(`${load} cpu`, (100 * used) / this.#seconds);
      if (gigabits !== undefined) this.#add(`${load} cpu per Gbit`, (1000 * used) / gigabits);
    }
    await this.#quiet();
    return rate;
  }

  async #ping(when: string): Promise<void> {
    this.#add(`ping ${when}`, ...(await ping(this.way.ends, PINGS)));
  }

  /** Lets a process finish what it has queued: it is not to run beside the next measurement. */
  async #quiet(): Promise<void> {
    const end = performance.now() + QUIET_WITHIN_MS;
    for (let last = this.#cpuSeconds(); last !== undefined && performance.now() < end; ) {
      await pause(LOOK_EVERY_MS);
      const now = this.#cpuSeconds() ?? last;
      if (now - last < (QUIET_CPU * LOOK_EVERY_MS) / 1000) return;
      last = now;
    }
  }

  #cpuSeconds(): number | undefined {
    return this.way.pid === undefined ? undefined : cpuSecondsOf(this.way.pid);
  }

  #add(name: string, ...values: readonly number[]): void {
    this.#samples.set(name, [...(this.#samples.get(name) ?? []), ...values]);
  }

  #look(): void {
    if (this.way.pid === undefined) return;
    const { rss, privateDirty } = memoryOf(this.way.pid);
    this.#loaded = {
      rss: Math.max(rss, this.#loaded.rss),
      privateDirty: Math.max(privateDirty, this.#loaded.privateDirty),
    };
  }
}

const WARM_UP_SECONDS = 2;
const PINGS = 20;
const PING_AFTER_MS = 300;
const LOOK_EVERY_MS = 250;
const QUIET_WITHIN_MS = 15_000;
/** Of one core. */
const QUIET_CPU = 0.05;
