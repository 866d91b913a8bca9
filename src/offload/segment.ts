/**
 * How a packet that the kernel left unfinished becomes packets for the wire: segmentation (TSO, USO) and checksums, as a network
 * card does them.
 *
 * What comes out is what Linux makes itself where a device offers no offload (`tcp_gso_segment`, `__udp_gso_segment`,
 * `inet_gso_segment`, `ipv6_gso_segment`, `skb_checksum_help`), octet for octet. Headers are built in an arena beside; the
 * payload stays where it is, to be gathered from there.
 */
import type { Arena, SegmentHeaders } from './arena.ts';
import { complement, flowSum, fold, LONGEST_SUM, sum } from './checksum.ts';
import {
  IPV4_CHECKSUM,
  IPV4_IDENTIFICATION,
  IPV4_OCTETS,
  IPV4_TOTAL_LENGTH,
  TCP,
  TCP_CHECKSUM,
  TCP_FLAGS,
  TCP_SEQUENCE,
  UDP,
  UDP_CHECKSUM,
  UDP_LENGTH,
} from './header-table.ts';
import { PacketLayout } from './packet.ts';
import { buildHeaders, noHeaders } from './segment-headers.ts';
import { GSO, NEEDS_CSUM, type VnetHeader } from './vnet-header.ts';

/** Linux sends no TCP segment with less payload than 8 octets (TCP_MIN_GSO_SIZE), so this many are the most of one packet. */
export const MOST_SEGMENTS = 65_536 / 8;

/** Octets of all headers of one packet: {@link MOST_SEGMENTS} of them with 40 octets of header, 16 of prefix, and some to spare. */
export const MOST_HEADER_OCTETS = MOST_SEGMENTS * 64;

export class Segmenter {
  /** Where headers are built, each with room for the caller's prefix in front of it. */
  readonly headers: Arena;
  /** From where a packet's headers are to be built to where the first one begins: room for what the caller wants in front of it. */
  readonly prefixRoom: number;
  /** Where in {@link headers} the header of the first segment begins, at a multiple of four, and octets from one to the next. */
  headerAt = 0;
  headerStep = 0;
  /** Octets of every segment's header; 0: the one segment is the packet as it lies there, header and all. */
  headerOctets = 0;
  /** Where in {@link headers} the headers of the last packet end. */
  headersEnd = 0;
  /** Where in the packet's own memory the payload of the first segment begins; the others lie behind it without gaps. */
  payloadAt = 0;
  /** Octets of each payload but the last, and of that. */
  payloadOctets = 0;
  lastOctets = 0;
  readonly #packets: Arena;
  readonly #layout = new PacketLayout();
  /** Where the headers' memory begins within the packets', if it is a part of it. */
  readonly #headersBegin: number | undefined;
  readonly #plan: SegmentHeaders;

  /**
   * @param packets the memory that packets are read into
   * @param headers the memory that headers are built in: {@link MOST_HEADER_OCTETS} behind the last place they are to begin at
   * @param prefixOctets what the caller wants to write in front of each header, at most
   */
  constructor(packets: Arena, headers: Arena, prefixOctets: number) {
    this.#packets = packets;
    this.headers = headers;
    this.prefixRoom = roundedUp(prefixOctets);
    const begin = headers.octets.byteOffset - packets.octets.byteOffset;
    this.#headersBegin = headers.octets.buffer === packets.octets.buffer && begin >= 0 ? begin : undefined;
    this.#plan = noHeaders(this.prefixRoom);
  }

