/**
 * The network of an OpenWrt router. The way to the server, what stays on the uplink, the device and its MTU are ours as on any
 * Linux machine; address, routes into the tunnel and name servers of an interface are netifd's, who is told of them.
 */
import type { Log } from '../../ports/log.ts';
import type { ConnectionNetwork, Installed, NetworkPort, RoutingSettings, Uplink } from '../../ports/network.ts';
import type { LinkUp, PathMtu } from '../../protocol/client-io.ts';
import type { Failure } from '../../protocol/failure.ts';
import type { FarewellRecord } from '../../protocol/l2tp/farewell.ts';
import { blockIpv6, IPV6_LEAST_MTU } from '../linux/ipv6.ts';
import type { LinuxNetwork } from '../linux/network.ts';
import { defaultRouteOf } from './default-route.ts';
import type { Netifd } from './netifd.ts';
import type { Child, Link } from './netifd-update.ts';
import type { Reports } from './reports.ts';
import type { Uplinks } from './uplinks.ts';

export interface OpenwrtNetworkParts {
  readonly linux: LinuxNetwork;
  readonly netifd: Netifd;
  readonly log: Log;
  readonly uplinks: Uplinks;
  readonly reports: Reports;
  /** Whether a connection is an interface of netifd's; the others are as on any machine. */
  readonly isInterface: (name: string) => boolean;
  /** Options of an interface, as netifd gave them. */
  readonly optionsOf: (name: string) => Readonly<Record<string, unknown>>;
  /** What is odd about those, in words. */
  readonly remarksOn: (name: string) => readonly string[];
  /** What is told of a tunnel besides addresses and routes. */
  readonly factsOf: (name: string) => Readonly<Record<string, string | number>>;
  /** The interface that asks for IPv6 addresses in a tunnel. */
  readonly childOf: (name: string) => Promise<Child>;
}

export class OpenwrtNetwork implements NetworkPort {
  readonly #parts: OpenwrtNetworkParts;

  constructor(parts: OpenwrtNetworkParts) {
    this.#parts = parts;
  }

  connection(name: string, settings: RoutingSettings, uplinkChanged: (failure: Failure) => void): ConnectionNetwork {
    const { linux, isInterface } = this.#parts;
    if (!isInterface(name)) return linux.connection(name, settings, uplinkChanged);
    return new InterfaceNetwork(name, settings, uplinkChanged, this.#parts);
  }

  pinBriefly(...where: Parameters<NetworkPort['pinBriefly']>): ReturnType<NetworkPort['pinBriefly']> {
    return this.#parts.linux.pinBriefly(...where);
  }
  recover(...how: Parameters<NetworkPort['recover']>): ReturnType<NetworkPort['recover']> {
    return this.#parts.linux.recover(...how);
  }

  close(): Promise<void> {
    return this.#parts.linux.close();
  }
}

/** One interface's share of the network. */
class InterfaceNetwork implements ConnectionNetwork {
  readonly #name: string;
  readonly #wish: RoutingSettings;
  readonly #uplinkChanged: (failure: Failure) => void;
  readonly #parts: OpenwrtNetworkParts;
  readonly #linux: ConnectionNetwork;
  #unfollow: () => void = () => undefined;
  #mtu = 0;
  #ipv6: Uint8Array | undefined;
  /** The last words about its default route. */
  #said = '';

  constructor(
    name: string,
    wish: RoutingSettings,
    uplinkChanged: (failure: Failure) => void,
    parts: OpenwrtNetworkParts,
  ) {
    this.#name = name;
    this.#wish = wish;
    this.#uplinkChanged = uplinkChanged;
    this.#parts = parts;
    const { uplink } = wish;
    // Into the tunnel nothing is routed by us, whatever is wished: netifd is told the wish.
    const ours: RoutingSettings = { ...wish, defaultRoute: false, routes: [], table: undefined, metric: undefined };
    this.#linux = parts.linux.connection(name, ours, uplinkChanged, {
      uplink: async () => uplink && (await parts.uplinks.deviceOf(uplink)),
      address: (link) => this.#address(link),
    });
  }

  get installed(): Installed {
    const { installed } = this.#linux;
    return { ...installed, owner: 'netifd', warnings: [...this.#parts.remarksOn(this.#name), ...installed.warnings] };
  }

  async pin(server: string): Promise<Uplink> {
    this.#unfollow();
    const uplink = await this.#linux.pin(server);
    this.#unfollow = await this.#parts.uplinks.follow(this.#wish.uplink, uplink, this.#uplinkChanged);
    return uplink;
  }

  up(link: LinkUp): Promise<void> {
    this.#mtu = link.mtu;
    this.#ipv6 = undefined;
    return this.#linux.up(link);
  }

  setMtu(mtu: number): Promise<void> {
    this.#mtu = mtu;
    return this.#linux.setMtu(mtu);
  }
  pathMtu(server: string): Promise<PathMtu | undefined> {
    return this.#linux.pathMtu(server);
  }
  remember(farewell: FarewellRecord): Promise<void> {
    return this.#linux.remember(farewell);
  }

  async ipv6Up(interfaceId: Uint8Array): Promise<void> {
    await this.#linux.ipv6Up(interfaceId);
    if (this.#mtu < IPV6_LEAST_MTU) return;
    this.#ipv6 = interfaceId;
    const { reports, childOf } = this.#parts;
    await reports.childUp(this.#name, await childOf(this.#name));
  }

  async ipv6Down(): Promise<void> {
    this.#ipv6 = undefined;
    await this.#parts.reports.childDown(this.#name);
    await this.#linux.ipv6Down();
  }

  /** A netifd that does not answer does not keep us from taking away what is ours. */
  async down(): Promise<void> {
    this.#unfollow();
    this.#ipv6 = undefined;
    await Promise.all([this.#parts.reports.linkDown(this.#name), this.#linux.down()]);
  }

  #address(link: LinkUp): Promise<void> {
    return this.#parts.reports.linkUp(this.#name, {
      link: () => this.#linkOf(link),
      settle: () => this.#settle(),
    });
  }

  async #linkOf(link: LinkUp): Promise<Link> {
    const { netifd, optionsOf, factsOf, log } = this.#parts;
    const { device, defaultRoute, routes } = this.#wish;
    const states = await netifd.dump().catch(() => undefined);
    const { form, words = '' } = defaultRouteOf(defaultRoute, optionsOf(this.#name), states);
    if (words !== '' && words !== this.#said) log.write('info', this.#name, words);
    this.#said = words;
    return { device, link, defaultRoute: form, routes, facts: factsOf(this.#name) };
  }

  /** A netifd that makes a device its own opens IPv6 on it and takes every address away. */
  async #settle(): Promise<void> {
    if (this.#ipv6 === undefined) blockIpv6(this.#wish.device);
    else await this.#linux.ipv6Up(this.#ipv6);
  }
}
