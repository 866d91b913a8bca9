/** Whose routes are whose: only `add` and exact `del`, and what several connections share goes with the last of them. */
import type { InstalledRoute } from '../../ports/network.ts';
import { failureOf, type Run, runTalking, succeeded } from './command.ts';
import { type PrintedRoute, readRoutes, saysExists, saysGatewayOffLink, saysGone } from './ip-text.ts';
import type { KernelRoute } from './kernel-table.ts';
import { contains, familyOf, readPrefix } from './prefix.ts';
import { hopOf, isSame, type Route, type Rule } from './route-plan.ts';

/**
 * Marks our routes in `ip route show` (`proto 165`), and makes `del` spare everybody else's. 165 = 1701 mod 256, after
 * L2TP's port: a number that neither the kernel (rtnetlink.h), iproute2 (rt_protos) nor FRR has given away.
 */
const ROUTE_PROTOCOL = 165;

/** L2TP's port again: before main (32766), and free of what mwan3 (1001…, 2001…) and others take. */
const RULE_PRIORITY = 1701;

export type Added =
  | { state: 'ours' }
  /** An identical one of somebody else is there: left alone. */
  | { state: 'foreign' }
  /** Somebody else's route has the same prefix and metric but leads elsewhere. */
  | { state: 'conflict'; words: string }
  | { state: 'failed'; words: string };

export class RouteBook {
  readonly #run: Run;
  readonly #entries = new Map<string, { route: Route; holders: Set<string> }>();

  constructor(run: Run) {
    this.#run = run;
  }

  /**
   * Installs a route for a connection, or shares one that another connection of ours has.
   * @param displace an older route of ours that leads elsewhere gives way (its uplink has changed)
   */
  async add(holder: string, route: Route, displace = false): Promise<Added> {
    const argv = routeCommand('add', route);
    let outcome = await this.#run(argv);
    if (!succeeded(outcome) && route.gateway !== undefined && saysGatewayOffLink(outcome)) {
      outcome = await this.#run([...argv, 'onlink']);
    }
    if (succeeded(outcome)) {
      this.#hold(holder, route);
      return { state: 'ours' };
    }
    if (!saysExists(outcome)) return { state: 'failed', words: failureOf(argv, outcome) };
    if (this.#entries.has(keyOf(route))) {
      this.#hold(holder, route);
      return { state: 'ours' };
    }
    const rival = await this.#sameSlot(route);
    if (rival === undefined) return { state: 'failed', words: failureOf(argv, outcome) };
    if (leadsTo(rival, route)) return { state: 'foreign' };
    const older = [...this.#entries].find(([, entry]) => inSameSlot(entry.route, route) && leadsTo(rival, entry.route));
    if (!displace || older === undefined) return { state: 'conflict', words: `there is already \`${rival.text}\`` };
    this.#entries.delete(older[0]);
    await this.#run(routeCommand('del', older[1].route));
    return this.add(holder, route);
  }

  /** Gives a connection's share up; the last one takes the route away. @returns words when it could not be removed */
  async remove(holder: string, route: Route): Promise<string | undefined> {
    const key = keyOf(route);
    const entry = this.#entries.get(key);
    if (entry === undefined || !entry.holders.delete(holder) || entry.holders.size > 0) return undefined;
    const trouble = await removeRoute(this.#run, route);
    if (trouble === undefined) this.#entries.delete(key);
    else entry.holders.add(holder);
    return trouble;
  }

  has(route: Route): boolean {
    return this.#entries.has(keyOf(route));
  }

  isOurs(entry: KernelRoute): boolean {
    return [...this.#entries.values()].some(({ route }) => isSame(route, entry));
  }

  /** Whether a route of ours in the main table stands between an address and the kernel's own idea of the way. */
  covers(address: string): boolean {
    const target = readPrefix(address);
    return [...this.#entries.values()].some(({ route }) => {
      const prefix = readPrefix(route.prefix);
      return route.table === undefined && target !== undefined && prefix !== undefined && contains(prefix, target);
    });
  }

  #hold(holder: string, route: Route): void {
    const key = keyOf(route);
    const entry = this.#entries.get(key) ?? { route, holders: new Set() };
    entry.holders.add(holder);
    this.#entries.set(key, entry);
  }

  /** The route that the kernel has with the same prefix, metric and table. */
  async #sameSlot(route: Route): Promise<PrintedRoute | undefined> {
    const family = familyOf(route.prefix);
    const where = route.table === undefined ? [] : ['table', String(route.table)];
    const argv = [...ip(route.prefix), 'route', 'show', 'exact', route.prefix, ...where];
    const { output } = await runTalking(this.#run, argv);
    // BusyBox takes `exact 0.0.0.0/0` for no filter at all: look at the prefix ourselves.
    return readRoutes(output, family).find(
      ({ prefix, metric }) => prefix === route.prefix && metric === (route.metric ?? 0),
    );
  }
}

/** @returns words when it is still there */
export async function removeRoute(run: Run, route: Route): Promise<string | undefined> {
  const argv = routeCommand('del', route);
  const outcome = await run(argv);
  return succeeded(outcome) || saysGone(outcome) ? undefined : failureOf(argv, outcome);
}

/** @returns 'foreign' when somebody else has the very same rule; words of the failure otherwise */
export async function addRule(run: Run, rule: Rule): Promise<Exclude<Added, { state: 'conflict' }>> {
  const argv = ruleCommand('add', rule);
  const outcome = await run(argv);
  if (succeeded(outcome)) return { state: 'ours' };
  return saysExists(outcome) ? { state: 'foreign' } : { state: 'failed', words: failureOf(argv, outcome) };
}

/** @returns words when it is still there */
export async function removeRule(run: Run, rule: Rule): Promise<string | undefined> {
  const argv = ruleCommand('del', rule);
  const outcome = await run(argv);
  return succeeded(outcome) || saysGone(outcome) ? undefined : failureOf(argv, outcome);
}

const routeCommand = (verb: 'add' | 'del', route: Route): string[] => [
  ...ip(route.prefix),
  'route',
  verb,
  route.prefix,
  ...via(route),
  'dev',
  route.device,
  ...(route.metric === undefined ? [] : ['metric', String(route.metric)]),
  ...(route.table === undefined ? [] : ['table', String(route.table)]),
  'proto',
  String(ROUTE_PROTOCOL),
];

const ruleCommand = (verb: 'add' | 'del', { from, table }: Rule): string[] => [
  ...['ip', 'rule', verb, 'from', from, 'lookup', String(table), 'priority', String(RULE_PRIORITY)],
];

/** `ip` for the family of an address. */
export const ip = (address: string): string[] => (familyOf(address) === 6 ? ['ip', '-6'] : ['ip']);

function via({ prefix, gateway }: Route): string[] {
  if (gateway === undefined) return [];
  return familyOf(gateway) === familyOf(prefix) ? ['via', gateway] : ['via', 'inet6', gateway];
}

export const keyOf = (route: Route): string =>
  `${route.prefix} ${hopOf(route)} ${route.metric ?? 0} ${route.table ?? 'main'}`;

const inSameSlot = (a: Route, b: Route): boolean =>
  a.prefix === b.prefix && (a.metric ?? 0) === (b.metric ?? 0) && a.table === b.table;

const leadsTo = (printed: PrintedRoute, route: InstalledRoute | Route): boolean =>
  printed.type === 'unicast' && printed.device === route.device && printed.gateway === route.gateway;
