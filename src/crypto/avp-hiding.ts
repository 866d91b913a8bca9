/** The cipher of hidden AVPs (RFC 2661 §4.3): 16 octets at a time, each mixed with an MD5 of the secret and what came before. */
import { md5 } from '@noble/hashes/legacy.js';

export interface HidingKey {
  /** Attribute Type of the AVP, 0-65535. */
  readonly type: number;
  readonly secret: Uint8Array;
  /** Value of the Random Vector AVP that most closely precedes the AVP. */
  readonly randomVector: Uint8Array;
}

/** Hides a Hidden AVP Subformat: length, value and padding. As many octets come out as go in. */
export const conceal = (clear: Uint8Array, key: HidingKey): Uint8Array => {
  const cipher = new Uint8Array(clear.length);
  return mix(clear, cipher, cipher, key);
};

/** Opens what {@link conceal} hid; with another key the result is noise. */
export const reveal = (cipher: Uint8Array, key: HidingKey): Uint8Array =>
  mix(cipher, new Uint8Array(cipher.length), cipher, key);

/** XORs `from` into `to`; one of the two is the `cipher` that the next block of the key stream depends on. */
function mix(from: Uint8Array, to: Uint8Array, cipher: Uint8Array, { type, secret, randomVector }: HidingKey) {
  let stream = digest(Uint8Array.of(type >> 8, type & 0xff), secret, randomVector);
  for (let at = 0; at < from.length; at++) {
    if (at > 0 && at % BLOCK === 0) stream = digest(secret, cipher.subarray(at - BLOCK, at));
    to[at] = (from[at] as number) ^ (stream[at % BLOCK] as number);
  }
  return to;
}

function digest(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = md5.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const BLOCK = 16;
