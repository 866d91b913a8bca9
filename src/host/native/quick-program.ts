/** What is done in WebAssembly, instruction by instruction (WebAssembly 2.0, chapter 5: binary format): eight numbers at a time. */

/** As {@link Quick} has them; the last argument of `alike` is where its pattern is. Both look at the memory "m" "m". */
export interface QuickExports {
  sum(from: number, to: number): number;
  alike(from: number, back: number, step: number, most: number, patternAt: number): number;
}

/** Of the pattern: the octets in front of its mask, and which of the words there is what, see {@link Likeness}. */
export const MASK_AT = 80;
export const PATTERN = {
  ...{ compared: 0, headerFrom: 1, headerTo: 2, coveredFrom: 3, coveredTo: 4, rest: 5 },
  /** Two, of three words each: at, by, bits. */
  counted: 6,
  /** Two, of two words each: at, value. */
  excluded: 12,
  /** Of two words: at, bits. */
  last: 16,
} as const;

type Code = readonly number[];

const get = (local: number): Code => [0x20, local];
const set = (local: number): Code => [0x21, local];
/** i32.const: signed LEB128. */
function number(value: number): Code {
  const septets: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const isLast = rest >= -64 && rest < 64;
    septets.push(isLast ? rest & 0x7f : (rest & 0x7f) | 0x80);
    if (isLast) return [0x41, ...septets];
  }
}
const ADD = [0x6a];
const SUBTRACT = [0x6b];
const AND = [0x71];
const OR = [0x72];
const ROTATE_LEFT = [0x77];
const EQUAL = [0x46];
const LESS = [0x49]; // i32.lt_u
const GREATER = [0x4b]; // i32.gt_u
/** i32.rem_u of 65535: 0 is what the ones' complement sum of something right comes to, however large it has grown. */
const MODULO_65535 = [...number(0xffff), 0x70];
const LOAD_OCTET = [0x2d, 0, 0]; // i32.load8_u
const LOAD_HALF = [0x2f, 0, 0]; // i32.load16_u
/** i32.load, from any place */
const loadWord = (offset = 0): Code => [0x28, 0, offset];
const call = (index: number): Code => [0x10, index];

const BLOCK = [0x02, 0x40];
const LOOP = [0x03, 0x40];
const IF = [0x04, 0x40];
const END = [0x0b];
/** br, br_if: out of so many blocks, or to the beginning of a loop. */
const leave = (depth: number): Code => [0x0c, depth];
const leaveIf = (depth: number): Code => [0x0d, depth];

const VECTOR = 0xfd;
/** v128.load */
const loadVector = (offset: number): Code => [VECTOR, 0x00, 0, offset];
/** i32x4.extadd_pairwise_i16x8_u: eight numbers of 16 bits become four of 32, each the sum of two. */
const ADD_PAIRS = [VECTOR, 0x7f];
/** i32x4.add */
const ADD_VECTORS = [VECTOR, 0xae, 0x01];
/** i32x4.extract_lane */
const lane = (index: number): Code => [VECTOR, 0x1b, index];
const AND_VECTORS = [VECTOR, 0x4e];
const XOR_VECTORS = [VECTOR, 0x51];
/** v128.any_true */
const IS_ANYTHING = [VECTOR, 0x53];

const increase = (local: number, by: Code): Code => [...get(local), ...by, ...ADD, ...set(local)];
const sumOf = (...parts: readonly Code[]): Code => parts.flatMap((part, k) => (k === 0 ? part : [...part, ...ADD]));

function sumBody(): Code {
  const [FROM, TO, SUMS_A, SUMS_B, SUM] = [0, 1, 2, 3, 4];
  /** While so many octets are left: the body, and on. */
  const whileLeft = (octets: number, body: Code): Code => [
    ...[...BLOCK, ...LOOP, ...get(FROM), ...number(octets), ...ADD, ...get(TO), ...GREATER, ...leaveIf(1)],
    ...[...body, ...increase(FROM, number(octets)), ...leave(0), ...END, ...END],
  ];
  const addVector = (sums: number, offset: number): Code => [
    ...[...get(sums), ...get(FROM), ...loadVector(offset), ...ADD_PAIRS, ...ADD_VECTORS, ...set(sums)],
  ];
  return [
    ...[2, 2, 0x7b, 1, 0x7f], // locals: two vectors, one i32
    // Two vectors of sums, so that one addition need not wait for the other.
    ...whileLeft(48, [...addVector(SUMS_A, 0), ...addVector(SUMS_B, 16), ...addVector(SUMS_A, 32)]),
    ...whileLeft(16, addVector(SUMS_A, 0)),
    ...[...get(SUMS_A), ...get(SUMS_B), ...ADD_VECTORS, ...set(SUMS_A)],
    ...[...get(SUMS_A), ...lane(0), ...get(SUMS_A), ...lane(1), ...ADD],
    ...[...get(SUMS_A), ...lane(2), ...ADD, ...get(SUMS_A), ...lane(3), ...ADD, ...set(SUM)],
    ...whileLeft(2, increase(SUM, [...get(FROM), ...LOAD_HALF])),
    ...[...get(FROM), ...get(TO), ...LESS, ...IF, ...increase(SUM, [...get(FROM), ...LOAD_OCTET]), ...END],
    ...[...get(SUM), ...END],
  ];
}

