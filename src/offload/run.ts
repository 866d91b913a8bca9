/** Which packets may become one: a run of packets of one flow that Linux would take apart again into the very same ones. */
import type { Arena, Quick } from './arena.ts';
import {
  IPV4_FRAGMENT,
  IPV4_IDENTIFICATION,
  IPV4_OCTETS,
  IPV4_SOURCE,
  IPV6_NEXT_HEADER,
  IPV6_OCTETS,
  IPV6_SOURCE,
  TCP,
  TCP_ACKNOWLEDGMENT,
  TCP_FLAGS,
  TCP_PSH,
  TCP_SEQUENCE,
  TCP_URGENT,
  TCP_WINDOW,
} from './header-table.ts';
import { isSimple, likenessKey, likenessOf } from './likeness.ts';
import type { PacketLayout } from './packet.ts';

/**
 * Packets in one run. Linux takes no more UDP datagrams than this in one before 6.9 (UDP_MAX_SEGMENTS), and of TCP at the usual
 * 1408 octets 46 already fill {@link LONGEST_RUN}.
 */
export const MOST_PACKETS = 64;

/** Octets of a run, headers included: what an IPv4 total length can say. */
const LONGEST_RUN = 65_535;

/** A stretch of payloads is four numbers: where the first begins, octets from one to the next, octets of each, and how many there are. */
export const STRETCH = 4;

/** A run under way. The same object serves for one run after the other. */
export class Run {
  version: 4 | 6 = 4;
  protocol = 0;
  /** Where its first packet begins; that packet's header is what all others are compared with. */
  from = 0;
  /** Octets from there to the transport header. */
  transport = 0;
  /** Octets of all headers. */
  headerOctets = 0;
  /** Payload octets of its first packet, and of every other but the last. */
  size = 0;
  /** Payload octets of its last packet. */
  lastSize = 0;
  /** Octets of the run: one header and all payloads. */
  octets = 0;
  /** Packets in it; 0: it is not under way. */
  count = 0;
  /** Its last packet has PSH set. */
  isPushed = false;
  /** Where the payloads are: stretch ({@link STRETCH}) after stretch. */
  readonly stretches = new Uint32Array(STRETCH * MOST_PACKETS);
  stretchCount = 0;
  #ports = 0;
  #identification = 0;
  /** The sequence number that comes next. */
  #next = 0;
  /** Where its last packet begins. */
  #last = 0;

  /** Begins a new run. @param payloadAt where the packet's payload begins */
  start(arena: Arena, packet: PacketLayout, payloadAt: number): void {
    const { from, transportAt } = packet;
    this.version = packet.version;
    this.protocol = packet.protocol;
    this.transport = transportAt - from;
    this.headerOctets = payloadAt - from;
    this.size = packet.end - payloadAt;
    this.#ports = arena.i32(transportAt);
    this.restart(arena, from);
    this.append(arena, from, this.size);
  }

  /** Begins a new run, of packets like those that it had: of none yet. @param from the first one, {@link Run.alike} the last it had */
  restart(arena: Arena, from: number): void {
    this.from = from;
    this.octets = this.headerOctets;
    this.count = 0;
    this.stretchCount = 0;
    this.#identification = this.version === 4 ? arena.u16(from + IPV4_IDENTIFICATION) : 0;
    this.#next = this.protocol === TCP ? arena.i32(from + this.transport + TCP_SEQUENCE) : 0;
  }

  /** Adds a packet that the run {@link Run.takes}. @param size its payload octets */
  append(arena: Arena, from: number, size: number): void {
    this.lastSize = size;
    this.appendAlike(arena, from, 0, 1);
  }

