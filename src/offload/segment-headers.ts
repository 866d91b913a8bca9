/** The headers of a packet's segments, as {@link Quick.segmentHeaders} has them, where there is nothing quicker. */
import type { Arena, SegmentHeaders } from './arena.ts';
import { complement, sum } from './checksum.ts';
import {
  IPV4_CHECKSUM,
  IPV4_IDENTIFICATION,
  IPV4_TOTAL_LENGTH,
  IPV6_OCTETS,
  IPV6_PAYLOAD_LENGTH,
  TCP_CHECKSUM,
  TCP_CWR,
  TCP_FIN,
  TCP_FLAGS,
  TCP_PSH,
  TCP_SEQUENCE,
  UDP_CHECKSUM,
  UDP_LENGTH,
} from './header-table.ts';

/** For whoever fills it in for one packet after the other: nothing is made for a packet. */
export const noHeaders = (lead: number): SegmentHeaders => ({
  ...{ at: 0, step: 0, lead, payloadAt: 0, payloadOctets: 0, lastOctets: 0, count: 0, headerOctets: 0, transport: 0 },
  ...{ isTcp: false, isIpv4: false, transportSum: 0, ipv4Sum: 0, identification: 0, sequence: 0, flags: 0 },
});

/**
 * @param headers where `at` is, which is a multiple of four as `lead` is
 * @param packets where the payloads are
 */
export function buildHeaders(of: SegmentHeaders, headers: Arena, packets: Arena): void {
  const { at: first, step, lead, count, headerOctets, transport, isTcp } = of;
  const checksumAt = transport + (isTcp ? TCP_CHECKSUM : UDP_CHECKSUM);
  const [pattern, words] = [(first - lead) >> 2, (lead + headerOctets + 3) >> 2];
  for (let k = 0; k < count; k++) {
    const at = first + k * step;
    const from = of.payloadAt + k * of.payloadOctets;
    const octets = k < count - 1 ? of.payloadOctets : of.lastOctets;
    const transportOctets = headerOctets - transport + octets;
    if (k > 0) copyWords(headers.words, pattern, (at - lead) >> 2, words);
    if (of.isIpv4) {
      const id = (of.identification + k) & 0xffff;
      headers.putU16(at + IPV4_TOTAL_LENGTH, transport + transportOctets);
      headers.putU16(at + IPV4_IDENTIFICATION, id);
      headers.putU16(at + IPV4_CHECKSUM, complement(of.ipv4Sum + transport + transportOctets + id));
    } else headers.putU16(at + IPV6_PAYLOAD_LENGTH, transport - IPV6_OCTETS + transportOctets);
    let varying = transportOctets + sum(packets, from, from + octets); // the length in the pseudo-header
    if (isTcp) {
      // FIN and PSH end the data, CWR answers the congestion once: RFC 3168 §6.1.2, "the first new data packet".
      const flags = of.flags & ~((k < count - 1 ? TCP_FIN | TCP_PSH : 0) | (k > 0 ? TCP_CWR : 0));
      const sequence = (of.sequence + k * of.payloadOctets) | 0;
      headers.putU8(at + transport + TCP_FLAGS, flags);
      headers.putI32(at + transport + TCP_SEQUENCE, sequence);
      varying += flags + (sequence >>> 16) + (sequence & 0xffff);
      headers.putU16(at + checksumAt, complement(of.transportSum + varying));
    } else {
      headers.putU16(at + transport + UDP_LENGTH, transportOctets);
      const checksum = complement(of.transportSum + varying + transportOctets);
      headers.putU16(at + checksumAt, checksum === 0 ? 0xffff : checksum);
    }
  }
}

function copyWords(words: Int32Array, from: number, to: number, count: number): void {
  for (let i = 0; i < count; i++) words[to + i] = words[from + i] as number;
}
