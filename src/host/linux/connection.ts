/** One connection's share of the machine's network: what goes in, in which order, and how it goes away again. */
import { HostError } from '../../ports/host-error.ts';
import type { Log } from '../../ports/log.ts';
import type { ConnectionNetwork, Installed, RoutingSettings, Uplink } from '../../ports/network.ts';
import type { LinkUp, PathMtu } from '../../protocol/client-io.ts';
import type { Failure } from '../../protocol/failure.ts';
import type { FarewellRecord } from '../../protocol/l2tp/farewell.ts';
import type { Ask } from './asker.ts';
import type { Run } from './command.ts';
import { TunnelDevice } from './device.ts';
import { Holdings } from './holdings.ts';
import { IPV6_LEAST_MTU, winningIpv6Metric } from './ipv6.ts';
import type { Journal, Owner } from './journal.ts';
import { defaultsOf, type KernelRoute } from './kernel-table.ts';
import type { KernelView } from './kernel-view.ts';
import { findWay, type Ground, pathMtuNow, verifyWay, type Way } from './pin.ts';
import { type Family, familyOf } from './prefix.ts';
import {
  missingRoutes,
  pinOf,
  planRoutes,
  planRules,
  type Route,
  type Surroundings,
  strongerDefault,
} from './route-plan.ts';
import type { RouteBook } from './routes.ts';
import type { Table, UplinkWatch, Watch } from './uplink-watch.ts';

/** What of a connection's network somebody else does, as netifd does on OpenWrt. */
export interface Shares {
  /** The uplink device to dial through now; the one of the settings unless given. @throws HostError `no-route` */
  readonly uplink?: () => Promise<string | undefined>;
  /**
   * Gives the device its address, the routes into it and the name servers, which are not ours to install then. It has its MTU
   * and is up, and the way to the server is held. @throws HostError
   */
  readonly address?: (link: LinkUp) => Promise<void>;
}

export interface ConnectionParts {
  readonly name: string;
  readonly settings: RoutingSettings;
  readonly uplinkChanged: (failure: Failure) => void;
  readonly shares: Shares;
  readonly resolvFile: string;
  readonly journal: Journal;
  readonly owner: Owner;
  readonly log: Log;
  readonly run: Run;
  readonly ask: Ask;
  readonly view: KernelView;
  /** Shared by all connections of the process. */
  readonly book: RouteBook;
  readonly watch: UplinkWatch;
  /** A tunnel device of any connection. */
  readonly isTunnel: (device: string) => boolean;
  /** A route of any connection, into its tunnel or around it. */
  readonly isOurs: (route: KernelRoute) => boolean;
}

export class LinuxConnection implements ConnectionNetwork {
  readonly #parts: ConnectionParts;
  readonly #holdings: Holdings;
  readonly #device: TunnelDevice;
  #turn: Promise<unknown> = Promise.resolve();
  #pinned: { readonly server: string; readonly way: Way; readonly watch: Watch } | undefined;
  #warnings: string[] = [];

  constructor(parts: ConnectionParts) {
    const warn = (words: string) => this.#warn(words);
    this.#parts = parts;
    this.#holdings = new Holdings({ ...parts, device: parts.settings.device, warn });
    this.#device = new TunnelDevice({ ...parts, warn, isAddressed: parts.shares.address === undefined });
  }

