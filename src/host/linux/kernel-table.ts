/** The kernel's main routing table as /proc shows it: read without a process, so that it can be looked at every second. */
import { contains, type Family, type Prefix, prefixOf, writeAddress } from './prefix.ts';

export interface KernelRoute {
  readonly prefix: Prefix;
  /** undefined: on the device's own link. */
  readonly gateway: string | undefined;
  /** `*` for a route that leads nowhere (blackhole, unreachable). */
  readonly device: string;
  readonly metric: number;
}

/** /proc/net/route: hexadecimal words in the machine's byte order. @param littleEndian the machine's byte order */
export function readIpv4Table(text: string, littleEndian: boolean): KernelRoute[] {
  const address = (hex: string): bigint => BigInt(`0x${littleEndian ? swapped(hex) : hex}`);
  return text
    .split('\n')
    .slice(1) // the heading
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([device, destination, gateway, flags, , , metric, mask]) => {
      if (device === undefined || destination === undefined || gateway === undefined || flags === undefined) return [];
      if (metric === undefined || mask === undefined) return [];
      const bits = Number.parseInt(flags, 16);
      if (!(bits & RTF_UP)) return [];
      const length = address(mask).toString(2).replace(/0+$/, '').length;
      return [
        {
          prefix: prefixOf(4, address(destination), length),
          gateway: bits & RTF_GATEWAY ? writeAddress(4, address(gateway)) : undefined,
          device,
          metric: Number(metric),
        },
      ];
    });
}

/** /proc/net/ipv6_route: all tables in one; what the kernel made for its own addresses and caches is left out. */
export function readIpv6Table(text: string): KernelRoute[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([destination, length, , , gateway, metric, , , flags, device]) => {
      if (destination === undefined || length === undefined || gateway === undefined) return [];
      if (metric === undefined || flags === undefined || device === undefined) return [];
      const bits = Number.parseInt(flags, 16) >>> 0;
      if (!(bits & RTF_UP) || bits & (RTF_CACHE | RTF_LOCAL | RTF_ANYCAST) || destination.startsWith('ff')) return [];
      return [
        {
          prefix: prefixOf(6, BigInt(`0x${destination}`), Number.parseInt(length, 16)),
          gateway: bits & RTF_GATEWAY ? writeAddress(6, BigInt(`0x${gateway}`)) : undefined,
          device: bits & RTF_REJECT ? '*' : device,
          metric: Number.parseInt(metric, 16),
        },
      ];
    });
}

/** /proc/net/fib_trie: every address of this machine, each a local /32 below its node. */
export const readIpv4Addresses = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/\|-- (\S+)\n(?:\s+\/\d+ .*\n)*?\s+\/32 host LOCAL/g)].map(([, address = '']) => address));

/** /proc/net/if_inet6: every address of this machine, 32 hexadecimal digits each. */
export const readIpv6Addresses = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/^([0-9a-f]{32}) /gm)].map(([, digits]) => writeAddress(6, BigInt(`0x${digits}`))));

/** The way to a prefix as a whole: the longest route over it, of equals the one with the lowest metric. */
export function wayTo(table: readonly KernelRoute[], target: Prefix, mayUse: (route: KernelRoute) => boolean): KernelRoute | undefined {
  let best: KernelRoute | undefined;
  for (const route of table) {
    if (!contains(route.prefix, target) || !mayUse(route)) continue;
    const longer = best === undefined ? 1 : route.prefix.length - best.prefix.length;
    if (best === undefined || longer > 0 || (longer === 0 && route.metric < best.metric)) best = route;
  }
  return best;
}

export const defaultsOf = (table: readonly KernelRoute[], family: Family): KernelRoute[] =>
  table.filter(({ prefix }) => prefix.family === family && prefix.length === 0);

// include/uapi/linux/route.h, include/uapi/linux/ipv6_route.h
const RTF_UP = 0x0001;
const RTF_GATEWAY = 0x0002;
const RTF_REJECT = 0x0200;
const RTF_ANYCAST = 0x0010_0000;
const RTF_CACHE = 0x0100_0000;
const RTF_LOCAL = 0x8000_0000;

const swapped = (hex: string): string => (hex.match(/../g) ?? []).reverse().join('');
