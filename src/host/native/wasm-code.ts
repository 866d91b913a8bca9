/** WebAssembly's instructions and the parts of a module, as far as they are used here (WebAssembly 2.0, chapter 5: binary format). */

export type Code = readonly number[];

export const get = (local: number): Code => [0x20, local];
export const set = (local: number): Code => [0x21, local];
/** i32.const: signed LEB128. */
export function number(value: number): Code {
  const septets: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const isLast = rest >= -64 && rest < 64;
    septets.push(isLast ? rest & 0x7f : (rest & 0x7f) | 0x80);
    if (isLast) return [0x41, ...septets];
  }
}
export const ADD = [0x6a];
export const SUBTRACT = [0x6b];
export const AND = [0x71];
export const OR = [0x72];
export const ROTATE_LEFT = [0x77];
export const EQUAL = [0x46];
export const LESS = [0x49]; // i32.lt_u
export const GREATER = [0x4b]; // i32.gt_u
/** i32.rem_u of 65535: 0 is what the ones' complement sum of something right comes to, however large it has grown. */
export const MODULO_65535 = [...number(0xffff), 0x70];
export const SHIFT_LEFT = [0x74];
export const SHIFT_RIGHT = [0x76]; // i32.shr_u
export const EXCLUSIVE_OR = [0x73];
export const IS_ZERO = [0x45]; // i32.eqz
/** The first of two if the third is not 0. */
export const SELECT = [0x1b];
export const LOAD_OCTET = [0x2d, 0, 0]; // i32.load8_u
export const LOAD_HALF = [0x2f, 0, 0]; // i32.load16_u
/** i32.load, from any place */
export const loadWord = (offset = 0): Code => [0x28, 0, offset];
export const STORE_OCTET = [0x3a, 0, 0];
export const STORE_HALF = [0x3b, 0, 0];
export const STORE_WORD = [0x36, 0, 0]; // at any place
export const call = (index: number): Code => [0x10, index];

export const BLOCK = [0x02, 0x40];
export const LOOP = [0x03, 0x40];
export const IF = [0x04, 0x40];
export const ELSE = [0x05];
export const END = [0x0b];
/** br, br_if: out of so many blocks, or to the beginning of a loop. */
export const leave = (depth: number): Code => [0x0c, depth];
export const leaveIf = (depth: number): Code => [0x0d, depth];

const VECTOR = 0xfd;
/** v128.load */
export const loadVector = (offset: number): Code => [VECTOR, 0x00, 0, offset];
/** v128.store */
export const STORE_VECTOR = [VECTOR, 0x0b, 0, 0];
/** i32x4.extadd_pairwise_i16x8_u: eight numbers of 16 bits become four of 32, each the sum of two. */
export const ADD_PAIRS = [VECTOR, 0x7f];
/** i32x4.add */
export const ADD_VECTORS = [VECTOR, 0xae, 0x01];
/** i32x4.extract_lane */
export const lane = (index: number): Code => [VECTOR, 0x1b, index];
export const AND_VECTORS = [VECTOR, 0x4e];
export const XOR_VECTORS = [VECTOR, 0x51];
/** v128.any_true */
export const IS_ANYTHING = [VECTOR, 0x53];

export const increase = (local: number, by: Code): Code => [...get(local), ...by, ...ADD, ...set(local)];
export const sumOf = (...parts: readonly Code[]): Code =>
  parts.flatMap((part, k) => (k === 0 ? part : [...part, ...ADD]));

export const section = (id: number, content: Code): Code => [id, ...count(content.length), ...content];
export const sized = (body: Code): Code => [...count(body.length), ...body];
/** Unsigned LEB128, below 2^14. */
const count = (value: number): Code => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
export const named = (name: string): Code => [name.length, ...new TextEncoder().encode(name)];
/** A type of functions: so many i32 → i32. */
export const takes = (parameters: number): Code => [
  0x60,
  parameters,
  ...new Array<number>(parameters).fill(0x7f),
  1,
  0x7f,
];
