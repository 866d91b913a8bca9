/**
 * The sum of 16-bit numbers in WebAssembly, eight at a time: four times as fast as the same in TypeScript, and checksums are what a
 * data path without a network card's help spends most of its time on. Where there is no WebAssembly, or none with vectors, nothing
 * of this is used and nothing else is different.
 */

import type { QuickSum } from '../../offload/arena.ts';

const PAGE_OCTETS = 65_536;
const sums = new WeakMap<ArrayBufferLike, QuickSum>();

/** Memory of at least so many octets, all zeros, for which there is a {@link quickSumOf} if the machine has any. It does not move. */
export function summableMemory(octets: number): Uint8Array {
  try {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
    const memory = new WebAssembly.Memory({ initial: Math.ceil(octets / PAGE_OCTETS) });
    // Compiled when the first sum is wanted: an idle daemon needs none of V8's WebAssembly, a megabyte of memory.
    let sum: QuickSum | undefined;
    sums.set(memory.buffer, (from, to) => {
      sum ??= compiled(WebAssembly, memory);
      return sum(from, to);
    });
    return new Uint8Array(memory.buffer);
  } catch {
    return new Uint8Array(octets); // no WebAssembly here: sums are taken the slow way, and are the same
  }
}

/** For memory of {@link summableMemory}, in octets from its very beginning. */
export const quickSumOf = (octets: Uint8Array): QuickSum | undefined =>
  octets.byteOffset === 0 ? sums.get(octets.buffer) : undefined;

function compiled({ Module, Instance }: WebAssemblyApi, memory: Memory): QuickSum {
  try {
    return new Instance(new Module(PROGRAM), { m: { m: memory } }).exports.sum;
  } catch {
    return plainSum(new Uint8Array(memory.buffer)); // WebAssembly without vectors
  }
}

const plainSum =
  (octets: Uint8Array): QuickSum =>
  (from, to) => {
    let sum = 0;
    for (let at = from; at < to; at += 2)
      sum += (octets[at] as number) + (at + 1 < to ? (octets[at + 1] as number) << 8 : 0);
    return sum;
  };

interface Memory {
  readonly buffer: ArrayBuffer;
}

/** What is used of it; TypeScript has it among a browser's names. */
interface WebAssemblyApi {
  readonly Memory: new (size: { initial: number }) => Memory;
  readonly Module: new (program: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly sum: QuickSum } };
}

// ---- The program, instruction by instruction (WebAssembly 2.0, chapter 5: binary format) -------------------------------------

const FROM = 0;
const TO = 1;
const SUMS_A = 2;
const SUMS_B = 3;
const SUM = 4;

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
/** i32.const, 0-63. */
const number = (value: number) => [0x41, value];
const ADD = [0x6a];
const END = [0x0b];

const VECTOR = 0xfd;
/** v128.load */
const loadVector = (offset: number) => [VECTOR, 0x00, 0, offset];
/** i32x4.extadd_pairwise_i16x8_u: eight numbers of 16 bits become four of 32, each the sum of two. */
const ADD_PAIRS = [VECTOR, 0x7f];
/** i32x4.add */
const ADD_VECTORS = [VECTOR, 0xae, 0x01];
/** i32x4.extract_lane */
const lane = (index: number) => [VECTOR, 0x1b, index];

const advance = (octets: number) => [...get(FROM), ...number(octets), ...ADD, ...set(FROM)];
/** While so many octets are left: the body, and on. block, loop, i32.gt_u, br_if, br, end, end. */
const whileLeft = (octets: number, body: readonly number[]) => [
  ...[0x02, 0x40, 0x03, 0x40, ...get(FROM), ...number(octets), ...ADD, ...get(TO), 0x4b, 0x0d, 1],
  ...[...body, ...advance(octets), 0x0c, 0, ...END, ...END],
];
const addVector = (offset: number) => [...get(FROM), ...loadVector(offset), ...ADD_PAIRS, ...ADD_VECTORS];

const BODY = [
  ...[2, 2, 0x7b, 1, 0x7f], // locals: two vectors, one i32
  // Two vectors of sums, so that one addition need not wait for the other.
  ...whileLeft(48, [
    ...[...get(SUMS_A), ...addVector(0), ...set(SUMS_A)],
    ...[...get(SUMS_B), ...addVector(16), ...set(SUMS_B)],
    ...[...get(SUMS_A), ...addVector(32), ...set(SUMS_A)],
  ]),
  ...whileLeft(16, [...get(SUMS_A), ...addVector(0), ...set(SUMS_A)]),
  ...[...get(SUMS_A), ...get(SUMS_B), ...ADD_VECTORS, ...set(SUMS_A)],
  ...[...get(SUMS_A), ...lane(0), ...get(SUMS_A), ...lane(1), ...ADD],
  ...[...get(SUMS_A), ...lane(2), ...ADD, ...get(SUMS_A), ...lane(3), ...ADD, ...set(SUM)],
  // i32.load16_u
  ...whileLeft(2, [...get(SUM), ...get(FROM), 0x2f, 0, 0, ...ADD, ...set(SUM)]),
  // If one octet is left (i32.lt_u, if), i32.load8_u.
  ...[...get(FROM), ...get(TO), 0x49, 0x04, 0x40, ...get(SUM), ...get(FROM), 0x2d, 0, 0, ...ADD, ...set(SUM), ...END],
  ...[...get(SUM), ...END],
];

const section = (id: number, content: readonly number[]) => [id, ...count(content.length), ...content];
/** Unsigned LEB128, below 2^14. */
const count = (value: number) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);

const PROGRAM = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
  ...section(1, [1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f]), // a type: (i32, i32) → i32
  ...section(2, [1, 1, 0x6d, 1, 0x6d, 2, 0, 1]), // imported: "m" "m", a memory of a page or more
  ...section(3, [1, 0]), // a function of that type
  ...section(7, [1, 3, 0x73, 0x75, 0x6d, 0, 0]), // exported: "sum", function 0
  ...section(10, [1, ...count(BODY.length), ...BODY]),
]);