  get installed(): Installed {
    const { routes, rules } = this.#holdings;
    const { mss, resolvFile } = this.#device;
    return { routes, rules, mss, resolvFile, warnings: [...this.#warnings] };
  }

  pin(server: string): Promise<Uplink> {
    return this.#inTurn(() => this.#pin(server));
  }
  up(link: LinkUp): Promise<void> {
    return this.#inTurn(() => this.#up(link));
  }
  setMtu(mtu: number): Promise<void> {
    return this.#inTurn(() => this.#setMtu(mtu));
  }
  /** Out of turn: it only looks. */
  async pathMtu(server: string): Promise<PathMtu | undefined> {
    const pinned = this.#pinned;
    return pinned?.server === server ? pathMtuNow(this.#ground, server, pinned.way) : undefined;
  }
  ipv6Up(interfaceId: Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#ipv6Up(interfaceId));
  }
  ipv6Down(): Promise<void> {
    return this.#inTurn(() => this.#ipv6Down());
  }
  remember(farewell: FarewellRecord): Promise<void> {
    return this.#inTurn(() => this.#holdings.remember(farewell));
  }
  down(): Promise<void> {
    return this.#inTurn(() => this.#down()).catch((error: Error) => this.#log('warn', error.message));
  }

  /** One thing at a time, whoever asks: the owner, or our own look after the routes. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(task);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #pin(server: string): Promise<Uplink> {
    const { settings, shares } = this.#parts;
    const earlier = this.#holdings.routes.filter(({ purpose }) => purpose === 'server');
    try {
      const way = await findWay(this.#ground, server, shares.uplink ? await shares.uplink() : settings.uplink);
      if (!way.isLocal) await this.#holdings.addRoutes([pinOf(server, way.gateway, way.device)]);
      await this.#holdings.removeRoutes((route) => earlier.includes(route));
      if (!way.isLocal) await verifyWay(this.#ground, server, way);
      this.#unpin();
      this.#pinned = { server, way, watch: this.#follow(server, way) };
      const { isLocal: _, ...uplink } = way;
      return uplink;
    } catch (error) {
      this.#unpin();
      await this.#holdings.removeRoutes(({ purpose }) => purpose === 'server');
      await this.#holdings.settle();
      throw error;
    }
  }

  get #ground(): Ground {
    const { run, ask, settings, view, isTunnel, isOurs, book } = this.#parts;
    return { run, ask, mark: settings.mark, view, isTunnel, isOurs, isHidden: (address) => book.covers(address) };
  }

  #unpin(): void {
    this.#pinned?.watch.stop();
    this.#pinned = undefined;
  }

  #follow(server: string, way: Way): Watch {
    const { settings, uplinkChanged } = this.#parts;
    const watch = this.#parts.watch.follow(
      { uplink: way, isFixed: settings.uplink !== undefined },
      {
        changed: (words) => uplinkChanged({ code: 'uplink-changed', detail: words }),
        unchanged: (table) => this.#lookAfter(table),
      },
    );
    watch.alsoTo(server);
    return watch;
  }

  async #up(link: LinkUp): Promise<void> {
    const { settings, shares } = this.#parts;
    if (this.#pinned === undefined) throw new HostError('network-failed', 'the way to the server is not pinned');
    const { server, way } = this.#pinned;
    await Promise.all([this.#device.runDownScript(), this.#lower()]); // when PPP agreed on something new
    this.#warnings = [];
    const plan = planRoutes(4, this.#surroundings(way, 4));
    const rules = planRules(settings, link.localAddress);
    for (const words of plan.warnings) this.#warn(words);
    await this.#holdings.announce(plan.routes, rules, this.#device.belongingsOf(link));
    await this.#device.raise(link);
    await this.#addRoutes(plan.routes);
    await this.#holdings.addRules(rules);
    if (!way.isLocal) await verifyWay(this.#ground, server, way);
    await shares.address?.(link);
    await this.#device.equip();
  }

  async #ipv6Up(interfaceId: Uint8Array): Promise<void> {
    const { settings, isTunnel } = this.#parts;
    if (this.#pinned === undefined) return;
    const around = this.#surroundings(this.#pinned.way, 6);
    const plan = planRoutes(6, around);
    // Advertised routes go to the main table and nowhere else: with a table of our own, or no default wanted, none is taken.
    const isDefaultWanted = settings.defaultRoute !== false && settings.table === undefined;
    const rivals = defaultsOf(around.table, 6).filter((route) => !isTunnel(route.device));
    const metric = settings.metric || winningIpv6Metric(rivals.map((route) => route.metric)); // 0 is none in IPv6
    if (!(await this.#device.openIpv6(interfaceId, isDefaultWanted ? metric : undefined))) return;
    for (const words of plan.warnings) this.#warn(words);
    await this.#addRoutes(plan.routes).catch((error: Error) => this.#warn(error.message));
  }

  async #ipv6Down(): Promise<void> {
    await this.#holdings.removeRoutes(({ prefix, purpose }) => familyOf(prefix) === 6 && purpose !== 'server');
    this.#device.closeIpv6();
  }

  /** Below its least MTU the kernel takes IPv6 off the device, routes and all: before that we take back what is ours. */
  async #setMtu(mtu: number): Promise<void> {
    if (mtu < IPV6_LEAST_MTU && this.#device.hasIpv6) {
      this.#warn(`the end of IPv6 in the tunnel: its MTU has become ${mtu}, and IPv6 needs ${IPV6_LEAST_MTU}`);
      await this.#ipv6Down();
    }
    await this.#device.setMtu(mtu);
  }

  async #down(): Promise<void> {
    this.#unpin();
    const script = this.#device.runDownScript(); // not waited for: if we are killed, nothing of ours should be left
    await this.#lower();
    await this.#holdings.removeRoutes(() => true);
    await this.#holdings.forget();
    await script;
    this.#warnings = [];
  }

  /** Takes back what `#up` and `#ipv6Up` did, in reverse order; the pin stays. */
  async #lower(): Promise<void> {
    await this.#device.strip();
    await this.#holdings.removeRules();
    await this.#holdings.removeRoutes(({ purpose }) => purpose !== 'server');
    await this.#device.lower();
  }

