/** One AVP as it stands on the wire (RFC 2661 §4.1), bit for bit, and how its value is hidden and opened (§4.3). */
import { conceal, reveal } from '../crypto/avp-hiding.ts';
import { AVP, type AvpName, type AvpValues } from './avp-table.ts';
import { concat, Reader, uint } from './bytes.ts';
import { type Codec, LONGEST_VALUE } from './codec.ts';

/** Nothing is lost here: what was read is written back octet for octet. */
export interface Avp {
  /** The M bit. */
  readonly mandatory: boolean;
  /** The H bit. */
  readonly hidden: boolean;
  /** The four reserved bits, 0-15; an AVP that has any of them set counts as unknown (§4.1). */
  readonly reserved: number;
  /** SMI enterprise code, 0-65535; only with 0 is `type` one of RFC 2661. */
  readonly vendor: number;
  readonly type: number;
  /** 0-1017 octets; the Hidden AVP Subformat, still closed, when `hidden`. A view when it was read. */
  readonly value: Uint8Array;
}

/** What hides the values of one message. */
export interface Hiding {
  /** The secret shared with the peer, 1 octet or more. */
  readonly secret: Uint8Array;
  /** Unpredictable; 16 octets or more are recommended (§4.4.1). */
  readonly randomVector: Uint8Array;
  /** Unpredictable; appended to every hidden value, as far as there is room, to mask its length. */
  readonly padding: Uint8Array;
}

/** @throws Malformed an AVP shorter than its header or longer than the body */
export function readAvps(body: Uint8Array): Avp[] {
  const reader = new Reader(body, 'RFC 2661 §4.1');
  const avps: Avp[] = [];
  while (reader.left > 0) {
    const flags = reader.u16();
    const [vendor, type] = [reader.u16(), reader.u16()];
    const length = flags & LENGTH;
    if (length < AVP_HEADER_OCTETS) throw reader.malformed(`AVP of ${length} octets`);
    avps.push({
      mandatory: (flags & M) !== 0,
      hidden: (flags & H) !== 0,
      reserved: (flags & RESERVED) >> RESERVED_SHIFT,
      vendor,
      type,
      value: reader.octets(length - AVP_HEADER_OCTETS),
    });
  }
  return avps;
}

/** @throws RangeError a value longer than 1017 octets: our own mistake, no peer can cause it */
export const writeAvps = (avps: readonly Avp[]): Uint8Array => concat(...avps.map(writeAvp));

/** A plain AVP of RFC 2661 with the M bit its table row has. */
export function avpOf<N extends AvpName>(name: N, value: AvpValues[N]): Avp {
  const { type, m } = AVP[name];
  const codec = AVP[name].codec as Codec<AvpValues[N]>;
  return { mandatory: m === 1, hidden: false, reserved: 0, vendor: 0, type, value: codec.write(value) };
}

/** The same AVP with its value hidden. The message needs a Random Vector AVP of the same vector in front of it. */
export function hideAvp(avp: Avp, { secret, randomVector, padding }: Hiding): Avp {
  const room = LONGEST_VALUE - LENGTH_FIELD_OCTETS - avp.value.length;
  const subformat = concat(uint(2, avp.value.length), avp.value, padding.subarray(0, Math.max(0, room)));
  return { ...avp, hidden: true, value: conceal(subformat, { type: avp.type, secret, randomVector }) };
}

/**
 * The plain value of a hidden AVP; undefined when the secret or the vector is not the one that hid it, as far as that
 * shows. The length inside is what a cipher made of a stranger's octets: it never bounds a read before it is checked.
 */
export function openAvp(avp: Avp, secret: Uint8Array, randomVector: Uint8Array): Uint8Array | undefined {
  if (avp.value.length < LENGTH_FIELD_OCTETS) return undefined;
  const subformat = new Reader(reveal(avp.value, { type: avp.type, secret, randomVector }), 'RFC 2661 §4.3');
  const length = subformat.u16();
  return length > subformat.left ? undefined : subformat.octets(length);
}

/** Length of the whole AVP on the wire, 6-1023. */
export const octetsOf = ({ value }: Avp): number => AVP_HEADER_OCTETS + value.length;

function writeAvp(avp: Avp): Uint8Array {
  if (avp.value.length > LONGEST_VALUE) throw new RangeError(`AVP ${avp.type}: ${avp.value.length} octets do not fit`);
  const flags = (avp.mandatory ? M : 0) | (avp.hidden ? H : 0) | (avp.reserved << RESERVED_SHIFT);
  return concat(uint(2, flags | octetsOf(avp)), uint(2, avp.vendor), uint(2, avp.type), avp.value);
}

const AVP_HEADER_OCTETS = 6;
const LENGTH_FIELD_OCTETS = 2;

// The first 16 bits of an AVP.
const M = 0x8000;
const H = 0x4000;
const RESERVED = 0x3c00;
const RESERVED_SHIFT = 10;
const LENGTH = 0x03ff;
