/** Everything the daemon needs of the machine it runs on. */
import type { Entropy } from '../protocol/machine.ts';
import type { Clock } from './clock.ts';
import type { DataPathChoice, DataPlane } from './data-path.ts';
import type { InterfaceOwner } from './interface-owner.ts';
import type { NetworkPort } from './network.ts';
import type { ResolverPort } from './resolver.ts';

export interface Host {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly resolver: ResolverPort;
  readonly network: NetworkPort;
  /** Who decides about the connections that are not of the file; undefined: there are no others. */
  readonly owner?: InterfaceOwner;
  /**
   * What moves packets here. Native parts are loaded when they are first asked for.
   * @throws HostError `device-failed` nothing can be had for this choice, with the cure
   */
  dataPlane(choice: DataPathChoice): Promise<DataPlane>;
}
