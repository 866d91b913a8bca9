/** The packet that all control protocols of PPP share: code, identifier, length, data (RFC 1661 §5, RFC 1334 §2.2, RFC 1994 §4). */
import { concat, Reader, uint } from './bytes.ts';

export interface PppPacket {
  /** 0-255; what it means depends on the protocol, see `ppp-code-table.ts`. */
  readonly code: number;
  /** 0-255 */
  readonly id: number;
  /** What follows the header. From {@link readPacket} a view into the packet: copy it to keep it. */
  readonly data: Uint8Array;
}

/** Octets of code, identifier and length together. */
export const PACKET_HEADER = 4;

/**
 * Octets beyond Length are padding and ignored.
 * @throws Malformed a Length below 4, or one beyond the end
 */
export function readPacket(bytes: Uint8Array): PppPacket {
  const reader = new Reader(bytes, 'RFC 1661 §5');
  const code = reader.u8();
  const id = reader.u8();
  const length = reader.u16();
  if (length < PACKET_HEADER) throw reader.malformed(`a packet of ${length} octets cannot hold its own header`);
  return { code, id, data: reader.octets(length - PACKET_HEADER) };
}

/** @param data at most 65531 octets; keeping within the MRU is the caller's duty */
export function writePacket({ code, id, data }: PppPacket): Uint8Array {
  return concat(uint(1, code), uint(1, id), uint(2, PACKET_HEADER + data.length), data);
}
