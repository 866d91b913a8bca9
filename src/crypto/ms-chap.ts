/** The arithmetic of MS-CHAP, under the names of its pseudocode (RFC 2433 appendix A, RFC 2759 §8). Passwords are octets: UTF-16LE, at most 256 characters by the book, any number here. */
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { desEncrypt } from './des.ts';
import { md4 } from './md4.ts';

/** @returns 16 octets (RFC 2433 §A.6, RFC 2759 §8.3) */
export const ntPasswordHash = (passwordUtf16le: Uint8Array): Uint8Array => md4(passwordUtf16le);

/**
 * Version 1 and the core of version 2 (RFC 2433 §A.7, RFC 2759 §8.5).
 * @param challenge 8 octets
 * @param passwordHash 16 octets
 * @returns 24 octets
 */
export function challengeResponse(challenge: Uint8Array, passwordHash: Uint8Array): Uint8Array {
  const keys = new Uint8Array(21);
  keys.set(passwordHash);
  return concatBytes(...[0, 7, 14].map((at) => desEncrypt(challenge, keys.subarray(at, at + 7))));
}

/** What both ends of MS-CHAPv2 hash together. */
export interface Exchange {
  /** 16 octets */
  readonly authenticatorChallenge: Uint8Array;
  /** 16 octets */
  readonly peerChallenge: Uint8Array;
  /** The name as sent, without its domain; see {@link accountOf}. */
  readonly userName: Uint8Array;
  readonly passwordUtf16le: Uint8Array;
}

/** @returns 8 octets (RFC 2759 §8.2) */
export function challengeHash({
  peerChallenge,
  authenticatorChallenge,
  userName,
}: Omit<Exchange, 'passwordUtf16le'>): Uint8Array {
  return sha1(concatBytes(peerChallenge, authenticatorChallenge, userName)).slice(0, 8);
}

/** @returns 24 octets (RFC 2759 §8.1) */
export function generateNtResponse(exchange: Exchange): Uint8Array {
  return challengeResponse(challengeHash(exchange), ntPasswordHash(exchange.passwordUtf16le));
}

/**
 * How the authenticator proves that it knows the password too (RFC 2759 §8.7).
 * @param ntResponse 24 octets
 * @returns 40 upper-case hexadecimal digits, what follows `S=`
 */
export function generateAuthenticatorResponse(exchange: Exchange, ntResponse: Uint8Array): string {
  const passwordHashHash = md4(ntPasswordHash(exchange.passwordUtf16le)); // §8.4
  const digest = sha1(concatBytes(passwordHashHash, ntResponse, MAGIC_1));
  return bytesToHex(sha1(concatBytes(digest, challengeHash(exchange), MAGIC_2))).toUpperCase();
}

/** The account in `DOMAIN\account`: only it is hashed, while the whole name travels (RFC 2759 §4, §8.2). */
export const accountOf = (name: Uint8Array): Uint8Array => name.subarray(name.lastIndexOf(BACKSLASH) + 1);

const BACKSLASH = 0x5c;
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const MAGIC_1 = ascii('Magic server to client signing constant');
const MAGIC_2 = ascii('Pad to make it do more than one iteration');
