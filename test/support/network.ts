/** Datagrams between addresses, over a wire that loses, doubles and delays them as badly as it is told to. */
import type { Endpoint } from '../../src/protocol/machine.ts';
import type { Chance } from './chance.ts';
import type { World } from './world.ts';

export interface Conditions {
  /** One way, ms. */
  readonly latencyMs: number;
  /** Probabilities, 0 to 1, for each datagram in each direction. */
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
  /** How much later than due a datagram that is out of order may come, ms. */
  readonly latenessMs: number;
}

export const GOOD_WIRE: Conditions = { latencyMs: 10, loss: 0, duplication: 0, reordering: 0, latenessMs: 0 };
export const BAD_WIRE: Conditions = { latencyMs: 10, loss: 0.3, duplication: 0.3, reordering: 0.3, latenessMs: 200 };

/** A way that does not take every datagram. */
export interface Narrowness {
  /** Of the largest that passes, IP header included. */
  readonly octets: number;
  /** Whether the sender is told (ICMP): it sends fragments from then on, and they pass. */
  readonly tells: boolean;
}

export interface Carried {
  readonly at: number;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
}
type Receive = (bytes: Uint8Array, from: Endpoint) => void;

const keyOf = ({ address, port }: Endpoint): string => `${address} ${port}`;

/** Octets of a datagram with its IP and UDP headers. */
export const sizeOf = ({ address }: Endpoint, bytes: Uint8Array): number =>
  bytes.length + (address.includes(':') ? 48 : 28);

export class Network {
  conditions: Conditions;
  /** Addresses that nobody can send to or from just now. */
  readonly unreachable = new Set<string>();
  /** Sees every datagram that is sent, before the wire has its way with it. */
  tap: ((carried: Carried) => void) | undefined;
  narrow: Narrowness | undefined;
  /** What the kernels of the senders have learnt, by their address. */
  readonly learnt = new Map<string, number>();
  /** Told of every datagram that was too large, at once, if the way tells at all. */
  tooLarge: ((from: Endpoint, to: Endpoint, octets: number) => void) | undefined;
  /** Changes what is sent on its way. */
  mangle: ((bytes: Uint8Array, to: Endpoint) => Uint8Array) | undefined;
  readonly #world: World;
  readonly #chance: Chance;
  readonly #receivers = new Map<string, Receive>();

  constructor(world: World, chance: Chance, conditions: Conditions) {
    this.#world = world;
    this.#chance = chance;
    this.conditions = conditions;
  }

  /** @throws Error somebody is there already */
  bind(endpoint: Endpoint, receive: Receive): void {
    if (this.#receivers.has(keyOf(endpoint))) throw new Error(`${keyOf(endpoint)} is taken`);
    this.#receivers.set(keyOf(endpoint), receive);
  }
  unbind(endpoint: Endpoint): void {
    this.#receivers.delete(keyOf(endpoint));
  }
  isBound(endpoint: Endpoint): boolean {
    return this.#receivers.has(keyOf(endpoint));
  }

  send(from: Endpoint, to: Endpoint, bytes: Uint8Array): void {
    this.tap?.({ at: this.#world.now, from, to, bytes });
    if (this.#isTooLarge(from, to, bytes)) return;
    const { loss, duplication } = this.conditions;
    // Copied as a kernel would: who writes into his buffer afterwards changes nothing.
    const carry = () => this.#carry(from, to, this.mangle?.(bytes, to) ?? bytes.slice());
    if (!this.#chance.happens(loss)) carry();
    if (this.#chance.happens(duplication)) carry();
  }

  #isTooLarge(from: Endpoint, to: Endpoint, bytes: Uint8Array): boolean {
    const { narrow } = this;
    if (narrow === undefined || sizeOf(from, bytes) <= narrow.octets || this.learnt.has(from.address)) return false;
    if (narrow.tells) {
      this.learnt.set(from.address, narrow.octets);
      this.tooLarge?.(from, to, narrow.octets);
    }
    return true;
  }

  #carry(from: Endpoint, to: Endpoint, bytes: Uint8Array): void {
    if (this.unreachable.has(from.address) || this.unreachable.has(to.address)) return;
    const { latencyMs, reordering, latenessMs } = this.conditions;
    const late = this.#chance.happens(reordering) ? this.#chance.next() * latenessMs : 0;
    this.#world.after(latencyMs + late, () => {
      if (!this.unreachable.has(to.address)) this.#receivers.get(keyOf(to))?.(bytes, from);
    });
  }
}
