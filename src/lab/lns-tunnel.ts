/** One client's control connection as the lab's LNS sees it, with the calls in it. */
import { earliest, type Instant } from '../protocol/deadlines.ts';
import { Tunnel, type TunnelEffect, type TunnelInput } from '../protocol/l2tp/tunnel.ts';
import { type Endpoint, type Entropy, type Machine, sameEndpoint } from '../protocol/machine.ts';
import { isControl, readDatagram, writeControl } from '../wire/l2tp-header.ts';
import { Malformed } from '../wire/malformed.ts';
import { writeMessage } from '../wire/message.ts';
import type { ControlMessage } from '../wire/message-table.ts';
import type { Guests } from './guests.ts';
import { LnsCall, type LnsCallEffect, type LnsCallInput } from './lns-call.ts';
import type { LnsEffect, LnsSettings } from './lns-io.ts';

/** What xl2tpd says, word for word; Beeline's customers know it well. */
const FULL = { cause: { result: 2, error: 4 }, text: 'Reached configured max-tunnels limit' };

export type LnsTunnelInput =
  | { type: 'datagram'; from: Endpoint; bytes: Uint8Array }
  | { type: 'hang-up'; by: 'StopCCN' | 'CDN' | 'LCP' }
  | { type: 'number-data'; on: boolean }
  | { type: 'tick' };

export type LnsTunnelEffect = { type: 'send'; to: Endpoint; bytes: Uint8Array } | Exclude<LnsEffect, { type: 'send' }>;

export class LnsTunnel implements Machine<LnsTunnelInput, LnsTunnelEffect> {
  readonly #tunnel: Tunnel;
  readonly #settings: LnsSettings;
  readonly #guests: Guests;
  readonly #entropy: Entropy;
  readonly #calls = new Map<number, LnsCall>();