  /** Adds packets that are {@link Run.alike} its last one, and for which there is room. @param step octets from one to the next */
  appendAlike(arena: Arena, from: number, step: number, count: number): void {
    const { stretches, lastSize } = this;
    const at = STRETCH * this.stretchCount++;
    stretches[at] = from + this.headerOctets;
    stretches[at + 1] = step;
    stretches[at + 2] = lastSize;
    stretches[at + 3] = count;
    this.count += count;
    this.octets += count * lastSize;
    this.#next = (this.#next + count * lastSize) | 0;
    this.#last = from + (count - 1) * step;
    this.isPushed = this.protocol === TCP && (arena.u8(this.#last + this.transport + TCP_FLAGS) & TCP_PSH) !== 0;
  }

  /** Nothing may follow: only the last segment of a packet that Linux takes apart can be shorter or have PSH. */
  get isComplete(): boolean {
    return this.isPushed || this.lastSize < this.size || this.count === MOST_PACKETS;
  }

  /** For how many packets more with so much payload each. */
  roomFor(size: number): number {
    return Math.min(MOST_PACKETS - this.count, Math.floor((LONGEST_RUN - this.octets) / size));
  }

  /** Whether the packet, which has ports, belongs to the same flow: addresses, protocol, ports. */
  isOfFlow(arena: Arena, packet: PacketLayout): boolean {
    if (arena.i32(packet.transportAt) !== this.#ports) return false;
    if (packet.protocol !== this.protocol || packet.version !== this.version) return false;
    return this.version === 4
      ? arena.same(this.from + IPV4_SOURCE, packet.from + IPV4_SOURCE, 8)
      : arena.same(this.from + IPV6_SOURCE, packet.from + IPV6_SOURCE, 32);
  }

  /**
   * Whether the packet, which is of this flow and could begin a run itself, can be the next one of this run. Whatever Linux copies
   * into every segment must be the same, whatever it counts on must be counted on: there is nothing else a segment could have.
   */
  takes(arena: Arena, packet: PacketLayout, payloadAt: number): boolean {
    const size = packet.end - payloadAt;
    if (size > this.size || this.roomFor(size) <= 0) return false;
    // Headers of one length: whatever is compared from here on is within both packets.
    if (packet.transportAt - packet.from !== this.transport || payloadAt - packet.from !== this.headerOctets)
      return false;
    if (this.version === 4 ? !this.#continuesIpv4(arena, packet.from) : !this.#continuesIpv6(arena, packet.from))
      return false;
    return this.protocol !== TCP || this.#continuesTcp(arena, packet.transportAt);
  }

  /**
   * How many of `most` packets, in stretches of `step` octets with `lead` octets in front of each, go on where its last one ended: each
   * has the very headers of the one before, and the same in front of them, but for PSH, what is counted on and the checksums,
   * and is intact. So the run {@link Run.takes} each of them if there is room and it has not ended with PSH; if not, they are a new one.
   * Only the last of them may have PSH.
   * @param at where the first stretch begins; all are within the arena
   * @returns perhaps fewer than there are
   */
  alike(quick: Quick, lead: number, at: number, step: number, most: number): number {
    const isOfOneLength = this.lastSize === this.size && step === lead + this.headerOctets + this.size;
    if (most <= 0 || !isOfOneLength || !isSimple(this, lead)) return 0;
    if (quick.sought !== likenessKey(this, lead)) quick.seek(likenessOf(this, lead));
    return quick.alike(at, at + lead - this.#last, step, most);
  }

  /** Type of service with ECN, DF, TTL and options the same; `inet_gso_segment` counts the identification on. */
  #continuesIpv4(arena: Arena, at: number): boolean {
    const expected = (this.#identification + this.count) & 0xffff;
    return (
      arena.u16(at + IPV4_IDENTIFICATION) === expected &&
      arena.same(this.from, at, 2) &&
      arena.same(this.from + IPV4_FRAGMENT, at + IPV4_FRAGMENT, 4) &&
      arena.same(this.from + IPV4_OCTETS, at + IPV4_OCTETS, this.transport - IPV4_OCTETS)
    );
  }

  /** Traffic class with ECN, flow label, hop limit and extension headers the same. */
  #continuesIpv6(arena: Arena, at: number): boolean {
    return (
      arena.same(this.from, at, 4) &&
      arena.same(this.from + IPV6_NEXT_HEADER, at + IPV6_NEXT_HEADER, 2) &&
      arena.same(this.from + IPV6_OCTETS, at + IPV6_OCTETS, this.transport - IPV6_OCTETS)
    );
  }

  /** The next octets, with everything else the same but PSH: `tcp_gso_segment` leaves that to the last segment. */
  #continuesTcp(arena: Arena, at: number): boolean {
    const first = this.from + this.transport;
    return (
      arena.i32(at + TCP_SEQUENCE) === this.#next &&
      ((arena.u8(first + TCP_FLAGS) ^ arena.u8(at + TCP_FLAGS)) & ~TCP_PSH) === 0 &&
      arena.same(first + TCP_ACKNOWLEDGMENT, at + TCP_ACKNOWLEDGMENT, 5) && // and the data offset with the reserved bits
      arena.same(first + TCP_WINDOW, at + TCP_WINDOW, 2) &&
      arena.same(first + TCP_URGENT, at + TCP_URGENT, this.headerOctets - this.transport - TCP_URGENT)
    );
  }
}
