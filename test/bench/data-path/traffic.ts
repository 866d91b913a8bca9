/** How fast a way is: iperf3, ping, and small datagrams, run in namespaces. */
import { pause } from '../../e2e/daemon.ts';
import type { Netns } from '../../lab/lab.ts';
import type { Programs } from './programs.ts';

export type Direction = 'up' | 'down';

/** Both ends of a way: the namespaces, and the addresses that traffic goes to. */
export interface Ends {
  readonly near: { readonly netns: Netns; readonly address: string };
  readonly far: { readonly netns: Netns; readonly address: string };
}

export interface Carried {
  /** TCP: Mbit/s. Datagrams: thousands a second. Both as they arrived. */
  readonly rate: number;
  /** Of TCP, 10^9 bits that arrived. */
  readonly gigabits?: number;
  /** Of TCP, segments that were sent again, percent of all that were sent. */
  readonly retransmittedPercent?: number;
}

/** What Linux and OpenWrt use if nobody says otherwise. It does not pace. */
export const CONGESTION_CONTROL = 'cubic';

/** One TCP connection. @throws CommandFailed */
export async function tcp(
  { near, far }: Ends,
  direction: Direction,
  seconds: number,
  congestionControl = CONGESTION_CONTROL,
): Promise<Carried> {
  const how = ['--time', String(seconds), '--congestion', congestionControl, '--connect-timeout', '3000', '--json'];
  const args = ['--client', far.address, ...how];
  const reversed = direction === 'down' ? ['--reverse'] : [];
  const text = await near.netns.tool('iperf3', [...args, ...reversed], { timeoutMs: (seconds + 20) * 1000 });
  const { start, end } = JSON.parse(text) as IperfReport;
  const { sum_sent: sent, sum_received: received } = end;
  return {
    rate: received.bits_per_second / 1e6,
    gigabits: (received.bytes * 8) / 1e9,
    retransmittedPercent: (100 * sent.retransmits) / (sent.bytes / start.tcp_mss_default),
  };
}

/** What is used of what iperf3 says. */
interface IperfReport {
  readonly start: { readonly tcp_mss_default: number };
  readonly end: {
    readonly sum_sent: { readonly bytes: number; readonly retransmits: number };
    readonly sum_received: { readonly bytes: number; readonly bits_per_second: number };
  };
}

/** Datagrams of {@link UDP_PAYLOAD_OCTETS}, a system call each, as fast as the sender can. @throws CommandFailed */
export async function datagrams(
  { near, far }: Ends,
  direction: Direction,
  seconds: number,
  { blast }: Programs,
): Promise<Carried> {
  const [from, to] = direction === 'up' ? [near, far] : [far, near];
  const counted = to.netns.exec(blast, ['at', to.address, PORT, String(seconds)]);
  await pause(LISTENS_AFTER_MS);
  const whileCounted = String(seconds + 0.2);
  const sent = from.netns.exec(blast, ['to', to.address, PORT, whileCounted, String(UDP_PAYLOAD_OCTETS)]);
  const [count] = await Promise.all([counted, sent]);
  return { rate: Number(count) / 1000 };
}

export const UDP_PAYLOAD_OCTETS = 64;
const PORT = '7000';
const LISTENS_AFTER_MS = 150;

/** Round-trip times, ms; a lost one is not among them. @throws CommandFailed none came back */
export async function ping({ near, far }: Ends, count: number): Promise<number[]> {
  const text = await near.netns.tool('ping', ['-n', '-c', String(count), '-i', '0.05', '-W', '2', far.address]);
  return [...text.matchAll(/time=([\d.]+) ms/g)].map(([, ms]) => Number(ms));
}
