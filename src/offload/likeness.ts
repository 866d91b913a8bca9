/** What the packets of a run have in common that arrived as one, said so that memory can be searched for it at once: see {@link Quick}. */
import { type Likeness, LONGEST_MASK, NO_NUMBER } from './arena.ts';
import {
  IPV4_CHECKSUM,
  IPV4_IDENTIFICATION,
  IPV4_OCTETS,
  IPV4_SOURCE,
  IPV6_OCTETS,
  IPV6_SOURCE,
  TCP,
  TCP_CHECKSUM,
  TCP_FLAGS,
  TCP_PSH,
  TCP_SEQUENCE,
  UDP_CHECKSUM,
} from './header-table.ts';

/** Of TCP or UDP packets of one length. */
export interface Shape {
  readonly version: 4 | 6;
  readonly protocol: number;
  /** Octets up to the transport header. */
  readonly transport: number;
  /** Octets of all headers. */
  readonly headerOctets: number;
  /** Payload octets. */
  readonly size: number;
}

/** Whether there is a {@link likenessOf} them: without IPv4 options and extension headers, nor very long headers. */
export function isSimple({ version, transport, headerOctets }: Shape, lead: number): boolean {
  return transport === (version === 4 ? IPV4_OCTETS : IPV6_OCTETS) && lead + headerOctets <= LONGEST_MASK;
}

/** The key of {@link likenessOf} the same. */
export function likenessKey({ version, protocol, headerOctets, size }: Shape, lead: number): number {
  const lengths = (lead * (LONGEST_MASK + 1) + headerOctets) * 0x1_0000 + size;
  return lengths * 4 + (version === 4 ? 2 : 0) + (protocol === TCP ? 1 : 0);
}

/**
 * What {@link Run.takes} and `isIntact` ask of a packet, all of it: headers that are the same but for PSH, numbers that count on,
 * checksums that are right and as Linux would write them.
 * @param lead so many octets in front of each packet, where a stretch begins, are to be the same as well
 */
export function likenessOf(shape: Shape, lead: number): Likeness {
  const { version, protocol, headerOctets, size } = shape;
  const isIpv4 = version === 4;
  const isTcp = protocol === TCP;
  const transport = lead + shape.transport;
  const end = lead + headerOctets + size;
  const checksumAt = transport + (isTcp ? TCP_CHECKSUM : UDP_CHECKSUM);
  const mask = new Uint8Array(lead + headerOctets).fill(0xff);
  mask.fill(0, checksumAt, checksumAt + 2);
  if (isTcp) {
    mask.fill(0, transport + TCP_SEQUENCE, transport + TCP_SEQUENCE + 4);
    mask[transport + TCP_FLAGS] = ~TCP_PSH;
  }
  if (isIpv4) {
    mask.fill(0, lead + IPV4_IDENTIFICATION, lead + IPV4_IDENTIFICATION + 2);
    mask.fill(0, lead + IPV4_CHECKSUM, lead + IPV4_CHECKSUM + 2);
  }
  return {
    key: likenessKey(shape, lead),
    mask,
    header: { from: lead, to: isIpv4 ? lead + IPV4_OCTETS : lead },
    covered: { from: lead + (isIpv4 ? IPV4_SOURCE : IPV6_SOURCE), to: end },
    rest: exchanged(end - transport + protocol),
    counted: [
      // The lower half of the word that it ends.
      { at: lead + IPV4_IDENTIFICATION - 2, by: 1, bits: isIpv4 ? 0xffff : 0 },
      { at: transport + TCP_SEQUENCE, by: size, bits: isTcp ? -1 : 0 },
    ],
    excluded: [
      { at: lead + IPV4_CHECKSUM, value: isIpv4 ? 0xffff : NO_NUMBER },
      { at: checksumAt, value: isTcp ? 0xffff : 0 },
    ],
    last: { at: transport + TCP_FLAGS, bits: isTcp ? TCP_PSH : 0 },
  };
}

/** Sums here have the lower half first. */
const exchanged = (value: number): number => ((value & 0xff) << 8) | (value >> 8);
