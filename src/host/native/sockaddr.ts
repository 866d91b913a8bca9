/** An endpoint as the kernel has it, struct sockaddr_in or sockaddr_in6, and back. */
import { SocketAddress } from 'node:net';
import type { Endpoint } from '../../protocol/machine.ts';
import { addressOctets } from '../../wire/ip-address.ts';
import type { Native } from './koffi.ts';
import { AF_INET, AF_INET6 } from './socket-table.ts';

/** Octets of a sockaddr_in, of a sockaddr_in6. */
export const SOCKADDR_OCTETS = { 4: 16, 6: 28 } as const;
/** Where the address begins in each. */
const ADDRESS_AT = { 4: 4, 6: 8 } as const;
const SCOPE_AT = 24;

/**
 * 16 octets for IPv4, 28 for IPv6 (a link-local address with its zone, `fe80::1%eth0`).
 * @throws RangeError it is no address
 */
export function sockaddrOf(native: Native, { address, port }: Endpoint): Uint8Array {
  const octets = addressOctets(address);
  if (octets === undefined) throw new RangeError(`${address} is not an IP address`);
  const family = octets.length === 4 ? 4 : 6;
  const bytes = new Uint8Array(SOCKADDR_OCTETS[family]);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family === 4 ? AF_INET : AF_INET6, native.layout.isLittleEndian);
  view.setUint16(2, port);
  bytes.set(octets, ADDRESS_AT[family]);
  if (family === 6) view.setUint32(SCOPE_AT, scopeOf(native, address), native.layout.isLittleEndian);
  return bytes;
}

/** The endpoint in the text form that Node's sockets use, or undefined for another family of addresses. */
export function endpointOf(native: Native, sockaddr: Uint8Array): Endpoint | undefined {
  const { isLittleEndian } = native.layout;
  const view = new DataView(sockaddr.buffer, sockaddr.byteOffset, sockaddr.byteLength);
  const family = view.getUint16(0, isLittleEndian);
  const port = view.getUint16(2);
  if (family === AF_INET) return { address: sockaddr.subarray(4, 8).join('.'), port };
  if (family !== AF_INET6) return undefined;
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(ADDRESS_AT[6] + 2 * i));
  const { address } = new SocketAddress({
    family: 'ipv6',
    address: groups.map((group) => group.toString(16)).join(':'),
  });
  const isLinkLocal = ((groups[0] ?? 0) & 0xffc0) === 0xfe80;
  const scope = view.getUint32(SCOPE_AT, isLittleEndian);
  return { address: isLinkLocal && scope > 0 ? `${address}%${zoneOf(native, scope)}` : address, port };
}

/** 0: none, or there is no such device. */
function scopeOf({ libc }: Native, address: string): number {
  const zone = address.split('%')[1];
  if (zone === undefined) return 0;
  return /^\d+$/.test(zone) ? Number(zone) : libc.if_nametoindex(zone);
}

const zoneOf = ({ libc }: Native, index: number): string =>
  libc.if_indextoname(index, new Uint8Array(16)) ?? `${index}`;
