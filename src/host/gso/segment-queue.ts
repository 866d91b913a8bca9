/** What is on its way to the server: segments in the order they leave, as the kernel gathers them, and how many of them leave with one system call. */
import type { Segmenter } from '../../offload/segment.ts';
import type { Arena, Native } from '../native/koffi.ts';
import type { Layout } from '../native/layout.ts';

/** A super-packet in the smallest segments there are, of 8 octets. */
const MOST_OF_ONE = 8192;
/** Two of them. */
const CAPACITY = 2 * MOST_OF_ONE;
/** What there is room for from the beginning. Not CAPACITY: glibc's calloc writes all over memory that others have given back. */
const USUAL = 512;
/** UDP_MAX_SEGMENTS: what every Linux with UDP_SEGMENT takes. */
export const MOST_SEGMENTS = 64;
/** UDP payload of an IPv4 packet, octets. */
const MOST_OCTETS = 65_507;

/** Where the segments of a packet lie. */
export type Cut = Readonly<
  Pick<Segmenter, 'headerAt' | 'headerStep' | 'headerOctets' | 'payloadAt' | 'payloadOctets' | 'lastOctets'>
>;

export class SegmentQueue {
  readonly #native: Native;
  readonly #layout: Layout;
  /** struct iovec, two per segment: header, payload. */
  #iovecs: Arena;
  /** Octets of each datagram: up to 65,535 of a packet, and the tunnel's header. */
  #octets = new Int32Array(USUAL);
  /** The first segment that has not left. */
  next = 0;
  #count = 0;

  constructor(native: Native) {
    this.#native = native;
    this.#layout = native.layout;
    this.#iovecs = native.arena(USUAL * 2 * native.layout.iovec.octets);
  }

  get isEmpty(): boolean {
    return this.next === this.#count;
  }
  /** How many have not left. */
  get waiting(): number {
    return this.#count - this.next;
  }
  /** Whether there is room for a super-packet more, whatever its segments. */
  get hasRoom(): boolean {
    return this.#count <= CAPACITY - MOST_OF_ONE;
  }

  /**
   * Queues a segment of two parts, which stay where they are until it has left.
   * @param headerAddress of the tunnel's header and what was rebuilt of the packet's
   * @param headerLength 0: all of it is payload
   * @param payloadAddress of the rest, where it was read
   */
  add(headerAddress: number, headerLength: number, payloadAddress: number, payloadLength: number): void {
    const segment = this.#reserve(1);
    const { putIovec, iovec } = this.#layout;
    const { words } = this.#iovecs;
    const at = segment * 2 * iovec.octets;
    putIovec(words, at, headerAddress, headerLength);
    putIovec(words, at + iovec.octets, payloadAddress, payloadLength);
    this.#octets[segment] = headerLength + payloadLength;
  }

  /**
   * Queues the segments of a packet that was cut, which stay where they are until they have left.
   * @param headers address that the places of headers are counted from
   * @param packets address that the places of payloads are counted from
   * @param prefix octets in front of each header that leave with it
   */
  addCut(cut: Cut, count: number, headers: number, packets: number, prefix: number): void {
    const first = this.#reserve(count);
    const last = first + count - 1;
    const { putIovecs, putIovec, iovec } = this.#layout;
    const { words } = this.#iovecs;
    const stride = 2 * iovec.octets;
    const { headerAt, headerStep, payloadAt, payloadOctets, lastOctets } = cut;
    const header = prefix + cut.headerOctets;
    const payload = packets + payloadAt;
    putIovecs(words, first * stride, stride, count, headers + headerAt - prefix, headerStep, header);
    putIovecs(words, first * stride + iovec.octets, stride, count - 1, payload, payloadOctets, payloadOctets);
    putIovec(words, last * stride + iovec.octets, payload + (count - 1) * payloadOctets, lastOctets);
    this.#octets.fill(header + payloadOctets, first, last);
    this.#octets[last] = header + lastOctets;
  }

  /** @returns the first of `count` places */
  #reserve(count: number): number {
    const first = this.#count;
    this.#count = first + count;
    if (this.#count > this.#octets.length) this.#makeRoom();
    return first;
  }

  #makeRoom(): void {
    const { bytes } = this.#iovecs;
    this.#iovecs = this.#native.arena(CAPACITY * 2 * this.#layout.iovec.octets);
    this.#iovecs.bytes.set(bytes);
    const octets = this.#octets;
    this.#octets = new Int32Array(CAPACITY);
    this.#octets.set(octets);
  }

  /** Octets of one datagram. */
  octets(at: number): number {
    return this.#octets[at] as number;
  }

  /** Where the iovecs of the segments from `at` on are, two for each, until more are added. */
  iovecsAt(at: number): number {
    return this.#iovecs.address + at * 2 * this.#layout.iovec.octets;
  }

  /** Whether a segment is all payload, the first of its iovecs empty. */
  isWhole(at: number): boolean {
    const { iovec, getLong } = this.#layout;
    return getLong(this.#iovecs.words, at * 2 * iovec.octets + iovec.len) === 0;
  }

  clear(): void {
    this.#count = 0;
    this.next = 0;
  }

  /**
   * How many segments from `next` on leave as one message: all of one size, but the last may be smaller (udp(7), UDP_SEGMENT).
   *
   * A super-packet of 46 segments is too much for one message, and two that leave as 44 and 2 twice cost as much as four full ones. So what
   * is left of the one waits for the other, if there is one. (The device's gso_max_size could make super-packets fit, but Linux then cuts
   * those that are forwarded from a LAN into single packets.)
   * @param more others may follow: a message that they could still join has to wait, and this is 0
   */
  nextGroup(more: boolean): number {
    const octets = this.#octets;
    const size = octets[this.next] as number;
    const most = Math.max(1, Math.min(MOST_SEGMENTS, Math.floor(MOST_OCTETS / size)));
    const full = this.next + most;
    const last = Math.min(this.#count, full);
    let end = this.next + 1;
    while (end < last && octets[end] === size) end++;
    const isOpen = end === this.#count && end < full;
    if (isOpen && more) return 0;
    if (end < last && (octets[end] as number) < size) end++;
    return end - this.next;
  }
}
