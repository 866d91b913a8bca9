/** How numbers are read from and written into one stretch of memory, at any place and on a machine of either byte order. */

/** What can be done with octets of an arena faster than one by one, in memory that is fit for it. */
export interface Quick {
  /**
   * Adds up the 16-bit numbers, lower half first, in octets `from` up to `to`, at most 131,070 of them; an odd octet at the end is a
   * lower half.
   * @returns the sum in 32 bits, of either sign
   */
  sum(from: number, to: number): number;

  /** Says what {@link alike} looks for from now on. */
  seek(likeness: Likeness): void;

  /** The key of what it looks for; 0: of nothing yet. */
  readonly sought: number;

  /**
   * Looks at one stretch after the other, the first at `from`, the others `step` octets behind the one before, and so each is compared
   * with the one before it: the first with what is `back` octets in front of it, or behind it if that is negative.
   * @returns how many of `most` are as wanted, until one is not
   */
  alike(from: number, back: number, step: number, most: number): number;

  /**
   * Makes the headers of a packet's segments out of the first one's, which is there and has all that is the same in every one. All
   * places are in this memory.
   * @returns false: it cannot, and has written nothing
   */
  segmentHeaders(of: SegmentHeaders): boolean;
}

/** The headers of segments that lie one behind the other, as do their payloads. */
export interface SegmentHeaders {
  /** Where the first header begins, and octets from one to the next. */
  at: number;
  step: number;
  /** So many octets in front of each are to be the same as well. */
  lead: number;
  /** Where the first payload begins, and its octets: every other one's too, but the last's. */
  payloadAt: number;
  payloadOctets: number;
  lastOctets: number;
  /** Segments, 1 or more. */
  count: number;
  /** Octets of a header, 20 or more, and of them those in front of the transport header. */
  headerOctets: number;
  transport: number;
  /** Else UDP. */
  isTcp: boolean;
  /** Else IPv6. */
  isIpv4: boolean;
  /** 0-65535: of the transport header and the pseudo-header, but for what differs from segment to segment. */
  transportSum: number;
  /** Of the IPv4 header, but for that. */
  ipv4Sum: number;
  /** Of the first: of IPv4, and of TCP. */
  identification: number;
  sequence: number;
  /** Of TCP, as the packet has them. */
  flags: number;
}

/** What is wanted of stretches of octets. All places are counted from where one begins. */
export interface Likeness {
  /** Another one for everything else that could be wanted of the same memory; not 0. */
  readonly key: number;
  /** Where it has 0xff the octets are those of the stretch before; where it has 0, as behind it, they need not be. At most {@link LONGEST_MASK}. */
  readonly mask: Uint8Array;
  /** The sum of these octets comes to 0xffff; of no octets it need not. */
  readonly header: Extent;
  /** The sum of these does with `rest` added, which is not 0. */
  readonly covered: Extent;
  readonly rest: number;
  /** Numbers of 32 bits in network order of which these bits are `by` more than in the stretch before. */
  readonly counted: readonly [Counted, Counted];
  /** Numbers of 16 bits that a stretch has not got. */
  readonly excluded: readonly [Excluded, Excluded];
  /** Behind a stretch with one of these bits nothing is looked at. */
  readonly last: Last;
}

export interface Extent {
  readonly from: number;
  readonly to: number;
}
export interface Counted {
  readonly at: number;
  readonly by: number;
  readonly bits: number;
}
export interface Excluded {
  readonly at: number;
  /** 0, 0xffff; or {@link NO_NUMBER}, which all stretches have not got. */
  readonly value: number;
}
export const NO_NUMBER = -1;
/** In an octet. */
export interface Last {
  readonly at: number;
  readonly bits: number;
}

export const LONGEST_MASK = 144;

/** Memory that packets lie in, with the views that are needed of it: made once, so that none is made for a packet. */
export class Arena {
  readonly octets: Uint8Array;
  /** The same memory by two octets, in the machine's own byte order. */
  readonly halves: Uint16Array;
  /** The same memory by four octets, in the machine's own byte order. Signed: such numbers stay plain machine integers. */
  readonly words: Int32Array;
  readonly isLittleEndian: boolean;
  /** If there is one for this memory. */
  readonly quick: Quick | undefined;

  /** For tests of the other byte order; everybody else takes {@link Arena.over}. */
  constructor(octets: Uint8Array, halves: Uint16Array, words: Int32Array, isLittleEndian: boolean, quick?: Quick) {
    this.octets = octets;
    this.halves = halves;
    this.words = words;
    this.isLittleEndian = isLittleEndian;
    this.quick = quick;
  }

  /**
   * @param octets begins at a multiple of four of its ArrayBuffer
   * @throws RangeError if it does not
   */
  static over(octets: Uint8Array, quick?: Quick): Arena {
    const { buffer, byteOffset, length } = octets;
    const halves = new Uint16Array(buffer, byteOffset, length >> 1);
    const words = new Int32Array(buffer, byteOffset, length >> 2);
    return new Arena(octets, halves, words, HOST_IS_LITTLE_ENDIAN, quick);
  }

  static ofSize(octets: number): Arena {
    return Arena.over(new Uint8Array(octets));
  }

  /** Whether octets `from` up to `to` are in it: what is not must not even be named to the kernel. */
  holds(from: number, to: number): boolean {
    return from >= 0 && from <= to && to <= this.octets.length;
  }

  // Network byte order from here on. Out of octets, not through a DataView: places are odd as often as even.

  u8(at: number): number {
    return this.octets[at] as number;
  }

  u16(at: number): number {
    return ((this.octets[at] as number) << 8) | (this.octets[at + 1] as number);
  }

  /** Signed, so that it can be compared and counted with, but not shown. */
  i32(at: number): number {
    return (this.u16(at) << 16) | this.u16(at + 2);
  }

  putU8(at: number, value: number): void {
    this.octets[at] = value;
  }

  /** The lower 16 bits of `value`. */
  putU16(at: number, value: number): void {
    this.octets[at] = value >> 8;
    this.octets[at + 1] = value;
  }

  putI32(at: number, value: number): void {
    this.putU16(at, value >> 16);
    this.putU16(at + 2, value);
  }

  /** Whether `count` octets at two places are the same. */
  same(a: number, b: number, count: number): boolean {
    const { octets, halves } = this;
    let i = 0;
    if (((a | b) & 1) === 0)
      for (; i + 2 <= count; i += 2) if (halves[(a + i) >> 1] !== halves[(b + i) >> 1]) return false;
    for (; i < count; i++) if (octets[a + i] !== octets[b + i]) return false;
    return true;
  }

  /** Copies octets of another arena. A loop: for a header that is faster than `set`, which wants a view made first. */
  copyFrom(source: Arena, from: number, to: number, count: number): void {
    const { octets, words } = this;
    const { octets: others, words: otherWords } = source;
    let i = 0;
    if (((from ^ to) & 3) === 0) {
      for (; i < count && ((to + i) & 3) !== 0; i++) octets[to + i] = others[from + i] as number;
      for (; i + 4 <= count; i += 4) words[(to + i) >> 2] = otherWords[(from + i) >> 2] as number;
    }
    for (; i < count; i++) octets[to + i] = others[from + i] as number;
  }
}

const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
