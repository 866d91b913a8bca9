/**
 * The fast lane: IP packets to L2TP data messages and back, with the header built ahead and one allocation a packet
 * (RFC 2661 §3.1, §5.4; RFC 1661 §2).
 *
 * It is called straight from the packet loop, past all machines. What it cannot carry it declines, and the control lane
 * looks at it; what it notices it counts, and says with `attention` when its owner should look soon.
 */
import { concat, uint } from '../wire/bytes.ts';
import { FLAG, VERSION } from '../wire/l2tp-header.ts';
import { type LaneCounters, noneCounted } from './lane-counters.ts';
import { LoopGuard } from './loop-guard.ts';
import type { Endpoint } from './machine.ts';

/** Ids of one call, 1-65535: ours are in what we receive, the peer's in what we send. */
export interface LaneIds {
  readonly localTunnelId: number;
  readonly localSessionId: number;
  readonly peerTunnelId: number;
  readonly peerSessionId: number;
}

export interface LaneOptions {
  /** Whether data messages are numbered: as the peer does it (a LAC, §5.4, the default), or as an LNS decides. */
  readonly sequencing?: 'as-peer' | 'always' | 'never';
  /** Send the Length field; off by default, it says nothing that UDP does not say. */
  readonly lengthBit?: boolean;
}

export class DataLane {
  /** Whether IPv4 may flow: IPCP is open. */
  ipv4Open = false;
  /** Whether IPv6 may flow: IPV6CP is open. */
  ipv6Open = false;
  /** Something was noticed that the owner should act upon: the first looped packet, or another overhead. The owner clears it. */
  attention = false;
  /** Where the packet ends that {@link locate} found last. */
  packetEnd = 0;
  readonly counters: LaneCounters = noneCounted();
  readonly #ids: LaneIds;
  readonly #guard: LoopGuard;
  readonly #options: LaneOptions;
  #sequencing: boolean;
  #framing = { addressControl: true, shortProtocol: false };
  /** L2TP header; Length and Ns are filled in for every packet. */
  #header: Uint8Array = new Uint8Array();
  /** The same with the PPP header of an IP packet; the last octet, the protocol, is filled in. */
  #prefix: Uint8Array = new Uint8Array();
  #ns = 0;
  /** Ns of the next message, if nothing is lost; undefined before the first numbered one. */
  #expected: number | undefined;

  /** @param server the peer's end of the tunnel: packets to it that come out of the tunnel device are dropped */
  constructor(ids: LaneIds, server: Endpoint, options: LaneOptions = {}) {
    this.#ids = ids;
    this.#guard = new LoopGuard(server);
    this.#options = options;
    this.#sequencing = options.sequencing === 'always';
    this.#buildHeader();
  }

  /** Whether our data messages carry sequence numbers now. */
  get sequencing(): boolean {
    return this.#sequencing;
  }
  /** Sequence number of our next data message. */
  get ns(): number {
    return this.#ns;
  }
  /** How the PPP header of IP packets is sent: with FF 03 or without, the protocol in one octet or in two. */
  get framing(): { readonly addressControl: boolean; readonly shortProtocol: boolean } {
    return this.#framing;
  }
  /** The call's ids on both ends. */
  get ids(): LaneIds {
    return this.#ids;
  }

  /** How the PPP header of IP packets is sent: with FF 03 or without, and the protocol in two octets or in one. */
  setFraming({ addressControl, shortProtocol }: { addressControl: boolean; shortProtocol: boolean }): void {
    this.#framing = { addressControl, shortProtocol };
    this.#buildHeader();
  }

  /** Octets in front of an inner packet, outer IP and UDP headers included, as packets are sent now. */
  overhead(ipv6Outside: boolean): number {
    return (ipv6Outside ? IPV6_HEADER_OCTETS : IPV4_HEADER_OCTETS) + UDP_HEADER_OCTETS + this.#prefix.length;
  }

