/** The data plane in C, running in a namespace, its TUN device configured: the client's end or the far one. */
import type { ChildProcess } from 'node:child_process';
import type { Endpoint } from '../../../src/protocol/machine.ts';
import { pause } from '../../e2e/daemon.ts';
import type { Netns } from '../../lab/lab.ts';
import type { Ground } from '../ground.ts';
import { GSO_MAX_SIZE, sessionWords, TUNNEL_MTU } from './tunnel.ts';

export interface PeerPlace {
  readonly netns: Netns;
  readonly mode: 'plain' | 'gso';
  readonly device: string;
  readonly local: Endpoint;
  readonly inner: Inner;
}

/** Addresses inside the tunnel, as this end sees them. */
export interface Inner {
  readonly local: string;
  readonly remote: string;
}

/**
 * @param program the compiled peer
 * @param peer the other end of a fixed session; without it an LNS has to tell, through its standard input and output
 */
export async function startPeer(
  ground: Ground,
  program: string,
  { netns, mode, device, local, inner }: PeerPlace,
  peer?: Endpoint,
): Promise<ChildProcess> {
  const session = peer === undefined ? [] : sessionWords(peer);
  const child = netns.spawn(program, [mode, device, local.address, String(local.port), ...session], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  ground.own(child);
  await configureTun(netns, device, inner);
  return child;
}

/** Waits for the device, gives it its addresses and sets it up. @throws Error there is none after a while */
export async function configureTun(netns: Netns, device: string, { local, remote }: Inner): Promise<void> {
  for (let tries = 0; !(await netns.links()).includes(device); tries++) {
    if (tries === TRIES) throw new Error(`no ${device} in ${netns.name}`);
    await pause(TRY_AGAIN_MS);
  }
  const limits = ['mtu', String(TUNNEL_MTU), 'gso_max_size', String(GSO_MAX_SIZE)];
  await netns.exec('ip', ['link', 'set', device, ...limits, 'addrgenmode', 'none', 'up']); // no IPv6: it is silent by itself
  await netns.exec('ip', ['address', 'add', local, 'peer', remote, 'dev', device]);
}

const TRIES = 100;
const TRY_AGAIN_MS = 50;