const [SUM_FUNCTION, ALIKE_FUNCTION] = [0, 1];

function alikeBody(): Code {
  const [FROM, BACK, STEP, MOST, PATTERN_AT, COUNT, AT, WORD] = [0, 1, 2, 3, 4, 5, 6, 7];
  const wanted = (word: number): Code => [...get(PATTERN_AT), ...loadWord(4 * word)];
  const place = (word: number): Code => sumOf(get(FROM), wanted(word));
  const sumWithin = (from: number, to: number): Code => [...place(from), ...place(to), ...call(SUM_FUNCTION)];
  const maskHere = [...sumOf(get(PATTERN_AT), get(AT)), ...get(FROM), ...SUBTRACT, ...loadVector(MASK_AT)];
  /** The octets the other way round: of two halves that are each a rotation's. */
  const numberAt = (at: Code): Code => [
    ...[...at, ...loadWord(), ...set(WORD)],
    ...[...get(WORD), ...number(8), ...ROTATE_LEFT, ...number(0x00ff_00ff), ...AND],
    ...[...get(WORD), ...number(24), ...ROTATE_LEFT, ...number(0xff00_ff00 | 0), ...AND, ...OR],
  ];
  const leaveUnlessCounted = (word: number): Code => [
    ...[...numberAt(place(word)), ...numberAt([...place(word), ...get(BACK), ...SUBTRACT]), ...SUBTRACT],
    ...[...wanted(word + 1), ...SUBTRACT, ...wanted(word + 2), ...AND, ...leaveIf(1)],
  ];
  const leaveIfExcluded = (word: number): Code => [
    ...[...place(word), ...LOAD_HALF, ...wanted(word + 1), ...EQUAL, ...leaveIf(1)],
  ];
  return [
    ...[1, 3, 0x7f], // locals: three i32
    ...[...BLOCK, ...LOOP, ...get(MOST), ...get(COUNT), ...SUBTRACT, ...number(1), ...LESS, ...leaveIf(1)],
    ...[...get(FROM), ...set(AT), ...LOOP],
    ...[...get(AT), ...loadVector(0), ...get(AT), ...get(BACK), ...SUBTRACT, ...loadVector(0), ...XOR_VECTORS],
    ...[...maskHere, ...AND_VECTORS, ...IS_ANYTHING, ...leaveIf(2)],
    ...[...increase(AT, number(16)), ...get(AT), ...place(PATTERN.compared), ...LESS, ...leaveIf(0), ...END],
    ...[...leaveUnlessCounted(PATTERN.counted), ...leaveUnlessCounted(PATTERN.counted + 3)],
    ...[...leaveIfExcluded(PATTERN.excluded), ...leaveIfExcluded(PATTERN.excluded + 2)],
    ...[...sumWithin(PATTERN.headerFrom, PATTERN.headerTo), ...MODULO_65535, ...leaveIf(1)],
    ...[...sumWithin(PATTERN.coveredFrom, PATTERN.coveredTo), ...wanted(PATTERN.rest), ...ADD],
    ...[...MODULO_65535, ...leaveIf(1)],
    ...increase(COUNT, number(1)),
    ...[...place(PATTERN.last), ...LOAD_OCTET, ...wanted(PATTERN.last + 1), ...AND, ...leaveIf(1)],
    ...[...get(STEP), ...set(BACK), ...increase(FROM, get(STEP)), ...leave(0), ...END, ...END],
    ...[...get(COUNT), ...END],
  ];
}

const section = (id: number, content: Code): Code => [id, ...count(content.length), ...content];
const sized = (body: Code): Code => [...count(body.length), ...body];
/** Unsigned LEB128, below 2^14. */
const count = (value: number): Code => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
const named = (name: string): Code => [name.length, ...new TextEncoder().encode(name)];
/** A type of functions: so many i32 → i32. */
const takes = (parameters: number): Code => [0x60, parameters, ...new Array<number>(parameters).fill(0x7f), 1, 0x7f];

export const quickProgram = (): Uint8Array =>
  Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, [2, ...takes(2), ...takes(5)]),
    ...section(2, [1, ...named('m'), ...named('m'), 2, 0, 1]), // imported: a memory of a page or more
    ...section(3, [2, 0, 1]), // two functions, of these types
    ...section(7, [2, ...named('sum'), 0, SUM_FUNCTION, ...named('alike'), 0, ALIKE_FUNCTION]), // exported
    ...section(10, [2, ...sized(sumBody()), ...sized(alikeBody())]),
  ]);
