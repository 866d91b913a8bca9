/** What MS-CHAP puts into the fields of CHAP: the sub-fields of a response's value, and the words before a verdict's message (RFC 2433 §6-8, RFC 2759 §4-6). */
import { concat, hex, Reader } from './bytes.ts';

/** Octets of a challenge. */
export const CHALLENGE_OCTETS = { 'ms-chap': 8, 'ms-chap-v2': 16 } as const;

/** Octets of a response's value, in both versions. */
export const MS_CHAP_VALUE_OCTETS = 49;

/** The value of a version 1 response (RFC 2433 §6). */
export interface MsChapValue {
  /** 24 octets */
  readonly ntResponse: Uint8Array;
  /** "use Windows NT compatible challenge response"; without it the LAN Manager response counts, which nobody here makes. */
  readonly useNtResponse: boolean;
}

/** @throws Malformed not 49 octets */
export function readMsChapValue(value: Uint8Array): MsChapValue {
  const reader = new Reader(value, 'RFC 2433 §6');
  reader.octets(24); // the LAN Manager response
  const ntResponse = reader.octets(24);
  const useNtResponse = reader.u8() === 1;
  expectEnd(reader);
  return { ntResponse, useNtResponse };
}

/** The LAN Manager response is deprecated and SHOULD be zero-filled (RFC 2433 §6). */
export function writeMsChapValue({ ntResponse, useNtResponse }: MsChapValue): Uint8Array {
  return concat(new Uint8Array(24), ntResponse, Uint8Array.of(useNtResponse ? 1 : 0));
}

/** The value of a version 2 response (RFC 2759 §4). */
export interface MsChapV2Value {
  /** 16 octets */
  readonly peerChallenge: Uint8Array;
  /** 24 octets */
  readonly ntResponse: Uint8Array;
}

/** @throws Malformed not 49 octets */
export function readMsChapV2Value(value: Uint8Array): MsChapV2Value {
  const reader = new Reader(value, 'RFC 2759 §4');
  const peerChallenge = reader.octets(16);
  reader.octets(8); // reserved
  const ntResponse = reader.octets(24);
  reader.u8(); // flags, reserved
  expectEnd(reader);
  return { peerChallenge, ntResponse };
}

export function writeMsChapV2Value({ peerChallenge, ntResponse }: MsChapV2Value): Uint8Array {
  return concat(peerChallenge, new Uint8Array(8), ntResponse, new Uint8Array(1));
}

/** `S=<40 digits> M=<message>` (RFC 2759 §5). */
export interface MsChapV2Success {
  /** 40 upper-case hexadecimal digits; undefined when the words are not there, which the peer must not accept. */
  readonly authenticatorResponse: string | undefined;
  readonly message: string;
}

/** INTEROP: SoftEther sends `S=` alone. Lower-case digits are taken too. */
export function readMsChapV2Success(text: string): MsChapV2Success {
  const [head, digits] = /^S=([0-9A-F]{40})(?: ?M=)?/i.exec(text) ?? [''];
  return { authenticatorResponse: digits?.toUpperCase(), message: text.slice(head.length) };
}

export const writeMsChapV2Success = ({ authenticatorResponse = '', message }: MsChapV2Success): string =>
  `S=${authenticatorResponse} M=${message}`;

/** `E=eee R=r C=ccc V=v M=<message>` (RFC 2433 §8, RFC 2759 §6). */
export interface MsChapFailure {
  /** Why: a Windows error code such as 691. */
  readonly error: number;
  /** Another response, with other credentials, may follow. */
  readonly retry: boolean;
  /** The challenge for it; version 1 may leave it out. */
  readonly challenge?: Uint8Array;
  /** Of the password changing protocol. */
  readonly version: number;
  readonly message: string;
}

/** @returns undefined when the text is not of that form: then all of it is message. */
export function readMsChapFailure(text: string): MsChapFailure | undefined {
  const [head = '', message = ''] = text.split(/\bM=(.*)/s);
  const word = (pattern: string): string | undefined => new RegExp(`(?:^| )${pattern}(?: |$)`).exec(head)?.[1];
  const error = word('E=(\\d{1,10})');
  const challenge = word('C=([0-9A-Fa-f]{2,64})');
  if (error === undefined) return undefined;
  return {
    error: Number(error),
    retry: word('R=([01])') === '1',
    ...(challenge === undefined ? {} : { challenge: octetsOf(challenge) }),
    version: Number(word('V=(\\d{1,10})') ?? 1), // "If the field is not present the version should be assumed to be 1"
    message,
  };
}

export function writeMsChapFailure({ error, retry, challenge, version, message }: MsChapFailure): string {
  const challengeWord = challenge === undefined ? '' : ` C=${hex(challenge).toUpperCase()}`;
  return `E=${error} R=${retry ? 1 : 0}${challengeWord} V=${version} M=${message}`;
}

function expectEnd(reader: Reader): void {
  if (reader.left > 0) throw reader.malformed(`${reader.left} octets too many`);
}

const octetsOf = (digits: string): Uint8Array =>
  Uint8Array.from({ length: Math.floor(digits.length / 2) }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
