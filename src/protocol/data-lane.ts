/**
 * The fast lane: IP packets to L2TP data messages and back, with the header built ahead and one allocation a packet
 * (RFC 2661 §3.1, §5.4; RFC 1661 §2).
 *
 * It is called straight from the packet loop, past all machines. What it cannot carry it declines, and the control lane
 * looks at it; what it notices it counts, and says with `attention` when its owner should look soon.
 */
import { concat, uint } from '../wire/bytes.ts';
import { LoopGuard } from './loop-guard.ts';
import type { Endpoint } from './machine.ts';

/** Ids of one call, 1-65535: ours are in what we receive, the peer's in what we send. */
export interface LaneIds {
  readonly localTunnelId: number;
  readonly localSessionId: number;
  readonly peerTunnelId: number;
  readonly peerSessionId: number;
}

/** Packets and octets are those of the inner IP packets. */
export interface LaneCounters {
  sentPackets: number;
  sentOctets: number;
  receivedPackets: number;
  receivedOctets: number;
  /** Came out of the tunnel device, dropped: addressed to the server's end of the tunnel itself. */
  looped: number;
  /** Came out of the tunnel device, dropped: neither IPv4 nor IPv6. */
  notIp: number;
  /** Came out of the tunnel device, dropped: the link does not carry IPv4 (now). */
  ipv4Blocked: number;
  /** Came out of the tunnel device, dropped: the link does not carry IPv6 (now). */
  ipv6Blocked: number;
  /** Data messages for no call of ours; counted by whoever the lane left them to. */
  unknownSession: number;
  /** Numbered data messages that came behind a later one; delivered all the same. */
  reordered: number;
  /** Numbers left out when a later one came: lost, or counted in `reordered` afterwards. */
  skipped: number;
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
  readonly counters: LaneCounters = {
    sentPackets: 0,
    sentOctets: 0,
    receivedPackets: 0,
    receivedOctets: 0,
    looped: 0,
    notIp: 0,
    ipv4Blocked: 0,
    ipv6Blocked: 0,
    unknownSession: 0,
    reordered: 0,
    skipped: 0,
  };
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
    const version = (packet[0] ?? 0) >> 4;
    if (version === 4 && packet.length >= IPV4_HEADER_OCTETS) {
      if (!this.ipv4Open) return this.#drop('ipv4Blocked');
    } else if (version === 6 && packet.length >= IPV6_HEADER_OCTETS) {
      if (!this.ipv6Open) return this.#drop('ipv6Blocked');
    } else return this.#drop('notIp');
    if (this.#guard.isLoop(packet)) {
      if (this.counters.looped === 0) this.attention = true;
      return this.#drop('looped');
    }
    this.counters.sentPackets++;
    this.counters.sentOctets += packet.length;
    const message = this.#message(this.#prefix, packet);
    message[this.#prefix.length - 1] = version === 4 ? PPP_IPV4 : PPP_IPV6;
    return message;
  }

  /**
   * The IP packet in a data message of this call, as a view; undefined: not for the fast lane (control, another call, PPP
   * that is not IP, IP that may not flow, anything odd), nothing was counted. The caller has checked who sent it.
   */
  decapsulate(datagram: Uint8Array): Uint8Array | undefined {
    const flags = u16(datagram, 0);
    if ((flags & (T | VERSION)) !== 2) return undefined;
    const end = (flags & L) === 0 ? datagram.length : u16(datagram, 2);
    if (end > datagram.length) return undefined;
    let at = (flags & L) === 0 ? 2 : 4;
    if (u16(datagram, at) !== this.#ids.localTunnelId) return undefined;
    if (u16(datagram, at + 2) !== this.#ids.localSessionId) return undefined;
    at += 4;
    const ns = (flags & S) === 0 ? undefined : u16(datagram, at);
    if (ns !== undefined) at += 4;
    if ((flags & O) !== 0) at += 2 + u16(datagram, at);
    if (u16(datagram, at) === ADDRESS_CONTROL) at += 2;
    // The first octet of a protocol number is even, the last one odd (RFC 1661 §2): an odd one stands alone.
    if (datagram[at] === 0) at++;
    const protocol = datagram[at++];
    // Reads past the end gave zeros so far; whoever gets there has no room for an IP header and is declined here.
    if (!this.#mayFlow(protocol, (datagram[at] ?? 0) >> 4, end - at)) return undefined;
    this.noteSequence(ns);
    this.counters.receivedPackets++;
    this.counters.receivedOctets += end - at;
    return datagram.subarray(at, end);
  }

  /** A whole PPP frame of the control lane to a data message. */
  wrap(frame: Uint8Array): Uint8Array {
    return this.#message(this.#header, frame);
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

  #message(front: Uint8Array, content: Uint8Array): Uint8Array {
    const message = new Uint8Array(front.length + content.length);
    message.set(front);
    message.set(content, front.length);
    if (this.#options.lengthBit === true) put16(message, 2, message.length);
    if (this.#sequencing) {
      put16(message, this.#header.length - 4, this.#ns);
      this.#ns = (this.#ns + 1) & 0xffff;
    }
    return message;
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

// The first 16 bits of the L2TP header (RFC 2661 §3.1).
const T = 0x8000;
const L = 0x4000;
const S = 0x0800;
const O = 0x0200;
const VERSION = 0x000f;

const IPV4_HEADER_OCTETS = 20;
const IPV6_HEADER_OCTETS = 40;
const UDP_HEADER_OCTETS = 8;

const ADDRESS_CONTROL = 0xff03; // RFC 1662 §3.1
const PPP_IPV4 = 0x21; // RFC 1332 §4
const PPP_IPV6 = 0x57; // RFC 5072 §2
