/** From the device to the server: what the kernel sends is read as large as it comes, cut to size, and sent many at a time. */
import { constants } from 'node:os';
import { Arena } from '../../offload/arena.ts';
import { MOST_HEADER_OCTETS, Segmenter } from '../../offload/segment.ts';
import { GSO, VNET_OCTETS, VnetHeader } from '../../offload/vnet-header.ts';
import type { DataLane } from '../../protocol/data-lane.ts';
import type { Native } from '../native/koffi.ts';
import { quickOf, summableMemory } from '../native/quick-memory.ts';
import { SegmentQueue } from './segment-queue.ts';
import type { Sender } from './sender.ts';
import type { TunDevice } from './tun-device.ts';

const { EAGAIN, EINTR, EINVAL } = constants.errno;

/** Room for a few super-packets: what is left of one leaves with the next. */
const ARENA_OCTETS = 320 * 1024;
/** Room behind it for the engine's messages, see {@link Outbound.takes}. */
const MESSAGES_OCTETS = 16 * 1024;
/** And behind that the headers of segments. No page of all this costs anything until it is needed. */
const HEADERS_AT = ARENA_OCTETS + MESSAGES_OCTETS;
/** The longest read: a super-packet and its vnet header. */
const LONGEST_READ = VNET_OCTETS + 65_535;
/** One wake-up reads at most so much: other connections, and the engine's timers, have their turn in between. */
const MOST_READS = 128;
const MOST_OCTETS_READ = 512 * 1024;
/** Small packets that are collected before they are sent. */
const MOST_COLLECTED = 64;
/** Where a wake-up had one small packet, so many others that have one are not asked whether there is a second. */
const WAKES_UNASKED = 15;

export interface OutboundParts {
  readonly native: Native;
  readonly tun: TunDevice;
  readonly lane: DataLane;
  readonly sender: Sender;
}

/** What came of a turn: the socket is full, the device is gone (with the error), or nothing special. */
export type Turn = 'done' | 'full' | { readonly error: number };

export class Outbound {
  /** Packets of the kernel that were not what their vnet header said. */
  malformed = 0;
  readonly sender: Sender;
  readonly #native: Native;
  readonly #tun: TunDevice;
  readonly #lane: DataLane;
  readonly #address: number;
  readonly #packets: Arena;
  readonly #segmenter: Segmenter;
  readonly #queue: SegmentQueue;
  readonly #vnet = new VnetHeader();
  /** From one packet's place to where its IP header is put: room for the tunnel's header or the vnet header, and a multiple of four. */
  readonly #headroom: number;
  /** Where the next packet is put. */
  #at = 0;
  /** Where the next headers are built. */
  #headersAt = 0;
  /** So many wake-ups more may read one small packet and leave it at that. */
  #unasked = 0;

  constructor({ native, tun, lane, sender }: OutboundParts) {
    const memory = native.adopt(summableMemory(HEADERS_AT + 2 * MOST_HEADER_OCTETS));
    this.#native = native;
    this.#tun = tun;
    this.#lane = lane;
    this.#address = memory.address;
    this.#headroom = (lane.longestPrefix + 3) & ~3;
    this.#packets = Arena.over(memory.bytes, quickOf(memory.bytes));
    this.#segmenter = new Segmenter(this.#packets, Arena.over(memory.bytes.subarray(HEADERS_AT)), lane.longestPrefix);
    this.#queue = new SegmentQueue(native);
    this.sender = sender;
  }

  /** Sends what was left when the socket was full. @returns whether nothing is left */
  resume(): boolean {
    return this.#send(false);
  }

