/** What travels in one L2TP data message: a PPP frame, its Address, Control and Protocol fields compressed or not (RFC 1661 §2, §6.5, §6.6). */
import { concat, Reader, uint } from './bytes.ts';

/** PPP protocol numbers ("Assigned Numbers"); only the ones that somebody here names. */
// biome-ignore format: a table
export const PROTOCOL = {
  ipv4:           0x0021, // RFC 1332
  vjCompressed:   0x002d, // RFC 1332: TCP/IP with a Van Jacobson header
  vjUncompressed: 0x002f, // RFC 1332
  multilink:      0x003d, // RFC 1990
  ipv6:           0x0057, // RFC 5072
  compressed:     0x00fd, // RFC 1962; with MPPE an encrypted datagram, RFC 3078
  ipcp:           0x8021, // RFC 1332
  ecp:            0x8053, // RFC 1968
  ipv6cp:         0x8057, // RFC 5072
  ccp:            0x80fd, // RFC 1962
  mplscp:         0x8281, // RFC 3032
  lcp:            0xc021, // RFC 1661
  pap:            0xc023, // RFC 1334
  qualityReport:  0xc025, // RFC 1989
  chap:           0xc223, // RFC 1994
  eap:            0xc227, // RFC 2284
} as const;

export interface PppFrame {
  /** 0-0xffff; one that breaks RFC 1661 §2 (even, say) is simply a protocol nobody knows. */
  readonly protocol: number;
  /** A view into the frame: copy it to keep it. */
  readonly payload: Uint8Array;
}

/** What may be left out of the frames we send: what the peer asked for, never more. */
export interface Framing {
  /** Address and Control fields are sent (no ACFC, §6.6). */
  readonly addressControl: boolean;
  /** The Protocol field shrinks to one octet where it can (PFC, §6.5). */
  readonly shortProtocol: boolean;
}

/** How LCP always goes, and everything else before LCP is open (RFC 1661 §5). */
export const PLAIN_FRAMING: Framing = { addressControl: true, shortProtocol: false };

/**
 * Reads a frame in any of the four forms, whatever was negotiated.
 * INTEROP: a compressed frame that nobody agreed to MAY be discarded (§6.6); nothing is gained by it over L2TP.
 * @throws Malformed no whole Protocol field, or a Control field that means something else
 */
export function readFrame(bytes: Uint8Array): PppFrame {
  const reader = new Reader(bytes, 'RFC 1661 §2');
  let first = reader.u8();
  // 0xff cannot begin a Protocol field: 0x00ff is reserved, and the high octet of a long one is even.
  if (first === ALL_STATIONS) {
    // "Frames with unrecognized Control field values SHOULD be silently discarded" (RFC 1662 §3.1)
    if (reader.u8() !== UNNUMBERED_INFORMATION) throw reader.malformed('a Control field that is not 03');
    first = reader.u8();
  }
  const protocol = isLastOctet(first) ? first : (first << 8) | reader.u8();
  return { protocol, payload: reader.rest() };
}

/** Builds a frame. LCP is never compressed, whatever `framing` says (RFC 1661 §6.5, §6.6). */
export function writeFrame(protocol: number, payload: Uint8Array, framing: Framing): Uint8Array {
  const { addressControl, shortProtocol } = protocol === PROTOCOL.lcp ? PLAIN_FRAMING : framing;
  const short = shortProtocol && protocol < 0xff && isLastOctet(protocol);
  return concat(addressControl ? ADDRESS_CONTROL : NOTHING, uint(short ? 1 : 2, protocol), payload);
}

/** The Protocol field ends with the first odd octet (the extension mechanism of ISO 3309). */
const isLastOctet = (octet: number): boolean => (octet & 1) === 1;

const ALL_STATIONS = 0xff;
const UNNUMBERED_INFORMATION = 0x03;
const ADDRESS_CONTROL = Uint8Array.of(ALL_STATIONS, UNNUMBERED_INFORMATION);
const NOTHING = new Uint8Array();
