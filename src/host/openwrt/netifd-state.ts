/** What netifd says of its interfaces, read. Whatever is missing or odd is as if it were not said. */
import * as z from 'zod/mini';
import type { Table } from './ubus/blobmsg.ts';

export interface InterfaceState {
  readonly name: string;
  readonly proto: string;
  readonly isUp: boolean;
  /** Being set up: the protocol handler has its turn, or the link is lost. */
  readonly isPending: boolean;
  /** Set up without being asked for. */
  readonly isAutostart: boolean;
  /** The device that carries IP; undefined while it is down. */
  readonly device: string | undefined;
  readonly addresses: readonly string[];
  /** Name servers it got, those that netifd keeps from the resolver last. */
  readonly nameServers: readonly string[];
  /** Metrics of its IPv4 default routes. */
  readonly defaultMetrics: readonly number[];
  /** Firewall zone, where the interface itself names one. */
  readonly zone: string | undefined;
}

const loose = <Shape extends z.core.$ZodShape>(shape: Shape) => z.catch(z.object(shape), {} as never);
const list = <Item extends z.core.$ZodType>(item: Item) => z.catch(z.array(item), []);
const flag = z.catch(z.boolean(), false);
const text = z.catch(z.optional(z.string()), undefined);
const texts = list(z.string());
const addresses = list(z.object({ address: z.string() }));
const routes = list(
  z.object({ target: z.string(), mask: z.number(), metric: z.catch(z.optional(z.number()), undefined) }),
);

const STATE = z.object({
  interface: z.string(),
  proto: z.catch(z.string(), ''),
  metric: z.catch(z.number(), 0),
  up: flag,
  pending: flag,
  autostart: flag,
  l3_device: text,
  'ipv4-address': addresses,
  'ipv6-address': addresses,
  'dns-server': texts,
  route: routes,
  inactive: z.catch(z.optional(z.object({ 'dns-server': texts })), undefined),
  data: z.catch(z.optional(loose({ zone: text })), undefined),
});

export function readDump(answer: Table): InterfaceState[] {
  const all = Array.isArray(answer.interface) ? (answer.interface as unknown[]) : [];
  return all.flatMap((raw) => {
    const read = STATE.safeParse(raw);
    return read.success ? [stateOf(read.data)] : [];
  });
}

/** @returns undefined: neither up nor down */
export function readEvent(data: Table): { name: string; isUp: boolean } | undefined {
  const { action, interface: name } = data;
  if (typeof name !== 'string' || (action !== 'ifup' && action !== 'ifdown')) return undefined;
  return { name, isUp: action === 'ifup' };
}

const stateOf = (read: z.output<typeof STATE>): InterfaceState => ({
  name: read.interface,
  proto: read.proto,
  isUp: read.up,
  isPending: read.pending,
  isAutostart: read.autostart,
  device: read.l3_device,
  addresses: [...read['ipv4-address'], ...read['ipv6-address']].map(({ address }) => address),
  nameServers: [...read['dns-server'], ...(read.inactive?.['dns-server'] ?? [])],
  defaultMetrics: read.route
    .filter(({ target, mask }) => mask === 0 && target === '0.0.0.0')
    .map(({ metric }) => metric ?? read.metric), // a route that has none of its own gets the interface's
  zone: read.data?.zone,
});