  constructor(peer: Endpoint, settings: LnsSettings, guests: Guests, isFull: boolean, entropy: Entropy) {
    this.#settings = settings;
    this.#guests = guests;
    this.#entropy = entropy;
    this.#tunnel = new Tunnel({
      role: 'responder',
      peer,
      settings: settings.tunnel,
      accept: () => false,
      refuse: () => (isFull ? FULL : undefined),
      entropy,
    });
  }

  get localId(): number {
    return this.#tunnel.localId;
  }
  get peerId(): number | undefined {
    return this.#tunnel.peerId;
  }
  get peer(): Endpoint {
    return this.#tunnel.peer;
  }
  get isOpen(): boolean {
    return this.#tunnel.state === 'wait-ctl-conn' || this.#tunnel.state === 'established';
  }
  /** Whether its end has been acknowledged, or given up. */
  get isOver(): boolean {
    return this.#tunnel.state === 'closed';
  }
  get isFinished(): boolean {
    return this.#tunnel.finished;
  }
  get deadline(): Instant | undefined {
    return earliest(this.#tunnel.deadline, ...[...this.#calls.values()].map(({ deadline }) => deadline));
  }

  /** The data message for an IP packet, if one of the clients here has the address it is for. */
  encapsulate(packet: Uint8Array): Uint8Array | undefined {
    for (const call of this.#calls.values()) if (call.has(packet)) return call.lane?.encapsulate(packet);
    return undefined;
  }

  handle(input: LnsTunnelInput, now: Instant): LnsTunnelEffect[] {
    switch (input.type) {
      case 'datagram':
        if (isControl(input.bytes)) return this.#toTunnel(input, now);
        if (!sameEndpoint(input.from, this.peer)) return [{ type: 'dropped', why: 'data from a stranger' }];
        return this.#data(input.bytes, now);
      case 'hang-up':
        if (input.by === 'StopCCN') return this.#toTunnel({ type: 'close', cause: { result: 1 } }, now);
        return this.#toCalls({ type: 'hang-up', by: input.by }, now);
      case 'number-data':
        return this.#toCalls(input, now);
      case 'tick':
        return [...this.#toTunnel(input, now), ...this.#toCalls(input, now)];
      default:
        return input satisfies never;
    }
  }

  /** The fast lane first; what it declines is PPP. */
  #data(bytes: Uint8Array, now: Instant): LnsTunnelEffect[] {
    for (const call of this.#calls.values()) {
      const packet = call.lane?.decapsulate(bytes);
      if (packet !== undefined) return [{ type: 'packet', bytes: packet }];
    }
    try {
      const datagram = readDatagram(bytes);
      if (datagram.kind !== 'data') return [];
      const { header, payload } = datagram;
      return this.#toCall(header.sessionId, { type: 'frame', bytes: payload, ns: header.ns }, now);
    } catch (error) {
      if (error instanceof Malformed) return [{ type: 'dropped', why: 'unreadable data message' }];
      throw error;
    }
  }

  #toTunnel(input: TunnelInput, now: Instant): LnsTunnelEffect[] {
    return this.#tunnel.handle(input, now).flatMap((effect) => this.#fromTunnel(effect, now));
  }

  #fromTunnel(effect: TunnelEffect, now: Instant): LnsTunnelEffect[] {
    switch (effect.type) {
      case 'send':
      case 'dropped':
        return [effect];
      case 'session-message':
        return this.#message(effect.sessionId, effect.message, now);
      case 'closed': {
        const wasAsked = effect.failure?.peer?.message === 'StopCCN' && this.#settings.quirks.answersInKind;
        return [...(wasAsked ? [this.#stopInKind()] : []), ...this.#toCalls({ type: 'tunnel-closed' }, now)];
      }
      case 'session-acknowledged':
        return this.#toCall(effect.sessionId, { type: 'acknowledged', message: effect.message }, now);
      case 'session-fault':
        return this.#toCall(effect.sessionId, { type: 'hang-up', by: 'CDN' }, now);
      case 'established':
      case 'peer-moved':
      case 'warning':
        return [];
      default:
        return effect satisfies never;
    }
  }

  #message(sessionId: number, message: ControlMessage, now: Instant): LnsTunnelEffect[] {
    const { ignores, answersInKind } = this.#settings.quirks;
    if (message.kind === 'ICRQ') {
      if (ignores === 'ICRQ') return [];
      const call = new LnsCall(this.#tunnel, this.#settings, this.#guests, this.#entropy);
      this.#calls.set(call.localId, call);
      return this.#toCall(call.localId, { type: 'message', message }, now);
    }
    const call = this.#calls.get(sessionId);
    const out = this.#toCall(sessionId, { type: 'message', message }, now);
    if (message.kind !== 'CDN' || !answersInKind || call === undefined) return out;
    return [...out, ...this.#toTunnel({ type: 'submit', sessionId: call.peerId ?? 0, message: call.cdn }, now)];
  }

  #toCalls(input: LnsCallInput, now: Instant): LnsTunnelEffect[] {
    return [...this.#calls.keys()].flatMap((id) => this.#toCall(id, input, now));
  }

  #toCall(id: number, input: LnsCallInput, now: Instant): LnsTunnelEffect[] {
    const call = this.#calls.get(id);
    if (call === undefined) return [{ type: 'dropped', why: 'no such call' }];
    return call.handle(input, now).flatMap((effect) => this.#fromCall(id, effect, now));
  }

  #fromCall(id: number, effect: LnsCallEffect, now: Instant): LnsTunnelEffect[] {
    switch (effect.type) {
      case 'submit': {
        const out = this.#toTunnel(effect, now);
        if (effect.message.kind !== 'ICRP' || !this.#settings.quirks.sendsSli) return out;
        return [...out, ...this.#toTunnel({ ...effect, message: { kind: 'SLI', accm: { send: 0, receive: 0 } } }, now)];
      }
      case 'data':
        return [{ type: 'send', to: this.peer, bytes: effect.bytes }];
      case 'over':
        this.#calls.delete(id);
        return [];
      case 'login':
      case 'logout':
      case 'dropped':
        return [effect];
      default:
        return effect satisfies never;
    }
  }

  /** Unreliably, and once: the tunnel is gone. */
  #stopInKind(): LnsTunnelEffect {
    const { localId: assignedTunnelId, peerId: tunnelId = 0, sequence } = this.#tunnel;
    const body = writeMessage({ kind: 'StopCCN', assignedTunnelId, resultCode: { result: 6 } });
    return { type: 'send', to: this.peer, bytes: writeControl({ tunnelId, sessionId: 0, ...sequence }, body) };
  }
}
