/** What no single field can tell: fields that contradict each other, and connections that are in each other's way. */
import { prefixOf } from './address.ts';
import { type FieldFault, faultAt } from './faults.ts';
import type { ConnectionSettings } from './settings.ts';
import { type FileConnection, NAME_WORDS } from './settings-schema.ts';

/** A connection of the one name that the schema passes over without a word: to most objects it is their prototype. */
export function nameFaults(raw: unknown): FieldFault[] {
  const connections = ownOf(raw, 'connections');
  return ownOf(connections, PROTOTYPE) === undefined
    ? []
    : [faultAt(['connections', PROTOTYPE], PROTOTYPE, NAME_WORDS)];
}

const PROTOTYPE = '__proto__';

const ownOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined;

/** Faults of a connection whose fields are all right one by one. */
export function connectionFaults(name: string, connection: FileConnection): FieldFault[] {
  const { mtu, mss, table, routes, exclude, redial, tunnelSecret, hideAvps, mark, dataPath } = connection;
  const faults: FieldFault[] = [];
  const fault = (field: string, value: unknown, allowed: string) =>
    faults.push(faultAt(['connections', name, ...field.split('.')], value, allowed));
  if (typeof mss === 'number' && mss > mtu - 40)
    fault('mss', mss, `at most the mtu less 40 octets of headers, ${mtu - 40}`);
  if (table !== undefined && SYSTEM_TABLES.has(table))
    fault('table', table, "a number other than 253, 254 and 255, which are the system's own tables");
  if (redial.first > redial.max) fault('redial.first', redial.first, `at most redial.max, ${redial.max}`);
  if (hideAvps && tunnelSecret === undefined)
    fault('hideAvps', hideAvps, 'false as long as there is no tunnelSecret to hide with');
  if (mark !== undefined && dataPath === 'tun')
    fault('mark', mark, 'no mark with the data path "tun", which cannot set any');
  const kept = new Set(exclude.map(canonical));
  for (const [index, route] of routes.entries()) {
    const path = ['connections', name, 'routes', index];
    if (canonical(route).endsWith('/0'))
      faults.push(faultAt(path, route, 'smaller prefixes; a default route is what defaultRoute is for'));
    else if (kept.has(canonical(route)))
      faults.push(faultAt(path, route, 'a prefix that exclude does not name as well'));
  }
  return faults;
}

/** What will work, but hardly as it was meant. */
export function connectionWarnings(
  name: string,
  { mtu, ipv6, metric, defaultRoute, dataPath, udpChecksums }: FileConnection,
): FieldFault[] {
  const warnings: FieldFault[] = [];
  const warn = (field: string, words: string) => warnings.push({ path: ['connections', name, field], words });
  if (ipv6 && mtu < 1280) warn('mtu', `IPv6 needs at least 1280, it will not work with ${mtu}`);
  if (!udpChecksums && dataPath !== 'kernel' && dataPath !== 'auto')
    warn('udpChecksums', `data path "${dataPath}" sends them all the same`);
  if (metric !== undefined && defaultRoute !== true) warn('metric', 'only used where defaultRoute is true');
  return warnings;
}

/** RT_TABLE_DEFAULT, RT_TABLE_MAIN and RT_TABLE_LOCAL of Linux. */
const SYSTEM_TABLES: ReadonlySet<number> = new Set([253, 254, 255]);

const canonical = (text: string): string => {
  const read = prefixOf(text);
  return 'prefix' in read ? read.prefix : text;
};

/** Two connections cannot have one device, nor one port of one uplink, nor one server over two uplinks: it has one host route. */
export function rivalFaults(connection: ConnectionSettings, others: Iterable<ConnectionSettings>): FieldFault[] {
  return [...others].flatMap((other) => {
    const faults: FieldFault[] = [];
    const fault = (field: string, value: unknown, allowed: string) =>
      faults.push(faultAt(['connections', connection.name, field], value, allowed));
    const { device, uplink } = connection.routing;
    const { sourcePort } = connection.client;
    if (device === other.routing.device)
      fault('device', device, `a device that connection "${other.name}" does not have`);
    const apart = uplink !== undefined && other.routing.uplink !== undefined && uplink !== other.routing.uplink;
    if (sourcePort !== 0 && sourcePort === other.client.sourcePort && !apart)
      fault('sourcePort', sourcePort, `a port that connection "${other.name}" does not use, or 0`);
    const shared = apart ? sharedServer(connection, other) : undefined;
    if (shared !== undefined)
      fault(
        'uplink',
        uplink,
        `the uplink over which connection "${other.name}" reaches ${shared} too, or another server`,
      );
    return faults;
  });
}

/** A server that both name. */
function sharedServer(a: ConnectionSettings, b: ConnectionSettings): string | undefined {
  const hosts = ({ client }: ConnectionSettings) => client.servers.map(({ host }) => host);
  return hosts(a).find((host) => hosts(b).includes(host));
}
