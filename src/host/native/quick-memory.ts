/**
 * Memory that WebAssembly can look at, eight numbers of 16 bits at a time: four times as fast as the same in TypeScript, and checksums,
 * and headers around them, are what a data path without a network card's help spends most of its time on. Where there is no WebAssembly, or none with vectors,
 * nothing of this is used and nothing else is different.
 */

import { type Likeness, LONGEST_MASK, type Quick, type SegmentHeaders } from '../../offload/arena.ts';
import { MASK_AT, PATTERN, type QuickExports, quickProgram } from './quick-program.ts';

const PAGE_OCTETS = 65_536;
/** Room behind the mask: it is looked at sixteen octets at a time. */
const PATTERN_OCTETS = MASK_AT + LONGEST_MASK + 16;
const quicks = new WeakMap<ArrayBufferLike, Quick>();

/** Memory of at least so many octets, all zeros, for which there is a {@link quickOf} if the machine has any. It does not move. */
export function summableMemory(octets: number): Uint8Array {
  try {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
    const initial = Math.ceil((octets + PATTERN_OCTETS) / PAGE_OCTETS);
    const memory = new WebAssembly.Memory({ initial });
    quicks.set(memory.buffer, new QuickMemory(WebAssembly, memory));
    return new Uint8Array(memory.buffer, 0, initial * PAGE_OCTETS - PATTERN_OCTETS);
  } catch {
    return new Uint8Array(octets); // no WebAssembly here: sums are taken the slow way, and are the same
  }
}

/** For memory of {@link summableMemory}, in octets from its very beginning. */
export const quickOf = (octets: Uint8Array): Quick | undefined =>
  octets.byteOffset === 0 ? quicks.get(octets.buffer) : undefined;

class QuickMemory implements Quick {
  sought = 0;
  readonly #api: WebAssemblyApi;
  readonly #memory: Memory;
  readonly #patternAt: number;
  /** Compiled when it is first wanted: an idle daemon needs none of V8's WebAssembly, a megabyte of memory. */
  #compiled: QuickExports | undefined;

  constructor(api: WebAssemblyApi, memory: Memory) {
    this.#api = api;
    this.#memory = memory;
    this.#patternAt = memory.buffer.byteLength - PATTERN_OCTETS;
  }

  sum(from: number, to: number): number {
    this.#compiled ??= compiled(this.#api, this.#memory);
    return this.#compiled.sum(from, to);
  }

  seek({ key, mask, header, covered, rest, counted, excluded, last }: Likeness): void {
    const pattern = new DataView(this.#memory.buffer, this.#patternAt);
    const put = (word: number, ...values: number[]) => {
      for (const [i, value] of values.entries()) pattern.setInt32(4 * (word + i), value, true); // WebAssembly's order
    };
    put(PATTERN.compared, mask.length);
    put(PATTERN.headerFrom, header.from, header.to);
    put(PATTERN.coveredFrom, covered.from, covered.to);
    put(PATTERN.rest, rest);
    put(PATTERN.counted, ...counted.flatMap(({ at, by, bits }) => [at, by, bits]));
    put(PATTERN.excluded, ...excluded.flatMap(({ at, value }) => [at, value]));
    put(PATTERN.last, last.at, last.bits);
    const room = new Uint8Array(this.#memory.buffer, this.#patternAt + MASK_AT);
    room.fill(0);
    room.set(mask);
    this.sought = key;
  }

  alike(from: number, back: number, step: number, most: number): number {
    this.#compiled ??= compiled(this.#api, this.#memory);
    return this.#compiled.alike(from, back, step, most, this.#patternAt);
  }

  segmentHeaders(of: SegmentHeaders): boolean {
    this.#compiled ??= compiled(this.#api, this.#memory);
    const count = this.#compiled.segmentHeaders(
      of.at,
      of.step,
      of.lead,
      of.payloadAt,
      of.payloadOctets,
      of.lastOctets,
      of.count,
      of.headerOctets,
      of.transport,
      of.isTcp ? 1 : 0,
      of.isIpv4 ? 1 : 0,
      of.transportSum,
      of.ipv4Sum,
      of.identification,
      of.sequence,
      of.flags,
    );
    return count > 0;
  }
}

/** One program for all memories: to put it together time and again would make V8 think that this is what is to be fast. */
const programs = new WeakMap<WebAssemblyApi, object>();

function compiled(api: WebAssemblyApi, memory: Memory): QuickExports {
  try {
    const program = programs.get(api) ?? new api.Module(quickProgram());
    programs.set(api, program);
    return new api.Instance(program, { m: { m: memory } }).exports;
  } catch {
    return plain(new Uint8Array(memory.buffer)); // WebAssembly without vectors
  }
}

const plain = (octets: Uint8Array): QuickExports => ({
  sum(from, to) {
    let sum = 0;
    for (let at = from; at < to; at += 2)
      sum += (octets[at] as number) + (at + 1 < to ? (octets[at + 1] as number) << 8 : 0);
    return sum;
  },
  alike: () => 0,
  segmentHeaders: () => 0,
});

interface Memory {
  readonly buffer: ArrayBuffer;
}

/** What is used of it; TypeScript has it among a browser's names. */
interface WebAssemblyApi {
  readonly Memory: new (size: { initial: number }) => Memory;
  readonly Module: new (program: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: QuickExports };
}
