/**
 * How packets that arrived one by one become few large ones for the kernel (GRO): runs of TCP segments or UDP datagrams that follow
 * each other, handed over with a vnet header that says how to take them apart again.
 *
 * Two promises. What Linux takes apart, to forward it or for a reader who wants datagrams, are the very packets that arrived: so
 * only such may join, see {@link Run.takes}. And a damaged packet stays recognizable as damaged: a run asks the kernel to compute
 * the checksums afresh (NEEDS_CSUM), which would make damage good, so a packet is verified before it may start or join one. Whatever
 * does not join goes alone and untouched, and the kernel verifies it as always; no packet overtakes another one of its flow.
 */
import { Arena } from './arena.ts';
import { complement, flowSum, fold, sum } from './checksum.ts';
import {
  IPV4_CHECKSUM,
  IPV4_TOTAL_LENGTH,
  IPV6_OCTETS,
  IPV6_PAYLOAD_LENGTH,
  TCP,
  TCP_ACK,
  TCP_CHECKSUM,
  TCP_ECE,
  TCP_FLAGS,
  TCP_PSH,
  UDP_CHECKSUM,
  UDP_LENGTH,
} from './header-table.ts';
import { PacketLayout } from './packet.ts';
import { Run, STRETCH } from './run.ts';
import { isIntact } from './verify.ts';
import { GSO, NEEDS_CSUM, VNET_OCTETS, VnetHeader } from './vnet-header.ts';

/** Flows that can have a run under way at once. One more makes the oldest run go: a few is what one batch of a download has. */
export const MOST_RUNS = 8;

/** Octets of a run's headers, at most: 120 is what IPv4 and TCP can have, the rest is for extension headers of IPv6. */
export const LONGEST_HEADER = 256;

/** Kinds of runs: not every kernel takes them all. */
export type RunKind = 'tcp4' | 'tcp6' | 'udp4' | 'udp6';

/** Which runs the kernel takes from us; looked at for every packet, so it may change. */
export type Coalescing = Readonly<Record<RunKind, boolean>>;

/**
 * What is to be written to the device in one go: a head, then all pieces. It is valid within the callback alone; the pieces, until the
 * arena is filled anew.
 *
 * A run's packets still lie whole and untouched where they arrived, each right around its piece: `headOctets` less the
 * {@link VNET_OCTETS} is how long every one's header is. Who cannot deliver the run can still deliver them.
 */
export interface Delivery {
  /** Where the head is: the vnet header and, if it is a run, the header of the run behind it. */
  readonly heads: Arena;
  readonly headAt: number;
  readonly headOctets: number;
  /** Where in the arena the pieces are, {@link STRETCH} numbers for each stretch of them: the whole packet or, if it is a run, payloads. */
  readonly stretches: Uint32Array;
  /** 1 up to 64, as are the pieces in all of them. */
  readonly stretchCount: number;
  /** Undefined: it is one packet as it came. */
  readonly kind: RunKind | undefined;
}

