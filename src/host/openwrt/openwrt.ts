/** A router with OpenWrt: what netifd owns put together with what stays ours. */
import type { Clock } from '../../ports/clock.ts';
import type { Serve } from '../../ports/control-channel.ts';
import type { InterfaceOwner, ManagedConnections } from '../../ports/interface-owner.ts';
import type { Log } from '../../ports/log.ts';
import type { NetworkPort } from '../../ports/network.ts';
import type { ResolverPort } from '../../ports/resolver.ts';
import type { LinuxNetwork } from '../linux/network.ts';
import { childOf } from './child.ts';
import type { MeantBy } from './interface-options.ts';
import { Interfaces } from './interfaces.ts';
import { Netifd } from './netifd.ts';
import { OpenwrtNetwork } from './network.ts';
import { publishObject } from './object.ts';
import { onOrphaned } from './procd.ts';
import { Reports } from './reports.ts';
import { openwrtResolver } from './resolver.ts';
import { settingsFiles } from './settings-files.ts';
import type { Bus } from './ubus/bus.ts';
import { Uplinks } from './uplinks.ts';

export interface OpenwrtParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly runDir: string;
  readonly linux: LinuxNetwork;
  /** Asks name servers over a device. */
  readonly resolver: ResolverPort;
  readonly meantBy: MeantBy;
}

export interface Openwrt {
  readonly owner: InterfaceOwner;
  readonly network: NetworkPort;
  readonly resolver: ResolverPort;
  /** From now on netifd and everybody on the bus may ask; what they want waits for the daemon's start. */
  open(daemon: ManagedConnections, serve: Serve, authenticationOf: (name: string) => string | undefined): void;
  /** Called when procd has lost sight of us: nobody will tell us to stop any more. */
  onOrphaned(orphaned: () => void): void;
  /** The daemon is ready to dial. */
  begin(): void;
  close(): void;
}

export function openwrt({ bus, clock, log, runDir, linux, resolver, meantBy }: OpenwrtParts): Openwrt {
  const netifd = new Netifd(bus);
  const uplinks = new Uplinks(netifd);
  const reports = new Reports(netifd, log);
  const interfaces = new Interfaces({ netifd, reports, settings: settingsFiles(runDir), clock, log, meantBy });
  let methodOf: (name: string) => string | undefined = () => undefined;
  const network = new OpenwrtNetwork({
    linux,
    netifd,
    log,
    uplinks,
    reports,
    isInterface: (name) => interfaces.isInterface(name),
    optionsOf: (name) => interfaces.optionsOf(name),
    remarksOn: (name) => interfaces.remarksOn(name),
    factsOf: (name) => {
      const auth = methodOf(name);
      return auth === undefined ? {} : { auth };
    },
    childOf: (name) => childOf(name, interfaces.optionsOf(name), bus),
  });
  const ends: (() => void)[] = [];
  return {
    owner: interfaces,
    network,
    resolver: openwrtResolver(resolver, uplinks),
    open(daemon, serve, authenticationOf) {
      methodOf = authenticationOf;
      interfaces.serve(daemon);
      ends.push(publishObject({ bus, serve, interfaces, clock }));
    },
    onOrphaned(orphaned) {
      ends.push(onOrphaned(bus, orphaned));
    },
    begin() {
      ends.push(interfaces.begin());
    },
    close() {
      for (const end of ends) end();
      bus.close();
    },
  };
}
