/** Which routes and rules one connection wants, given its settings, its uplink and the kernel's table. Pure: nothing is installed here. */
import type { InstalledRoute, RoutingSettings, Uplink } from '../../ports/network.ts';
import { defaultsOf, type KernelRoute, wayTo } from './kernel-table.ts';
import { type Family, familyOf, hostPrefix, type Prefix, readPrefix, writePrefix } from './prefix.ts';

export type Route = Omit<InstalledRoute, 'foreign'>;

/** Policy rule of a connection with a table of its own: packets from the tunnel's address look there. */
export interface Rule {
  readonly from: string;
  readonly table: number;
}

export interface Plan {
  /** In the order they go in: what stays on the uplink before what would swallow it. */
  readonly routes: readonly Route[];
  readonly warnings: readonly string[];
}

export interface Surroundings {
  readonly settings: RoutingSettings;
  readonly uplink: Uplink;
  /** Main table of the family. */
  readonly table: readonly KernelRoute[];
  /** What this connection has installed already: its pin. */
  readonly present: readonly Route[];
  /** Leads into a tunnel of ours, this one's or another's. */
  readonly isTunnel: (device: string) => boolean;
  /** Put there by us, into a tunnel or around it. */
  readonly isOurs: (route: KernelRoute) => boolean;
}

const HALVES = ['0.0.0.0/1', '128.0.0.0/1'] as const;

/** The host route that keeps the way to the server outside. @param server an address */
export function pinOf(server: string, gateway: string | undefined, device: string): Route {
  // The kernel's own metric for IPv6 routes, said aloud: without it `del` would take any metric.
  const metric = familyOf(server) === 6 ? IPV6_METRIC : undefined;
  return { prefix: hostPrefix(server) ?? server, gateway, device, metric, table: undefined, purpose: 'server' };
}

/** Everything that goes in when the link is up (IPv4), or when IPV6CP has opened (IPv6; its default route comes from advertisements). */
export function planRoutes(family: Family, around: Surroundings): Plan {
  const { settings } = around;
  const warnings: string[] = [];
  const prefixes = (texts: readonly string[]) =>
    texts.flatMap((text) => {
      const prefix = readPrefix(text);
      if (prefix === undefined) warnings.push(`${text} is not a prefix: left out`);
      return prefix?.family === family ? [prefix] : [];
    });
  const wanted = [
    ...prefixes(settings.exclude).map((prefix) => stayOnUplink(prefix, around, warnings)),
    ...prefixes(settings.routes).map((prefix) => intoTunnel(prefix, settings)),
    ...(family === 4 ? defaultRoutes(around, warnings) : []),
  ];
  return { routes: withoutClashes(wanted, around.present, warnings), warnings };
}

export const planRules = (settings: RoutingSettings, localAddress: string): Rule[] =>
  settings.table === undefined ? [] : [{ from: localAddress, table: settings.table }];

/** The halves that take over when a default route of ours no longer wins; empty while it does. */
export function strongerDefault(installed: readonly Route[], around: Surroundings): Route[] {
  const ours = installed.find(({ purpose }) => purpose === 'default');
  const { settings } = around;
  if (ours === undefined || settings.metric !== undefined || settings.table !== undefined) return [];
  if (installed.some(({ purpose }) => purpose === 'half of default')) return [];
  const rival = lowest(rivalMetrics(around));
  return rival !== undefined && rival <= (ours.metric ?? 0) ? halves(around) : [];
}

/**
 * Routes of ours that are no longer in the main table: an uplink that goes down takes its own along. The routes of other
 * tables cannot be seen there: they share the fate of what was on the same device.
 * @param canBear a device that takes routes now
 */
export function missingRoutes(
  installed: readonly Route[],
  table: readonly KernelRoute[],
  canBear: (device: string) => boolean,
): Route[] {
  const isGone = (route: Route) => route.table === undefined && !table.some((entry) => isSame(route, entry));
  const struck = installed.filter(isGone).map(({ device }) => device);
  return installed.filter(
    (route) => (isGone(route) || (route.table !== undefined && struck.includes(route.device))) && canBear(route.device),
  );
}

export const isSame = (route: Route, entry: KernelRoute): boolean =>
  route.prefix === writePrefix(entry.prefix) &&
  route.device === entry.device &&
  route.gateway === entry.gateway &&
  (route.metric ?? 0) === entry.metric;

/** `via 10.0.2.1 dev eth0` */
export const hopOf = ({ gateway, device }: { gateway: string | undefined; device: string }): string =>
  gateway === undefined ? `dev ${device}` : `via ${gateway} dev ${device}`;

const IPV6_METRIC = 1024; // IP6_RT_PRIO_USER