  /** Puts back what others took away, as an uplink does that goes and comes again; finds a default route that was outbid another form. */
  #lookAfter(table: Table): void {
    const pinned = this.#pinned;
    if (pinned === undefined || this.#amiss(pinned.way, table).length === 0) return;
    const task = async () => {
      if (this.#pinned !== pinned) return;
      const wanted = this.#amiss(pinned.way, this.#parts.view.table);
      if (wanted.length === 0) return;
      this.#log('info', `routes put right, as others changed: ${wanted.map(({ prefix }) => prefix).join(', ')}`);
      const added = await this.#holdings.addRoutes(wanted);
      if (added.length < wanted.length) throw new Error('routes of ours are gone and cannot be put back');
      const isHalved = wanted.some(({ purpose }) => purpose === 'half of default');
      if (isHalved) await this.#holdings.removeRoutes(({ purpose }) => purpose === 'default');
    };
    this.#inTurn(task).catch((error: Error) => {
      pinned.watch.stop();
      this.#parts.uplinkChanged({ code: 'uplink-changed', detail: error.message });
    });
  }

  /** The routes that should be there, and are not. */
  #amiss(way: Way, table: Table): Route[] {
    const { routes } = this.#holdings;
    const families = [...new Set(routes.map(({ prefix }) => familyOf(prefix)))];
    const canBear = (device: string) => {
      const link = this.#parts.view.link(device);
      return link !== undefined && link.dead !== 'down';
    };
    const lost = missingRoutes(routes, families.flatMap(table), canBear);
    const stronger = strongerDefault(routes, this.#surroundings(way, 4, table(4)));
    return stronger.length === 0 ? lost : [...lost.filter(({ purpose }) => purpose !== 'default'), ...stronger];
  }

  #surroundings(
    uplink: Uplink,
    family: Family,
    table: readonly KernelRoute[] = this.#parts.view.table(family),
  ): Surroundings {
    const { settings, isTunnel, isOurs } = this.#parts;
    return { settings, uplink, table, present: this.#holdings.routes, isTunnel, isOurs };
  }

  async #addRoutes(routes: readonly Route[]): Promise<void> {
    for (const route of await this.#holdings.addRoutes(routes)) {
      if (route.foreign) this.#log('info', `${route.prefix} was there already, put there by somebody else: left alone`);
      if (route.purpose === 'stays on uplink') this.#pinned?.watch.alsoTo(route.prefix);
    }
  }

  #warn(words: string): void {
    if (!this.#warnings.includes(words)) this.#warnings.push(words);
    this.#log('warn', words);
  }

  #log(level: 'info' | 'warn', words: string): void {
    this.#parts.log.write(level, this.#parts.name, words);
  }
}
