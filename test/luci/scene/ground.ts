/** The machine that the engine is recorded on: a home router in memory, with the routes and the clamp that Linux would be given. */

import type { Shares } from '../../../src/host/linux/connection.ts';
import type { KernelRoute } from '../../../src/host/linux/kernel-table.ts';
import { mssOf } from '../../../src/host/linux/mss.ts';
import type { LinuxNetwork } from '../../../src/host/linux/network.ts';
import { readPrefix } from '../../../src/host/linux/prefix.ts';
import { pinOf, planRoutes, planRules, type Route } from '../../../src/host/linux/route-plan.ts';
import type { DataPath, DataPathRequest, Feature } from '../../../src/ports/data-path.ts';
import { HostError } from '../../../src/ports/host-error.ts';
import type { ConnectionNetwork, Installed, RoutingSettings, Uplink } from '../../../src/ports/network.ts';
import type { LinkUp, PathMtu } from '../../../src/protocol/client-io.ts';
import { FakeHost, NOTHING_INSTALLED } from '../../support/fake-host.ts';

/** What a scene wants of the machine; nothing of it is wrong with the usual one. */
export interface Ground {
  /** Words of the machine when it is asked for the way to a server. */
  noRoute?: string;
  /** Words of every name server. */
  noName?: string;
  /** Calls that are not answered: `resolve`, `pin`, `up`. */
  readonly stuck: Set<'resolve' | 'pin' | 'up'>;
  uplinkMtu: number;
  /** What the kernel has learnt of the way. */
  learnt?: PathMtu;
  mss?: Installed['mss'];
  /** What went wrong beside it. */
  readonly warnings: string[];
  /** Which data path is had, what it makes use of, and what would be faster. */
  dataPath: string;
  features: readonly Feature[];
  missing: readonly string[];
}

export const UPLINK: Uplink = {
  device: 'eth0',
  gateway: '192.0.2.1',
  source: '192.0.2.10',
  mtu: 1500,
  mtuFrom: 'uplink',
};

const forever = (): Promise<never> => new Promise(() => undefined);

/** Features that are. */
export const inUse = (...names: string[]): Feature[] => names.map((name) => ({ name, missing: undefined }));

const kernelRoute = (prefix: string, gateway: string | undefined, metric: number): KernelRoute => {
  const read = readPrefix(prefix);
  if (read === undefined) throw new Error(`${prefix} is no prefix`);
  return { prefix: read, gateway, device: UPLINK.device, metric };
};

const TABLE = [kernelRoute('0.0.0.0/0', UPLINK.gateway, 10), kernelRoute('192.0.2.0/24', undefined, 10)];

/** A data path whose losses a scene decides about. */
export type ScenePath = DataPath & {
  readonly request: DataPathRequest;
  readonly lost: { count: number; why: string | undefined };
};

export class SceneHost extends FakeHost {
  readonly ground: Ground = {
    stuck: new Set(),
    uplinkMtu: UPLINK.mtu,
    warnings: [],
    dataPath: 'kernel',
    features: inUse('bind-to-device'),
    missing: [],
  };
  readonly opened: ScenePath[] = [];

  override readonly resolver: FakeHost['resolver'] = {
    resolve: async (name) => {
      if (this.ground.stuck.has('resolve')) await forever();
      if (this.ground.noName !== undefined) throw new HostError('resolve-failed', `${name}: ${this.ground.noName}`);
      return this.addresses.get(name) ?? [name];
    },
  };

