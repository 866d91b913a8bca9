/** Whether a packet's checksums are right, and are what Linux would write there: nothing else may join other packets. */
import type { Arena } from './arena.ts';
import { fold, sum } from './checksum.ts';
import {
  IPV4_CHECKSUM,
  IPV4_OCTETS,
  IPV4_SOURCE,
  IPV6_OCTETS,
  IPV6_SOURCE,
  TCP,
  TCP_CHECKSUM,
} from './header-table.ts';
import type { PacketLayout } from './packet.ts';

/**
 * Of a TCP or UDP packet that is no fragment, whose headers are whole, and which has a checksum: in UDP it can be left out (0).
 *
 * Zero has two forms in ones' complement. When Linux takes a run apart it writes the checksum of TCP and of IPv4 as 0x0000, never
 * as 0xffff, so a packet with the latter, right as it is, would not come out as it went in.
 */
export function isIntact(arena: Arena, packet: PacketLayout): boolean {
  const { version, from, transportAt, end, protocol } = packet;
  if (protocol === TCP && arena.u16(transportAt + TCP_CHECKSUM) === 0xffff) return false;
  if (version === 4 && (arena.u16(from + IPV4_CHECKSUM) === 0xffff || sum(arena, from, transportAt) !== 0xffff))
    return false;
  const lengthAndProtocol = end - transportAt + protocol;
  const addressesAt = from + (version === 4 ? IPV4_SOURCE : IPV6_SOURCE);
  const addressesEnd = from + (version === 4 ? IPV4_OCTETS : IPV6_OCTETS);
  // Without options or extension headers the addresses stand right in front of the transport header: one stretch, one sum.
  const sums =
    addressesEnd === transportAt
      ? sum(arena, addressesAt, end)
      : sum(arena, addressesAt, addressesEnd) + sum(arena, transportAt, end);
  return fold(sums + lengthAndProtocol) === 0xffff;
}
