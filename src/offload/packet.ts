/** Where things are in an IP packet that lies in memory: which headers it has, where its payload begins and where it ends. */
import type { Arena } from './arena.ts';
import {
  DESTINATION_OPTIONS,
  HOP_BY_HOP,
  IPV4_FRAGMENT,
  IPV4_MORE_OR_OFFSET,
  IPV4_OCTETS,
  IPV4_PROTOCOL,
  IPV4_TOTAL_LENGTH,
  IPV6_FRAGMENT,
  IPV6_NEXT_HEADER,
  IPV6_OCTETS,
  IPV6_PAYLOAD_LENGTH,
  ROUTING,
  TCP,
  TCP_DATA_OFFSET,
  TCP_OCTETS,
  UDP,
  UDP_LENGTH,
  UDP_OCTETS,
} from './header-table.ts';

/** One packet's layout. The same object serves for one packet after the other: nothing is made anew, nothing is copied. */
export class PacketLayout {
  version: 4 | 6 = 4;
  /** Where it begins. */
  from = 0;
  /** Where it ends as its IP header says: there may be more octets behind it, there are never fewer. */
  end = 0;
  /** Where the transport header begins; in IPv6 that is the first header which is neither hop-by-hop nor routing nor destination options. */
  transportAt = 0;
  /** Number of the protocol that begins there. */
  protocol = 0;
  /** It is a piece of a packet: `protocol` may be right, but a transport header need not be there. */
  isFragment = false;

  /**
   * Reads the packet in octets `from` up to `to` of the arena.
   * @returns whether its IP headers are whole and it has all the octets they speak of; if not, nothing else here means anything
   */
  read(arena: Arena, from: number, to: number): boolean {
    if (from >= to || !arena.holds(from, to)) return false;
    this.from = from;
    const version = arena.u8(from) >> 4;
    if (version === 4) return this.#readIpv4(arena, from, to);
    if (version === 6) return this.#readIpv6(arena, from, to);
    return false;
  }

  /** Whether it says to which flow it belongs: two ports, in the same place for TCP and UDP. */
  get hasPorts(): boolean {
    return (this.protocol === TCP || this.protocol === UDP) && !this.isFragment && this.end - this.transportAt >= 4;
  }

  /**
   * Where the payload of TCP or UDP begins; 0: the transport header is not whole, contradicts the IP header, or is neither.
   * A packet cannot begin with its payload, so 0 is never a place.
   */
  payloadAt(arena: Arena): number {
    const { transportAt, end } = this;
    if (this.isFragment) return 0;
    if (this.protocol === TCP) {
      if (end - transportAt < TCP_OCTETS) return 0;
      const octets = (arena.u8(transportAt + TCP_DATA_OFFSET) >> 4) * 4;
      return octets >= TCP_OCTETS && transportAt + octets <= end ? transportAt + octets : 0;
    }
    if (this.protocol !== UDP || end - transportAt < UDP_OCTETS) return 0;
    return arena.u16(transportAt + UDP_LENGTH) === end - transportAt ? transportAt + UDP_OCTETS : 0;
  }

  #readIpv4(arena: Arena, from: number, to: number): boolean {
    if (to - from < IPV4_OCTETS) return false;
    const headerOctets = (arena.u8(from) & 0x0f) * 4;
    const totalOctets = arena.u16(from + IPV4_TOTAL_LENGTH);
    if (headerOctets < IPV4_OCTETS || totalOctets < headerOctets || totalOctets > to - from) return false;
    this.version = 4;
    this.end = from + totalOctets;
    this.transportAt = from + headerOctets;
    this.protocol = arena.u8(from + IPV4_PROTOCOL);
    this.isFragment = (arena.u16(from + IPV4_FRAGMENT) & IPV4_MORE_OR_OFFSET) !== 0;
    return true;
  }

  /**
   * Linux repeats these three extension headers in every segment (`ipv6_gso_segment`: those flagged INET6_PROTO_GSO_EXTHDR). Others
   * end the walk: of a fragment (RFC 8200 §4.5) there is one header a packet, and what is authenticated or encrypted is not for us
   * to take apart.
   */
  #readIpv6(arena: Arena, from: number, to: number): boolean {
    if (to - from < IPV6_OCTETS) return false;
    const end = from + IPV6_OCTETS + arena.u16(from + IPV6_PAYLOAD_LENGTH);
    if (end > to) return false;
    let next = arena.u8(from + IPV6_NEXT_HEADER);
    let at = from + IPV6_OCTETS;
    while (next === HOP_BY_HOP || next === ROUTING || next === DESTINATION_OPTIONS) {
      if (at + 8 > end) return false;
      next = arena.u8(at);
      at += (arena.u8(at + 1) + 1) * 8; // RFC 8200 §4.3: "not including the first 8 octets"
      if (at > end) return false;
    }
    this.version = 6;
    this.end = end;
    this.transportAt = at;
    this.protocol = next;
    this.isFragment = next === IPV6_FRAGMENT;
    return true;
  }
}