  override readonly dataPlane: FakeHost['dataPlane'] = async () => ({
    datagrams: this.datagrams,
    backends: [{ name: this.ground.dataPath, open: async (request) => this.#open(request) }],
    missing: this.ground.missing,
  });

  /** As the network of a Linux machine, as far as a connection needs one. */
  get linux(): LinuxNetwork {
    const connection = (
      _name: string,
      settings: RoutingSettings,
      _changed: unknown,
      shares: Shares = {},
    ): ConnectionNetwork => new SceneNetwork(this.ground, settings, shares);
    const rest = {
      recover: async () => undefined,
      pinBriefly: async () => async () => undefined,
      close: async () => undefined,
    };
    return { connection, ...rest } as unknown as LinuxNetwork;
  }

  #open(request: DataPathRequest): ScenePath {
    const lost: ScenePath['lost'] = { count: 0, why: undefined };
    const path: ScenePath = {
      backend: this.ground.dataPath,
      device: request.device,
      features: this.ground.features,
      request,
      lost,
      get dropped() {
        return lost.count;
      },
      get whyDropped() {
        return lost.why;
      },
      deliver: () => undefined,
      close: async () => undefined,
    };
    this.opened.push(path);
    return path;
  }
}

/** One connection's share, installed by the real plan of routes. */
class SceneNetwork implements ConnectionNetwork {
  readonly #ground: Ground;
  readonly #settings: RoutingSettings;
  readonly #shares: Shares;
  #server: string | undefined;
  #link: LinkUp | undefined;
  #mss: Installed['mss'] = { state: 'off' };

  constructor(ground: Ground, settings: RoutingSettings, shares: Shares) {
    this.#ground = ground;
    this.#settings = settings;
    this.#shares = shares;
  }

  get installed(): Installed {
    const server = this.#server;
    if (server === undefined) return NOTHING_INSTALLED;
    const pin = pinOf(server, UPLINK.gateway, UPLINK.device);
    if (this.#link === undefined) return { ...NOTHING_INSTALLED, routes: [{ ...pin, foreign: false }] };
    const { routes, warnings } = this.#plan(pin);
    const rules = planRules(this.#settings, this.#link.localAddress);
    const hasNames = this.#shares.address === undefined && this.#link.dns.length > 0;
    return {
      routes: [pin, ...routes].map((route) => ({ ...route, foreign: false })),
      rules: rules.map(({ from, table }) => `from ${from} lookup ${table}`),
      mss: this.#mss,
      resolvFile: hasNames ? '/var/run/l2tpwan/home.resolv.conf' : undefined,
      warnings: [...warnings, ...this.#ground.warnings],
    };
  }

  async pin(server: string): Promise<Uplink> {
    await this.#shares.uplink?.();
    if (this.#ground.stuck.has('pin')) await forever();
    if (this.#ground.noRoute !== undefined) throw new HostError('no-route', this.#ground.noRoute);
    this.#server = server;
    return { ...UPLINK, mtu: this.#ground.uplinkMtu };
  }

  async up(link: LinkUp): Promise<void> {
    if (this.#ground.stuck.has('up')) await forever();
    this.#link = link;
    this.#clamp(link.mtu);
    await this.#shares.address?.(link);
  }

  async setMtu(mtu: number): Promise<void> {
    this.#clamp(mtu);
  }
  async pathMtu(): Promise<PathMtu | undefined> {
    return this.#ground.learnt;
  }
  async ipv6Up(): Promise<void> {}
  async ipv6Down(): Promise<void> {}
  async remember(): Promise<void> {}

  async down(): Promise<void> {
    this.#server = undefined;
    this.#link = undefined;
    this.#mss = { state: 'off' };
  }

  #clamp(mtu: number): void {
    const mss = mssOf(this.#settings.mss, mtu);
    this.#mss = mss === undefined ? { state: 'off' } : (this.#ground.mss ?? { state: 'clamped', ...mss });
  }

  #plan(pin: Route) {
    const { device } = this.#settings;
    const uplink = { ...UPLINK, mtu: this.#ground.uplinkMtu };
    const isTunnel = (name: string) => name === device;
    return planRoutes(4, {
      settings: this.#settings,
      uplink,
      table: TABLE,
      present: [pin],
      isTunnel,
      isOurs: () => false,
    });
  }
}
