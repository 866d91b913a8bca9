/** Where the ways are compared: two namespaces with a veth between them, all its offloads on, and an iperf3 server in the second. */
import type { Netns } from '../../lab/lab.ts';
import type { Ground } from '../ground.ts';
import { compile, type Programs } from './programs.ts';
import { CLIENT_ADDRESS, SERVER_ADDRESS } from './tunnel.ts';

export interface Field {
  readonly ground: Ground;
  /** The client's. */
  readonly near: Netns;
  /** The server's. */
  readonly far: Netns;
  readonly programs: Programs;
}

export async function layField(ground: Ground): Promise<Field> {
  const programs = await compile(ground.directory);
  const [near, far] = [await ground.netns(), await ground.netns()];
  await near.exec('ip', ['link', 'add', UPLINK, 'type', 'veth', 'peer', 'name', UPLINK, 'netns', far.name]);
  await addUplinkAddress(near, CLIENT_ADDRESS);
  await addUplinkAddress(far, SERVER_ADDRESS);
  for (const netns of [near, far]) await netns.exec('ip', ['link', 'set', UPLINK, 'up']);
  const server = far.tool('iperf3', ['--server'], { timeoutMs: 3_600_000 });
  server.catch(() => undefined); // it ends with its namespace
  return { ground, near, far, programs };
}

export const addUplinkAddress = (netns: Netns, address: string): Promise<string> =>
  netns.exec('ip', ['address', 'add', `${address}/24`, 'dev', UPLINK]);

const UPLINK = 'uplink';
