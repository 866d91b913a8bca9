/** The ways that are compared, all of them between the same two namespaces and all there at the same time. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { configureTun, startPeer } from './c-peer.ts';
import { addUplinkAddress, type Field } from './field.ts';
import { openProduct } from './product.ts';
import type { Ends } from './traffic.ts';
import { CLIENT_ADDRESS, SERVER_ADDRESS, sessionWords, type Tunnel, tunnelOf } from './tunnel.ts';

export const WAYS = ['veth', 'naive', 'tun', 'tun-gso', 'c-plain', 'c-gso'] as const;
export type WayName = (typeof WAYS)[number];

export interface Way extends Client {
  readonly name: WayName;
  readonly ends: Ends;
}

/** What is at the client's end. */
interface Client {
  /** undefined: no process at all. */
  readonly pid?: number;
  /** What the product's data path makes use of, and what it has to do without, and why. */
  readonly features?: { readonly used: readonly string[]; readonly missing: Readonly<Record<string, string>> };
}

/** @throws Error it cannot be had here */
export async function openWay(field: Field, name: WayName): Promise<Way> {
  const tunnel = tunnelOf(WAYS.indexOf(name));
  if (name !== 'veth') await addUplinkAddress(field.far, tunnel.server.address);
  const [near, far] = name === 'veth' ? [CLIENT_ADDRESS, SERVER_ADDRESS] : [tunnel.near, tunnel.far];
  const ends = { near: { netns: field.near, address: near }, far: { netns: field.far, address: far } };
  return { name, ends, ...(await CLIENTS[name](field, tunnel)) };
}

const CLIENTS: Readonly<Record<WayName, (field: Field, tunnel: Tunnel) => Promise<Client>>> = {
  veth: async () => ({}),
  naive: openNaive,
  tun: (field, tunnel) => openOurs(field, tunnel, 'tun'),
  'tun-gso': (field, tunnel) => openOurs(field, tunnel, 'tun-gso'),
  'c-plain': (field, tunnel) => openC(field, tunnel, 'plain'),
  'c-gso': (field, tunnel) => openC(field, tunnel, 'gso'),
};

async function openOurs(field: Field, tunnel: Tunnel, dataPath: string): Promise<Client> {
  const { pid, status } = await openProduct(field, tunnel, dataPath);
  const { features = [], missing = {} } = status.dataPath ?? {};
  return { pid, features: { used: features, missing } };
}

async function openC(field: Field, tunnel: Tunnel, mode: 'plain' | 'gso'): Promise<Client> {
  const { ground, near, programs } = field;
  await openFixedFarEnd(field, tunnel);
  const place = { netns: near, mode, device: `c-${mode}`, local: tunnel.client, inner: innerOf(tunnel) };
  const { pid } = await startPeer(ground, programs.peer, place, tunnel.server);
  return { ...(pid && { pid }) };
}

async function openNaive(field: Field, tunnel: Tunnel): Promise<Client> {
  const { ground, near } = field;
  await openFixedFarEnd(field, tunnel);
  const { address, port } = tunnel.client;
  const child = near.spawn('node', [NAIVE, address, String(port), ...sessionWords(tunnel.server)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  ground.own(child, 'SIGKILL'); // a thread of its pool waits for a packet that may never come
  const [name] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  await configureTun(near, String(name).trim(), innerOf(tunnel));
  return { ...(child.pid && { pid: child.pid }) };
}

/** For a client that has no control plane. */
async function openFixedFarEnd({ ground, far, programs }: Field, tunnel: Tunnel): Promise<void> {
  const inner = { local: tunnel.far, remote: tunnel.near };
  const place = { netns: far, mode: 'gso', device: tunnel.farDevice, local: tunnel.server, inner } as const;
  await startPeer(ground, programs.peer, place, tunnel.client);
}

const innerOf = ({ near, far }: Tunnel) => ({ local: near, remote: far });

const NAIVE = fileURLToPath(new URL('naive.mjs', import.meta.url));
