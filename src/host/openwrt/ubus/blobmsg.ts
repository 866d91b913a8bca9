/** How the values of calls, answers and events stand in octets (libubox "blobmsg"): JSON with typed numbers. */
import { concat, Reader, uint } from '../../../wire/bytes.ts';
import { textOf, utf8Of } from '../../../wire/text.ts';
import { padded, readAttributes, writeAttribute } from './blob.ts';

export type Value = null | boolean | number | bigint | string | readonly Value[] | Table;

/** Names are unique; what is undefined is not written, and never read. */
export interface Table {
  readonly [name: string]: Value | undefined;
}

/** Types as attribute ids. A boolean is an int8, and an int8 is a boolean: nothing else tells them apart. */
export const BLOBMSG_TYPE = {
  null: 0,
  array: 1,
  table: 2,
  string: 3,
  int64: 4,
  int32: 5,
  int16: 6,
  int8: 7,
  double: 8,
} as const;

/**
 * Whole numbers are read as `number` where that is exact, as `bigint` beyond; both are signed. Of a name that stands
 * twice the last one counts. A text ends at its first zero octet, as for everybody else on the bus.
 * @param octets the attributes of the table, without a header of its own
 * @throws Malformed lengths, names or types that make no sense, or nesting deeper than 32
 */
export const readTable = (octets: Uint8Array): Table => readEntries(octets, 0);

/**
 * Whole numbers become int32 where they fit, then int64; a `bigint` is always an int64. Other numbers are doubles.
 * @returns the attributes of the table, without a header of its own
 * @throws RangeError a bigint beyond 64 bits, a name of 64 KiB, more than 16 MiB, or nesting deeper than 32 (or circular)
 */
export const writeTable = (table: Table): Uint8Array => writeEntries(table, 0);

function readEntries(octets: Uint8Array, depth: number): Table {
  // `fromEntries` makes own properties, whatever they are called: `__proto__` is a name like any other.
  return Object.fromEntries(readElements(octets, depth));
}

function readElements(octets: Uint8Array, depth: number): [name: string, value: Value][] {
  return readAttributes(octets).map(({ id, isNamed, value }) => {
    const reader = new Reader(value, 'ubus blobmsg');
    if (!isNamed) throw reader.malformed('a value without a name field');
    const length = reader.u16();
    const name = textOf(reader.octets(length));
    if (reader.u8() !== 0) throw reader.malformed('a name without its final zero');
    const before = reader.at;
    reader.octets(Math.min(padded(before) - before, reader.left));
    return [name, readValue(id, reader, depth)];
  });
}

function readValue(type: number, reader: Reader, depth: number): Value {
  const octets = reader.rest();
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const size = SIZES[type];
  if (size !== undefined && octets.length !== size) throw reader.malformed(`${octets.length} octets of type ${type}`);
  switch (type) {
    case BLOBMSG_TYPE.null:
      return null;
    case BLOBMSG_TYPE.array:
    case BLOBMSG_TYPE.table:
      if (depth >= DEEPEST) throw reader.malformed(`nested deeper than ${DEEPEST}`);
      if (type === BLOBMSG_TYPE.table) return readEntries(octets, depth + 1);
      return readElements(octets, depth + 1).map(([, value]) => value);
    case BLOBMSG_TYPE.string:
      return readText(octets) ?? unterminated(reader);
    case BLOBMSG_TYPE.int64: {
      const value = view.getBigInt64(0);
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    }
    case BLOBMSG_TYPE.int32:
      return view.getInt32(0);
    case BLOBMSG_TYPE.int16:
      return view.getInt16(0);
    case BLOBMSG_TYPE.int8:
      return view.getInt8(0) !== 0;
    case BLOBMSG_TYPE.double:
      return view.getFloat64(0);
    default:
      throw reader.malformed(`type ${type}`);
  }
}

function unterminated(reader: Reader): never {
  throw reader.malformed('a text without its final zero');
}

/** The text in front of the first zero octet; undefined where the last octet is not zero. */
export const readText = (octets: Uint8Array): string | undefined =>
  octets.length > 0 && octets[octets.length - 1] === 0 ? textOf(octets.subarray(0, octets.indexOf(0))) : undefined;

/** UTF-8 with a final zero. One inside would cut the text short for every reader: it becomes U+FFFD. */
export const writeText = (text: string): Uint8Array => concat(utf8Of(text.replaceAll('\0', '\ufffd')), uint(1, 0));

function writeEntries(table: Table, depth: number): Uint8Array {
  const elements: Uint8Array[] = [];
  for (const [name, value] of Object.entries(table))
    if (value !== undefined) elements.push(writeElement(name, value, depth));
  return concat(...elements);
}

function writeElement(name: string, value: Value, depth: number): Uint8Array {
  const octets = writeText(name);
  if (octets.length > LONGEST_NAME) throw new RangeError(`a name of ${octets.length} octets`);
  const [type, payload] = writeValue(value, depth);
  const header = new Uint8Array(padded(2 + octets.length));
  header.set(uint(2, octets.length - 1));
  header.set(octets, 2);
  return writeAttribute({ id: BLOBMSG_TYPE[type], isNamed: true, value: concat(header, payload) });
}

function writeValue(value: Value, depth: number): [type: keyof typeof BLOBMSG_TYPE, octets: Uint8Array] {
  if (value === null) return ['null', new Uint8Array()];
  if (typeof value === 'string') return ['string', writeText(value)];
  if (typeof value === 'boolean') return ['int8', uint(1, value ? 1 : 0)];
  if (typeof value === 'bigint') return ['int64', int64(value)];
  if (typeof value === 'number') return writeNumber(value);
  if (depth >= DEEPEST) throw new RangeError(`nested deeper than ${DEEPEST}`);
  if (isTable(value)) return ['table', writeEntries(value, depth + 1)];
  return ['array', concat(...value.map((element) => writeElement('', element, depth + 1)))];
}

function writeNumber(value: number): [type: 'int32' | 'int64' | 'double', octets: Uint8Array] {
  if (Number.isSafeInteger(value))
    return (value | 0) === value ? ['int32', uint(4, value >>> 0)] : ['int64', int64(BigInt(value))];
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setFloat64(0, value);
  return ['double', octets];
}

function int64(value: bigint): Uint8Array {
  if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} does not fit 64 bits`);
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setBigInt64(0, value);
  return octets;
}

const isTable = (value: readonly Value[] | Table): value is Table => !Array.isArray(value);

/** As deep as json-c, which the bus's own tools print with, goes. */
const DEEPEST = 32;
const LONGEST_NAME = 0xffff;

/** Octets of the types that have one size only, by attribute id. */
const SIZES: Readonly<Record<number, number>> = {
  [BLOBMSG_TYPE.int64]: 8,
  [BLOBMSG_TYPE.int32]: 4,
  [BLOBMSG_TYPE.int16]: 2,
  [BLOBMSG_TYPE.int8]: 1,
  [BLOBMSG_TYPE.double]: 8,
};
