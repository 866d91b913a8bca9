/** Addresses and prefixes as people write them, brought to one form: what is compared later must look the same. */
import { addressOctets } from '../wire/ip-address.ts';

/** An IPv4 or IPv6 address in its usual text form, or undefined when the text is none. */
export function addressOf(text: string): string | undefined {
  const bits = bitsOf(text);
  return bits === undefined ? undefined : textOfBits(bits);
}

/**
 * `ADDRESS/LENGTH` with every bit behind the length zero; a lone address is a prefix of its full length.
 * @returns the prefix, or what is wrong with it
 */
export function prefixOf(text: string): { prefix: string } | { wrong: string } {
  const [address = '', length, ...more] = text.split('/');
  const bits = bitsOf(address);
  if (bits === undefined || more.length > 0) return { wrong: PREFIX_WORDS };
  const longest = bits.length;
  if (length === undefined) return { prefix: `${textOfBits(bits)}/${longest}` };
  if (!/^\d{1,3}$/.test(length) || Number(length) > longest) return { wrong: PREFIX_WORDS };
  const kept = bits.slice(0, Number(length)).padEnd(longest, '0');
  const prefix = `${textOfBits(kept)}/${Number(length)}`;
  return kept === bits ? { prefix } : { wrong: `the network itself, ${prefix}` };
}

/** `ADDRESS`, `ADDRESS:PORT` or `[IPV6]:PORT`; undefined when it is none of these. */
export function addressAndPortOf(text: string, defaultPort: number): { host: string; port: number } | undefined {
  const split = hostAndPortOf(text, defaultPort);
  const host = split && addressOf(split.host);
  return host === undefined ? undefined : { host, port: split?.port ?? defaultPort };
}

/** `HOST`, `HOST:PORT`, an IPv6 address, or `[IPV6]:PORT`; undefined when it is none of these. */
export function hostAndPortOf(text: string, defaultPort: number): { host: string; port: number } | undefined {
  const [, bracketed, bracketedPort] = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text) ?? [];
  if (bracketed !== undefined) {
    const host = bracketed.includes(':') ? addressOf(bracketed) : undefined;
    return host === undefined ? undefined : withPort(host, bracketedPort, defaultPort);
  }
  const whole = addressOf(text);
  if (whole !== undefined) return { host: whole, port: defaultPort };
  const [, name = '', port] = /^([^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = addressOf(name) ?? (isHostName(name) ? name : undefined);
  return host === undefined ? undefined : withPort(host, port, defaultPort);
}

/** What a prefix looks like, in a message. */
export const PREFIX_WORDS = 'a prefix such as 10.0.0.0/8 or 2001:db8::/32';

function withPort(host: string, port: string | undefined, defaultPort: number) {
  const number = port === undefined ? defaultPort : Number(port);
  return number >= 1 && number <= 65535 ? { host, port: number } : undefined;
}

/** A name of RFC 1123 §2.1, underscores let through; one whose last label is a number was meant as an address. */
function isHostName(name: string): boolean {
  const labels = name.replace(/\.$/, '').split('.');
  const last = labels.at(-1) as string;
  return (
    name.length <= 253 &&
    labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label)) &&
    !/^\d+$/.test(last)
  );
}

/** The bits of an address as a string of 32 or 128 digits. No zones; an IPv4 address only alone or at the end; nothing octal. */
function bitsOf(text: string): string | undefined {
  const octets = /%|\.\d+:|(^|[.:])0\d+\.|\.0\d/.test(text) ? undefined : addressOctets(text);
  return octets && Array.from(octets, (octet) => octet.toString(2).padStart(8, '0')).join('');
}

/** RFC 5952 §4: lower case, no leading zeros, the longest run of zero groups as `::`. */
function textOfBits(bits: string): string {
  if (bits.length === 32) return split(bits, 8).join('.');
  const text = split(bits, 16)
    .map((group) => group.toString(16))
    .join(':');
  const runs = text.match(/\b0(:0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  return longest === '' ? text : text.replace(new RegExp(`(^|:)${longest}(:|$)`), '::');
}

const split = (bits: string, size: number): number[] =>
  Array.from({ length: bits.length / size }, (_, at) => Number.parseInt(bits.slice(at * size, (at + 1) * size), 2));
