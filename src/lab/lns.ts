/**
 * A small LNS to test and to show clients with: RFC 2661 from the other side, made of the same machines as the client.
 *
 *     datagram ─► Lns (which tunnel?) ─► LnsTunnel ─► LnsCall (PPP server and fast lane) ─► packet
 *                                                         ▲
 *                      packet (which client?) ────────────┘
 */

import { earliest, type Instant } from '../protocol/deadlines.ts';
import { type Endpoint, type Entropy, type Machine, sameEndpoint } from '../protocol/machine.ts';
import { isControl, readDatagram, tunnelIdOf, writeControl } from '../wire/l2tp-header.ts';
import { Malformed } from '../wire/malformed.ts';
import { readMessage } from '../wire/message.ts';
import { utf8Of } from '../wire/text.ts';
import { Guests } from './guests.ts';
import { disguise } from './lns-disguise.ts';
import type { LnsEffect, LnsInput, LnsSettings } from './lns-io.ts';
import { LnsTunnel, type LnsTunnelEffect } from './lns-tunnel.ts';

/** Tunnels remembered at most, dying ones too: a storm of requests must not fill the memory. */
const MOST_TUNNELS = 1000;

export class Lns implements Machine<LnsInput, LnsEffect> {
  readonly #settings: LnsSettings;
  readonly #entropy: Entropy;
  readonly #guests: Guests;
  readonly #tunnels = new Map<number, LnsTunnel>();

  constructor(settings: LnsSettings, entropy: Entropy) {
    this.#settings = settings;
    this.#entropy = entropy;
    this.#guests = new Guests(settings.pool);
  }

  /** Whether there is no tunnel, nor one whose end is not yet acknowledged. */
  get isQuiet(): boolean {
    return [...this.#tunnels.values()].every(({ isOver }) => isOver);
  }
  /** Tunnels that are open or about to be. */
  get openTunnels(): number {
    return [...this.#tunnels.values()].filter(({ isOpen }) => isOpen).length;
  }
  get deadline(): Instant | undefined {
    return earliest(...[...this.#tunnels.values()].map(({ deadline }) => deadline));
  }

  handle(input: LnsInput, now: Instant): LnsEffect[] {
    return this.#finished(this.#take(input, now));
  }

  #take(input: LnsInput, now: Instant): LnsEffect[] {
    switch (input.type) {
      case 'datagram':
        return this.#datagram(input.from, input.bytes, now);
      case 'packet': {
        for (const tunnel of this.#tunnels.values()) {
          const datagram = tunnel.encapsulate(input.bytes);
          if (datagram !== undefined) return [this.#send(tunnel.peer, datagram)];
        }
        return [{ type: 'dropped', why: 'packet for nobody' }];
      }
      case 'tick':
      case 'hang-up':
      case 'number-data':
        return [...this.#tunnels.values()].flatMap((tunnel) => this.#translate(tunnel.handle(input, now)));
      default:
        return input satisfies never;
    }
  }

  #datagram(from: Endpoint, bytes: Uint8Array, now: Instant): LnsEffect[] {
    const id = tunnelIdOf(bytes);
    if (id === undefined) return dropped('not L2TP');
    if (id === 0) return this.#unaddressed(from, bytes, now);
    const tunnel = this.#tunnels.get(id);
    if (tunnel === undefined) return dropped('no such tunnel');
    return this.#translate(tunnel.handle({ type: 'datagram', from, bytes }, now));
  }

  /** A request for a tunnel, again perhaps, or a farewell from somebody who never learned our id. */
  #unaddressed(from: Endpoint, bytes: Uint8Array, now: Instant): LnsEffect[] {
    const peerId = this.#assignedTunnelId(bytes);
    if (peerId === undefined) return dropped('neither a request nor a farewell');
    const { ignores } = this.#settings.quirks;
    if (ignores === 'SCCRQ')
      return [this.#send(from, writeControl({ tunnelId: peerId, sessionId: 0, ns: 0, nr: 1 }, new Uint8Array()))];
    const known = [...this.#tunnels.values()].find((each) => each.peerId === peerId && sameEndpoint(each.peer, from));
    const tunnel = known ?? this.#newTunnel(from);
    return this.#translate(tunnel.handle({ type: 'datagram', from, bytes }, now));
  }

  #assignedTunnelId(bytes: Uint8Array): number | undefined {
    const { secret } = this.#settings.tunnel;
    try {
      const datagram = readDatagram(bytes);
      if (datagram.kind !== 'control') return undefined;
      const read = readMessage(datagram.body, secret === undefined ? {} : { secret: utf8Of(secret) });
      if (read.kind !== 'message') return undefined;
      const { message } = read;
      return message.kind === 'SCCRQ' || message.kind === 'StopCCN' ? message.assignedTunnelId : undefined;
    } catch (error) {
      if (error instanceof Malformed) return undefined;
      throw error;
    }
  }

  #newTunnel(peer: Endpoint): LnsTunnel {
    const isFull = this.openTunnels >= this.#settings.maxTunnels;
    const tunnel = new LnsTunnel(peer, this.#settings, this.#guests, isFull, this.#entropy);
    const [oldest] = this.#tunnels.keys();
    if (this.#tunnels.size >= MOST_TUNNELS && oldest !== undefined) this.#tunnels.delete(oldest);
    this.#tunnels.set(tunnel.localId, tunnel);
    return tunnel;
  }

  #translate(effects: readonly LnsTunnelEffect[]): LnsEffect[] {
    return effects.map((effect) => (effect.type === 'send' ? this.#send(effect.to, effect.bytes) : effect));
  }

  #send(to: Endpoint, bytes: Uint8Array): LnsEffect {
    const { quirks, listen } = this.#settings;
    const shown = isControl(bytes) ? disguise(bytes, quirks) : bytes;
    return { type: 'send', from: quirks.replyFrom ?? listen, to, bytes: shown };
  }

  #finished(effects: LnsEffect[]): LnsEffect[] {
    for (const [id, { isFinished }] of this.#tunnels) if (isFinished) this.#tunnels.delete(id);
    const { reversesOrder, repeats } = this.#settings.quirks;
    const said = repeats
      ? effects.flatMap((each): LnsEffect[] => (each.type === 'send' ? [each, each] : [each]))
      : effects;
    return reversesOrder ? said.reverse() : said;
  }
}

const dropped = (why: string): LnsEffect[] => [{ type: 'dropped', why }];
