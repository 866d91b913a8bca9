/** One message of ubus: 8 octets of header, then one attribute that holds all others; to a value and back. */
import { concat, Reader, uint } from '../../../wire/bytes.ts';
import type { Codec } from '../../../wire/codec.ts';
import { readAttributes, writeAttribute } from './blob.ts';
import { ATTRIBUTE, type AttributeName, type Attributes, MESSAGE_TYPE, type MessageType } from './message-table.ts';

export interface Header {
  /** undefined: newer than we are, or of another version. */
  readonly type: MessageType | undefined;
  /** Pairs answers with their request, 0-65535. */
  readonly seq: number;
  /** The client or object at the other end, 32 bits; 0: ubusd itself. */
  readonly peer: number;
}

/** All of one message but its version, which is 0. */
export interface Message {
  readonly type: MessageType;
  readonly seq: number;
  readonly peer: number;
  readonly attributes: Attributes;
}

/** @param frame one whole message, as `Frames` cuts it */
export function readHeader(frame: Uint8Array): Header {
  const reader = new Reader(frame, 'ubus message');
  const [version, type, seq, peer] = [reader.u8(), reader.u8(), reader.u16(), reader.u32()];
  // Not for ubusd to answer for: an answer of another client has the version that client gave it.
  return { type: version === VERSION ? TYPES.get(type) : undefined, seq, peer };
}

/**
 * Attributes that are not in the table are passed over; of one that stands twice the last counts.
 * @param frame one whole message, as `Frames` cuts it
 * @throws Malformed
 */
export function readBody(frame: Uint8Array): Attributes {
  const reader = new Reader(frame, 'ubus message');
  reader.octets(HEADER_OCTETS + ATTRIBUTE_HEADER_OCTETS);
  const values: Partial<Record<AttributeName, unknown>> = {};
  for (const { id, value: octets } of readAttributes(reader.rest())) {
    const name = NAMES.get(id);
    if (name === undefined) continue;
    const codec: Codec<unknown> = ATTRIBUTE[name].codec;
    const [least, most] = codec.octets;
    const value = octets.length < least || octets.length > most ? undefined : codec.read(octets);
    if (value === undefined) throw reader.malformed(`${name} that cannot be read`);
    values[name] = value;
  }
  return values as Attributes; // each value made by the codec its name stands for
}

/** Attributes in the order of the object's keys. @throws RangeError more than 16 MiB */
export function writeMessage({ type, seq, peer, attributes }: Message): Uint8Array {
  const parts = (Object.keys(attributes) as AttributeName[]).map((name) => {
    const { id } = ATTRIBUTE[name];
    const codec: Codec<unknown> = ATTRIBUTE[name].codec;
    return writeAttribute({ id, isNamed: false, value: codec.write(attributes[name]) });
  });
  const header = concat(uint(1, VERSION), uint(1, MESSAGE_TYPE[type]), uint(2, seq), uint(4, peer));
  return concat(header, writeAttribute({ id: 0, isNamed: false, value: concat(...parts) }));
}

const VERSION = 0;
export const HEADER_OCTETS = 8;
export const ATTRIBUTE_HEADER_OCTETS = 4;

const TYPES = new Map(Object.entries(MESSAGE_TYPE).map(([name, type]) => [type as number, name as MessageType]));
const NAMES = new Map(Object.entries(ATTRIBUTE).map(([name, { id }]) => [id as number, name as AttributeName]));
