/** Addresses and prefixes as numbers: which one lies in which, and how the kernel writes them. */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';

export type Family = 4 | 6;

/** An address is a prefix of full length. */
export interface Prefix {
  readonly family: Family;
  /** The network's bits, host bits zero. */
  readonly bits: bigint;
  /** 0-32 or 0-128 */
  readonly length: number;
}

const widthOf = (family: Family): number => (family === 4 ? 32 : 128);

export const familyOf = (text: string): Family => (text.includes(':') ? 6 : 4);

/** `10.0.0.0/8`, `10.0.0.1`, `2001:db8::/32`; host bits are cleared, as the kernel wants it. undefined: not a prefix. */
export function readPrefix(text: string): Prefix | undefined {
  const [address = '', lengthText, ...rest] = text.split('/');
  const whole = bitsOf(address);
  if (whole === undefined || rest.length > 0) return undefined;
  const family = familyOf(address);
  const width = widthOf(family);
  if (lengthText !== undefined && !/^\d{1,3}$/.test(lengthText)) return undefined;
  const length = lengthText === undefined ? width : Number(lengthText);
  return length > width ? undefined : prefixOf(family, whole, length);
}

export function prefixOf(family: Family, bits: bigint, length: number): Prefix {
  const hostBits = BigInt(widthOf(family) - length);
  return { family, bits: (bits >> hostBits) << hostBits, length };
}

/** `10.0.0.0/8`; always with its length. */
export const writePrefix = (prefix: Prefix): string => `${writeAddress(prefix.family, prefix.bits)}/${prefix.length}`;

/** The usual text of an address: of many ways to write an IPv6 address, the one `ip` prints (RFC 5952). */
export function writeAddress(family: Family, bits: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.');
  const groups = bits.toString(16).padStart(32, '0').match(/.{4}/g) as string[];
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

/** The prefix of one address alone: `10.5.1.9/32`. undefined: not an address. */
export function hostPrefix(address: string): string | undefined {
  const prefix = address.includes('/') ? undefined : readPrefix(address);
  return prefix && writePrefix(prefix);
}

/** Whether every address of `inner` is in `outer`. */
export const contains = (outer: Prefix, inner: Prefix): boolean =>
  outer.family === inner.family &&
  outer.length <= inner.length &&
  prefixOf(inner.family, inner.bits, outer.length).bits === outer.bits;

function bitsOf(address: string): bigint | undefined {
  if (isIPv4(address)) return address.split('.').reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
  if (!isIPv6(address) || address.includes('%')) return undefined;
  const [head = '', tail] = withoutDots(address).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const before = groups(head);
  const after = groups(tail ?? '');
  const zeros = new Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

/** `::ffff:10.0.0.1` in hexadecimal groups alone. */
function withoutDots(address: string): string {
  const at = address.lastIndexOf(':') + 1;
  if (!address.includes('.')) return address;
  const bits = bitsOf(address.slice(at)) as bigint;
  return `${address.slice(0, at)}${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
}
