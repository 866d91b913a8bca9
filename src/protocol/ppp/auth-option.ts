/** How the authentication methods look in LCP's Authentication-Protocol option (RFC 1661 §6.2), and what people call them. */
import { hex, sameOctets } from '../../wire/bytes.ts';
import type { AuthMethod } from '../settings.ts';

// biome-ignore format: a table
const METHOD = {
  'chap-md5':   { octets: Uint8Array.of(0xc2, 0x23, 0x05), words: 'CHAP-MD5' },  // RFC 1994 §3
  'ms-chap-v2': { octets: Uint8Array.of(0xc2, 0x23, 0x81), words: 'MS-CHAPv2' }, // RFC 2759 §3
  'ms-chap':    { octets: Uint8Array.of(0xc2, 0x23, 0x80), words: 'MS-CHAP' },   // RFC 2433 §3
  pap:          { octets: Uint8Array.of(0xc0, 0x23),       words: 'PAP' },       // RFC 1334 §2.1
} as const satisfies Record<AuthMethod, { octets: Uint8Array; words: string }>;

/** Methods we know by name alone. */
const FOREIGN: Readonly<Record<string, string>> = {
  c227: 'EAP', // RFC 2284 §2
  c027: 'SPAP',
};

const METHODS = Object.keys(METHOD) as AuthMethod[];

/** The option's data, at least 2 octets. */
export const authOption = (method: AuthMethod): Uint8Array => METHOD[method].octets;

/** The method an option's data means; undefined: one that we do not have. */
export const methodOf = (octets: Uint8Array): AuthMethod | undefined =>
  METHODS.find((method) => sameOctets(METHOD[method].octets, octets));

export function authWords(octets: Uint8Array): string {
  const method = methodOf(octets);
  return method === undefined
    ? (FOREIGN[hex(octets.subarray(0, 2))] ?? `protocol 0x${hex(octets)}`)
    : METHOD[method].words;
}

/** The methods of a list, as words. */
export const methodWords = (methods: readonly AuthMethod[]): string =>
  methods.map((method) => METHOD[method].words).join(', ');