  /** One IP packet, as it came out of the tunnel device, to a data message of its own; undefined: dropped and counted. */
  encapsulate(packet: Uint8Array): Uint8Array | undefined {
    const protocol = this.admit(packet);
    if (protocol === undefined) return undefined;
    this.sent(1, packet.length);
    const message = new Uint8Array(this.#prefix.length + packet.length);
    this.writePrefix(message, 0, protocol, packet.length);
    message.set(packet, this.#prefix.length);
    return message;
  }

  /**
   * Whether an IP packet, or several in one that are yet to be taken apart, may go into the tunnel, and as which PPP protocol
   * (0x21, 0x57); undefined: dropped and counted. What goes is counted with {@link sent}.
   * @param bytes where it lies, from octet `from` up to `to`
   */
  admit(bytes: Uint8Array, from = 0, to = bytes.length): number | undefined {
    const octets = to - from;
    const version = octets > 0 ? (bytes[from] as number) >> 4 : 0;
    if (version === 4 && octets >= IPV4_HEADER_OCTETS) {
      if (!this.ipv4Open) return this.#drop('ipv4Blocked');
    } else if (version === 6 && octets >= IPV6_HEADER_OCTETS) {
      if (!this.ipv6Open) return this.#drop('ipv6Blocked');
    } else return this.#drop('notIp');
    if (this.#guard.isLoop(bytes, from, to)) {
      if (this.counters.looped === 0) this.attention = true;
      return this.#drop('looped');
    }
    return version === 4 ? PPP_IPV4 : PPP_IPV6;
  }

  /** Counts IP packets that go into the tunnel, and their octets. */
  sent(packets: number, octets: number): void {
    this.counters.sentPackets += packets;
    this.counters.sentOctets += octets;
  }

  /** Octets that {@link writePrefix} ever writes at most: L2TP header with Length, Ns and Nr, and the PPP header uncompressed. */
  readonly longestPrefix = 16;

  /** Octets that {@link writePrefix} writes now; another number once the framing or the peer's numbering changes. */
  get prefixLength(): number {
    return this.#prefix.length;
  }

  /**
   * Writes the L2TP and PPP header of one IP packet, and takes the next sequence number for it.
   * @param octets of the IP packet behind it
   */
  writePrefix(into: Uint8Array, at: number, protocol: number, octets: number): void {
    this.beginPrefix(into, at, protocol);
    this.finishPrefixes(into, at, 0, 1, octets, octets);
  }

  /** The part of {@link writePrefix} that is the same for all packets of one protocol, and may be copied from one to another. */
  beginPrefix(into: Uint8Array, at: number, protocol: number): void {
    const prefix = this.#prefix;
    for (let i = 0; i < prefix.length; i++) into[at + i] = prefix[i] as number;
    into[at + prefix.length - 1] = protocol;
  }

  /**
   * And the rest, of `count` packets: length and sequence number, where they are wanted.
   * @param at where the first one's is, `step` octets in front of the next
   * @param octets of every packet but the last, which has `last`
   */
  finishPrefixes(into: Uint8Array, at: number, step: number, count: number, octets: number, last: number): void {
    if (this.#options.lengthBit !== true && !this.#sequencing) return;
    const prefix = this.#prefix.length;
    for (let k = 0; k < count; k++) this.#fillIn(into, at + k * step, prefix + (k < count - 1 ? octets : last));
  }

  /**
   * The IP packet in a data message of this call, as a view; undefined: not for the fast lane (control, another call, PPP
   * that is not IP, IP that may not flow, anything odd), nothing was counted. The caller has checked who sent it.
   */
  decapsulate(datagram: Uint8Array): Uint8Array | undefined {
    const at = this.locate(datagram, 0, datagram.length);
    return at === undefined ? undefined : datagram.subarray(at, this.packetEnd);
  }

  /**
   * As {@link decapsulate}, for a data message somewhere in a larger buffer.
   * @returns where the IP packet begins; it ends at {@link packetEnd}
   */
  locate(bytes: Uint8Array, from: number, to: number): number | undefined {
    const flags = u16(bytes, from);
    if ((flags & (T | VERSION)) !== 2) return undefined;
    const end = (flags & L) === 0 ? to : from + u16(bytes, from + 2);
    if (end > to) return undefined;
    let at = from + ((flags & L) === 0 ? 2 : 4);
    if (u16(bytes, at) !== this.#ids.localTunnelId) return undefined;
    if (u16(bytes, at + 2) !== this.#ids.localSessionId) return undefined;
    at += 4;
    const ns = (flags & S) === 0 ? undefined : u16(bytes, at);
    if (ns !== undefined) at += 4;
    if ((flags & O) !== 0) at += 2 + u16(bytes, at);
    if (u16(bytes, at) === ADDRESS_CONTROL) at += 2;
    // The first octet of a protocol number is even, the last one odd (RFC 1661 §2): an odd one stands alone.
    if (bytes[at] === 0) at++;
    const protocol = bytes[at++];
    // What was read past the end so far was somebody else's, or nothing: whoever gets there has no room for an IP header and is declined here.
    if (!this.#mayFlow(protocol, (bytes[at] ?? 0) >> 4, end - at)) return undefined;
    this.noteSequence(ns);
    this.counters.receivedPackets++;
    this.counters.receivedOctets += end - at;
    this.packetEnd = end;
    return at;
  }

  /** A whole PPP frame of the control lane to a data message. */
  wrap(frame: Uint8Array): Uint8Array {
    const message = new Uint8Array(this.#header.length + frame.length);
    message.set(this.#header);
    message.set(frame, this.#header.length);
    this.#fillIn(message, 0, message.length);
    return message;
  }

  /**
   * Takes note of the Ns of a data message of this call, or of its absence: "if the LAC receives a data message with
   * sequence numbers present, it MUST begin sending sequence numbers", and stop when it receives one without (§5.4).
   * Numbers are counted and never stall anything: IP copes with loss and with disorder.
   */
  noteSequence(ns: number | undefined): void {
    const numbered = ns !== undefined;
    if (numbered !== this.#sequencing && (this.#options.sequencing ?? 'as-peer') === 'as-peer') {
      this.#sequencing = numbered;
      this.attention = true;
      this.#buildHeader();
    }
    if (!numbered) return;
    const ahead = (ns - (this.#expected ?? ns)) & 0xffff;
    if (ahead >= 0x8000) this.counters.reordered++;
    else {
      this.counters.skipped += ahead;
      this.#expected = (ns + 1) & 0xffff;
    }
  }

  #drop(reason: 'looped' | 'notIp' | 'ipv4Blocked' | 'ipv6Blocked'): undefined {
    this.counters[reason]++;
    return undefined;
  }

  #mayFlow(protocol: number | undefined, version: number, octets: number): boolean {
    if (protocol === PPP_IPV4) return this.ipv4Open && version === 4 && octets >= IPV4_HEADER_OCTETS;
    if (protocol === PPP_IPV6) return this.ipv6Open && version === 6 && octets >= IPV6_HEADER_OCTETS;
    return false;
  }

  #fillIn(message: Uint8Array, at: number, octets: number): void {
    if (this.#options.lengthBit === true) put16(message, at + 2, octets);
    if (this.#sequencing) {
      put16(message, at + this.#header.length - 4, this.#ns);
      this.#ns = (this.#ns + 1) & 0xffff;
    }
  }

  #buildHeader(): void {
    const { peerTunnelId, peerSessionId } = this.#ids;
    const lengthBit = this.#options.lengthBit === true;
    this.#header = concat(
      uint(2, (lengthBit ? L : 0) | (this.#sequencing ? S : 0) | 2),
      new Uint8Array(lengthBit ? 2 : 0),
      uint(2, peerTunnelId),
      uint(2, peerSessionId),
      new Uint8Array(this.#sequencing ? 4 : 0),
    );
    const { addressControl, shortProtocol } = this.#framing;
    this.#prefix = concat(
      this.#header,
      addressControl ? uint(2, ADDRESS_CONTROL) : new Uint8Array(),
      new Uint8Array(shortProtocol ? 1 : 2),
    );
  }
}

/** Zeros behind the end. */
const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

const { T, L, S, O } = FLAG;

const IPV4_HEADER_OCTETS = 20;
const IPV6_HEADER_OCTETS = 40;
const UDP_HEADER_OCTETS = 8;

const ADDRESS_CONTROL = 0xff03; // RFC 1662 §3.1
const PPP_IPV4 = 0x21; // RFC 1332 §4
const PPP_IPV6 = 0x57; // RFC 5072 §2
