/** From the server to the device: packets that follow each other are written as one. */
import { constants } from 'node:os';
import { Arena } from '../../offload/arena.ts';
import { Coalescer, type Coalescing, type Delivery, type RunKind } from '../../offload/coalesce.ts';
import { MOST_PACKETS } from '../../offload/run.ts';
import { VNET_OCTETS } from '../../offload/vnet-header.ts';
import type { DataLane } from '../../protocol/data-lane.ts';
import { errorWords, type Arena as Memory, type Native } from '../native/koffi.ts';
import { quickOf } from '../native/quick-memory.ts';
import type { TunDevice } from './tun-device.ts';

export interface InboundParts {
  readonly native: Native;
  readonly tun: TunDevice;
  readonly lane: DataLane;
  readonly coalescing: Coalescing;
}

export class Inbound {
  /** Packets that the device did not take, and why it did not the last of them. */
  dropped = 0;
  whyDropped: string | undefined;
  readonly #native: Native;
  readonly #tun: TunDevice;
  readonly #lane: DataLane;
  readonly #coalescing: Record<RunKind, boolean>;
  readonly #refused = new Set<RunKind>();
  /** Head and pieces of one delivery. */
  readonly #iovecs: Memory;
  readonly #noHeader: Memory;
  /** Where a packet from elsewhere is put, for it may lie where it can be moved. */
  #copy: Memory;
  /** Where the coalescer's heads lie, once it has delivered a run. */
  #heads: { readonly octets: Uint8Array; readonly address: number } | undefined;
  /** Of the last datagram: octets of the tunnel's header, and of the packet. */
  #lead = 0;
  #packetOctets = 0;
  /** The memory that datagrams arrive in: the socket's, always the same. */
  #arrivals: { readonly octets: Uint8Array; readonly address: number; readonly coalescer: Coalescer } | undefined;

  constructor({ native, tun, lane, coalescing }: InboundParts) {
    this.#native = native;
    this.#tun = tun;
    this.#lane = lane;
    this.#coalescing = { ...coalescing };
    this.#iovecs = native.arena((1 + MOST_PACKETS) * native.layout.iovec.octets);
    this.#noHeader = native.arena(12);
    this.#copy = native.arena(2048);
  }

  /** Why not everything that could be is written as one; undefined: it is. */
  get refused(): string | undefined {
    if (this.#refused.size === 0) return undefined;
    return `not of ${[...this.#refused].join(', ')}: the kernel refused it (${errorWords(EINVAL)})`;
  }

  /** One datagram of the server's, in place. @returns false: it is no packet of this call */
  segment(octets: Uint8Array, from: number, to: number): boolean {
    const at = this.#lane.locate(octets, from, to);
    if (at === undefined) {
      this.#arrivals?.coalescer.forget();
      return false;
    }
    this.#lead = at - from;
    this.#packetOctets = this.#lane.packetEnd - at;
    this.#into(octets).coalescer.add(at, this.#lane.packetEnd);
    return true;
  }

  /**
   * The next ones, where the last one was: `most` of them from `from` on, each so long, without gaps.
   * @returns how many were taken; the others are for {@link segment}
   */
  follow(from: number, octets: number, most: number): number {
    const count = this.#arrivals?.coalescer.follow(this.#lead, from, octets, most) ?? 0;
    const { counters } = this.#lane;
    counters.receivedPackets += count;
    counters.receivedOctets += count * this.#packetOctets;
    return count;
  }

  /** The datagrams so far are about to be overwritten. */
  end(): void {
    this.#arrivals?.coalescer.flush();
  }

  /** One packet from elsewhere. */
  deliver(packet: Uint8Array): void {
    if (this.#copy.bytes.length < packet.length) this.#copy = this.#native.arena(packet.length);
    this.#copy.bytes.set(packet);
    this.#writeAlone(this.#copy.address, packet.length);
  }

  #into(octets: Uint8Array) {
    if (this.#arrivals?.octets === octets) return this.#arrivals;
    this.end();
    const deliver = (delivery: Delivery) => this.#deliver(delivery);
    const coalescer = new Coalescer(Arena.over(octets, quickOf(octets)), this.#coalescing, deliver);
    this.#arrivals = { octets, address: this.#native.addressOf(octets), coalescer };
    return this.#arrivals;
  }

  #deliver({ heads, headAt, headOctets, pieces, count, kind }: Delivery): void {
    const packets = this.#arrivals?.address ?? 0;
    if (kind === undefined) {
      this.#writeAlone(packets + (pieces[0] as number), pieces[1] as number);
      return;
    }
    if (this.#heads?.octets !== heads.octets)
      this.#heads = { octets: heads.octets, address: this.#native.addressOf(heads.octets) };
    const { putIovec, iovec } = this.#native.layout;
    const { words } = this.#iovecs;
    putIovec(words, 0, this.#heads.address + headAt, headOctets);
    for (let k = 0; k < count; k++)
      putIovec(words, (k + 1) * iovec.octets, packets + (pieces[2 * k] as number), pieces[2 * k + 1] as number);
    if (this.#native.libc.writev(this.#tun.fd, this.#iovecs.address, count + 1) !== -1) return;
    // A kernel that does not know this kind of run takes its packets one by one, which still lie where they arrived.
    const isRefused = this.#native.errno() === EINVAL;
    const header = headOctets - VNET_OCTETS;
    const before = this.dropped;
    for (let k = 0; k < count; k++)
      this.#writeAlone(packets + (pieces[2 * k] as number) - header, header + (pieces[2 * k + 1] as number));
    if (isRefused && this.dropped === before) this.#refuse(kind);
  }

  /** From now on these go one by one. */
  #refuse(kind: RunKind): void {
    this.#refused.add(kind);
    this.#coalescing[kind] = false;
  }

  #writeAlone(address: number, octets: number): void {
    const first = this.#tun.hasVnetHeader ? 1 : 0;
    if (first === 1) this.#put(0, this.#noHeader.address, VNET_OCTETS);
    this.#put(first, address, octets);
    if (this.#native.libc.writev(this.#tun.fd, this.#iovecs.address, first + 1) !== -1) return;
    this.dropped++;
    this.whyDropped = errorWords(this.#native.errno());
  }

  #put(index: number, address: number, octets: number): void {
    const { layout } = this.#native;
    layout.putIovec(this.#iovecs.words, index * layout.iovec.octets, address, octets);
  }
}

const { EINVAL } = constants.errno;
