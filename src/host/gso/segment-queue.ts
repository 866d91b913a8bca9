/** What is on its way to the server: segments in the order they leave, and how many of them leave with one system call. */

/** A super-packet in the smallest segments there are, of 8 octets. */
const MOST_OF_ONE = 8192;
/** Two of them. */
const CAPACITY = 2 * MOST_OF_ONE;
/** What there is room for from the beginning. */
const USUAL = 512;
/** UDP_MAX_SEGMENTS: what every Linux with UDP_SEGMENT takes. */
export const MOST_SEGMENTS = 64;
/** UDP payload of an IPv4 packet, octets. */
const MOST_OCTETS = 65_507;

export class SegmentQueue {
  /** Where the header of each segment begins in the header arena, and its octets: the tunnel's header and what was rebuilt of the packet's; 0: none. */
  headerAt = new Int32Array(USUAL);
  headerLength = new Int32Array(USUAL);
  /** Where the rest begins in the read arena, and its octets. */
  payloadAt = new Int32Array(USUAL);
  payloadLength = new Int32Array(USUAL);
  /** The first segment that has not left. */
  next = 0;
  #count = 0;

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

  add(headerAt: number, headerLength: number, payloadAt: number, payloadLength: number): void {
    const at = this.#count++;
    if (at === this.headerAt.length) this.#makeRoom();
    this.headerAt[at] = headerAt;
    this.headerLength[at] = headerLength;
    this.payloadAt[at] = payloadAt;
    this.payloadLength[at] = payloadLength;
  }

  #makeRoom(): void {
    const larger = (given: Int32Array) => {
      const taken = new Int32Array(CAPACITY);
      taken.set(given);
      return taken;
    };
    this.headerAt = larger(this.headerAt);
    this.headerLength = larger(this.headerLength);
    this.payloadAt = larger(this.payloadAt);
    this.payloadLength = larger(this.payloadLength);
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
   * How many segments from `next` on leave as one message: all of one size, but the last may be smaller (udp(7), UDP_SEGMENT).
   *
   * A super-packet of 46 segments is too much for one message, and two that leave as 44 and 2 twice cost as much as four full ones. So what
   * is left of the one waits for the other, if there is one. (The device's gso_max_size could make super-packets fit, but Linux then cuts
   * those that are forwarded from a LAN into single packets.)
   * @param more others may follow: a message that they could still join has to wait, and this is 0
   */
  nextGroup(more: boolean): number {
    const size = this.octets(this.next);
    const most = Math.max(1, Math.min(MOST_SEGMENTS, Math.floor(MOST_OCTETS / size)));
    const full = this.next + most;
    const last = Math.min(this.#count, full);
    let end = this.next + 1;
    while (end < last && this.octets(end) === size) end++;
    const isOpen = end === this.#count && end < full;
    if (isOpen && more) return 0;
    if (end < last && this.octets(end) < size) end++;
    return end - this.next;
  }
}
