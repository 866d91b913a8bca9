/** How control messages reach the peer and which datagrams are its: Delivery, with codec, ids and addresses (RFC 2661 §3.1, §4.3, §8.1). */
import { type ControlHeader, readDatagram, writeControl } from '../../wire/l2tp-header.ts';
import { Malformed } from '../../wire/malformed.ts';
import { writeMessage } from '../../wire/message.ts';
import type { ControlMessage, MessageKind } from '../../wire/message-table.ts';
import { utf8Of } from '../../wire/text.ts';
import type { Instant } from '../deadlines.ts';
import { type Endpoint, sameEndpoint } from '../machine.ts';
import { type Reading, readControl } from './control-reading.ts';
import { Delivery, type DeliveryEffect } from './delivery.ts';
import type { TunnelOptions } from './tunnel-io.ts';

/** A message of ours on its way. */
export interface Sent {
  readonly kind: MessageKind;
  /** The peer's id of the session, for the header; 0 while unknown or for the tunnel itself. */
  readonly sessionId: number;
  /** Our id of the session it belongs to. */
  readonly session: number | undefined;
  readonly body: Uint8Array;
}

/** What comes of sending. */
export type Transmission = { type: 'send'; to: Endpoint; bytes: Uint8Array } | { type: 'dropped'; why: string };

export type ChannelEffect =
  | Transmission
  | { type: 'received'; from: Endpoint; sessionId: number; reading: Reading }
  | { type: 'acknowledged'; message: Sent }
  | { type: 'lost'; message: Sent; times: number }
  /** Tunnel ID 0: what it says must tell whether it is for us; if so, hand it to `take`. */
  | { type: 'unaddressed'; from: Endpoint; header: ControlHeader; body: Uint8Array }
  /** It knows our id, but nobody expects an answer from there. */
  | { type: 'stranger'; from: Endpoint };

export class Channel {
  /** The peer's tunnel id, once it is known: from then on nobody else is listened to. */
  peerId: number | undefined;
  peer: Endpoint;
  readonly #localId: number;
  readonly #options: TunnelOptions;
  readonly #secret: Uint8Array | undefined;
  #delivery: Delivery<Sent>;
  #heardAt: Instant = Number.NEGATIVE_INFINITY;

  constructor(localId: number, options: TunnelOptions) {
    const { secret, receiveWindow } = options.settings;
    this.#localId = localId;
    this.peer = options.peer;
    this.#options = options;
    this.#secret = secret === undefined ? undefined : utf8Of(secret);
    this.#delivery = new Delivery(receiveWindow);
  }

  /** When the last control message of the peer came, of whatever kind. */
  get heardAt(): Instant {
    return this.#heardAt;
  }
  get deadline(): Instant | undefined {
    return this.#delivery.deadline;
  }
  /** Messages not yet acknowledged. */
  get pending(): number {
    return this.#delivery.pending;
  }
  get sequence(): { ns: number; nr: number } {
    return this.#delivery.sequence;
  }
  /** @param messages Receive Window Size of the peer */
  announce(messages: number): void {
    this.#delivery.announce(messages);
  }
  /** Sends nothing any more but acknowledgements; the one that is owed, at once. */
  abandon(now: Instant): Transmission[] {
    this.#delivery.abandon();
    return this.#transmissions(this.#delivery.handle({ type: 'acknowledge' }, now));
  }
  /** As if nothing had been said yet. */
  restart(): void {
    this.#delivery = new Delivery(this.#options.settings.receiveWindow);
  }