  /**
   * Queues a data message that the engine has numbered behind those that were numbered before it and have not left yet.
   * @returns false: there are none, or there is no room
   */
  takes(message: Uint8Array): boolean {
    if (this.#queue.isEmpty || !this.#lane.sequencing) return false;
    if (this.#at + message.length > HEADERS_AT || !this.#queue.hasRoom) return false;
    this.#packets.octets.set(message, this.#at);
    this.#addWhole(this.#at, message.length);
    this.#at = (this.#at + message.length + 3) & ~3;
    return true;
  }

  /**
   * Reads from the device and sends.
   *
   * Who has waited is not kept waiting by a look at whether there is more: the first small packet of a wake-up leaves by itself. And
   * where such packets come one at a time nobody looks at all, for if there is more after all, that is another wake-up at once.
   * @param isWoken the device has just become readable: it is not known how much there is
   */
  turn(isWoken = false): Turn {
    const { libc, errno } = this.#native;
    const vnetOctets = this.#tun.hasVnetHeader ? VNET_OCTETS : 0;
    const asks = !isWoken || this.#unasked === 0;
    let isLone = false;
    let octets = 0;
    for (let reads = 0; reads < MOST_READS && octets < MOST_OCTETS_READ; reads++) {
      const room = this.#at + this.#headroom - vnetOctets;
      const read = libc.read(this.#tun.fd, this.#address + room, LONGEST_READ);
      if (read < 0) {
        const error = errno();
        if (error === EAGAIN) break;
        if (error === EINTR) continue;
        if (error !== EINVAL) return { error };
        this.#loseMalformed(); // a packet that no vnet header can describe: it is gone, and the device is well
        continue;
      }
      octets += read;
      const isLarge = this.#take(read - vnetOctets);
      const hasRoom = this.#hasRoom;
      const isFirst = isWoken && reads === 0 && !isLarge;
      isLone = isFirst;
      const isDue = isLarge || !hasRoom || isFirst || this.#queue.waiting >= MOST_COLLECTED;
      if (isDue && !this.#send(hasRoom && !isFirst)) return 'full';
      if (isFirst && !asks) break;
    }
    if (isWoken) this.#unasked = !isLone ? 0 : asks ? WAKES_UNASKED : this.#unasked - 1;
    return this.#send(false) ? 'done' : 'full';
  }

  #loseMalformed(): void {
    this.malformed++;
    this.sender.noteLoss('a packet of the kernel that could not be taken apart');
  }

  /** For another packet, whatever it is, behind those that have not left. */
  get #hasRoom(): boolean {
    const end = this.#at + this.#headroom + LONGEST_READ;
    return end <= ARENA_OCTETS && this.#headersAt <= MOST_HEADER_OCTETS && this.#queue.hasRoom;
  }

  /** @param more others may follow. @returns false: the socket takes no more just now */
  #send(more: boolean): boolean {
    if (!this.sender.flush(this.#queue, more)) return false;
    if (this.#queue.isEmpty) this.#at = this.#headersAt = 0;
    return true;
  }

  /** Queues the packet just read. @returns whether it was a large one, cut into several */
  #take(octets: number): boolean {
    const ip = this.#at + this.#headroom;
    if (octets <= 0) return false;
    const protocol = this.#lane.admit(this.#packets.octets, ip, ip + octets);
    if (protocol === undefined) return false;
    if (this.#tun.hasVnetHeader) this.#vnet.read(this.#packets, ip - VNET_OCTETS);
    if (this.#vnet.gsoType !== GSO.none) this.#beginPrefixes(protocol);
    const count = this.#segmenter.segment(this.#vnet, ip, octets, this.#headersAt);
    if (count === 0) this.#loseMalformed();
    else if (this.#segmenter.headerOctets === 0) this.#queueWhole(protocol, ip, octets);
    else this.#queueSegments(count, octets);
    if (count > 0) this.#at = (ip + octets + 3) & ~3;
    this.#headersAt = this.#segmenter.headersEnd;
    return count > 0 && this.#segmenter.headerOctets > 0;
  }

  /** The tunnel's header is put right in front of the packet, where its vnet header was. */
  #queueWhole(protocol: number, ip: number, octets: number): void {
    const prefix = this.#lane.prefixLength;
    this.#lane.sent(1, octets);
    this.#lane.writePrefix(this.#packets.octets, ip - prefix, protocol, octets);
    this.#addWhole(ip - prefix, prefix + octets);
  }

  #addWhole(at: number, octets: number): void {
    this.#queue.add(this.#address + at, 0, this.#address + at, octets);
  }

  /** What all segments have in front of their headers is put in front of the first one's. */
  #beginPrefixes(protocol: number): void {
    const { headers, prefixRoom } = this.#segmenter;
    this.#lane.beginPrefix(headers.octets, this.#headersAt + prefixRoom - this.#lane.prefixLength, protocol);
  }

  #queueSegments(count: number, octets: number): void {
    const cut = this.#segmenter;
    const lane = this.#lane;
    const { headerAt, headerStep, headerOctets } = cut;
    const [each, last] = [headerOctets + cut.payloadOctets, headerOctets + cut.lastOctets];
    const prefix = lane.prefixLength;
    lane.sent(count, octets + (count - 1) * headerOctets);
    lane.finishPrefixes(cut.headers.octets, headerAt - prefix, headerStep, count, each, last);
    this.#queue.addCut(cut, count, this.#address + HEADERS_AT, this.#address, prefix);
  }
}