/** Without a default route beside us there is nothing to beat; 0 is left to a DHCP client that comes later and must not fail on ours. */
const FIRST_METRIC = 1;

const metricOf = (family: Family): number | undefined => (family === 6 ? IPV6_METRIC : undefined);

function intoTunnel(prefix: Prefix, { device, table }: RoutingSettings): Route {
  return {
    prefix: writePrefix(prefix),
    gateway: undefined,
    device,
    metric: metricOf(prefix.family),
    table,
    purpose: 'into tunnel',
  };
}

/** The way the prefix has on the uplink without us; failing that, the server's gateway; failing that, the uplink's own link. */
function stayOnUplink(prefix: Prefix, { settings, uplink, table, isOurs }: Surroundings, warnings: string[]): Route {
  const way = wayTo(table, prefix, (route) => route.device === uplink.device && !isOurs(route));
  const fits = uplink.gateway !== undefined && familyOf(uplink.gateway) === prefix.family;
  const gateway = way === undefined && fits ? uplink.gateway : way?.gateway;
  const text = writePrefix(prefix);
  if (way === undefined && gateway === undefined) {
    warnings.push(`${uplink.device} has no gateway for ${text}: it is looked for on the link itself`);
  }
  const metric = metricOf(prefix.family);
  return { prefix: text, gateway, device: uplink.device, metric, table: settings.table, purpose: 'stays on uplink' };
}

function defaultRoutes(around: Surroundings, warnings: string[]): Route[] {
  const { settings } = around;
  if (settings.defaultRoute === false) return [];
  if (settings.defaultRoute === 'split') return halves(around);
  const route = {
    prefix: '0.0.0.0/0',
    gateway: undefined,
    device: settings.device,
    table: settings.table,
    purpose: 'default' as const,
  };
  if (settings.table !== undefined) return [{ ...route, metric: settings.metric }]; // nobody else's table
  const rival = lowest(rivalMetrics(around));
  if (settings.metric !== undefined) {
    if (rival !== undefined && rival <= settings.metric) {
      warnings.push(`the default route does not win: its metric is ${settings.metric}, the uplink's ${rival}`);
    }
    return [{ ...route, metric: settings.metric }];
  }
  const metric = winningMetric(rival, tunnelMetrics(around, ['0.0.0.0/0']));
  return metric === undefined ? halves(around) : [{ ...route, metric }];
}

/** Longer than any default route, so they win whatever its metric. */
function halves(around: Surroundings): Route[] {
  const { device, table, metric } = around.settings;
  const taken = table === undefined ? tunnelMetrics(around, HALVES) : [];
  const free = metric ?? firstFree(0, taken);
  return HALVES.map((prefix) => ({
    prefix,
    gateway: undefined,
    device,
    metric: free === 0 ? undefined : free,
    table,
    purpose: 'half of default' as const,
  }));
}

/** The highest metric below the rival's that no tunnel of ours has; undefined: there is no room. */
function winningMetric(rival: number | undefined, taken: readonly number[]): number | undefined {
  if (rival === undefined) return firstFree(FIRST_METRIC, taken);
  for (let metric = rival - 1; metric >= 0; metric--) if (!taken.includes(metric)) return metric;
  return undefined;
}

const rivalMetrics = ({ table, isTunnel }: Surroundings): number[] =>
  defaultsOf(table, 4)
    .filter(({ device }) => !isTunnel(device))
    .map(({ metric }) => metric);

const tunnelMetrics = ({ table, isTunnel, settings }: Surroundings, prefixes: readonly string[]): number[] =>
  table
    .filter(
      ({ prefix, device }) => device !== settings.device && isTunnel(device) && prefixes.includes(writePrefix(prefix)),
    )
    .map(({ metric }) => metric);

function firstFree(from: number, taken: readonly number[]): number {
  let metric = from;
  while (taken.includes(metric)) metric++;
  return metric;
}

const lowest = (metrics: readonly number[]): number | undefined =>
  metrics.length === 0 ? undefined : Math.min(...metrics);

/** The kernel keeps one route for a prefix and metric: of two wishes the first is granted. */
function withoutClashes(wanted: readonly Route[], present: readonly Route[], warnings: string[]): Route[] {
  const granted: Route[] = [];
  for (const route of wanted) {
    const other = [...present, ...granted].find(
      ({ prefix, metric, table }) =>
        prefix === route.prefix && (metric ?? 0) === (route.metric ?? 0) && table === route.table,
    );
    if (other === undefined) granted.push(route);
    else if (hopOf(other) !== hopOf(route)) {
      warnings.push(`${route.prefix} (${route.purpose}) is left out: it is ${hopOf(other)} (${other.purpose}) already`);
    }
  }
  return granted;
}
