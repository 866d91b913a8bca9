/** What was found inside User-Mode Linux, as it is written down, and what it was to reach. */
import type { Goal } from '../part.ts';
import { ratios, type Summary, summary } from '../summary.ts';
import type { InsidePlan, Left } from './boot.ts';
import { type Amount, type Counted, countedOf, L2TP_AND_PPP_OCTETS } from './counted.ts';

export const CLIENTS = ['l2tpwan', 'xl2tpd-kernel', 'xl2tpd-pty'] as const;
export type ClientName = (typeof CLIENTS)[number];
export type Direction = 'up' | 'down';
const DIRECTIONS: readonly Direction[] = ['up', 'down'];

export interface UmlFindings {
  readonly plan: InsidePlan;
  readonly dataPath: string;
  /** TCP that arrived, Mbit/s. */
  readonly rates: Readonly<Record<ClientName, Readonly<Record<Direction, Summary>>>>;
  /** How many times the rate of xl2tpd's kernel mode in the same round. */
  readonly times: Readonly<Record<ClientName, Readonly<Record<Direction, Summary>>>>;
  readonly counted: Counted;
}

export function readFindings(left: Left, plan: InsidePlan, dataPath: string): UmlFindings {
  const rate = (client: ClientName, direction: Direction): Summary => {
    const numbers = Array.from({ length: plan.rounds }, (_, index) => index + 1);
    return summary(numbers.map((round) => megabitsOf(left(`${round}-${client}-${direction}.json`))));
  };
  const ofBoth = (figure: (direction: Direction) => Summary) => ({ up: figure('up'), down: figure('down') });
  const rates = ofAll((client) => ofBoth((direction) => rate(client, direction)));
  const base = rates['xl2tpd-kernel'];
  const times = ofAll((client) => ofBoth((direction) => ratios(rates[client][direction], base[direction])));
  return { plan, dataPath, rates, times, counted: countedOf(left) };
}

const KERNEL_RATIO = 0.95;
const CPU_PERCENT = 1;

export function goalsOf({ times, counted, dataPath }: UmlFindings): Goal[] {
  const found = DIRECTIONS.map((direction) => times.l2tpwan[direction].median);
  const { session, device } = counted;
  return [
    {
      words: `\`${dataPath}\` at least ${KERNEL_RATIO} of xl2tpd's kernel mode, median of all pairs`,
      found: DIRECTIONS.map((direction) => `${times.l2tpwan[direction].median.toFixed(3)} ${direction}`).join(', '),
      reached: Math.min(...found) >= KERNEL_RATIO,
    },
    {
      words: `l2tpwan under ${CPU_PERCENT} % CPU while ${counted.tcpOctets} octets of TCP pass`,
      found: `${counted.cpuPercent} %`,
      reached: counted.cpuPercent < CPU_PERCENT,
    },
    {
      words: "the kernel's session counters equal to what was sent",
      found: session === undefined ? 'no session in the kernel' : countsOf(session, device),
      reached: session !== undefined && innerOctets(session) === device.octets && session.packets === device.packets,
    },
  ];
}

const innerOctets = ({ packets, octets }: Amount): number => octets - packets * L2TP_AND_PPP_OCTETS;

const countsOf = (session: Amount, device: Amount): string =>
  `the session ${session.packets} packets with ${innerOctets(session)} octets, the device ${device.packets} with ${device.octets}`;

const ofAll = <T>(figure: (client: ClientName) => T): Record<ClientName, T> => ({
  l2tpwan: figure('l2tpwan'),
  'xl2tpd-kernel': figure('xl2tpd-kernel'),
  'xl2tpd-pty': figure('xl2tpd-pty'),
});

function megabitsOf(iperf: string): number {
  const { end } = JSON.parse(iperf) as { end: { sum_received: { bits_per_second: number } } };
  return end.sum_received.bits_per_second / 1e6;
}
