/** What is on its way to the server: segments in the order they leave, and how many of them leave with one system call. */

/** A super-packet in the smallest segments there are (8192, of 8 octets), and a batch of small packets. */
const CAPACITY = 8192 + 256;
/** UDP_MAX_SEGMENTS: what every Linux with UDP_SEGMENT takes. */
export const MOST_SEGMENTS = 64;
/** UDP payload of an IPv4 packet, octets. */
const MOST_OCTETS = 65_507;

export class SegmentQueue {
  /** Where the header of each segment begins in the header arena, and its octets: the tunnel's header and what was rebuilt of the packet's; 0: none. */
  readonly headerAt = new Int32Array(CAPACITY);
  readonly headerLength = new Int32Array(CAPACITY);
  /** Where the rest begins in the read arena, and its octets. */
  readonly payloadAt = new Int32Array(CAPACITY);
  readonly payloadLength = new Int32Array(CAPACITY);
  /** The first segment that has not left. */
  next = 0;
  #count = 0;

  get isEmpty(): boolean {
    return this.next === this.#count;
  }
  get count(): number {
    return this.#count;
  }

  add(headerAt: number, headerLength: number, payloadAt: number, payloadLength: number): void {
    const at = this.#count++;
    this.headerAt[at] = headerAt;
    this.headerLength[at] = headerLength;
    this.payloadAt[at] = payloadAt;
    this.payloadLength[at] = payloadLength;
  }

  /** Octets of one datagram. */
  octets(at: number): number {
    return (this.headerLength[at] as number) + (this.payloadLength[at] as number);
  }

  clear(): void {
    this.#count = 0;
    this.next = 0;
  }

  /**
   * How many segments from `next` on leave as one message: all of one size, but the last may be smaller (udp(7), UDP_SEGMENT). What is
   * too much for one message is split evenly: 46 segments leave as 23 and 23, for a remainder of 2 would cost as much as 44.
   * (The device's gso_max_size could make super-packets fit, but Linux then cuts those that are forwarded from a LAN into single packets.)
   */
  nextGroup(): number {
    const size = this.octets(this.next);
    let end = this.next + 1;
    while (end < this.#count && this.octets(end) === size) end++;
    if (end < this.#count && this.octets(end) < size) end++;
    const total = end - this.next;
    const most = Math.max(1, Math.min(MOST_SEGMENTS, Math.floor(MOST_OCTETS / size)));
    return Math.ceil(total / Math.ceil(total / most));
  }
}
