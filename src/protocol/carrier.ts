/**
 * A PPP link as one L2TP call carries it: frames in data messages, IP packets in the fast lane beside them, and the MTU that
 * follows from both.
 */
import { readDatagram } from '../wire/l2tp-header.ts';
import { Malformed } from '../wire/malformed.ts';
import type { ClientEvent, LinkUp, Path, PathMtu, Stage } from './client-io.ts';
import { DataLane, type LaneIds } from './data-lane.ts';
import { earliest, type Instant } from './deadlines.ts';
import type { Failure, PeerWords } from './failure.ts';
import { type Endpoint, type Entropy, type Machine, sameEndpoint } from './machine.ts';
import { type PathMtuEffect, type PathMtuInput, PathMtuWatch, wordsOfNarrowing, wordsOfWidening } from './path-mtu.ts';
import { Link, type LinkEffect, type LinkInput, type LinkPhase } from './ppp/link.ts';
import type { ClientSettings } from './settings.ts';

export type CarrierInput =
  /** The call is connected: its ids are known, PPP begins. */
  | { type: 'connected'; ids: LaneIds; server: Endpoint }
  | { type: 'datagram'; from: Endpoint; bytes: Uint8Array }
  | { type: 'path-mtu'; server: string; path: PathMtu }
  | { type: 'close'; why: string }
  /** The call is gone; `peer` when the server ended it. */
  | { type: 'disconnected'; peer: PeerWords | undefined }
  | { type: 'tick' };

export type CarrierEffect =
  | { type: 'send'; to: Endpoint; bytes: Uint8Array }
  | { type: 'stage'; stage: Stage }
  | { type: 'event'; event: ClientEvent }
  | { type: 'ipv4-up'; link: LinkUp }
  | { type: 'ipv4-down' }
  | { type: 'mtu-changed'; mtu: number }
  | { type: 'ask-path-mtu'; server: string }
  | { type: 'ipv6-up'; interfaceId: Uint8Array }
  | { type: 'ipv6-down' }
  | { type: 'link-ended'; failure: Failure | undefined }
  | { type: 'dropped'; why: string };

export class Carrier implements Machine<CarrierInput, CarrierEffect> {
  readonly link: Link;
  /** How large datagrams to the server may be. */
  readonly pathMtu: PathMtuWatch;
  readonly #settings: ClientSettings;
  readonly #path: Path;
  #way: { readonly lane: DataLane; readonly ids: LaneIds; readonly server: Endpoint } | undefined;
  #peerMru = 1500; // RFC 1661 §6.1: what holds when the peer says nothing
  /** Heard before the call was connected, perhaps of another address of the server. */
  #heardEarly: Extract<CarrierInput, { type: 'path-mtu' }> | undefined;
  #mtu: number | undefined;
  #mostOverhead = 0;
  #packetsHeard = 0;
  #loopReported = false;

  constructor(settings: ClientSettings, path: Path, entropy: Entropy) {
    this.#settings = settings;
    this.#path = path;
    this.pathMtu = new PathMtuWatch(path.mtu, settings.mtuProbe);
    this.link = new Link(settings.link, entropy);
  }

  /** The way for IP packets; undefined before the call is connected. */
  get lane(): DataLane | undefined {
    return this.#way?.lane;
  }
  /** MTU of the tunnel in octets, once PPP is up. */
  get mtu(): number | undefined {
    return this.#mtu;
  }
  get deadline(): Instant | undefined {
    return earliest(this.link.deadline, this.pathMtu.deadline);
  }

