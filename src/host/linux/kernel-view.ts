/** What the kernel tells without a process being started: routes, links, addresses. */
import { readFileSync } from 'node:fs';
import { endianness, networkInterfaces } from 'node:os';
import { type KernelRoute, readIpv4Table, readIpv6Table } from './kernel-table.ts';
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
  table(family: Family): KernelRoute[];
  /** undefined: there is no such device. */
  link(device: string): Link | undefined;
  /** Whether some device that is up has the address. */
  hasAddress(address: string): boolean;
}

export const kernelView: KernelView = {
  table: (family) =>
    family === 4
      ? readIpv4Table(readOr('/proc/net/route', ''), endianness() === 'LE')
      : readIpv6Table(readOr('/proc/net/ipv6_route', '')),

  link(device) {
    const index = Number(readOr(`/sys/class/net/${device}/ifindex`, ''));
    if (index === 0) return undefined;
    return {
      index,
      dead: deathOf(device),
      mtu: Number(readOr(`/sys/class/net/${device}/mtu`, '')) || 1500,
    };
  },

  hasAddress: (address) =>
    Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address)),
};

/** `operstate` says nearly the same, but up to a second late: after `ip link set up` it is `down` for a while. */
function deathOf(device: string): Link['dead'] {
  try {
    return readFileSync(`/sys/class/net/${device}/carrier`, 'utf8').trim() === '0' ? 'without carrier' : undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EINVAL' ? 'down' : undefined; // how the kernel says: not set up
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise; // it is not there, or has just gone
  }
}
