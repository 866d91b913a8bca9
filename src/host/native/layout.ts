/** How the C structures of socket calls lie in memory: offsets and sizes in octets, from the size of a pointer and the order of its octets. */
import { endianness } from 'node:os';

/** How a machine lays things out. */
export interface Machine {
  readonly pointerOctets: 4 | 8;
  readonly isLittleEndian: boolean;
}

/** Offsets of members are named like the members, without `iov_`, `msg_`, `cmsg_`. */
export interface Layout extends Machine {
  /** struct iovec: { void *base; size_t len } */
  readonly iovec: { readonly octets: number; readonly base: number; readonly len: number };
  /** struct msghdr; `flags` and `namelen` are 32 bits wide, the others a pointer. */
  readonly msghdr: {
    readonly octets: number;
    readonly name: number;
    readonly namelen: number;
    readonly iov: number;
    readonly iovlen: number;
    readonly control: number;
    readonly controllen: number;
    readonly flags: number;
  };
  /** struct mmsghdr: a msghdr, then the octets sent or received (`len`, 32 bits wide). */
  readonly mmsghdr: { readonly octets: number; readonly len: number };
  /** struct cmsghdr; `octets` is where its data begin, `level` and `type` are 32 bits wide. */
  readonly cmsghdr: { readonly octets: number; readonly len: number; readonly level: number; readonly type: number };
  /** CMSG_LEN: what stands in `len` of a control message with so many octets of data. */
  cmsgLen(dataOctets: number): number;
  /** CMSG_SPACE: from one control message to the next. */
  cmsgSpace(dataOctets: number): number;
  /**
   * Writes a pointer, a size_t or a long that is not negative.
   * @param at its offset in octets, a multiple of 4
   * @param value an integer below 2^53
   */
  putLong(words: Uint32Array, at: number, value: number): void;
  /** Writes a struct iovec. */
  putIovec(words: Uint32Array, at: number, base: number, len: number): void;
  /**
   * Writes several, `stride` octets from one to the next, of places that lie one behind the other.
   * @param base the first place, and `step` octets (below 2^31) from one to the next
   * @param len octets of each
   */
  putIovecs(
    words: Uint32Array,
    at: number,
    stride: number,
    count: number,
    base: number,
    step: number,
    len: number,
  ): void;
  /** Reads one, if it is below 2^53. */
  getLong(words: Uint32Array, at: number): number;
}

/** The layouts of glibc, of musl and of the kernel are the same on every machine that koffi runs on. */
export function layoutOf({ pointerOctets, isLittleEndian }: Machine): Layout {
  const long = pointerOctets;
  const low = isLittleEndian ? 0 : 1;
  const aligned = (octets: number) => Math.ceil(octets / long) * long;
  const msghdrOctets = 7 * long;
  const cmsghdrOctets = long + 8;
  return {
    pointerOctets,
    isLittleEndian,
    iovec: { octets: 2 * long, base: 0, len: long },
    msghdr: {
      ...{ octets: msghdrOctets, name: 0, namelen: long, iov: 2 * long, iovlen: 3 * long },
      ...{ control: 4 * long, controllen: 5 * long, flags: 6 * long },
    },
    mmsghdr: { octets: aligned(msghdrOctets + 4), len: msghdrOctets },
    cmsghdr: { octets: cmsghdrOctets, len: 0, level: long, type: long + 4 },
    cmsgLen: (dataOctets) => cmsghdrOctets + dataOctets,
    cmsgSpace: (dataOctets) => cmsghdrOctets + aligned(dataOctets),
    ...(long === 4 ? LONG_OF_4 : low === 0 ? LONG_OF_8 : LONG_OF_8_BIG_ENDIAN),
  };
}

/** @param pointerOctets as the C library has it, not as the processor could */
export const machineOf = (pointerOctets: number): Machine => ({
  pointerOctets: pointerOctets === 4 ? 4 : 8,
  isLittleEndian: endianness() === 'LE',
});

type Longs = Pick<Layout, 'putLong' | 'putIovec' | 'putIovecs' | 'getLong'>;

const TWO_TO_32 = 0x1_0000_0000;
const TWO_TO_MINUS_32 = 1 / TWO_TO_32; // to multiply is quicker, and as exact with a power of two

const LONG_OF_4: Longs = {
  putLong(words, at, value) {
    words[at >>> 2] = value;
  },
  putIovec(words, at, base, len) {
    words[at >>> 2] = base;
    words[(at >>> 2) + 1] = len;
  },
  putIovecs(words, at, stride, count, base, step, len) {
    for (let k = 0; k < count; k++) LONG_OF_4.putIovec(words, at + k * stride, base + k * step, len);
  },
  getLong: (words, at) => words[at >>> 2] as number,
};

// A store into a Uint32Array takes the value modulo 2^32: the lower half, without a BigInt.
const LONG_OF_8: Longs = {
  putLong(words, at, value) {
    words[at >>> 2] = value;
    words[(at >>> 2) + 1] = value * TWO_TO_MINUS_32;
  },
  putIovec(words, at, base, len) {
    words[at >>> 2] = base;
    words[(at >>> 2) + 1] = base * TWO_TO_MINUS_32;
    words[(at >>> 2) + 2] = len;
    words[(at >>> 2) + 3] = 0;
  },
  // With integers of 32 bits alone, as this is done for every segment.
  putIovecs(words, at, stride, count, base, step, len) {
    let low = base | 0;
    let high = (base * TWO_TO_MINUS_32) | 0;
    let word = at >>> 2;
    for (let k = 0; k < count; k++) {
      words[word] = low;
      words[word + 1] = high;
      words[word + 2] = len;
      words[word + 3] = 0;
      const next = (low + step) | 0;
      if (next >>> 0 < low >>> 0) high++;
      low = next;
      word += stride >>> 2;
    }
  },
  getLong: (words, at) => (words[at >>> 2] as number) + (words[(at >>> 2) + 1] as number) * TWO_TO_32,
};

const LONG_OF_8_BIG_ENDIAN: Longs = {
  putLong(words, at, value) {
    words[at >>> 2] = value * TWO_TO_MINUS_32;
    words[(at >>> 2) + 1] = value;
  },
  putIovec(words, at, base, len) {
    words[at >>> 2] = base * TWO_TO_MINUS_32;
    words[(at >>> 2) + 1] = base;
    words[(at >>> 2) + 2] = 0;
    words[(at >>> 2) + 3] = len;
  },
  putIovecs(words, at, stride, count, base, step, len) {
    for (let k = 0; k < count; k++) LONG_OF_8_BIG_ENDIAN.putIovec(words, at + k * stride, base + k * step, len);
  },
  getLong: (words, at) => (words[at >>> 2] as number) * TWO_TO_32 + (words[(at >>> 2) + 1] as number),
};
