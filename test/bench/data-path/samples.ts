/** What one way has shown in all sittings, and what it comes to. */
import { type Memory, mostOf } from '../process-figures.ts';
import { type Summary, summary } from '../summary.ts';
import type { Load, TcpLoad } from './course.ts';

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
  /** MB, the most of all sittings; absent where there is no process. */
  readonly memory?: { readonly idle: Memory; readonly loaded: Memory };
}

export type Figure = 'rate' | 'cpu' | 'cpu per Gbit' | 'retransmitted';

export class Samples {
  readonly #samples = new Map<string, number[]>();
  #idle: Memory | undefined;
  #loaded: Memory | undefined;

  add(load: Load, figure: Figure, value: number): void {
    this.#add(`${load} ${figure}`, [value]);
  }

  /** @param ms round-trip times */
  addPings(when: 'idle' | TcpLoad, ms: readonly number[]): void {
    this.#add(`ping ${when}`, ms);
  }

  addMemory(when: 'idle' | 'loaded', memory: Memory): void {
    if (when === 'idle') this.#idle = mostOf(this.#idle, memory);
    else this.#loaded = mostOf(this.#loaded, memory);
  }

  /** @throws RangeError something was not measured */
  figures(): WayFigures {
    const of = (name: string, decimals?: number) => summary(this.#samples.get(name) ?? [], decimals);
    const has = (name: string) => this.#samples.has(name);
    const loadOf = (load: Load): LoadFigures => ({
      rate: of(`${load} rate`),
      ...(has(`${load} cpu`) && { cpuPercent: of(`${load} cpu`, 0) }),
      ...(has(`${load} cpu per Gbit`) && { cpuMsPerGbit: of(`${load} cpu per Gbit`, 0) }),
      ...(has(`${load} retransmitted`) && { retransmittedPercent: of(`${load} retransmitted`, 3) }),
    });
    const [idle, loaded] = [this.#idle, this.#loaded];
    return {
      loads: { tcpUp: loadOf('tcpUp'), tcpDown: loadOf('tcpDown'), udpUp: loadOf('udpUp'), udpDown: loadOf('udpDown') },
      ping: { idle: of('ping idle', 3), tcpUp: of('ping tcpUp', 3), tcpDown: of('ping tcpDown', 3) },
      ...(idle && loaded && { memory: { idle, loaded } }),
    };
  }

  #add(name: string, values: readonly number[]): void {
    this.#samples.set(name, [...(this.#samples.get(name) ?? []), ...values]);
  }
}
