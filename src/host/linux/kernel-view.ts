/** What the kernel tells without a process being started: routes, links, addresses. */
import { closeSync, openSync, readSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { endianness } from 'node:os';
import {
  type KernelRoute,
  readIpv4Addresses,
  readIpv4Table,
  readIpv6Addresses,
  readIpv6Table,
} from './kernel-table.ts';
import type { Family } from './prefix.ts';

export interface Link {
  /** A device made anew under the same name has another. */
  readonly index: number;
  /** Why it certainly carries nothing; undefined: it may, as far as its driver knows. */
  readonly dead: 'down' | 'without carrier' | undefined;
  /** octets */
  readonly mtu: number;
}

export interface KernelView {
  /** The main routing table; empty when the machine does not have the family. */
  table(family: Family): readonly KernelRoute[];
  /** undefined: there is no such device. */
  link(device: string): Link | undefined;
  /** MTU of IPv6 on a device, octets; undefined: there is none. */
  ipv6Mtu(device: string): number | undefined;
  /** Whether some device that is up has the address. */
  hasAddress(address: string): boolean;
}

const ipv4Table = remembering('/proc/net/route', (text) => readIpv4Table(text, endianness() === 'LE'));
const ipv6Table = remembering('/proc/net/ipv6_route', readIpv6Table);
// Not os.networkInterfaces(): called every second it becomes hot, and compiling it costs more memory than the whole watch.
const ipv4Addresses = remembering('/proc/net/fib_trie', readIpv4Addresses);
const ipv6Addresses = remembering('/proc/net/if_inet6', readIpv6Addresses);

export const kernelView: KernelView = {
  table: (family) => (family === 4 ? ipv4Table() : ipv6Table()),

  link(device) {
    const index = Number(readOr(`/sys/class/net/${device}/ifindex`, ''));
    if (index === 0) return undefined;
    return {
      index,
      dead: deathOf(device),
      get mtu() {
        return Number(readOr(`/sys/class/net/${device}/mtu`, '')) || 1500; // hardly anybody who looks at a link wants it
      },
    };
  },

  ipv6Mtu: (device) => Number(readOr(`/proc/sys/net/ipv6/conf/${device}/mtu`, '')) || undefined,

  hasAddress: (address) => (isIPv6(address) ? ipv6Addresses() : ipv4Addresses()).has(address),
};

/** What is looked at every second and hardly ever changes is read anew but understood only once. */
function remembering<T>(path: string, understand: (text: string) => T): () => T {
  let last: { readonly text: string; readonly meaning: T } | undefined;
  return () => {
    const text = readOr(path, '');
    if (last?.text !== text) last = { text, meaning: understand(text) };
    return last.meaning;
  };
}

/** `operstate` says nearly the same, but up to a second late: after `ip link set up` it is `down` for a while. */
function deathOf(device: string): Link['dead'] {
  try {
    return read(`/sys/class/net/${device}/carrier`).trim() === '0' ? 'without carrier' : undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EINVAL' ? 'down' : undefined; // how the kernel says: not set up
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return read(path);
  } catch {
    return otherwise; // it is not there, or has just gone
  }
}

/** A file that the kernel makes up as it is read. Every second a few: half the system calls of `readFileSync`, and no memory. */
function read(path: string): string {
  const file = openSync(path, 'r');
  try {
    let [text, count] = ['', 0];
    do {
      count = readSync(file, chunk);
      text += chunk.toString('utf8', 0, count); // it ends with a whole line
    } while (count > SURELY_THE_LAST);
    return text;
  } finally {
    closeSync(file);
  }
}

const chunk = Buffer.allocUnsafeSlow(65_536);
/** The kernel fills a page with whole lines while there are any: what is so much shorter was all, octets. */
const SURELY_THE_LAST = 2048;
