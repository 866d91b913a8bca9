/** One call as the lab's LNS sees it: session, PPP server and fast lane, and what real LNSes make of them. */
import { DataLane } from '../protocol/data-lane.ts';
import { Deadlines, earliest, type Instant } from '../protocol/deadlines.ts';
import type { Cause } from '../protocol/failure.ts';
import { Session, type SessionEffect, type SessionInput } from '../protocol/l2tp/session.ts';
import type { Tunnel } from '../protocol/l2tp/tunnel.ts';
import type { Entropy, Machine } from '../protocol/machine.ts';
import type { LinkEffect } from '../protocol/ppp/link-io.ts';
import { LCP_OPTION } from '../protocol/ppp/option-table.ts';
import type { ControlMessage, MessageKind, MessageOf } from '../wire/message-table.ts';
import type { Guests } from './guests.ts';
import type { LnsEffect, LnsSettings } from './lns-io.ts';
import { PppServer, type PppServerInput } from './ppp-server.ts';

export type LnsCallInput =
  | { type: 'message'; message: ControlMessage }
  | { type: 'acknowledged'; message: MessageKind }
  /** A PPP frame that the fast lane does not take. */
  | { type: 'frame'; bytes: Uint8Array; ns: number | undefined }
  | { type: 'hang-up'; by: 'CDN' | 'LCP' }
  | { type: 'tunnel-closed' }
  | { type: 'number-data'; on: boolean }
  | { type: 'tick' };

export type LnsCallEffect =
  | { type: 'submit'; sessionId: number; message: ControlMessage }
  /** A data message for the client. */
  | { type: 'data'; bytes: Uint8Array }
  /** The call is over: it may be forgotten. */
  | { type: 'over' }
  | Extract<LnsEffect, { type: 'login' | 'logout' | 'dropped' }>;

const NO_RESOURCES = { cause: { result: 4, error: 0 }, text: 'No lines left' };
/** A server knows what it has an entry for; the rest of the table is never asked about. */
const AUTHENTICATION_ONLY = { authProtocol: LCP_OPTION.authProtocol } as typeof LCP_OPTION;
const LOST_CARRIER: Cause = { result: 1 };
const ADMINISTRATIVE: Cause = { result: 3 };

export class LnsCall implements Machine<LnsCallInput, LnsCallEffect> {
  readonly #tunnel: Tunnel;
  readonly #settings: LnsSettings;
  readonly #guests: Guests;
  readonly #entropy: Entropy;
  readonly #session: Session;
  readonly #deadlines = new Deadlines<'hearing' | 'renegotiation'>();
  /** Taken from the pool; undefined: it has none left. */
  readonly #address: string | undefined;
  #server: PppServer | undefined;
  #lane: DataLane | undefined;
  #username: string | undefined;
  #isLoggedIn = false;
  #isOver = false;

  constructor(tunnel: Tunnel, settings: LnsSettings, guests: Guests, entropy: Entropy) {
    this.#tunnel = tunnel;
    this.#settings = settings;
    this.#guests = guests;
    this.#entropy = entropy;
    const refuse = () => (settings.quirks.noRoomForCalls ? NO_RESOURCES : undefined);
    this.#session = new Session({ role: 'lns', refuse, entropy });
    this.#address = guests.takeAddress();
  }

  get localId(): number {
    return this.#session.localId;
  }
  get peerId(): number | undefined {
    return this.#session.peerId;
  }
  get lane(): DataLane | undefined {
    return this.#lane;
  }
  get deadline(): Instant | undefined {
    return earliest(this.#session.deadline, this.#server?.deadline, this.#deadlines.next);
  }
  /** A CDN that answers the client's own. */
  get cdn(): MessageOf<'CDN'> {
    return { kind: 'CDN', resultCode: ADMINISTRATIVE, assignedSessionId: this.localId };
  }

  /** Whether an IP packet is for this client; IPv6 goes to whoever has it, for nobody here knows more. */
  has(packet: Uint8Array): boolean {
    if ((packet[0] ?? 0) >> 4 === 6) return this.#lane?.ipv6Open === true;
    return this.#address !== undefined && packet.subarray(16, 20).join('.') === this.#address;
  }

  handle(input: LnsCallInput, now: Instant): LnsCallEffect[] {
    switch (input.type) {
      case 'message':
      case 'acknowledged':
        return this.#toSession(input, now);
      case 'tunnel-closed':
        return [...this.#toSession(input, now), ...this.#leave()];
      case 'frame':
        return this.#frame(input.bytes, input.ns, now);
      case 'hang-up':
        if (input.by === 'LCP') return this.#toServer({ type: 'close', why: 'closed by the operator' }, now);
        return this.#toSession({ type: 'close', cause: ADMINISTRATIVE, text: 'closed by the operator' }, now);
      case 'number-data':
        this.#openLane(input.on);
        return [];
      case 'tick':
        return [...this.#toSession(input, now), ...this.#takeDue(now), ...this.#toServer(input, now)];
      default:
        return input satisfies never;
    }
  }

  #takeDue(now: Instant): LnsCallEffect[] {
    return this.#deadlines
      .takeDue(now)
      .flatMap((name) => (name === 'hearing' ? this.#startServer(now) : this.#toServer({ type: 'renegotiate' }, now)));
  }

  #toSession(input: SessionInput, now: Instant): LnsCallEffect[] {
    return this.#session.handle(input, now).flatMap((effect) => this.#fromSession(effect, now));
  }

  #fromSession(effect: SessionEffect, now: Instant): LnsCallEffect[] {
    switch (effect.type) {
      case 'submit':
      case 'dropped':
        return [effect];
      case 'established': {
        const { deafMs = 0, renegotiatesAfterMs } = this.#settings.quirks;
        this.#openLane(this.#settings.sequencing);
        if (renegotiatesAfterMs !== undefined) this.#deadlines.set('renegotiation', now + renegotiatesAfterMs);
        if (deafMs === 0) return this.#startServer(now);
        if (deafMs !== Number.POSITIVE_INFINITY) this.#deadlines.set('hearing', now + deafMs);
        return [];
      }
      case 'closed':
        return this.#leave();
      default:
        return effect satisfies never;
    }
  }

  #startServer(now: Instant): LnsCallEffect[] {
    const { auth, localAddress, dns, ipv6, mru, echoIntervalMs, tunnel, quirks } = this.#settings;
    const { requiresMppe, earlyEcho, refusal, rejectsLcpOptions } = quirks;
    this.#server = new PppServer(
      {
        name: tunnel.hostName,
        auth,
        passwordOf: (username) => this.#passwordOf(username),
        localAddress,
        addressFor: () => this.#address,
        dns,
        ipv6,
        mru,
        echo: { intervalMs: echoIntervalMs, failures: 3 },
        ...(requiresMppe && { requiresMppe }),
        ...(earlyEcho && { earlyEcho }),
        ...(refusal && { refusal }),
        ...(rejectsLcpOptions && { lcpOptions: AUTHENTICATION_ONLY }),
      },
      this.#entropy,
    );
    return this.#toServer({ type: 'lower-up' }, now);
  }

