/** How one field looks on the wire: the primitive codecs that the AVP and PPP option tables are made of. */
import { Reader, uint } from './bytes.ts';
import { textOf, utf8Of } from './text.ts';

/** `octets` bounds the length of the value alone, without any header; a reader may rely on it having been checked. */
export interface Codec<T> {
  readonly octets: readonly [min: number, max: number];
  read(bytes: Uint8Array): T;
  write(value: T): Uint8Array;
}

export type ValueOf<C> = C extends Codec<infer T> ? T : never;

/** The longest value an AVP can hold: 10 bits of length less its 6-octet header (RFC 2661 §4.1). */
export const LONGEST_VALUE = 1017;

const number = (size: 2 | 4): Codec<number> => ({
  octets: [size, size],
  read: (bytes) => {
    const reader = new Reader(bytes, 'unsigned integer');
    return size === 2 ? reader.u16() : reader.u32();
  },
  write: (value) => uint(size, value),
});

export const u16 = number(2);
export const u32 = number(4);

/** Octets taken as they are, `min` to `max` of them. */
export const octets = (min = 0, max = LONGEST_VALUE): Codec<Uint8Array> => ({
  octets: [min, max],
  read: (bytes) => bytes.slice(),
  write: (value) => value,
});

/** UTF-8 text; octets that are not UTF-8 are read as U+FFFD, for such text is only ever shown. */
export const text: Codec<string> = { octets: [0, LONGEST_VALUE], read: textOf, write: utf8Of };

/** An IPv4 address in dotted-decimal notation. */
export const ipv4: Codec<string> = {
  octets: [4, 4],
  read: (bytes) => bytes.join('.'),
  write: (value) => Uint8Array.from(value.split('.'), Number),
};

/** Nothing but the header: the field is there or it is not. */
export const flag: Codec<true> = { octets: [0, 0], read: () => true, write: () => new Uint8Array() };
