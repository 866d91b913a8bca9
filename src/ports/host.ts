/** Everything the daemon needs of the machine it runs on. */
import type { Entropy } from '../protocol/machine.ts';
import type { Clock } from './clock.ts';
import type { DataPathBackend } from './data-path.ts';
import type { DatagramPort } from './datagram.ts';
import type { NetworkPort } from './network.ts';
import type { ResolverPort } from './resolver.ts';

export interface Host {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly datagrams: DatagramPort;
  readonly resolver: ResolverPort;
  readonly network: NetworkPort;
  /** What can move packets here, fastest first; at least one. */
  readonly dataPaths: readonly DataPathBackend[];
}
