import { expect, it } from 'vitest';
import { Malformed } from '../src/wire/malformed.ts';

/** Name, value, the octets that are that value (blanks allowed), and how many of them, if it is not all, are needed to read anything. */
export type Vector<Value> = readonly [name: string, value: Value, hex: string, needed?: number];

export const octets = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));

/** One list of vectors, four tests each: read, written, read back, and cut at every length. */
export function testCodec<Value>(
  vectors: readonly Vector<Value>[],
  codec: { read: (bytes: Uint8Array) => Value; write: (value: Value) => Uint8Array },
): void {
  for (const [name, value, hex, needed] of vectors) {
    const bytes = octets(hex);
    it(`reads ${name}`, () => expect(codec.read(bytes)).toEqual(value));
    it(`writes ${name}`, () => expect(codec.write(value)).toEqual(bytes));
    it(`reads back ${name}`, () => expect(codec.read(codec.write(value))).toEqual(value));
    it(`is not fooled by ${name} cut short`, () => {
      for (let length = 0; length < bytes.length; length++) {
        const cut = () => codec.read(bytes.slice(0, length));
        if (length < (needed ?? bytes.length)) expect(cut, `${length} octets`).toThrow(Malformed);
        else expect(cut, `${length} octets`).not.toThrow();
      }
    });
  }
}
