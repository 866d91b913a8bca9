/** The product at the client's end of a tunnel, up, with one of its data paths. */
import type { ConnectionStatus } from '../../../src/daemon/status.ts';
import { flagsOfTheService } from '../service-flags.ts';
import { startFarEnd } from './far-end.ts';
import type { Field } from './field.ts';
import { TUNNEL_MTU, type Tunnel } from './tunnel.ts';

/** A daemon that is up. */
export interface Product {
  readonly pid: number;
  readonly status: ConnectionStatus;
}

/**
 * Started as the service starts it on a router, and with these options.
 * @throws Error it does not come up, with its log
 */
export async function openProduct(
  field: Field,
  tunnel: Tunnel,
  dataPath: string,
  nodeOptions: readonly string[] = [],
): Promise<Product> {
  const { ground, near, far, programs } = field;
  await startFarEnd(ground, far, tunnel, programs.peer);
  const { server, far: behind } = tunnel;
  const connection = { servers: [server.address], routes: [`${behind}/32`], mtu: TUNNEL_MTU, dataPath };
  const options = { nodeOptions: [...flagsOfTheService(), ...nodeOptions] };
  const daemon = ground.daemon(near, dataPath, connection, options).start();
  const status = await daemon.up(dataPath, UP_WITHIN_MS);
  if (status.dataPath?.backend !== dataPath) throw new Error(`${dataPath} became ${status.dataPath?.backend}`);
  return { pid: daemon.pid, status };
}

const UP_WITHIN_MS = 15_000;
