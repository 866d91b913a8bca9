/** How fast a way is: iperf3 and ping, run in a namespace. */
import type { Netns } from '../lab/lab.ts';

export type Direction = 'up' | 'down';

/** TCP, one connection: Mbit/s that arrived. @throws CommandFailed */
export async function tcp(netns: Netns, to: string, direction: Direction, seconds: number): Promise<number> {
  const { end } = await iperf(netns, to, seconds, [...reversed(direction)]);
  return (end.sum_received?.bits_per_second ?? Number.NaN) / 1e6;
}

/** UDP datagrams of {@link UDP_PAYLOAD_OCTETS} as fast as the sender can: thousands a second that arrived. @throws CommandFailed */
export async function udp(netns: Netns, to: string, direction: Direction, seconds: number): Promise<number> {
  const options = ['--udp', '--bitrate', '0', '--length', String(UDP_PAYLOAD_OCTETS), ...reversed(direction)];
  const { end } = await iperf(netns, to, seconds, options);
  const { packets = Number.NaN, lost_packets = 0, seconds: lasted = seconds } = end.sum ?? {};
  return (packets - lost_packets) / lasted / 1000;
}

export const UDP_PAYLOAD_OCTETS = 64;

/** Round-trip times, ms; a lost one is not among them. @throws CommandFailed none came back */
export async function ping(netns: Netns, to: string, count: number): Promise<number[]> {
  const text = await netns.tool('ping', ['-n', '-c', String(count), '-i', '0.05', '-W', '2', to]);
  return [...text.matchAll(/time=([\d.]+) ms/g)].map(([, ms]) => Number(ms));
}

/** What is used of what iperf3 says. */
interface IperfReport {
  readonly end: {
    readonly sum_received?: { readonly bits_per_second: number };
    readonly sum?: { readonly packets?: number; readonly lost_packets?: number; readonly seconds?: number };
  };
}

async function iperf(netns: Netns, to: string, seconds: number, options: readonly string[]): Promise<IperfReport> {
  const args = ['--client', to, '--time', String(seconds), '--json', '--connect-timeout', '3000', ...options];
  return JSON.parse(await netns.tool('iperf3', args, { timeoutMs: (seconds + 20) * 1000 })) as IperfReport;
}

const reversed = (direction: Direction): string[] => (direction === 'down' ? ['--reverse'] : []);