  #passwordOf(username: string): string | undefined {
    const isTaken = this.#settings.oneLoginPerUser && !this.#isLoggedIn && this.#guests.isIn(username);
    return isTaken ? undefined : this.#settings.users.get(username);
  }

  #frame(bytes: Uint8Array, ns: number | undefined, now: Instant): LnsCallEffect[] {
    this.#lane?.noteSequence(ns);
    if (this.#server === undefined) return [{ type: 'dropped', why: 'PPP before anybody listens' }];
    return this.#toServer({ type: 'frame', bytes }, now);
  }

  #toServer(input: PppServerInput, now: Instant): LnsCallEffect[] {
    return this.#server?.handle(input, now).flatMap((effect) => this.#fromServer(effect, now)) ?? [];
  }

  #fromServer(effect: LinkEffect, now: Instant): LnsCallEffect[] {
    switch (effect.type) {
      case 'frame':
        return this.#lane === undefined ? [] : [{ type: 'data', bytes: this.#lane.wrap(effect.bytes) }];
      case 'framing':
        this.#lane?.setFraming(effect);
        return [];
      case 'authenticated':
        this.#username = effect.method === 'none' ? 'anonymous' : effect.message;
        return [];
      case 'ipv4-up':
        if (this.#lane !== undefined) this.#lane.ipv4Open = true;
        return this.#login();
      case 'ipv4-down':
        if (this.#lane !== undefined) this.#lane.ipv4Open = false;
        return [];
      case 'ipv6-up':
        if (this.#lane !== undefined) this.#lane.ipv6Open = true;
        return [];
      case 'ipv6-down':
        if (this.#lane !== undefined) this.#lane.ipv6Open = false;
        return [];
      case 'ended':
        return this.#toSession({ type: 'close', cause: effect.failure ? LOST_CARRIER : ADMINISTRATIVE }, now);
      case 'phase':
      case 'peer-mru':
      case 'probe-answered':
      case 'probe-rejected':
        return [];
      case 'dropped':
        return [effect];
      default:
        return effect satisfies never;
    }
  }

  #openLane(sequencing: boolean): void {
    const ids = {
      localTunnelId: this.#tunnel.localId,
      localSessionId: this.#session.localId,
      peerTunnelId: this.#tunnel.peerId ?? 0,
      peerSessionId: this.#session.peerId ?? 0,
    };
    const lane = new DataLane(ids, this.#tunnel.peer, { sequencing: sequencing ? 'always' : 'never' });
    lane.ipv4Open = this.#lane?.ipv4Open === true;
    lane.ipv6Open = this.#lane?.ipv6Open === true;
    this.#lane = lane;
  }

  #login(): LnsCallEffect[] {
    if (this.#isLoggedIn || this.#username === undefined || this.#address === undefined) return [];
    this.#isLoggedIn = true;
    this.#guests.enter(this.#username);
    return [{ type: 'login', username: this.#username, address: this.#address }];
  }

  #leave(): LnsCallEffect[] {
    if (this.#isOver) return [];
    this.#isOver = true;
    const out: LnsCallEffect[] = [{ type: 'over' }];
    if (this.#isLoggedIn && this.#username !== undefined && this.#address !== undefined) {
      this.#guests.leave(this.#username);
      out.push({ type: 'logout', username: this.#username, address: this.#address });
    }
    if (this.#address !== undefined) this.#guests.giveBack(this.#address);
    return out;
  }
}