  /** @param sessionId the peer's, for the header @param session ours */
  submit(message: ControlMessage, now: Instant, sessionId = 0, session?: number): Transmission[] {
    const sent = { kind: message.kind, sessionId, session, body: this.#bodyOf(message) };
    return this.#transmissions(this.#delivery.handle({ type: 'submit', message: sent }, now));
  }
  /** The last message of all, ahead of everything that was not yet sent. */
  finish(message: ControlMessage, now: Instant): Transmission[] {
    const sent = { kind: message.kind, sessionId: 0, session: undefined, body: this.#bodyOf(message) };
    return this.#transmissions(this.#delivery.handle({ type: 'finish', message: sent }, now));
  }
  /** One message outside the reliable order, for a peer that may hear us although we do not hear it. */
  shout(message: ControlMessage): Transmission {
    return this.#datagram({ sessionId: 0, ...this.sequence, body: this.#bodyOf(message) });
  }
  tick(now: Instant): ChannelEffect[] {
    return this.#translate(this.#delivery.handle({ type: 'tick' }, now), this.peer);
  }

  receive(from: Endpoint, bytes: Uint8Array, now: Instant): ChannelEffect[] {
    try {
      const datagram = readDatagram(bytes);
      if (datagram.kind === 'data') return [{ type: 'dropped', why: 'data message on the control connection' }];
      const { header, body } = datagram;
      if (header.tunnelId !== this.#localId && header.tunnelId !== 0)
        return [{ type: 'dropped', why: 'control message for another tunnel' }];
      if (!this.#listensTo(from)) return [{ type: 'stranger', from }];
      if (header.tunnelId === 0) return [{ type: 'unaddressed', from, header, body }];
      return this.take(from, header, body, now);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return [{ type: 'dropped', why: `control message with a header that cannot be read: ${error.what}` }]; // §7.1
    }
  }

  take(from: Endpoint, { sessionId, ns, nr }: ControlHeader, body: Uint8Array, now: Instant): ChannelEffect[] {
    this.#heardAt = now;
    return this.#translate(this.#delivery.handle({ type: 'received', sessionId, ns, nr, body }, now), from);
  }

  read(body: Uint8Array): Reading {
    const { tolerateUnknownMandatory } = this.#options.settings;
    return readControl(body, { secret: this.#secret, tolerateUnknownMandatory });
  }

  /** Until the peer has answered it may move: to another port always, to another address if that is allowed (§8.1). */
  #listensTo(from: Endpoint): boolean {
    if (sameEndpoint(from, this.peer)) return true;
    return this.peerId === undefined && (from.address === this.peer.address || this.#options.accept(from));
  }

  #bodyOf(message: ControlMessage): Uint8Array {
    const { entropy, settings } = this.#options;
    if (this.#secret === undefined || !settings.hideAvps || NEVER_HIDDEN.includes(message.kind))
      return writeMessage(message);
    const [length = 0] = entropy(1);
    const padding = entropy(length % 16); // of any length, to obscure that of the value (§4.3)
    return writeMessage(message, { secret: this.#secret, randomVector: entropy(16), padding });
  }

  #transmissions(effects: readonly DeliveryEffect<Sent>[]): Transmission[] {
    return effects.flatMap((effect) =>
      effect.type === 'transmit' ? [this.#datagram(effect)] : effect.type === 'dropped' ? [effect] : [],
    );
  }

  #translate(effects: readonly DeliveryEffect<Sent>[], from: Endpoint): ChannelEffect[] {
    return effects.map((effect) => {
      switch (effect.type) {
        case 'transmit':
          return this.#datagram(effect);
        case 'deliver':
          return { type: 'received', from, sessionId: effect.sessionId, reading: this.read(effect.body) };
        default:
          return effect;
      }
    });
  }

  #datagram({ sessionId, ns, nr, body }: Omit<ControlHeader, 'tunnelId'> & { body: Uint8Array }): Transmission {
    // Looked up anew for each retransmission: the peer's id may have become known since.
    const header = { tunnelId: this.peerId ?? 0, sessionId, ns, nr };
    return { type: 'send', to: this.peer, bytes: writeControl(header, body) };
  }
}

/** Farewells must be understood even where the secrets turn out to differ; a HELLO has nothing to hide. */
const NEVER_HIDDEN: readonly MessageKind[] = ['StopCCN', 'CDN', 'HELLO'];