export class Coalescer {
  readonly #arena: Arena;
  readonly #coalescing: Coalescing;
  readonly #deliver: (delivery: Delivery) => void;
  readonly #layout = new PacketLayout();
  readonly #vnet = new VnetHeader();
  /** The first so many are under way, in the order of their first packets. */
  readonly #runs = Array.from({ length: MOST_RUNS }, () => new Run());
  #underWay = 0;
  /** The one that the last packet has joined or begun. If it is not under way any more it is the next to be. */
  #latest: Run | undefined;
  readonly #lonePiece = Uint32Array.of(0, 0, 0, 1);
  readonly #delivery = {
    heads: Arena.ofSize(HEADS_OCTETS),
    headAt: 0,
    headOctets: 0,
    stretches: this.#lonePiece,
    stretchCount: 1,
    kind: undefined as RunKind | undefined,
  };

  /**
   * @param arena where packets arrive
   * @param deliver takes what is ready, as early as within `add`, and calls nothing here
   */
  constructor(arena: Arena, coalescing: Coalescing, deliver: (delivery: Delivery) => void) {
    this.#arena = arena;
    this.#coalescing = coalescing;
    this.#deliver = deliver;
  }

  /** Takes the packet in octets `from` up to `to` of the arena, which stay as they are until `flush`. No octets are no packet. */
  add(from: number, to: number): void {
    const arena = this.#arena;
    const layout = this.#layout;
    this.#latest = undefined;
    if (from >= to || !arena.holds(from, to)) return;
    if (!layout.read(arena, from, to) || !layout.hasPorts) {
      this.flush(); // it might belong to any flow, as a fragment does
      this.#deliverAlone(from, to);
      return;
    }
    const index = this.#indexOfFlow();
    const payloadAt = this.#eligiblePayload(to);
    const joins = index >= 0 && payloadAt !== 0 && (this.#runs[index] as Run).takes(arena, layout, payloadAt);
    const starts = !joins && payloadAt !== 0 && !this.#isPushed();
    const isGood = (joins || starts) && isIntact(arena, layout);
    if (joins && isGood) {
      const run = this.#runs[index] as Run;
      run.append(arena, from, layout.end - payloadAt);
      if (run.isComplete) this.#release(index);
      this.#latest = run;
      return;
    }
    if (index >= 0) this.#release(index);
    if (starts && isGood) this.#start(payloadAt);
    else this.#deliverAlone(from, to);
  }

  /**
   * Takes packets that lie one behind the other, with equal distances, as far as they simply go on where the last one taken ended, as
   * those do which arrived as one. It is a short cut: {@link add} would do the same with each of them, and has to with whatever is left.
   * @param lead so many octets in front of every packet have to be the same as well, as they were in front of the last one taken
   * @param at where the octets begin that are in front of the first
   * @param step octets from one to the next, the last one's as well; all are in the arena
   * @param most packets there are
   * @returns how many were taken
   */
  follow(lead: number, at: number, step: number, most: number): number {
    const arena = this.#arena;
    const run = this.#latest;
    if (arena.quick === undefined || run === undefined) return 0;
    const count = run.alike(arena.quick, lead, at, step, most);
    for (let k = 0; k < count; ) {
      const from = at + k * step + lead;
      if (run.count > 0 && run.roomFor(run.size) <= 0) this.#release(this.#runs.indexOf(run));
      if (run.count === 0) {
        this.#underWay++; // it stands right behind those that are under way
        run.restart(arena, from);
      }
      const joining = Math.max(1, Math.min(count - k, run.roomFor(run.size)));
      run.appendAlike(arena, from, step, joining);
      k += joining;
      if (run.isComplete) this.#release(this.#runs.indexOf(run));
    }
    return count;
  }

  /** The last packet was not for us, and may have changed what is: {@link follow} takes nothing until another one is added. */
  forget(): void {
    this.#latest = undefined;
  }

  /** Delivers all that is held back, in the order of the runs' first packets. The arena may be filled anew once that is written. */
  flush(): void {
    while (this.#underWay > 0) this.#release(0);
    this.#latest = undefined;
  }

  /** The run under way of the flow that the packet belongs to; -1: none. */
  #indexOfFlow(): number {
    for (let i = 0; i < this.#underWay; i++) if ((this.#runs[i] as Run).isOfFlow(this.#arena, this.#layout)) return i;
    return -1;
  }

  /**
   * Where the payload begins of a packet that may be part of a run as far as one can see without its checksums; 0: it may not.
   * Octets behind the packet would be lost; without payload there is nothing to join. A TCP segment has ACK and nothing else but
   * perhaps PSH and ECE: SYN, FIN, RST and URG are events, and CWR would be taken from all segments but the first.
   */
  #eligiblePayload(to: number): number {
    const { version, protocol, from, transportAt, end } = this.#layout;
    if (end !== to) return 0;
    const payloadAt = this.#layout.payloadAt(this.#arena);
    if (payloadAt === 0 || payloadAt === end || payloadAt - from > LONGEST_HEADER) return 0;
    if (!this.#coalescing[kindOf(version, protocol)]) return 0;
    if (protocol === TCP)
      return (this.#arena.u8(transportAt + TCP_FLAGS) & ~(TCP_PSH | TCP_ECE)) === TCP_ACK ? payloadAt : 0;
    return this.#arena.u16(transportAt + UDP_CHECKSUM) === 0 ? 0 : payloadAt; // Linux would compute one: not what arrived
  }

  #isPushed(): boolean {
    const { protocol, transportAt } = this.#layout;
    return protocol === TCP && (this.#arena.u8(transportAt + TCP_FLAGS) & TCP_PSH) !== 0;
  }

  #start(payloadAt: number): void {
    if (this.#underWay === MOST_RUNS) this.#release(0);
    const run = this.#runs[this.#underWay++] as Run;
    run.start(this.#arena, this.#layout, payloadAt);
    this.#latest = run;
  }

  /** Delivers one run and takes it off the list. */
  #release(index: number): void {
    const runs = this.#runs;
    const run = runs[index] as Run;
    this.#underWay--;
    for (let i = index; i < this.#underWay; i++) runs[i] = runs[i + 1] as Run;
    runs[this.#underWay] = run;
    if (run.count === 1) this.#deliverAlone(run.from, run.from + run.octets);
    else this.#deliverRun(run);
    run.count = 0;
  }

  #deliverAlone(from: number, to: number): void {
    const delivery = this.#delivery;
    delivery.headAt = LONE_HEAD_AT;
    delivery.headOctets = VNET_OCTETS;
    delivery.stretches = this.#lonePiece;
    delivery.stretches[0] = from;
    delivery.stretches[2] = to - from;
    delivery.stretchCount = 1;
    delivery.kind = undefined;
    this.#deliver(delivery);
  }

  #deliverRun(run: Run): void {
    const delivery = this.#delivery;
    this.#writeHead(run);
    delivery.headAt = RUN_HEAD_AT;
    delivery.headOctets = VNET_OCTETS + run.headerOctets;
    delivery.stretches = run.stretches;
    delivery.stretchCount = run.stretchCount;
    delivery.kind = kindOf(run.version, run.protocol);
    this.#deliver(delivery);
  }

  /** The header of the first packet, with the lengths of the whole; in the checksum field, the folded sum of the pseudo-header. */
  #writeHead(run: Run): void {
    const heads = this.#delivery.heads;
    const { version, protocol, transport } = run;
    const isTcp = protocol === TCP;
    const ipAt = RUN_HEAD_AT + VNET_OCTETS;
    const transportAt = ipAt + transport;
    const transportOctets = run.octets - transport;
    const checksumOffset = isTcp ? TCP_CHECKSUM : UDP_CHECKSUM;
    heads.copyFrom(this.#arena, run.from, ipAt, run.headerOctets);
    if (version === 4) {
      heads.putU16(ipAt + IPV4_TOTAL_LENGTH, run.octets);
      heads.putU16(ipAt + IPV4_CHECKSUM, 0);
      heads.putU16(ipAt + IPV4_CHECKSUM, complement(sum(heads, ipAt, transportAt)));
    } else heads.putU16(ipAt + IPV6_PAYLOAD_LENGTH, run.octets - IPV6_OCTETS);
    if (!isTcp) heads.putU16(transportAt + UDP_LENGTH, transportOctets);
    else if (run.isPushed) heads.putU8(transportAt + TCP_FLAGS, heads.u8(transportAt + TCP_FLAGS) | TCP_PSH);
    heads.putU16(transportAt + checksumOffset, fold(flowSum(heads, version, ipAt, protocol) + transportOctets));
    const vnet = this.#vnet;
    vnet.flags = NEEDS_CSUM;
    vnet.gsoType = !isTcp ? GSO.udpL4 : version === 4 ? GSO.tcpv4 : GSO.tcpv6;
    vnet.headerOctets = run.headerOctets;
    vnet.gsoSize = run.size;
    vnet.checksumStart = transport;
    vnet.checksumOffset = checksumOffset;
    vnet.write(heads, RUN_HEAD_AT);
  }
}

const kindOf = (version: 4 | 6, protocol: number): RunKind =>
  protocol === TCP ? (version === 4 ? 'tcp4' : 'tcp6') : version === 4 ? 'udp4' : 'udp6';

// The head of a lone packet is ten zeros that nobody ever writes to. A run's is put so that its IP header begins at a multiple of four.
const LONE_HEAD_AT = 0;
const RUN_HEAD_AT = 14;
const HEADS_OCTETS = 24 + LONGEST_HEADER;
