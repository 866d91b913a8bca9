/** What messages ubus has, and what attributes stand in them: numbers and shapes. */
import { type Codec, octets, u32, type ValueOf } from '../../../wire/codec.ts';
import { readText, writeText } from './blobmsg.ts';

export const MESSAGE_TYPE = {
  hello:         0, // ubusd's first words; the peer is our client id
  status:        1, // the last answer to a request
  data:          2, // an answer in front of it
  ping:          3,
  lookup:        4,
  invoke:        5,
  addObject:     6,
  removeObject:  7,
  subscribe:     8,
  unsubscribe:   9, // from ubusd: the object subscribed to is gone
  notify:       10, // from ubusd: somebody, or nobody any more, is subscribed
  monitor:      11,
} as const;
export type MessageType = keyof typeof MESSAGE_TYPE;

const LONGEST = 0xff_ffff; // what a length of 24 bits bounds anyway

/** A text must end with zero: that is checked where it is read. */
const text: Codec<string | undefined> = { octets: [1, LONGEST], read: readText, write: (value) => writeText(value ?? '') };
const bool: Codec<boolean> = { octets: [1, 1], read: ([octet]) => octet !== 0, write: (value) => Uint8Array.of(value ? 1 : 0) };
/** Attributes inside: whoever needs them reads them. */
const nested = octets(0, LONGEST);

export const ATTRIBUTE = {
  status:      { id:  1, codec: u32 },
  objectPath:  { id:  2, codec: text },
  objectId:    { id:  3, codec: u32 },
  method:      { id:  4, codec: text },
  objectType:  { id:  5, codec: u32 },
  signature:   { id:  6, codec: nested }, // blobmsg: a table per method, name of an argument to its blobmsg type
  data:        { id:  7, codec: nested }, // blobmsg
  target:      { id:  8, codec: u32 },
  active:      { id:  9, codec: bool },
  noReply:     { id: 10, codec: bool },
  subscribers: { id: 11, codec: nested },
  user:        { id: 12, codec: text },
  group:       { id: 13, codec: text },
} as const;
export type AttributeName = keyof typeof ATTRIBUTE;

/** What one message carries. */
export type Attributes = { readonly [N in AttributeName]?: NonNullable<ValueOf<(typeof ATTRIBUTE)[N]['codec']>> };
