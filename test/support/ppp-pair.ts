/** A PPP link in virtual time: the client's end and the lab's, with a wire between them that is as bad as it is told to be. */
import { PppServer, type PppServerInput, type PppServerSettings } from '../../src/lab/ppp-server.ts';
import type { Instant } from '../../src/protocol/deadlines.ts';
import type { Failure } from '../../src/protocol/failure.ts';
import { Link, type LinkEffect, type LinkInput } from '../../src/protocol/ppp/link.ts';
import type { LinkSettings } from '../../src/protocol/settings.ts';
import { PROTOCOL, readFrame } from '../../src/wire/ppp-frame.ts';
import { Chance } from './chance.ts';
import { type Conditions, GOOD_WIRE, Network } from './network.ts';
import { World } from './world.ts';

export const CLIENT: LinkSettings = {
  username: 'alice',
  password: 's3cret',
  auth: ['chap-md5', 'ms-chap-v2', 'ms-chap', 'pap'],
  mru: 1460,
  ipv6: true,
  echoIntervalMs: 10_000,
  echoFailures: 3,
};

export const SERVER: PppServerSettings = {
  name: 'lns',
  auth: ['chap-md5'],
  passwordOf: (username) => (username === 'alice' ? 's3cret' : undefined),
  localAddress: '10.64.0.1',
  addressFor: () => '10.64.0.10',
  dns: ['203.0.113.53', '203.0.113.54'],
  ipv6: true,
  mru: 1500,
  echo: { intervalMs: 10_000, failures: 3 },
};

const CLIENT_END = { address: 'client', port: 1 };
const SERVER_END = { address: 'server', port: 1 };

export class PppPair {
  readonly world = new World();
  readonly network: Network;
  readonly link: Link;
  readonly server: PppServer;
  readonly clientEffects: { readonly at: Instant; readonly effect: LinkEffect }[] = [];
  readonly serverEffects: { readonly at: Instant; readonly effect: LinkEffect }[] = [];
  /** What is to happen to a frame of the server on its way; undefined: it is lost. */
  fromServer: (frame: Uint8Array) => Uint8Array | undefined = (frame) => frame;
  fromClient: (frame: Uint8Array) => Uint8Array | undefined = (frame) => frame;

  constructor(
    client: Partial<LinkSettings> = {},
    server: Partial<PppServerSettings> = {},
    seed = 1,
    wire: Conditions = GOOD_WIRE,
  ) {
    const chance = new Chance(seed);
    this.network = new Network(this.world, chance, wire);
    this.link = new Link({ ...CLIENT, ...client }, chance.entropy);
    this.server = new PppServer({ ...SERVER, ...server }, chance.entropy);
    this.network.bind(CLIENT_END, (bytes) => this.client({ type: 'frame', bytes }));
    this.network.bind(SERVER_END, (bytes) => this.lns({ type: 'frame', bytes }));
    const { link, server: lns } = this;
    this.world.add({
      tick: () => this.client({ type: 'tick' }),
      get deadline() {
        return link.deadline;
      },
    });
    this.world.add({
      tick: () => this.lns({ type: 'tick' }),
      get deadline() {
        return lns.deadline;
      },
    });
  }

  /** Both ends are told that the call stands; the server learns it one way later, as from an ICCN. */
  connect(): this {
    this.world.after(this.network.conditions.latencyMs, () => this.lns({ type: 'lower-up' }));
    this.client({ type: 'lower-up' });
    return this;
  }

  client(input: LinkInput): void {
    for (const effect of this.link.handle(input, this.world.now)) {
      this.clientEffects.push({ at: this.world.now, effect });
      const frame = effect.type === 'frame' && this.fromClient(effect.bytes);
      if (frame) this.network.send(CLIENT_END, SERVER_END, frame);
    }
  }
  lns(input: PppServerInput): void {
    for (const effect of this.server.handle(input, this.world.now)) {
      this.serverEffects.push({ at: this.world.now, effect });
      const frame = effect.type === 'frame' && this.fromServer(effect.bytes);
      if (frame) this.network.send(SERVER_END, CLIENT_END, frame);
    }
  }

  /** When IPv4 came up last; undefined: it is not up now. */
  get ipv4UpAt(): Instant | undefined {
    return lastOf(this.clientEffects, 'ipv4-up', 'ipv4-down');
  }
  get ipv6UpAt(): Instant | undefined {
    return lastOf(this.clientEffects, 'ipv6-up', 'ipv6-down');
  }
  get serverIpv4UpAt(): Instant | undefined {
    return lastOf(this.serverEffects, 'ipv4-up', 'ipv4-down');
  }
  get ended(): { failure: Failure | undefined } | undefined {
    return this.of('ended')[0];
  }
  of<T extends LinkEffect['type']>(type: T): Extract<LinkEffect, { type: T }>[] {
    return this.clientEffects
      .map(({ effect }) => effect)
      .filter((effect): effect is Extract<LinkEffect, { type: T }> => effect.type === type);
  }
  /** Frames the client has sent, as `protocol code`: `c021 1`. */
  get sent(): string[] {
    return this.of('frame').map(({ bytes }) => wordsOf(bytes));
  }
  /** Frames of both, with the time. */
  get conversation(): string {
    const all = [
      ...this.clientEffects.map((each) => ({ ...each, way: '->' })),
      ...this.serverEffects.map((each) => ({ ...each, way: '<-' })),
    ];
    return all
      .sort((a, b) => a.at - b.at)
      .map(
        ({ at, way, effect }) =>
          `${at.toFixed(0).padStart(7)} ${way} ${effect.type === 'frame' ? wordsOf(effect.bytes) : JSON.stringify(effect)}`,
      )
      .join('\n');
  }
}

export function wordsOf(frame: Uint8Array): string {
  const { protocol, payload } = readFrame(frame);
  const name = Object.entries(PROTOCOL).find(([, number]) => number === protocol)?.[0] ?? protocol.toString(16);
  return `${name} ${payload[0]} id=${payload[1]}`;
}

function lastOf(
  effects: readonly { at: Instant; effect: LinkEffect }[],
  up: LinkEffect['type'],
  down: LinkEffect['type'],
): Instant | undefined {
  const last = effects.findLast(({ effect }) => effect.type === up || effect.type === down);
  return last?.effect.type === up ? last.at : undefined;
}
