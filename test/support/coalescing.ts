/** Packets through the coalescer, and what the kernel is given of them. */
import { Arena } from '../../src/offload/arena.ts';
import { Coalescer, type Coalescing, type Delivery } from '../../src/offload/coalesce.ts';
import { STRETCH } from '../../src/offload/run.ts';
import { concat } from '../../src/wire/bytes.ts';
import { readVnet, refusal, takenApart, type Vnet } from './linux-offload.ts';

export const EVERYTHING: Coalescing = { tcp4: true, tcp6: true, udp4: true, udp6: true };

/** One write to the device. */
export interface Written {
  /** All of it: vnet header and packet. */
  readonly octets: Uint8Array;
  readonly vnet: Vnet;
  readonly packet: Uint8Array;
  /** Packets that it is made of. */
  readonly count: number;
}

/** Lets packets arrive, and collects what is written. */
export class Arrivals {
  readonly written: Written[] = [];
  readonly #arena: Arena;
  readonly #before: Uint8Array;
  readonly #coalescer: Coalescer;
  #at = 0;

  constructor(coalescing: Coalescing, octets: number) {
    this.#arena = Arena.ofSize(octets);
    this.#before = this.#arena.octets.slice();
    this.#coalescer = new Coalescer(this.#arena, coalescing, (delivery) => this.written.push(this.#gathered(delivery)));
  }

  /** One packet, so many octets behind the one before. */
  add(packet: Uint8Array, gap = 12): void {
    const at = this.#at + gap;
    this.#arena.octets.set(packet, at);
    this.#before.set(packet, at);
    this.#at = at + packet.length;
    this.#coalescer.add(at, this.#at);
  }

  /** The batch is over; the memory is used anew. @throws Error if anything in it was changed */
  flush(): void {
    this.#coalescer.flush();
    if (Buffer.compare(this.#arena.octets, this.#before) !== 0)
      throw new Error('a packet was changed where it arrived');
    this.#arena.octets.fill(0xee, 0, this.#at);
    this.#before.fill(0xee, 0, this.#at);
    this.#at = 0;
  }

  /** As a gathering write does it. */
  #gathered(delivery: Delivery): Written {
    const { heads, headAt, headOctets } = delivery;
    const parts = [heads.octets.subarray(headAt, headAt + headOctets)];
    const pieces = piecesOf(delivery);
    for (const { at, octets } of pieces) {
      if (!this.#arena.holds(at, at + octets)) throw new Error('a piece that is not in the arena');
      parts.push(this.#arena.octets.subarray(at, at + octets));
    }
    const whole = concat(...parts);
    return { octets: whole, vnet: readVnet(whole), packet: whole.slice(10), count: pieces.length };
  }
}

/** Where its pieces are, one by one. */
export function piecesOf({ stretches, stretchCount }: Delivery): { readonly at: number; readonly octets: number }[] {
  return Array.from({ length: stretchCount }, (_, i) => {
    const [at = 0, step = 0, octets = 0, count = 0] = stretches.subarray(STRETCH * i);
    return Array.from({ length: count }, (_, k) => ({ at: at + k * step, octets }));
  }).flat();
}

/** What is written of packets that arrive in one batch. */
export function writtenOf(packets: readonly Uint8Array[], coalescing: Coalescing = EVERYTHING): Written[] {
  const octets = packets.reduce((sum, packet) => sum + packet.length + 12, 0);
  const arrivals = new Arrivals(coalescing, octets);
  for (const packet of packets) arrivals.add(packet);
  arrivals.flush();
  return arrivals.written;
}

/** What Linux makes of a write: one packet or several. @throws Error if it would not take it, or the write is a run of one */
export function packetsOf({ vnet, packet, count }: Written): Uint8Array[] {
  if (Object.values(vnet).every((field) => field === 0) && count === 1) return [packet];
  const why = refusal(vnet, packet);
  if (why !== undefined) throw new Error(`Linux would refuse this: ${why}`);
  const packets = takenApart(vnet, packet);
  if (packets.length !== count || count < 2) throw new Error(`${count} packets have become ${packets.length}`);
  return packets;
}
