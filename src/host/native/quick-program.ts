/** What is done in WebAssembly, instruction by instruction: eight numbers at a time. */
import { HEADERS_PARAMETERS, headersBody } from './headers-program.ts';
import {
  ADD,
  ADD_PAIRS,
  ADD_VECTORS,
  AND,
  AND_VECTORS,
  BLOCK,
  type Code,
  call,
  END,
  EQUAL,
  GREATER,
  get,
  IF,
  IS_ANYTHING,
  increase,
  LESS,
  LOAD_HALF,
  LOAD_OCTET,
  LOOP,
  lane,
  leave,
  leaveIf,
  loadVector,
  loadWord,
  MODULO_65535,
  named,
  number,
  OR,
  ROTATE_LEFT,
  SUBTRACT,
  section,
  set,
  sized,
  sumOf,
  takes,
  XOR_VECTORS,
} from './wasm-code.ts';

/** As {@link Quick} has them; the last argument of `alike` is where its pattern is. All look at the memory "m" "m". */
export interface QuickExports {
  sum(from: number, to: number): number;
  alike(from: number, back: number, step: number, most: number, patternAt: number): number;
  /** Takes {@link HEADERS_PARAMETERS}. @returns how many headers there are; 0: none */
  segmentHeaders(...parameters: readonly number[]): number;
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

const [SUM_FUNCTION, ALIKE_FUNCTION, HEADERS_FUNCTION] = [0, 1, 2];

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

const EXPORTS = [
  ['sum', SUM_FUNCTION],
  ['alike', ALIKE_FUNCTION],
  ['segmentHeaders', HEADERS_FUNCTION],
] as const;

export const quickProgram = (): Uint8Array =>
  Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, [3, ...takes(2), ...takes(5), ...takes(HEADERS_PARAMETERS.length)]),
    ...section(2, [1, ...named('m'), ...named('m'), 2, 0, 1]), // imported: a memory of a page or more
    ...section(3, [3, 0, 1, 2]), // three functions, of these types
    ...section(7, [EXPORTS.length, ...EXPORTS.flatMap(([name, index]) => [...named(name), 0, index])]),
    ...section(10, [3, ...sized(sumBody()), ...sized(alikeBody()), ...sized(headersBody(SUM_FUNCTION))]),
  ]);