  /**
   * Makes the segments of one packet. What is said of them is good until the next call, their headers as long as no others are built
   * there. A checksum that is missing is written into the packet. What the caller has put in front of the first header, within
   * {@link prefixRoom}, is in front of every one then.
   * @param vnet what stood in front of the packet
   * @param at where the packet begins
   * @param octets how long it is
   * @param headersFrom where in {@link headers} theirs are to be built: a multiple of four, {@link MOST_HEADER_OCTETS} at most
   * @returns how many segments there are, 1-{@link MOST_SEGMENTS}; 0: the packet is malformed, or nothing we asked the kernel for
   */
  segment(vnet: VnetHeader, at: number, octets: number, headersFrom = 0): number {
    this.headersEnd = headersFrom;
    if (octets <= 0 || octets > LONGEST_SUM || !this.#packets.holds(at, at + octets)) return 0;
    if (vnet.headerOctets > octets) return 0;
    if (vnet.gsoType === GSO.none) return this.#whole(vnet, at, octets);
    const payloadAt = this.#segmentablePayload(vnet, at, octets);
    if (payloadAt === 0) return 0;
    const payloadOctets = at + octets - payloadAt;
    // "Too small packets are not really GSO ones" (virtio_net_hdr_to_skb).
    if (payloadOctets <= vnet.gsoSize) return this.#whole(vnet, at, octets);
    const headerOctets = payloadAt - at;
    const slotOctets = this.prefixRoom + roundedUp(headerOctets);
    const count = Math.ceil(payloadOctets / vnet.gsoSize);
    if (count > MOST_SEGMENTS || count * slotOctets > MOST_HEADER_OCTETS) return 0;
    this.headerAt = headersFrom + this.prefixRoom;
    this.headerStep = slotOctets;
    this.headerOctets = headerOctets;
    this.headersEnd = headersFrom + count * slotOctets;
    this.payloadAt = payloadAt;
    this.payloadOctets = vnet.gsoSize;
    this.lastOctets = payloadOctets - (count - 1) * vnet.gsoSize;
    this.headers.copyFrom(this.#packets, at, this.headerAt, headerOctets);
    this.#buildHeaders(count, vnet);
    return count;
  }

  /** One segment: the packet, its checksum completed if that is wanted. */
  #whole(vnet: VnetHeader, at: number, octets: number): number {
    if ((vnet.flags & NEEDS_CSUM) !== 0 && !this.#completeChecksum(vnet, at, octets)) return 0;
    this.headerAt = this.prefixRoom;
    this.headerStep = 0;
    this.headerOctets = 0;
    this.payloadAt = at;
    this.payloadOctets = octets;
    this.lastOctets = octets;
    return 1;
  }

  /**
   * The field holds the sum of the pseudo-header, so that the sum of everything from the transport header on is the whole sum. A
   * result of 0 is written as 0xffff, which is the same number: in UDP a 0 would say that there is no checksum (RFC 768). Linux
   * does so for every protocol (CSUM_MANGLED_0 in `skb_checksum_help`).
   */
  #completeChecksum(vnet: VnetHeader, at: number, octets: number): boolean {
    const { checksumStart, checksumOffset } = vnet;
    const fieldEnd = checksumStart + checksumOffset + 2;
    if (checksumStart < IPV4_OCTETS || (checksumOffset & 1) === 1 || fieldEnd > octets) return false;
    const checksum = complement(sum(this.#packets, at + checksumStart, at + octets));
    this.#packets.putU16(at + checksumStart + checksumOffset, checksum === 0 ? 0xffff : checksum);
    return true;
  }

  /**
   * Where the payload begins of a packet that is to be taken apart; 0: it is not what its vnet header says. Linux asks the same of
   * what it is given (`virtio_net_hdr_to_skb`), and gives no other.
   */
  #segmentablePayload(vnet: VnetHeader, at: number, octets: number): number {
    const layout = this.#layout;
    if (vnet.gsoSize === 0 || !layout.read(this.#packets, at, at + octets) || layout.end !== at + octets) return 0;
    const isUdp = vnet.gsoType === GSO.udpL4;
    if (!isUdp) {
      const version = (vnet.gsoType & ~GSO.ecn) === GSO.tcpv4 ? 4 : (vnet.gsoType & ~GSO.ecn) === GSO.tcpv6 ? 6 : 0;
      if (layout.version !== version) return 0;
    }
    if (layout.protocol !== (isUdp ? UDP : TCP)) return 0;
    if ((vnet.flags & NEEDS_CSUM) === 0) return isUdp ? 0 : layout.payloadAt(this.#packets);
    const isChecksumInPlace =
      vnet.checksumStart === layout.transportAt - at && vnet.checksumOffset === (isUdp ? UDP_CHECKSUM : TCP_CHECKSUM);
    return isChecksumInPlace ? layout.payloadAt(this.#packets) : 0;
  }

  /** Makes every segment's header out of the packet's, which has been copied to the first one's place. */
  #buildHeaders(count: number, vnet: VnetHeader): void {
    const { headers, headerOctets, headerAt: first } = this;
    const { version, protocol } = this.#layout;
    const transport = this.#layout.transportAt - this.#layout.from;
    const isTcp = protocol === TCP;
    const checksumAt = transport + (isTcp ? TCP_CHECKSUM : UDP_CHECKSUM);
    const sequence = isTcp ? headers.i32(first + transport + TCP_SEQUENCE) : 0;
    const flags = isTcp ? headers.u8(first + transport + TCP_FLAGS) : 0;
    const identification = version === 4 ? headers.u16(first + IPV4_IDENTIFICATION) : 0;
    const pseudoHeader = this.#pseudoHeader(vnet, first + checksumAt);

    // Whatever differs between segments is made zero, and the sum of the rest taken once.
    headers.putU16(first + checksumAt, 0);
    if (isTcp) {
      headers.putI32(first + transport + TCP_SEQUENCE, 0);
      headers.putU8(first + transport + TCP_FLAGS, 0);
    } else headers.putU16(first + transport + UDP_LENGTH, 0);
    const transportSum = fold(pseudoHeader + sum(headers, first + transport, first + headerOctets));
    let ipv4Sum = 0;
    if (version === 4) {
      headers.putU16(first + IPV4_TOTAL_LENGTH, 0);
      headers.putU16(first + IPV4_IDENTIFICATION, 0);
      headers.putU16(first + IPV4_CHECKSUM, 0);
      ipv4Sum = sum(headers, first, first + transport);
    }

    const plan = this.#plan;
    plan.at = first;
    plan.step = this.headerStep;
    plan.payloadAt = this.payloadAt;
    plan.payloadOctets = this.payloadOctets;
    plan.lastOctets = this.lastOctets;
    plan.count = count;
    plan.headerOctets = headerOctets;
    plan.transport = transport;
    plan.isTcp = isTcp;
    plan.isIpv4 = version === 4;
    plan.transportSum = transportSum;
    plan.ipv4Sum = ipv4Sum;
    plan.identification = identification;
    plan.sequence = sequence;
    plan.flags = flags;
    if (!this.#buildQuickly(plan)) buildHeaders(plan, headers, this.#packets);
  }

  /** @returns false: nothing is done, for there is nothing quick for this memory */
  #buildQuickly(plan: SegmentHeaders): boolean {
    const { quick } = this.#packets;
    if (quick === undefined || this.#headersBegin === undefined) return false;
    plan.at += this.#headersBegin; // counted from where the packets' memory begins
    const isDone = quick.segmentHeaders(plan);
    plan.at -= this.#headersBegin;
    return isDone;
  }

  /**
   * The sum of the pseudo-header without its length. As Linux does, it is taken from the checksum field if it is there: the address
   * in a routing header's packet is not the one that counts (RFC 8200 §8.1), and the kernel knows.
   */
  #pseudoHeader(vnet: VnetHeader, fieldAt: number): number {
    const { version, from, transportAt, end, protocol } = this.#layout;
    if ((vnet.flags & NEEDS_CSUM) === 0) return flowSum(this.#packets, version, from, protocol);
    return fold(this.headers.u16(fieldAt) + complement(end - transportAt)); // ones' complement: to add it is to subtract
  }
}

/** To a multiple of four. */
const roundedUp = (octets: number): number => (octets + 3) & ~3;
