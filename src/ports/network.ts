/** The machine's network as the daemon sees it: host route to the server, device, routes, rules, MSS clamp, name servers. */

import type { LinkUp, PathMtu } from '../protocol/client-io.ts';
import type { Failure } from '../protocol/failure.ts';
import type { FarewellRecord } from '../protocol/l2tp/farewell.ts';

/** How one connection wants its routes; checked, defaults filled in. Prefixes are `ADDRESS/LENGTH`. */
export interface RoutingSettings {
  /** Final name of the tunnel device, at most 15 characters. */
  readonly device: string;
  /** Uplink device to dial through; undefined: whatever the route to the server says, never a tunnel of ours. */
  readonly uplink: string | undefined;
  /** Firewall mark of everything that goes to the server, 1-4294967295: policy rules may look at it; undefined: none. */
  readonly mark: number | undefined;
  /** true: a default route that wins; 'split': two halves; false: none. */
  readonly defaultRoute: boolean | 'split';
  /** Metric wished for the default route; undefined: one that wins. */
  readonly metric: number | undefined;
  /** Routing table of the tunnel's routes, with a rule `from ADDRESS`; undefined: main. */
  readonly table: number | undefined;
  readonly routes: readonly string[];
  readonly exclude: readonly string[];
  /** Write the peer's name servers to the resolv file and hand them to scripts. */
  readonly peerDns: boolean;
  /** true: clamp to MTU − 40 / − 60; a number: that MSS (IPv4; 20 less for IPv6); false: leave it to the user. */
  readonly mss: boolean | number;
  readonly upScript: string | undefined;
  readonly downScript: string | undefined;
}

export interface Uplink {
  readonly device: string;
  /** undefined: the server is on the uplink's own link. */
  readonly gateway: string | undefined;
  /** Our address on the uplink. */
  readonly source: string;
  /** The least of the device's own, the route's and what the kernel has learnt of the path, octets. */
  readonly mtu: number;
  readonly mtuFrom: PathMtu['from'];
}

export interface InstalledRoute {
  readonly prefix: string;
  readonly gateway: string | undefined;
  readonly device: string;
  readonly metric: number | undefined;
  readonly table: number | undefined;
  readonly purpose: 'server' | 'default' | 'half of default' | 'into tunnel' | 'stays on uplink' | 'name server';
  /** An identical route of somebody else: left alone, never deleted. */
  readonly foreign: boolean;
}

/** Everything of one connection that is now on the machine: shown in status, removed by `down`. */
export interface Installed {
  /** Who has put address, routes into the tunnel and name servers there instead of us, if anybody: `netifd`. */
  readonly owner?: string;
  readonly routes: readonly InstalledRoute[];
  /** Policy rules, as words: `from 10.64.0.10 lookup 77`. */
  readonly rules: readonly string[];
  readonly mss:
    | { state: 'clamped'; ipv4: number; ipv6: number }
    | { state: 'off' }
    | { state: 'unavailable'; why: string };
  /** Path of the resolv file, when the peer gave name servers. */
  readonly resolvFile: string | undefined;
  /** Things a person should know: a default route that cannot win, a script that failed. */
  readonly warnings: readonly string[];
}

/** One connection's share of the machine's network. Calls are made one at a time, each after the one before has ended. */
export interface ConnectionNetwork {
  readonly installed: Installed;
  /**
   * Looks the server up on the uplink and pins a host route there; moves the pin when there is one for another address.
   * Verified with the system's own answer before it returns.
   * @throws HostError `no-route`, `network-failed`
   */
  pin(server: string): Promise<Uplink>;
  /** Configures the device (local /32, MTU, up), its routes, rules, MSS clamp and name servers; runs the up script. @throws HostError `network-failed` */
  up(link: LinkUp): Promise<void>;
  /** @param mtu octets; below 1280 it is the end of IPv6 on the device, with a warning */
  setMtu(mtu: number): Promise<void>;
  /** How large datagrams to the pinned server may be, as far as the kernel knows now; undefined: it is not pinned, or cannot be told. */
  pathMtu(server: string): Promise<PathMtu | undefined>;
  /** @param interfaceId 8 octets (RFC 5072) */
  ipv6Up(interfaceId: Uint8Array): Promise<void>;
  ipv6Down(): Promise<void>;
  /** Remembers how to hang the tunnel up after a crash. */
  remember(farewell: FarewellRecord): Promise<void>;
  /** Runs the down script, then removes exactly what was installed, and the journal with it. Never throws; problems become warnings in the log. */
  down(): Promise<void>;
}

/** Tells a server that the tunnel of an earlier run is gone, as well as that can be done now. Never rejects. */
export type HangUp = (connection: string, farewell: FarewellRecord) => Promise<void>;

export interface NetworkPort {
  /** @param uplinkChanged called when gateway, address or device of the pinned uplink changed or vanished, with words */
  connection(name: string, settings: RoutingSettings, uplinkChanged: (failure: Failure) => void): ConnectionNetwork;
  /** Everything about runs that crashed: removes what they left behind, has their tunnels hung up, all at once, and forgets them. */
  recover(hangUp: HangUp): Promise<void>;
  /**
   * Makes the way to an address lead over the uplink for a moment, whatever tunnels there are: to ask a name server, to hang up.
   * @param mark firewall mark of what will go there
   * @returns how to undo it
   * @throws HostError `no-route`, `network-failed`
   */
  pinBriefly(address: string, uplink: string | undefined, mark?: number): Promise<() => Promise<void>>;
  /** Ends the watching of uplinks. */
  close(): Promise<void>;
}
