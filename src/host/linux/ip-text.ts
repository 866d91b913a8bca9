/** What `ip` prints, read: iproute2 and BusyBox word the same things a little differently. */
import type { PathMtu } from '../../protocol/client-io.ts';
import type { Outcome } from './command.ts';
import { type Family, readPrefix, writePrefix } from './prefix.ts';

/** One route as `ip route show` prints it. */
export interface PrintedRoute {
  /** `blackhole`, `unreachable`, `local`, …; 'unicast' is never printed. */
  readonly type: string;
  readonly prefix: string;
  readonly gateway: string | undefined;
  /** undefined: several next hops, or none. */
  readonly device: string | undefined;
  /** As the kernel keeps it: 0 when IPv4 says nothing, 1024 for IPv6. */
  readonly metric: number;
  /** Attribute of the route, octets. */
  readonly mtu: number | undefined;
  readonly text: string;
}

/** The answer of `ip route get`. */
export interface PrintedPath {
  readonly type: string;
  readonly gateway: string | undefined;
  readonly device: string;
  readonly source: string | undefined;
  /** Where a policy rule has led, as iproute2 prints it; undefined: main, or BusyBox, which never tells. */
  readonly table: string | undefined;
  /** The route's own, or what the kernel has learnt and will forget again; BusyBox never tells. */
  readonly mtu: PathMtu | undefined;
}

export const readRoutes = (output: string, family: Family): PrintedRoute[] =>
  output
    .split(/\n(?!\s)/) // the next hops of one route follow it, indented
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '')
    .flatMap((line) => readRoute(line, family) ?? []);

/** undefined: an answer that cannot be read. */
export function readPath(output: string): PrintedPath | undefined {
  const words = output.trim().split(/\s+/); // of IPv4 the MTU is in a second line, behind `cache`
  const type = typeOf(words);
  const device = after(words, 'dev');
  if (device === undefined) return undefined;
  const octets = mtuOf(words);
  const from = words.includes('expires') ? 'icmp' : 'route';
  return {
    type,
    gateway: gatewayOf(words),
    device,
    source: after(words, 'src'),
    table: after(words, 'table'),
    mtu: octets === undefined ? undefined : { octets, from },
  };
}

/** What was to be added is there already. */
export const saysExists = ({ complaint }: Outcome): boolean => /File exists|already assigned/.test(complaint);

/** What was to be removed is not there, or has gone along with its device. */
export const saysGone = ({ complaint }: Outcome): boolean =>
  /No such process|No such file or directory|No such device|[Cc]an(?:no|')t find device|Address not found|Cannot assign requested address/.test(
    complaint,
  );

/** The gateway is not inside any connected subnet: such a route needs `onlink`, as at many hosting companies. */
export const saysGatewayOffLink = ({ complaint }: Outcome): boolean =>
  /Nexthop has invalid gateway|Network is unreachable|No route to host/.test(complaint);

const TYPES = [
  'unicast',
  'local',
  'broadcast',
  'multicast',
  'anycast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'nat',
];

function readRoute(line: string, family: Family): PrintedRoute | undefined {
  const words = line.split(' ');
  const type = typeOf(words);
  const to = type === words[0] ? words[1] : words[0];
  const prefix = to === 'default' ? (family === 4 ? '0.0.0.0/0' : '::/0') : to;
  const read = prefix === undefined ? undefined : readPrefix(prefix);
  if (read === undefined) return undefined;
  const metric = after(words, 'metric');
  const several = words.includes('nexthop');
  return {
    type,
    prefix: writePrefix(read),
    gateway: several ? undefined : gatewayOf(words),
    device: several ? undefined : after(words, 'dev'),
    metric: metric === undefined ? (family === 4 ? 0 : 1024) : Number(metric),
    mtu: several ? undefined : mtuOf(words),
    text: line,
  };
}

const typeOf = (words: readonly string[]): string =>
  words[0] !== undefined && TYPES.includes(words[0]) ? words[0] : 'unicast';

/** iproute2 writes `via inet6 fe80::1` when an IPv4 route has an IPv6 gateway. */
function gatewayOf(words: readonly string[]): string | undefined {
  const via = after(words, 'via');
  return via === 'inet6' || via === 'inet' ? after(words, via) : via;
}

/** `mtu 1400` or, where the kernel is not to look for a smaller one, `mtu lock 1400`. */
function mtuOf(words: readonly string[]): number | undefined {
  const first = after(words, 'mtu');
  return Number(first === 'lock' ? after(words, first) : first) || undefined;
}

function after(words: readonly string[], keyword: string): string | undefined {
  const at = words.indexOf(keyword);
  return at < 0 ? undefined : words[at + 1];
}
