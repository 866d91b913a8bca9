/** Which way the server has outside every tunnel of ours, and whether the kernel agrees. */
import { HostError } from '../../ports/host-error.ts';
import type { Uplink } from '../../ports/network.ts';
import type { PathMtu } from '../../protocol/client-io.ts';
import { type Ask, questionText } from './asker.ts';
import { type Run, runTalking } from './command.ts';
import { type PrintedPath, readRoutes } from './ip-text.ts';
import { type KernelRoute, wayTo } from './kernel-table.ts';
import type { KernelView, Link } from './kernel-view.ts';
import { familyOf, type Prefix, readPrefix, writePrefix } from './prefix.ts';
import { hopOf } from './route-plan.ts';
import { ip } from './routes.ts';

export interface Ground {
  readonly run: Run;
  readonly ask: Ask;
  /** Firewall mark of what goes to the server. */
  readonly mark: number | undefined;
  readonly view: KernelView;
  readonly isTunnel: (device: string) => boolean;
  readonly isOurs: (route: KernelRoute) => boolean;
  /** Whether a route of ours hides what the kernel would say about an address without us. */
  readonly isHidden: (address: string) => boolean;
}

export interface Way extends Uplink {
  /** The server is this machine: no route decides about that, so none is pinned. */
  readonly isLocal: boolean;
}

/**
 * The way to a server on the uplink.
 * @param wished the uplink by name; undefined: whatever the route to the server says
 * @throws HostError `no-route`
 */
export async function findWay(ground: Ground, server: string, wished: string | undefined): Promise<Way> {
  const target = readPrefix(server);
  if (target === undefined) throw new HostError('no-route', `${server} is not an IP address`);
  const hop =
    wished === undefined ? await freeWay(ground, server, target) : await wayOver(ground, server, target, wished);
  if (!ROUTABLE.includes(hop.type)) throw new HostError('no-route', `the route to ${server} is of type ${hop.type}`);
  const link = ground.view.link(hop.device);
  if (link === undefined) throw new HostError('no-route', `the uplink ${hop.device} does not exist`);
  if (link.dead !== undefined) throw new HostError('no-route', `the uplink ${hop.device} is ${link.dead}`);
  const { ask, mark } = ground;
  const { source, mtu } = hop.source === undefined ? await ask(server, { device: hop.device, mark }) : hop;
  if (source === undefined)
    throw new HostError('no-route', `the uplink ${hop.device} has no address to reach ${server} from`);
  const { octets, from } = narrowest(ownMtu(ground.view, server, hop.device, link), hop.mtu, mtu);
  const isLocal = hop.type === 'local';
  return { device: hop.device, gateway: hop.gateway, source, mtu: octets, mtuFrom: from, isLocal };
}

/**
 * How large datagrams on a pinned way may be, now.
 * @returns undefined: that cannot be told
 */
export async function pathMtuNow(
  { ask, mark, view }: Ground,
  server: string,
  { device }: Way,
): Promise<PathMtu | undefined> {
  const link = view.link(device);
  const answer = await ask(server, { mark }).catch(() => undefined);
  // Another device: the pin does not hold any more, and the watch over the uplink is about to say so.
  return link === undefined || answer?.device !== device
    ? undefined
    : narrowest(ownMtu(view, server, device, link), answer.mtu);
}

/** A router may have announced less for IPv6 than the device takes (RFC 4861 §4.6.4). */
const ownMtu = (view: KernelView, server: string, device: string, { mtu }: Link): number =>
  familyOf(server) === 6 ? Math.min(mtu, view.ipv6Mtu(device) ?? mtu) : mtu;

/** @param uplink the device's MTU, octets */
const narrowest = (uplink: number, ...others: readonly (PathMtu | undefined)[]): PathMtu =>
  others
    .filter((each) => each !== undefined)
    .reduce((least, each) => (each.octets < least.octets ? each : least), { octets: uplink, from: 'uplink' });

/**
 * The system's own answer must be the pinned way.
 * @throws HostError `network-failed`
 */
export async function verifyWay({ ask, mark }: Ground, server: string, way: Way): Promise<void> {
  const { device, gateway } = await ask(server, { mark });
  if (device === way.device && gateway === way.gateway) return;
  const found = `\`ip ${questionText(server, { mark })}\` says ${hopOf({ device, gateway })}`;
  throw new HostError(
    'network-failed',
    `the host route to the server does not hold: ${found}, not ${hopOf(way)}; look for a policy rule (\`ip rule\`) that comes before table main`,
  );
}

const ROUTABLE = ['unicast', 'local'];

async function freeWay(ground: Ground, server: string, target: Prefix): Promise<PrintedPath> {
  const { ask, mark, view, isTunnel, isOurs, isHidden } = ground;
  const answer = await ask(server, { mark });
  if (!isTunnel(answer.device) && (answer.table !== undefined || !isHidden(server))) return answer;
  // Routes of ours decide that answer: look past them.
  const way = wayTo(view.table(target.family), target, (route) => !isTunnel(route.device) && !isOurs(route));
  if (way !== undefined && way.device !== '*') return await unicast(ground.run, way);
  if (!isTunnel(answer.device)) return answer;
  throw new HostError('no-route', `the only route to ${server} leads into the tunnel ${answer.device}`);
}

async function wayOver(
  { run, ask, mark, view, isOurs }: Ground,
  server: string,
  target: Prefix,
  wished: string,
): Promise<PrintedPath> {
  if (view.link(wished) === undefined) throw new HostError('no-route', `the uplink ${wished} does not exist`);
  const way = wayTo(view.table(target.family), target, (route) => route.device === wished && !isOurs(route));
  const isOver = ({ device, gateway }: PrintedPath) => gateway !== undefined && device === wished;
  if (way !== undefined) {
    // What is marked may have a way of its own, in another table.
    const answer = mark === undefined ? undefined : await ask(server, { device: wished, mark }).catch(() => undefined);
    return answer?.table !== undefined && isOver(answer) ? answer : unicast(run, way);
  }
  // Perhaps in another table. Without any route the kernel supposes that everything is on the link: not an answer.
  const answer = await ask(server, { device: wished, mark });
  if (answer.type === 'local' || isOver(answer)) return answer;
  throw new HostError(
    'no-route',
    `the uplink ${wished} has no route to ${server}: no gateway, and it is not on the link`,
  );
}

/** The MTU of a route is in none of the kernel's tables under /proc: `ip` has to be asked. */
async function unicast(run: Run, { prefix, gateway, device, metric }: KernelRoute): Promise<PrintedPath> {
  const text = writePrefix(prefix);
  const { output } = await runTalking(run, [...ip(text), 'route', 'show', 'exact', text]);
  const octets = readRoutes(output, prefix.family).find(
    (each) => each.prefix === text && each.device === device && each.gateway === gateway && each.metric === metric,
  )?.mtu;
  const mtu: PathMtu | undefined = octets === undefined ? undefined : { octets, from: 'route' };
  return { type: 'unicast', gateway, device, source: undefined, table: undefined, mtu };
}
