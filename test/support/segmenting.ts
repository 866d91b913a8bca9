/** Packets through the segmenter, and what would be sent of them. */

import { quickOf, summableMemory } from '../../src/host/native/quick-memory.ts';
import { Arena, type Quick } from '../../src/offload/arena.ts';
import { MOST_HEADER_OCTETS, Segmenter } from '../../src/offload/segment.ts';
import { VnetHeader } from '../../src/offload/vnet-header.ts';
import { concat } from '../../src/wire/bytes.ts';
import type { Unfinished } from './unfinished-packet.ts';

/** What a caller wants in front of each header. */
const PREFIX = 18;

const OCTETS = 70_000;
const UNTOUCHED = Buffer.alloc(OCTETS, 0xee);

/** Memory for a packet and for its headers: apart, in one where WebAssembly can get at both, and in one where it could and does not. */
const HEADERS_AT = 70_016;
const quick = summableMemory(HEADERS_AT + 2 * MOST_HEADER_OCTETS);
const grounds = [
  { arena: Arena.ofSize(OCTETS), headers: Arena.ofSize(2 * MOST_HEADER_OCTETS) },
  { arena: Arena.over(quick, quickOf(quick)), headers: Arena.over(quick.subarray(HEADERS_AT)) },
  { arena: Arena.over(quick, unable(quickOf(quick))), headers: Arena.over(quick.subarray(HEADERS_AT)) },
].map(({ arena, headers }) => ({ arena, segmenter: new Segmenter(arena, headers, PREFIX) }));

/** What most packets have, and some octets behind it. */
const USUAL_HEADERS = 16 * 1024;

export interface Segmented {
  /** Each gathered from its header and its payload. */
  readonly segments: readonly Uint8Array[];
  /** 0: the packet itself is the one segment. */
  readonly headerOctets: number;
}

/**
 * Segments a packet that lies at some place among other octets, in every way there is.
 * @throws Error if anything else was written to, if headers have no room between them, a payload is not the packet's, or one way makes
 *   of it what another does not
 */
export function segmented(unfinished: Unfinished, at = 16): Segmented {
  const [first, ...others] = grounds.map((ground) => segmentedOn(ground, unfinished, at)) as [
    Segmented,
    ...Segmented[],
  ];
  for (const other of others)
    if (Buffer.compare(concat(...first.segments), concat(...other.segments)) !== 0)
      throw new Error('WebAssembly makes something else of it');
  return first;
}

function segmentedOn({ arena, segmenter }: Ground, { vnet, packet }: Unfinished, at: number): Segmented {
  const end = at + packet.length;
  const room = arena.octets.subarray(0, OCTETS);
  room.fill(0xee);
  room.set(packet, at);
  segmenter.headers.octets.fill(0xee, 0, USUAL_HEADERS).fill(0x11, 0, segmenter.prefixRoom);
  const count = segmenter.segment(Object.assign(new VnetHeader(), vnet), at, packet.length);
  const { headers, headerAt, headerStep, headerOctets, payloadAt, payloadOctets, lastOctets } = segmenter;
  const after = room.slice();
  const isSame = Buffer.compare(after.subarray(at, end), packet) === 0;
  if (!isSame && (count === 0 || headerOctets > 0)) throw new Error('the packet was changed');
  if (Buffer.compare(after.fill(0xee, at, end), UNTOUCHED) !== 0) throw new Error('something else was written to');
  const behind = headers.octets.subarray(segmenter.headersEnd, Math.min(segmenter.headersEnd + 64, USUAL_HEADERS));
  if (count > 0 && headerOctets > 0 && behind.some((octet) => octet !== 0xee))
    throw new Error('something behind the headers was written to');
  let free = 0;
  const segments = Array.from({ length: count }, (_, k) => {
    const [header, payload] = [headerAt + k * headerStep, payloadAt + k * payloadOctets];
    const octets = k < count - 1 ? payloadOctets : lastOctets;
    if (header % 4 !== 0 || header - PREFIX < free) throw new Error(`no room for the prefix of segment ${k}`);
    if (payload < at || payload + octets > end) throw new Error(`segment ${k} is not of the packet`);
    if (headerOctets > 0 && headers.octets[header - PREFIX] !== 0x11) throw new Error(`no prefix at segment ${k}`);
    free = header + headerOctets;
    return concat(headers.octets.subarray(header, free), room.subarray(payload, payload + octets));
  });
  return { segments, headerOctets };
}

type Ground = (typeof grounds)[number];

function unable(quick: Quick | undefined): Quick | undefined {
  return quick && { ...quick, sought: 0, sum: (from, to) => quick.sum(from, to), segmentHeaders: () => false };
}
