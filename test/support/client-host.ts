/** An in-memory host for one {@link Client}: sockets, device and answers as a real host gives them, and a memory of all that was asked. */
import { Client } from '../../src/protocol/client.ts';
import type { Candidate, ClientEffect, ClientEvent, ClientInput, LinkUp, Stage } from '../../src/protocol/client-io.ts';
import type { Instant } from '../../src/protocol/deadlines.ts';
import type { Failure } from '../../src/protocol/failure.ts';
import type { FarewellRecord } from '../../src/protocol/l2tp/farewell.ts';
import { type Endpoint, type Entropy, sameEndpoint } from '../../src/protocol/machine.ts';
import type { ClientSettings, Server } from '../../src/protocol/settings.ts';
import type { Network } from './network.ts';
import type { Actor, World } from './world.ts';

export interface HostBehaviour {
  readonly address: string;
  readonly uplinkMtu: number;
  /** How long the host takes for its answers, ms; 0: within the turn. */
  readonly resolveMs: number;
  readonly prepareMs: number;
  readonly linkUpMs: number;
  readonly releaseMs: number;
  readonly askMs: number;
  readonly resolve: (servers: readonly Server[]) => readonly Candidate[];
  /** A failure here is the answer instead of a path or a link. */
  readonly prepareFails: (candidate: Candidate, localPort: number) => Failure | undefined;
  readonly linkUpFails: () => Failure | undefined;
}

const QUICK_HOST: HostBehaviour = {
  address: '192.0.2.10',
  uplinkMtu: 1500,
  resolveMs: 0,
  prepareMs: 0,
  linkUpMs: 0,
  releaseMs: 0,
  askMs: 5,
  resolve: (servers) => servers.map(({ host, port }) => ({ name: host, address: host, port })),
  prepareFails: () => undefined,
  linkUpFails: () => undefined,
};

const FIRST_EPHEMERAL_PORT = 40_000;

export class ClientHost implements Actor {
  readonly client: Client;
  behaviour: HostBehaviour;
  /** Everything that was reported, and when. */
  readonly events: { readonly at: Instant; readonly event: ClientEvent }[] = [];
  /** What the device looks like; undefined: there is none. */
  device: { readonly link: LinkUp; mtu: number; ipv6: Uint8Array | undefined } | undefined;
  /** Where the host route leads. */
  pinned: string | undefined;
  /** What a journal would hold: how to hang up after a crash. */
  journal: FarewellRecord | undefined;
  /** Packets that came out of the tunnel. */
  readonly received: Uint8Array[] = [];
  /** When it was asked what its kernel has learnt. */
  readonly asked: Instant[] = [];
  readonly prepared: { readonly candidate: Candidate; readonly localPort: number }[] = [];
  readonly #world: World;
  readonly #network: Network;
  readonly #sockets = new Map<number, Endpoint>();
  readonly #queue: ClientInput[] = [];
  #running = false;
  #isKilled = false;
  #nextSocket = 1;

  constructor(
    world: World,
    network: Network,
    settings: ClientSettings,
    entropy: Entropy,
    behaviour: Partial<HostBehaviour> = {},
  ) {
    this.#world = world;
    this.#network = network;
    this.behaviour = { ...QUICK_HOST, ...behaviour };
    this.client = new Client(settings, entropy);
    world.add(this);
  }

