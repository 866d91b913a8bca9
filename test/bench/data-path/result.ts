/** Everything that one run found out about the data path, as it is written down, and what it was to reach. */
import type { Goal } from '../part.ts';
import type { Memory } from '../process-figures.ts';
import { ratios, type Summary } from '../summary.ts';
import type { TcpLoad } from './course.ts';
import type { LagResult } from './lag.ts';
import type { WayFigures } from './samples.ts';
import type { Way, WayName } from './ways.ts';

export interface DataPathFindings {
  readonly plan: DataPathPlan;
  readonly ways: Readonly<Partial<Record<WayName, WayFigures>>>;
  /** Ways that could not be had here, and why. */
  readonly absent: Readonly<Partial<Record<WayName, string>>>;
  /** What the product's data paths make use of here. */
  readonly features: Readonly<Partial<Record<WayName, Way['features']>>>;
  /** The least of all sittings; of the ways it is the most. */
  readonly bareNode: Memory;
  /** Of TCP, in all but {@link machines}. */
  readonly congestionControl: string;
  /** What TCP does with the machine's own congestion control, where that is another one. */
  readonly machines: MachinesTcp | undefined;
  /** Of the event loop of `tun-gso`; undefined: it could not be had. */
  readonly lag: LagResult | undefined;
}

/** Rates, Mbit/s. */
export interface MachinesTcp {
  readonly congestionControl: string;
  readonly rates: Readonly<Record<Compared, Readonly<Record<TcpLoad, Summary>>>>;
}

/** The two that the first goal is about. */
export const COMPARED = ['tun-gso', 'c-gso'] as const satisfies readonly WayName[];
export type Compared = (typeof COMPARED)[number];

export interface DataPathPlan {
  /** Every process anew in each. */
  readonly sittings: number;
  /** Of each sitting. */
  readonly rounds: number;
  /** How often, in a round, the {@link COMPARED} are measured with TCP. */
  readonly repeats: number;
  /** Of each load in each direction. */
  readonly loadSeconds: number;
  /** After which idle memory is read. */
  readonly idleSeconds: number;
}

const OF_C = 0.9;
const TIMES_NAIVE = 25;
const RETRANSMITTED_PERCENT = 0.1;
const PING_MS = 0.1;
const IDLE_MB = 12;
const LOADED_MB = 25;
const LAG_MS = 20;

export function goalsOf(found: DataPathFindings): Goal[] {
  const ours = found.ways['tun-gso'];
  const [c, naive] = [found.ways['c-gso'], found.ways.naive];
  if (ours === undefined || c === undefined || naive === undefined) {
    const why = Object.entries(found.absent).map(([name, words]) => `${name}: ${words}`);
    return [{ words: '`tun-gso` beside C and naive', found: why.join('; '), reached: false }];
  }
  const times = (other: WayFigures) => TCP.map((load) => ratios(ours.loads[load].rate, other.loads[load].rate).median);
  const [ofC, timesNaive] = [times(c), times(naive)];
  const again = TCP.map((load) => ours.loads[load].retransmittedPercent?.median ?? Number.NaN);
  const slowerPing = ours.ping.idle.median - c.ping.idle.median;
  const above = (when: 'idle' | 'loaded') => (ours.memory?.[when].rss ?? Number.NaN) - found.bareNode.rss;
  const lag = Math.max(...Object.values(found.lag ?? {}).map(({ p99 }) => p99));
  return [
    goal(
      `\`tun-gso\` at least ${OF_C} of C with GSO in TCP (${found.congestionControl})`,
      bothWays(ofC, 2) + withTheMachines(found.machines),
      Math.min(...ofC) >= OF_C,
    ),
    goal(
      `\`tun-gso\` at least ${TIMES_NAIVE} times the naive design in TCP (${found.congestionControl})`,
      bothWays(timesNaive, 1),
      Math.min(...timesNaive) >= TIMES_NAIVE,
    ),
    goal(
      `under ${RETRANSMITTED_PERCENT} % of the segments sent again by \`tun-gso\``,
      bothWays(again, 3, ' %'),
      Math.max(...again) < RETRANSMITTED_PERCENT,
    ),
    goal(
      `idle ping through \`tun-gso\` within ${PING_MS} ms of C with GSO`,
      `${slowerPing.toFixed(3)} ms more`,
      slowerPing <= PING_MS,
    ),
    goal(`idle RSS at most bare Node + ${IDLE_MB} MB`, `+${above('idle').toFixed(1)} MB`, above('idle') <= IDLE_MB),
    goal(
      `RSS under load at most bare Node + ${LOADED_MB} MB`,
      `+${above('loaded').toFixed(1)} MB`,
      above('loaded') <= LOADED_MB,
    ),
    goal(
      `99 % of all looks at the event loop under full load under ${LAG_MS} ms late`,
      `${lag.toFixed(1)} ms at worst`,
      lag < LAG_MS,
    ),
  ];
}

const TCP: readonly TcpLoad[] = ['tcpUp', 'tcpDown'];

function withTheMachines(machines: MachinesTcp | undefined): string {
  if (machines === undefined) return '';
  const { 'tun-gso': ours, 'c-gso': c } = machines.rates;
  const ofC = TCP.map((load) => ratios(ours[load], c[load]).median);
  return `; with ${machines.congestionControl}, this machine's own: ${bothWays(ofC, 2)}`;
}

const goal = (words: string, found: string, reached: boolean): Goal => ({ words, found, reached });

const bothWays = ([up = Number.NaN, down = Number.NaN]: readonly number[], decimals: number, unit = ''): string =>
  `${up.toFixed(decimals)}${unit} up, ${down.toFixed(decimals)}${unit} down`;
