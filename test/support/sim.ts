/** Our client and the lab's LNSes in one virtual world: what every pair test is made of. */
import type { LnsSettings } from '../../src/lab/lns-io.ts';
import type { Endpoint } from '../../src/protocol/machine.ts';
import type { ClientSettings } from '../../src/protocol/settings.ts';
import { Chance } from './chance.ts';
import { ClientHost, type HostBehaviour } from './client-host.ts';
import { LnsHost } from './lns-host.ts';
import { type Conditions, GOOD_WIRE, Network } from './network.ts';
import { World } from './world.ts';

export const LNS_ADDRESS = '10.0.2.72';
export const lnsEndpoint: Endpoint = { address: LNS_ADDRESS, port: 1701 };

const CLIENT_SETTINGS: ClientSettings = {
  servers: [{ host: LNS_ADDRESS, port: 1701 }],
  serverOrder: 'listed',
  acceptReplyFrom: 'listed',
  connectTimeoutMs: 5000,
  sourcePort: 0,
  mtu: 1460,
  mtuProbe: false,
  redial: { firstMs: 1000, maxMs: 300_000, busyMs: 60_000, slowMs: 120_000, resetAfterMs: 60_000 },
  tunnel: {
    hostName: 'router',
    vendorName: 'l2tpwan',
    secret: undefined,
    receiveWindow: 16,
    helloIntervalMs: 60_000,
    hideAvps: false,
    tolerateUnknownMandatory: false,
  },
  link: {
    username: 'alice@example.net',
    password: 's3cret # "quoted" ü',
    auth: ['chap-md5', 'ms-chap-v2', 'ms-chap', 'pap'],
    mru: 1460,
    ipv6: false,
    echoIntervalMs: 10_000,
    echoFailures: 3,
  },
};

export const LNS_SETTINGS: LnsSettings = {
  listen: lnsEndpoint,
  tunnel: { ...CLIENT_SETTINGS.tunnel, hostName: 'lab', vendorName: 'lab', receiveWindow: 4 },
  users: new Map([[CLIENT_SETTINGS.link.username, CLIENT_SETTINGS.link.password]]),
  auth: ['chap-md5'],
  localAddress: LNS_ADDRESS,
  pool: ['10.64.0.10', '10.64.0.11', '10.64.0.12', '10.64.0.13'],
  dns: ['10.10.0.21', '10.10.0.22'],
  ipv6: false,
  mru: 1500,
  echoIntervalMs: 0,
  sequencing: false,
  maxTunnels: 100,
  oneLoginPerUser: false,
  quirks: {},
};

/** Settings of a client that differ from the usual ones in parts. */
export interface ClientChanges extends Partial<Omit<ClientSettings, 'tunnel' | 'link' | 'redial'>> {
  readonly tunnel?: Partial<ClientSettings['tunnel']>;
  readonly link?: Partial<ClientSettings['link']>;
  readonly redial?: Partial<ClientSettings['redial']>;
}

export const clientSettings = (changes: ClientChanges = {}): ClientSettings => ({
  ...CLIENT_SETTINGS,
  ...changes,
  tunnel: { ...CLIENT_SETTINGS.tunnel, ...changes.tunnel },
  link: { ...CLIENT_SETTINGS.link, ...changes.link },
  redial: { ...CLIENT_SETTINGS.redial, ...changes.redial },
});

export interface SimOptions {
  readonly seed?: number;
  readonly wire?: Conditions;
  readonly client?: ClientChanges;
  readonly host?: Partial<HostBehaviour>;
  /** One LNS for each, with what differs from the usual settings. */
  readonly lns?: readonly Partial<LnsSettings>[];
}

export class Sim {
  readonly world = new World();
  readonly chance: Chance;
  readonly network: Network;
  readonly host: ClientHost;
  readonly servers: readonly LnsHost[];

  constructor({ seed = 1, wire = GOOD_WIRE, client, host, lns = [{}] }: SimOptions = {}) {
    this.chance = new Chance(seed);
    this.network = new Network(this.world, this.chance, wire);
    this.servers = lns.map((changes) => this.addServer(changes));
    this.host = this.addClient(host ?? {}, client);
  }

  /** The first LNS. */
  get lns(): LnsHost {
    const [first] = this.servers;
    if (first === undefined) throw new Error('a world without an LNS');
    return first;
  }

  /** One more client with the usual settings, on a host of its own. */
  addClient(behaviour: Partial<HostBehaviour>, changes?: ClientChanges): ClientHost {
    return new ClientHost(this.world, this.network, clientSettings(changes), this.chance.entropy, behaviour);
  }
  addServer(changes: Partial<LnsSettings>): LnsHost {
    return new LnsHost(this.world, this.network, { ...LNS_SETTINGS, ...changes }, this.chance.entropy);
  }

  /** Dials, and returns whether the connection was up `withinMs`. */
  dial(withinMs = 60_000): boolean {
    this.host.input({ type: 'connect' });
    return this.untilUp(withinMs);
  }
  untilUp(withinMs: number): boolean {
    return this.world.until(() => this.host.stage === 'up', withinMs);
  }
  /** Hangs up, and returns whether everything was gone `withinMs`. */
  hangUp(withinMs = 10_000): boolean {
    this.host.input({ type: 'disconnect', why: 'the test is over' });
    return this.world.until(() => this.host.stage === 'idle', withinMs);
  }
}

/** An IPv4 UDP packet of no particular meaning. */
export function packet(from: string, to: string, octets = 100): Uint8Array {
  const bytes = new Uint8Array(octets);
  bytes.set([0x45, 0, octets >> 8, octets & 0xff, 0, 1, 0, 0, 64, 17]);
  bytes.set(from.split('.').map(Number), 12);
  bytes.set(to.split('.').map(Number), 16);
  bytes.set([0x30, 0x39, 0x00, 0x35, 0, octets - 20], 20);
  return bytes;
}
