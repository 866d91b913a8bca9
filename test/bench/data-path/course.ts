/** Way by way, round by round: how much goes through, and what it costs. */
import { pause } from '../../e2e/daemon.ts';
import { cpuSecondsOf, memoryOf } from '../process-figures.ts';
import { rounded, summary } from '../summary.ts';
import type { Programs } from './programs.ts';
import type { Samples } from './samples.ts';
import { type Carried, type Direction, datagrams, type Ends, ping, tcp } from './traffic.ts';
import type { Way } from './ways.ts';

const DIRECTIONS = { tcpUp: 'up', tcpDown: 'down', udpUp: 'up', udpDown: 'down' } as const satisfies Record<
  string,
  Direction
>;
export type Load = keyof typeof DIRECTIONS;
export type TcpLoad = 'tcpUp' | 'tcpDown';
export const LOAD_NAMES = Object.keys(DIRECTIONS) as Load[];
export const TCP_LOADS: readonly TcpLoad[] = ['tcpUp', 'tcpDown'];
export type Measurement = 'ping' | Load;
/** What a round consists of. */
export const MEASUREMENTS: readonly Measurement[] = ['ping', ...LOAD_NAMES];

export function loadWay(load: Load, ends: Ends, seconds: number, programs: Programs): Promise<Carried> {
  const direction = DIRECTIONS[load];
  return isTcp(load) ? tcp(ends, direction, seconds) : datagrams(ends, direction, seconds, programs);
}

const isTcp = (load: Load): load is TcpLoad => load === 'tcpUp' || load === 'tcpDown';

/** One sitting of one way: its process is there, and what it shows is added to what it has shown in others. */
export class Course {
  readonly way: Way;
  readonly #programs: Programs;
  readonly #seconds: number;
  readonly #samples: Samples;

  /** It is idle now, and has been for a while. */
  constructor(way: Way, programs: Programs, seconds: number, samples: Samples) {
    this.way = way;
    this.#programs = programs;
    this.#seconds = seconds;
    this.#samples = samples;
    if (way.pid !== undefined) samples.addMemory('idle', memoryOf(way.pid));
  }

  /** Has both directions run for a moment, unmeasured: a JIT compiles what is run often, and not before. */
  async warmUp(): Promise<void> {
    for (const load of TCP_LOADS) await loadWay(load, this.way.ends, WARM_UP_SECONDS, this.#programs);
    await this.#quiet();
  }

  /** One measurement. @returns what came out, in words */
  async measure(what: Measurement): Promise<string> {
    if (what === 'ping') return `ping ${summary(await this.#ping('idle'), 3).median}`;
    const watch = setInterval(() => this.#look(), LOOK_EVERY_MS);
    try {
      return `${what} ${rounded(await this.#load(what))}`;
    } finally {
      clearInterval(watch);
    }
  }

  /** TCP with another congestion control, and nothing beside it. @returns Mbit/s */
  async tcpWith(congestionControl: string, load: TcpLoad): Promise<number> {
    const { rate } = await tcp(this.way.ends, DIRECTIONS[load], this.#seconds, congestionControl);
    await this.#quiet();
    return rate;
  }

  async #load(load: Load): Promise<number> {
    const before = this.#cpuSeconds();
    const beside = async () => {
      if (!isTcp(load)) return;
      await pause(PING_AFTER_MS);
      await this.#ping(load);
    };
    const [carried] = await Promise.all([loadWay(load, this.way.ends, this.#seconds, this.#programs), beside()]);
    const { rate, gigabits, retransmittedPercent } = carried;
    this.#samples.add(load, 'rate', rate);
    if (retransmittedPercent !== undefined) this.#samples.add(load, 'retransmitted', retransmittedPercent);
    if (before !== undefined) {
      const used = (this.#cpuSeconds() ?? before) - before;
      this.#samples.add(load, 'cpu', (100 * used) / this.#seconds);
      if (gigabits !== undefined) this.#samples.add(load, 'cpu per Gbit', (1000 * used) / gigabits);
    }
    await this.#quiet();
    return rate;
  }

  async #ping(when: 'idle' | TcpLoad): Promise<number[]> {
    const ms = await ping(this.way.ends, PINGS);
    this.#samples.addPings(when, ms);
    return ms;
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

  #look(): void {
    if (this.way.pid !== undefined) this.#samples.addMemory('loaded', memoryOf(this.way.pid));
  }
}

const WARM_UP_SECONDS = 2;
const PINGS = 20;
const PING_AFTER_MS = 300;
const LOOK_EVERY_MS = 250;
const QUIET_WITHIN_MS = 15_000;
/** Of one core. */
const QUIET_CPU = 0.05;
