/** What was counted inside User-Mode Linux while a known amount passed: by iperf3, by the device, by the kernel's session, by the daemon. */
import type { Status } from '../../../src/daemon/status.ts';
import { rounded } from '../summary.ts';
import type { Left } from './boot.ts';

export interface Counted {
  /** Of TCP, as they arrived. */
  readonly tcpOctets: number;
  readonly seconds: number;
  /** Processor time of the daemon and the programs it runs meanwhile, s and percent of that time. */
  readonly cpuSeconds: number;
  readonly cpuPercent: number;
  /** IP packets that left by the tunnel device. */
  readonly device: Amount;
  /** What the kernel's L2TP session sent; its octets include {@link L2TP_AND_PPP_OCTETS} of headers. undefined: there is none. */
  readonly session: Amount | undefined;
  /** What the daemon's status says. */
  readonly status: Amount;
}

export interface Amount {
  readonly packets: number;
  readonly octets: number;
}

/** In front of every packet in the session's count: L2TP without Length (RFC 2661 §3.1), PPP with address and control. */
export const L2TP_AND_PPP_OCTETS = 10;

export function countedOf(left: Left): Counted {
  const { end } = JSON.parse(left('count.json')) as IperfReport;
  const { bytes: tcpOctets, seconds } = end.sum_received;
  const cpuSeconds = (ticksOf(left('stat-after')) - ticksOf(left('stat-before'))) / TICKS_PER_SECOND;
  const difference = (read: (text: string) => Amount | undefined, file: string): Amount | undefined => {
    const [before, after] = [read(left(`${file}-before`)), read(left(`${file}-after`))];
    if (before === undefined || after === undefined) return undefined;
    return { packets: after.packets - before.packets, octets: after.octets - before.octets };
  };
  return {
    tcpOctets,
    seconds: rounded(seconds, 2),
    cpuSeconds: rounded(cpuSeconds, 2),
    cpuPercent: rounded((100 * cpuSeconds) / seconds, 2),
    device: difference(deviceOf, 'dev') ?? NOTHING,
    session: difference(sessionOf, 'pppol2tp'),
    status: difference(statusOf, 'status') ?? NOTHING,
  };
}

interface IperfReport {
  readonly end: { readonly sum_received: { readonly bytes: number; readonly seconds: number } };
}

const NOTHING: Amount = { packets: 0, octets: 0 };
const TICKS_PER_SECOND = 100;

/** utime, stime, and those of the children it has waited for, of /proc/PID/stat: fields 14 to 17 of proc_pid_stat(5). */
function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
}

/** What a device sent, of /proc/net/dev: octets and packets are the 9th and 10th figure. */
function deviceOf(text: string): Amount | undefined {
  const line = text.split('\n').find((each) => each.trim().startsWith('l2tp0:'));
  const figures = line?.split(':')[1]?.trim().split(/\s+/).map(Number);
  return figures && { octets: figures[8] ?? 0, packets: figures[9] ?? 0 };
}

/**
 * All sessions of /proc/net/pppol2tp, which are one and the tunnel's own without any packets. The line with figures: nr/ns, then
 * packets/octets/errors sent and received.
 */
function sessionOf(text: string): Amount | undefined {
  const found = [...text.matchAll(/^ +\d+\/\d+ (\d+)\/(\d+)\/\d+ \d+\/\d+\/\d+$/gm)];
  const sum = (figure: number) => found.reduce((total, match) => total + Number(match[figure]), 0);
  return found.length > 0 ? { packets: sum(1), octets: sum(2) } : undefined;
}

function statusOf(text: string): Amount | undefined {
  const [connection] = Object.values((JSON.parse(text) as Status).connections);
  const { sentPackets = 0, sentOctets = 0 } = connection?.counters ?? {};
  return { packets: sentPackets, octets: sentOctets };
}
