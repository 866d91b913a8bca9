/** A LinuxNetwork inside a network namespace, told by lines of JSON what to do; what happens is told back the same way. */
import { createInterface } from 'node:readline';
import { LinuxNetwork } from '../../src/host/linux/network.ts';
import { HostError } from '../../src/ports/host-error.ts';
import type { ConnectionNetwork, Installed, RoutingSettings, Uplink } from '../../src/ports/network.ts';
import type { LinkUp, PathMtu } from '../../src/protocol/client-io.ts';
import type { Failure } from '../../src/protocol/failure.ts';
import type { FarewellRecord } from '../../src/protocol/l2tp/farewell.ts';

export interface Calls {
  open: { arguments: { name: string; settings: RoutingSettings }; result: null };
  pin: { arguments: { name: string; server: string }; result: Uplink };
  up: { arguments: { name: string; link: LinkUp }; result: null };
  setMtu: { arguments: { name: string; mtu: number }; result: null };
  pathMtu: { arguments: { name: string; server: string }; result: PathMtu | null };
  ipv6Up: { arguments: { name: string; interfaceId: number[] }; result: null };
  ipv6Down: { arguments: { name: string }; result: null };
  remember: { arguments: { name: string; farewell: FarewellRecord }; result: null };
  down: { arguments: { name: string }; result: null };
  installed: { arguments: { name: string }; result: Installed };
  pinBriefly: { arguments: { address: string; uplink?: string; mark?: number }; result: number };
  unpinBriefly: { arguments: { pin: number }; result: null };
  recover: { arguments: Record<string, never>; result: { name: string; farewell: FarewellRecord }[] };
}
export type Request = { [K in keyof Calls]: { id: number; call: K } & Calls[K]['arguments'] }[keyof Calls];
export type Told =
  | { kind: 'answer'; id: number; result: unknown }
  | { kind: 'failure'; id: number; failure: Failure }
  | { kind: 'uplink-changed'; name: string; failure: Failure }
  | { kind: 'log'; level: string; name: string | undefined; words: string };

const [, , runDir = '', stateDir = '', path = ''] = process.argv;
const tell = (told: Told): void => void process.stdout.write(`${JSON.stringify(told)}\n`);
const network = new LinuxNetwork({
  ...{ runDir, stateDir, path },
  log: { write: (level, name, words) => tell({ kind: 'log', level, name, words }) },
});
const connections = new Map<string, ConnectionNetwork>();

const undoes: (() => Promise<void>)[] = [];

async function perform(request: Request): Promise<unknown> {
  if (request.call === 'recover') {
    const left: Calls['recover']['result'] = [];
    await network.recover(async (name, farewell) => void left.push({ name, farewell }));
    return left;
  }
  if (request.call === 'pinBriefly') {
    return undoes.push(await network.pinBriefly(request.address, request.uplink, request.mark)) - 1;
  }
  if (request.call === 'unpinBriefly') return undoes[request.pin]?.();
  if (request.call === 'open') {
    const { name, settings } = request;
    const changed = (failure: Failure) => tell({ kind: 'uplink-changed', name, failure });
    connections.set(name, network.connection(name, settings, changed));
    return null;
  }
  const connection = connections.get(request.name);
  if (connection === undefined) throw new Error(`no connection ${request.name}`);
  switch (request.call) {
    case 'pin':
      return connection.pin(request.server);
    case 'up':
      return connection.up(request.link);
    case 'setMtu':
      return connection.setMtu(request.mtu);
    case 'pathMtu':
      return connection.pathMtu(request.server);
    case 'ipv6Up':
      return connection.ipv6Up(Uint8Array.from(request.interfaceId));
    case 'ipv6Down':
      return connection.ipv6Down();
    case 'remember':
      return connection.remember(request.farewell);
    case 'down':
      return connection.down();
    case 'installed':
      return connection.installed;
  }
}

const lines = createInterface({ input: process.stdin });
lines.on('line', async (line) => {
  const request = JSON.parse(line) as Request;
  try {
    tell({ kind: 'answer', id: request.id, result: (await perform(request)) ?? null });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    tell({ kind: 'failure', id: request.id, failure: error.failure });
  }
});
lines.on('close', () => network.close());
