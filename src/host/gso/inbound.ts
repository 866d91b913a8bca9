/** From the server to the device: packets that follow each other are written as one. */
import { Arena } from '../../offload/arena.ts';
import { Coalescer, type Delivery } from '../../offload/coalesce.ts';
import type { DataLane } from '../../protocol/data-lane.ts';
import type { Arena as Memory, Native } from '../native/koffi.ts';
import { quickOf } from '../native/quick-memory.ts';
import type { Writer } from './writer.ts';

export interface InboundParts {
  readonly native: Native;
  readonly lane: DataLane;
  readonly writer: Writer;
}

export class Inbound {
  readonly #writer: Writer;
  readonly #native: Native;
  readonly #lane: DataLane;
  /** Where a packet from elsewhere is put, for it may lie where it can be moved. */
  #copy: Memory;
  /** Of the last datagram: octets of the tunnel's header, and of the packet. */
  #lead = 0;
  #packetOctets = 0;
  /** The memory that datagrams arrive in: the socket's, always the same. */
  #arrivals: { readonly octets: Uint8Array; readonly coalescer: Coalescer } | undefined;

  constructor({ native, lane, writer }: InboundParts) {
    this.#writer = writer;
    this.#native = native;
    this.#lane = lane;
    this.#copy = native.arena(2048);
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
    this.#writer.flush();
  }

  /** One packet from elsewhere, behind those that came before it. */
  deliver(packet: Uint8Array): void {
    this.end();
    if (this.#copy.bytes.length < packet.length) this.#copy = this.#native.arena(packet.length);
    this.#copy.bytes.set(packet);
    this.#writer.write(this.#copy.address, packet.length);
  }

  #into(octets: Uint8Array) {
    if (this.#arrivals?.octets === octets) return this.#arrivals;
    this.end();
    const writer = this.#writer;
    const address = this.#native.addressOf(octets);
    const deliver = (delivery: Delivery) => writer.add(delivery, address);
    const coalescer = new Coalescer(Arena.over(octets, quickOf(octets)), writer.coalescing, deliver);
    this.#arrivals = { octets, coalescer };
    return this.#arrivals;
  }
}
