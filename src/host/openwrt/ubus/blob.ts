/** How an attribute, which everything on ubus is made of, stands in octets (libubox "blob"). Network byte order. */
import { Reader } from '../../../wire/bytes.ts';

export interface Attribute {
  /** What it is, 0-127; whoever contains it says what the numbers mean. */
  readonly id: number;
  /** The extended bit: a name stands in front of the value (blobmsg). */
  readonly isNamed: boolean;
  /** Without header and padding, 0 to 2^24 - 5 octets; a view when it was read. */
  readonly value: Uint8Array;
}

/**
 * The attributes that stand one after another. The padding behind the last one may be missing: its length says enough.
 * @throws Malformed a length below that of the header, or beyond the octets there are
 */
export function readAttributes(octets: Uint8Array): Attribute[] {
  const reader = new Reader(octets, 'ubus attribute');
  const attributes: Attribute[] = [];
  while (reader.left > 0) {
    const word = reader.u32();
    const length = word & LENGTH;
    if (length < HEADER_OCTETS) throw reader.malformed(`attribute of ${length} octets`);
    const value = reader.octets(length - HEADER_OCTETS);
    attributes.push({ id: (word >>> ID_SHIFT) & ID, isNamed: word >>> NAMED_SHIFT === 1, value });
    reader.octets(Math.min(padded(length) - length, reader.left));
  }
  return attributes;
}

/**
 * Header, value and padding. The length counts the header, but not the padding.
 * @throws RangeError a value too long for 24 bits of length
 */
export function writeAttribute({ id, isNamed, value }: Attribute): Uint8Array {
  const length = HEADER_OCTETS + value.length;
  if (length > LENGTH) throw new RangeError(`attribute ${id}: ${value.length} octets do not fit`);
  const octets = new Uint8Array(padded(length));
  new DataView(octets.buffer).setUint32(0, ((isNamed ? 1 : 0) << NAMED_SHIFT) | (id << ID_SHIFT) | length);
  octets.set(value, HEADER_OCTETS);
  return octets;
}

/** The next multiple of 4: where whatever follows begins. */
export const padded = (length: number): number => (length + 3) & ~3;

/** The length an attribute says it has, header included, 0 to 2^24 - 1. @param header its first 4 octets, as one number */
export const lengthIn = (header: number): number => header & LENGTH;

const HEADER_OCTETS = 4;

// The header: extended(1) | id(7) | length(24).
const NAMED_SHIFT = 31;
const ID_SHIFT = 24;
const ID = 0x7f;
const LENGTH = 0xff_ffff;
