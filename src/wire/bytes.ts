/** Reading and building octet strings: the only place in which offsets are counted. Network byte order throughout. */
import { Malformed } from './malformed.ts';

/** Reads one octet string from front to back. Every read is bounded: running over the end throws {@link Malformed}. */
export class Reader {
  readonly #view: DataView;
  readonly #ref: string;
  #at = 0;

  /** @param ref the RFC section that describes what is read, named in every error */
  constructor(bytes: Uint8Array, ref: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#ref = ref;
  }

  /** Octets read so far. */
  get at(): number {
    return this.#at;
  }
  /** Octets still to be read. */
  get left(): number {
    return this.#view.byteLength - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#advance(2));
  }
  u32(): number {
    return this.#view.getUint32(this.#advance(4));
  }
  /** The next `count` octets, as a view into the same memory: copy it to keep it. */
  octets(count: number): Uint8Array {
    const start = this.#advance(count);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, count);
  }
  /** Everything that is left, as a view into the same memory. */
  rest(): Uint8Array {
    return this.octets(this.left);
  }
  /** A {@link Malformed} that points at the present place. */
  malformed(what: string): Malformed {
    return new Malformed(what, this.#at, this.#ref);
  }

  #advance(count: number): number {
    if (count > this.left) throw this.malformed(`${count} octets wanted, ${this.left} left`);
    const start = this.#at;
    this.#at += count;
    return start;
  }
}

/** Joins octet strings. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Big-endian octets of an unsigned number below 2^32 (`size` 1, 2 or 4). */
export function uint(size: 1 | 2 | 4, value: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = size - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest & 0xff;
  return bytes;
}

export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** Lower-case hexadecimal digits, two an octet. */
export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join('');