  get deadline(): Instant | undefined {
    return this.#isKilled ? undefined : this.client.deadline;
  }
  get stage(): Stage {
    return this.client.snapshot(this.#world.now).stage;
  }
  get openSockets(): number {
    return this.#sockets.size;
  }
  get failures(): readonly Failure[] {
    return this.events.flatMap(({ event }) => (event.kind === 'failed' ? [event.failure] : []));
  }
  /** Waits between rounds as they were announced, ms. */
  get waits(): readonly number[] {
    return this.events.flatMap(({ event }) => (event.kind === 'retry-in' ? [event.ms] : []));
  }
  /** When each stage was entered. */
  get stages(): readonly { readonly at: Instant; readonly stage: Stage }[] {
    return this.events.flatMap(({ at, event }) => (event.kind === 'stage' ? [{ at, stage: event.stage }] : []));
  }

  tick(): void {
    this.input({ type: 'tick' });
  }

  /** As `kill -9` does: nothing is said, nothing but the journal remains. */
  kill(): void {
    this.#isKilled = true;
    for (const local of this.#sockets.values()) this.#network.unbind(local);
  }

  input(input: ClientInput): void {
    if (this.#isKilled) return;
    this.#queue.push(input);
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift())
      for (const effect of this.client.handle(next, this.#world.now)) this.#perform(effect);
    this.#running = false;
  }

  /** An IP packet from the kernel for the tunnel; returns whether it was sent. */
  transmit(packet: Uint8Array): boolean {
    const { lane, laneSocket, lanePeer } = this.client;
    const datagram = this.device && lane?.encapsulate(packet);
    if (datagram !== undefined && laneSocket !== undefined && lanePeer !== undefined)
      this.#send(laneSocket, lanePeer, datagram);
    if (lane?.attention) this.tick();
    return datagram !== undefined;
  }

  #perform(effect: ClientEffect): void {
    switch (effect.type) {
      case 'resolve': {
        const candidates = this.behaviour.resolve(effect.servers);
        this.#answer(this.behaviour.resolveMs, { type: 'resolved', candidates });
        break;
      }
      case 'prepare':
        this.#prepare(effect.candidate, effect.localPort);
        break;
      case 'send':
        this.#send(effect.socket, effect.to, effect.bytes);
        break;
      case 'repin':
        this.pinned = effect.server.address;
        break;
      case 'link-up': {
        const failure = this.behaviour.linkUpFails();
        if (failure === undefined) this.device = { link: effect.link, mtu: effect.link.mtu, ipv6: undefined };
        this.#answer(
          this.behaviour.linkUpMs,
          failure === undefined ? { type: 'link-ready' } : { type: 'link-failed', failure },
        );
        break;
      }
      case 'ask-path-mtu': {
        this.asked.push(this.#world.now);
        const octets = this.#network.learnt.get(this.behaviour.address);
        const path = octets === undefined ? undefined : ({ octets, from: 'icmp' } as const);
        if (path !== undefined) this.#answer(this.behaviour.askMs, { type: 'path-mtu', server: effect.server, path });
        break;
      }
      case 'mtu-changed':
        this.#made.mtu = effect.mtu;
        break;
      case 'ipv6-up':
        this.#made.ipv6 = effect.interfaceId;
        break;
      case 'ipv6-down':
        this.#made.ipv6 = undefined;
        break;
      case 'release':
        this.device = undefined;
        this.pinned = undefined;
        this.journal = undefined;
        this.#answer(this.behaviour.releaseMs, { type: 'released' });
        break;
      case 'close':
        this.#close(effect.socket);
        break;
      case 'event':
        this.events.push({ at: this.#world.now, event: effect.event });
        break;
      case 'remember':
        this.journal = effect.farewell;
        break;
      case 'dropped':
        break;
      default:
        effect satisfies never;
    }
  }

  /** The device, as a host has it that was asked for one and not yet to take it down. */
  get #made(): NonNullable<ClientHost['device']> {
    if (this.device === undefined) throw new Error('the device is to be changed, and there is none');
    return this.device;
  }

  #answer(ms: number, input: ClientInput): void {
    if (ms === 0) this.#queue.push(input);
    else this.#world.after(ms, () => this.input(input));
  }

  #prepare(candidate: Candidate, localPort: number): void {
    this.prepared.push({ candidate, localPort });
    const { address, uplinkMtu, prepareMs } = this.behaviour;
    const local = { address, port: localPort || FIRST_EPHEMERAL_PORT + this.#nextSocket };
    const shared = [...this.#sockets].find(([, bound]) => sameEndpoint(bound, local))?.[0];
    const failure =
      shared === undefined && this.#network.isBound(local)
        ? ({ code: 'port-in-use', detail: `${local.port}` } as const)
        : this.behaviour.prepareFails(candidate, localPort);
    if (failure !== undefined) {
      this.#answer(prepareMs, { type: 'path-failed', failure });
      return;
    }
    this.pinned = candidate.address;
    const socket = shared ?? this.#open(local);
    this.#answer(prepareMs, {
      type: 'path-ready',
      path: { socket, local, uplink: 'eth0', mtu: { octets: uplinkMtu, from: 'uplink' } },
    });
  }

  #open(local: Endpoint): number {
    const socket = this.#nextSocket++;
    this.#sockets.set(socket, local);
    this.#network.bind(local, (bytes, from) => this.#receive(socket, from, bytes));
    return socket;
  }

  /** The fast lane first, as a real host does it. */
  #receive(socket: number, from: Endpoint, bytes: Uint8Array): void {
    const { lane, laneSocket, lanePeer } = this.client;
    const ours = laneSocket === socket && lanePeer !== undefined && sameEndpoint(lanePeer, from);
    const packet = ours ? lane?.decapsulate(bytes) : undefined;
    if (packet === undefined) this.input({ type: 'datagram', socket, from, bytes });
    else this.received.push(packet.slice());
    if (lane?.attention) this.tick();
  }

  #send(socket: number, to: Endpoint, bytes: Uint8Array): void {
    const local = this.#sockets.get(socket);
    if (local === undefined) throw new Error(`send on socket ${socket}, which is closed`);
    this.#network.send(local, to, bytes);
  }

  #close(socket: number): void {
    const local = this.#sockets.get(socket);
    if (local === undefined) throw new Error(`socket ${socket} is closed twice`);
    this.#sockets.delete(socket);
    this.#network.unbind(local);
  }
}
