/** The interface that asks for IPv6 addresses inside a tunnel, as PPPoE has one: INTERFACE_6. */
import type { Child } from './netifd-update.ts';
import type { Table, Value } from './ubus/blobmsg.ts';
import type { Bus } from './ubus/bus.ts';

/** Options of the tunnel's interface that hold for its child as well. */
const INHERITED = ['defaultroute', 'peerdns', 'metric', 'dns_metric', 'ip6table', 'delegate'];

/**
 * @param options of the tunnel's interface, as netifd gave them
 * @param bus rpcd's object `uci` knows the zones; where it is not there, the user's zone has to name the child
 */
export async function childOf(parent: string, options: Readonly<Record<string, unknown>>, bus: Bus): Promise<Child> {
  const inherited: Table = Object.fromEntries(
    INHERITED.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name] as Value]])),
  );
  const zone = typeof options.zone === 'string' ? options.zone : await zoneOf(parent, bus).catch(() => undefined);
  return { name: `${parent}_6`, parent, proto: 'dhcpv6', zone, options: inherited };
}

/** The firewall zone that an interface is in. @throws UbusError */
async function zoneOf(interfaceName: string, bus: Bus): Promise<string | undefined> {
  const { values } = await bus.call('uci', 'get', { config: 'firewall', type: 'zone' }, LIMIT_MS);
  const zones = Object.values((values ?? {}) as Record<string, { name?: unknown; network?: unknown }>);
  const found = zones.find(({ network }) => namesOf(network).includes(interfaceName));
  return typeof found?.name === 'string' ? found.name : undefined;
}

const LIMIT_MS = 1500;

/** A list, or an option with blanks in it. */
const namesOf = (network: unknown): unknown[] =>
  Array.isArray(network) ? network : typeof network === 'string' ? network.split(/\s+/) : [];