  handle(input: CarrierInput, now: Instant): CarrierEffect[] {
    switch (input.type) {
      case 'connected':
        this.#way = { lane: new DataLane(input.ids, input.server), ids: input.ids, server: input.server };
        return [...this.#heard(this.#heardEarly, now), ...this.#toLink({ type: 'lower-up' }, now)];
      case 'datagram':
        return this.#datagram(input.from, input.bytes, now);
      case 'path-mtu':
        if (this.#way === undefined) this.#heardEarly = input;
        return this.#heard(input, now);
      case 'close':
        return this.#toLink(input, now);
      case 'disconnected':
        return this.#toLink({ type: 'lower-down', ...(input.peer && { peer: input.peer }) }, now);
      case 'tick':
        return [...this.#observeLane(now), ...this.#toLink(input, now), ...this.#toPathMtu(input, now)];
      default:
        return input satisfies never;
    }
  }

  #datagram(from: Endpoint, bytes: Uint8Array, now: Instant): CarrierEffect[] {
    if (this.#way === undefined) return [{ type: 'dropped', why: 'data message outside a call' }];
    const { lane, ids, server } = this.#way;
    if (!sameEndpoint(from, server)) return [{ type: 'dropped', why: 'data message from a stranger' }];
    try {
      const datagram = readDatagram(bytes);
      const { tunnelId, sessionId } = datagram.header;
      if (datagram.kind !== 'data' || tunnelId !== ids.localTunnelId || sessionId !== ids.localSessionId) {
        lane.counters.unknownSession++;
        return [{ type: 'dropped', why: 'data message for an unknown session' }];
      }
      lane.noteSequence(datagram.header.ns);
      return [...this.#toLink({ type: 'frame', bytes: datagram.payload }, now), ...this.#followMtu(now)];
    } catch (error) {
      if (error instanceof Malformed) return [{ type: 'dropped', why: 'unreadable data message' }];
      throw error;
    }
  }

  /** The fast lane counts without telling anybody: what it has seen since the last look is acted upon here. */
  #observeLane(now: Instant): CarrierEffect[] {
    if (this.#way === undefined) return [];
    const { lane, server } = this.#way;
    lane.attention = false;
    const out: CarrierEffect[] = [];
    if (lane.counters.receivedPackets !== this.#packetsHeard) {
      this.#packetsHeard = lane.counters.receivedPackets;
      out.push(...this.#toLink({ type: 'heard' }, now));
    }
    if (lane.counters.looped > 0 && !this.#loopReported) {
      this.#loopReported = true;
      const detail =
        `packets to the server itself (${server.address} port ${server.port}) were routed into the tunnel and dropped: ` +
        'some program replaced or removed the host route to the server; see the routes in the status';
      out.push({ type: 'event', event: { kind: 'warning', code: 'routing-loop', detail } });
    }
    return [...out, ...this.#followMtu(now)];
  }

  #toLink(input: LinkInput, now: Instant): CarrierEffect[] {
    return this.link.handle(input, now).flatMap((effect) => this.#fromLink(effect, now));
  }

  #fromLink(effect: LinkEffect, now: Instant): CarrierEffect[] {
    switch (effect.type) {
      case 'dropped':
        return [effect];
      case 'frame':
        return this.#way === undefined
          ? []
          : [{ type: 'send', to: this.#way.server, bytes: this.#way.lane.wrap(effect.bytes) }];
      case 'phase':
        return stageOf(effect.phase);
      case 'framing':
        this.lane?.setFraming(effect);
        return this.#followMtu(now);
      case 'peer-mru':
        this.#peerMru = effect.mru;
        return this.#followMtu(now);
      case 'authenticated':
        return [{ type: 'event', event: { kind: 'authenticated', method: effect.method, message: effect.message } }];
      case 'ipv4-up': {
        if (this.#way === undefined) return [];
        this.#way.lane.ipv4Open = true;
        this.#mtu = this.#fittingMtu();
        return [
          { type: 'ipv4-up', link: { ...effect.agreed, mtu: this.#mtu, server: this.#way.server } },
          ...this.#toPathMtu(this.#size, now),
        ];
      }
      case 'ipv4-down':
        if (this.lane !== undefined) this.lane.ipv4Open = false;
        return [effect, ...this.#toPathMtu({ type: 'down' }, now)];
      case 'ipv6-up':
        if (this.lane !== undefined) this.lane.ipv6Open = true;
        return [effect];
      case 'ipv6-down':
        if (this.lane !== undefined) this.lane.ipv6Open = false;
        return [effect];
      case 'probe-answered':
        return this.#toPathMtu(
          effect.isWhole ? { type: 'answered', octets: effect.mark } : { type: 'useless', why: 'cut short' },
          now,
        );
      case 'probe-rejected':
        return this.#toPathMtu({ type: 'useless', why: 'rejected' }, now);
      case 'ended':
        return [{ type: 'link-ended', failure: effect.failure }];
      default:
        return effect satisfies never;
    }
  }

  /**
   * What fits: the user's wish, what the server can receive, and the path less the headers really in use. Once the header has
   * grown, because the server numbers its messages, room is kept for it: a server that numbers only some must not make the MTU flap.
   */
  #fittingMtu(): number {
    const overhead = Math.max(this.#mostOverhead, this.#overhead);
    if (this.lane?.sequencing) this.#mostOverhead = overhead;
    return Math.min(this.#settings.mtu, this.#peerMru, this.pathMtu.room(overhead));
  }

  #followMtu(now: Instant): CarrierEffect[] {
    if (this.#mtu === undefined) return [];
    const mtu = this.#fittingMtu();
    const changed: CarrierEffect[] = mtu === this.#mtu ? [] : [{ type: 'mtu-changed', mtu }];
    this.#mtu = mtu;
    if (!this.lane?.ipv4Open) return changed;
    return [...changed, ...this.#toPathMtu(this.#size, now)];
  }

  /** Octets in front of an inner packet. */
  get #overhead(): number {
    return this.lane?.overhead(this.#path.local.address.includes(':')) ?? 0;
  }
  /** Of a datagram with a full packet in it, or with the longest LCP echo where the server echoes less: as it is, and as it could be. */
  get #size(): Extract<PathMtuInput, { type: 'size' }> {
    const echo = this.link.longestEcho + this.#echoOverhead;
    const of = (mtu: number) => Math.min(mtu + this.#overhead, echo);
    return { type: 'size', octets: of(this.#mtu ?? 0), most: of(Math.min(this.#settings.mtu, this.#peerMru)) };
  }
  /** Octets in front of an LCP packet, whose PPP header is never compressed. */
  get #echoOverhead(): number {
    if (this.lane === undefined) return 0;
    const { addressControl, shortProtocol } = this.lane.framing;
    return this.#overhead + (addressControl ? 0 : 2) + (shortProtocol ? 1 : 0);
  }

  #heard(input: Extract<CarrierInput, { type: 'path-mtu' }> | undefined, now: Instant): CarrierEffect[] {
    if (input === undefined || input.server !== this.#way?.server.address) return [];
    return this.#toPathMtu({ type: 'heard', path: input.path }, now);
  }

  #toPathMtu(input: PathMtuInput, now: Instant): CarrierEffect[] {
    return this.pathMtu.handle(input, now).flatMap((effect) => this.#fromPathMtu(effect, now));
  }

  #fromPathMtu(effect: PathMtuEffect, now: Instant): CarrierEffect[] {
    switch (effect.type) {
      case 'ask':
        return this.#way === undefined ? [] : [{ type: 'ask-path-mtu', server: this.#way.server.address }];
      case 'probe':
        return this.#toLink({ type: 'probe', octets: effect.octets - this.#echoOverhead, mark: effect.octets }, now);
      case 'narrowed':
        return this.#otherwise(now, (mtu) => wordsOfNarrowing(this.pathMtu.known, mtu, this.#overhead));
      case 'widened':
        return this.#otherwise(now, wordsOfWidening);
      case 'unprovable':
        return [{ type: 'event', event: { kind: 'warning', code: 'path-mtu', detail: effect.words } }];
      default:
        return effect satisfies never;
    }
  }

  /** The path is another than it was. */
  #otherwise(now: Instant, words: (mtu: number) => string): CarrierEffect[] {
    const before = this.#mtu;
    const effects = this.#followMtu(now);
    if (before === undefined || this.#mtu === undefined || this.#mtu === before) return effects;
    return [...effects, { type: 'event', event: { kind: 'warning', code: 'path-mtu', detail: words(this.#mtu) } }];
  }
}

/** PPP's phases that a dial goes through; it may go through them again when a server renegotiates. */
function stageOf(phase: LinkPhase): CarrierEffect[] {
  switch (phase) {
    case 'establish':
      return [{ type: 'stage', stage: 'link' }];
    case 'authenticate':
      return [{ type: 'stage', stage: 'authentication' }];
    case 'network':
      return [{ type: 'stage', stage: 'network' }];
    case 'terminate':
    case 'dead':
      return [];
    default:
      return phase satisfies never;
  }
}
