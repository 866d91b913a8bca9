/** A UDP socket as we want it: opened, furnished with all its options, bound to its place. */
import { constants } from 'node:os';
import type { Feature } from '../../ports/data-path.ts';
import type { Place } from '../../ports/datagram.ts';
import { HostError } from '../../ports/host-error.ts';
import type { Endpoint } from '../../protocol/machine.ts';
import { bindError } from '../bind-error.ts';
import { errorName, errorWords, type Native } from './koffi.ts';
import { endpointOf, SOCKADDR_OCTETS, sockaddrOf } from './sockaddr.ts';
import * as table from './socket-table.ts';

/** Octets the kernel may hold for us while the event loop is busy; an unprivileged process may be granted less. */
const BUFFER_OCTETS = 4 * 1024 * 1024;

/** What a kernel may lack, by the names that status shows. */
export type SocketFeature = 'bind-to-device' | 'udp-segment' | 'udp-gro';

/** Why a feature is not in use; undefined: it is. */
export type Missing = Record<SocketFeature, string | undefined>;

export interface OpenSocket {
  readonly fd: number;
  readonly family: 4 | 6;
  readonly local: Endpoint;
  readonly missing: Missing;
}

/**
 * @param without features that are not to be used, for tests
 * @throws HostError `port-in-use`, `network-failed`
 */
export function openSocket(native: Native, place: Place, without: readonly SocketFeature[]): OpenSocket {
  const { libc } = native;
  const address = sockaddrOf(native, place.local);
  const family = address.length === SOCKADDR_OCTETS[4] ? 4 : 6;
  const type = table.SOCK_DGRAM | table.SOCK_NONBLOCK | table.SOCK_CLOEXEC;
  const fd = libc.socket(family === 4 ? table.AF_INET : table.AF_INET6, type, 0);
  const check = (result: number) => {
    if (result >= 0) return;
    const errno = native.errno();
    throw bindError(errorName(errno), errorWords(errno), place.local);
  };
  check(fd);
  try {
    const missing = furnish(native, fd, family, place, without);
    check(libc.bind(fd, address, address.length));
    check(libc.getsockname(fd, address, Uint32Array.of(address.length)));
    return { fd, family, local: endpointOf(native, address) ?? place.local, missing };
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

/**
 * Nothing is sent or heard by another device from then on, whatever the routes say.
 * @returns why that cannot be had here
 * @throws HostError `network-failed` there is no such device
 */
export function bindToDevice(native: Native, fd: number, device: string): string | undefined {
  const name = new TextEncoder().encode(`${device}\0`);
  if (native.libc.setsockopt(fd, table.SOL_SOCKET, table.SO_BINDTODEVICE, name, name.length) === 0) return undefined;
  const errno = native.errno();
  if (errno === constants.errno.ENODEV)
    throw new HostError('network-failed', `there is no device ${device} any more: the uplink has just changed`);
  return errno === constants.errno.EPERM ? 'no permission (CAP_NET_RAW)' : errorWords(errno);
}

/** @returns why not */
function setOption(native: Native, fd: number, level: number, name: number, value: number): string | undefined {
  if (native.libc.setsockopt(fd, level, name, Int32Array.of(value), 4) === 0) return undefined;
  const errno = native.errno();
  return errno === constants.errno.ENOPROTOOPT ? 'this kernel does not have it' : errorWords(errno);
}

function furnish(
  native: Native,
  fd: number,
  family: 4 | 6,
  { device, mark }: Place,
  without: readonly SocketFeature[],
): Missing {
  const set = (level: number, name: number, value: number) => setOption(native, fd, level, name, value);
  const probed = (feature: SocketFeature, probe: () => string | undefined) =>
    without.includes(feature) ? 'switched off' : probe();
  if (mark !== undefined) {
    const why = set(table.SOL_SOCKET, table.SO_MARK, mark | 0);
    if (why !== undefined)
      throw new HostError(
        'network-failed',
        `packets cannot be marked ${mark}: ${why}; run as root or with CAP_NET_ADMIN, or set no mark`,
      );
  }
  for (const { force, ask } of BUFFERS)
    if (set(table.SOL_SOCKET, force, BUFFER_OCTETS) !== undefined) set(table.SOL_SOCKET, ask, BUFFER_OCTETS);
  // Without these there is no path MTU from ICMP, and nothing else is worse.
  for (const [level, name, value] of PATH_MTU[family]) set(level, name, value);
  return {
    'bind-to-device': probed('bind-to-device', () => bindToDevice(native, fd, device)),
    'udp-segment': probed('udp-segment', () => set(table.SOL_UDP, table.UDP_SEGMENT, 0)),
    'udp-gro': probed('udp-gro', () => set(table.SOL_UDP, table.UDP_GRO, 1)),
  };
}

export const featuresOf = (missing: Missing): Feature[] =>
  Object.entries(missing).map(([name, why]) => ({ name, missing: why }));

const BUFFERS = [
  { force: table.SO_RCVBUFFORCE, ask: table.SO_RCVBUF },
  { force: table.SO_SNDBUFFORCE, ask: table.SO_SNDBUF },
];

// WANT: no datagram is fragmented on its way that the path has not been found too narrow for; then we do it ourselves.
const PATH_MTU = {
  4: [
    [table.SOL_IP, table.IP_MTU_DISCOVER, table.IP_PMTUDISC_WANT],
    [table.SOL_IP, table.IP_RECVERR, 1],
  ],
  6: [
    [table.SOL_IPV6, table.IPV6_MTU_DISCOVER, table.IP_PMTUDISC_WANT],
    [table.SOL_IPV6, table.IPV6_RECVERR, 1],
  ],
} as const;
