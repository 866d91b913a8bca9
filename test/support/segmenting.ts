/** Packets through the segmenter, and what would be sent of them. */
import { Arena } from '../../src/offload/arena.ts';
import { MOST_HEADER_OCTETS, Segmenter } from '../../src/offload/segment.ts';
import { VnetHeader } from '../../src/offload/vnet-header.ts';
import { concat } from '../../src/wire/bytes.ts';
import type { Unfinished } from './unfinished-packet.ts';

/** What a caller wants in front of each header. */
const PREFIX = 18;

const OCTETS = 70_000;
const UNTOUCHED = Buffer.alloc(OCTETS, 0xee);
const arena = Arena.ofSize(OCTETS);
const segmenter = new Segmenter(arena, Arena.ofSize(2 * MOST_HEADER_OCTETS), PREFIX);

export interface Segmented {
  /** Each gathered from its header and its payload. */
  readonly segments: readonly Uint8Array[];
  /** 0: the packet itself is the one segment. */
  readonly headerOctets: number;
}

/**
 * Segments a packet that lies at some place among other octets.
 * @throws Error if anything else was written to, if headers have no room between them, or a payload is not the packet's
 */
export function segmented({ vnet, packet }: Unfinished, at = 16): Segmented {
  const end = at + packet.length;
  arena.octets.fill(0xee);
  arena.octets.set(packet, at);
  const count = segmenter.segment(Object.assign(new VnetHeader(), vnet), at, packet.length);
  const { headers, headerAt, headerOctets, payloadAt, payloadOctets } = segmenter;
  const after = arena.octets.slice();
  const isSame = Buffer.compare(after.subarray(at, end), packet) === 0;
  if (!isSame && (count === 0 || headerOctets > 0)) throw new Error('the packet was changed');
  if (Buffer.compare(after.fill(0xee, at, end), UNTOUCHED) !== 0) throw new Error('something else was written to');
  let free = 0;
  const segments = Array.from({ length: count }, (_, k) => {
    const [header, payload, octets] = [headerAt[k], payloadAt[k], payloadOctets[k]] as [number, number, number];
    if (header % 4 !== 0 || header - PREFIX < free) throw new Error(`no room for the prefix of segment ${k}`);
    if (payload < at || payload + octets > end) throw new Error(`segment ${k} is not of the packet`);
    free = header + headerOctets;
    return concat(headers.octets.subarray(header, free), arena.octets.subarray(payload, payload + octets));
  });
  return { segments, headerOctets };
}
