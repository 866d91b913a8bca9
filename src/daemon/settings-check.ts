/** What no single field can tell: fields that contradict each other, and connections that are in each other's way. */
import { hostAndPortOf, prefixOf } from './address.ts';
import { deviceOf } from './device-name.ts';
import { faultLine, pathText } from './faults.ts';
import { type FileConnection, type FileSettings, L2TP_PORT, NAME_WORDS } from './settings-schema.ts';

/** Faults of a file whose fields are all right one by one, as lines. */
export function crossFaults(file: FileSettings): string[] {
  const named = Object.entries(file.connections);
  return [...named.flatMap(([name, connection]) => connectionFaults(name, connection)), ...rivals(named)];
}

/** A connection of the one name that the schema passes over without a word: to most objects it is their prototype. */
export function nameFaults(raw: unknown): string[] {
  const connections = ownOf(raw, 'connections');
  return ownOf(connections, PROTOTYPE) === undefined
    ? []
    : [faultLine(['connections', PROTOTYPE], PROTOTYPE, NAME_WORDS)];
}

const PROTOTYPE = '__proto__';

const ownOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined;

/** What will work, but hardly as it was meant, as lines. */
export function crossWarnings(file: FileSettings): string[] {
  const named = Object.entries(file.connections);
  const none = named.length === 0 ? ['connections: there is none, so nothing will be dialled'] : [];
  return [...none, ...named.flatMap(([name, connection]) => connectionWarnings(name, connection))];
}

function connectionFaults(name: string, connection: FileConnection): string[] {
  const { mtu, mss, table, routes, exclude, redial, tunnelSecret, hideAvps, mark, dataPath } = connection;
  const lines: string[] = [];
  const fault = (field: string, value: unknown, allowed: string) =>
    lines.push(faultLine(['connections', name, ...field.split('.')], value, allowed));
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
      lines.push(faultLine(path, route, 'smaller prefixes; a default route is what defaultRoute is for'));
    else if (kept.has(canonical(route)))
      lines.push(faultLine(path, route, 'a prefix that exclude does not name as well'));
  }
  return lines;
}

function connectionWarnings(
  name: string,
  { mtu, ipv6, metric, defaultRoute, dataPath, udpChecksums }: FileConnection,
): string[] {
  const path = ['connections', name];
  const lines: string[] = [];
  if (ipv6 && mtu < 1280)
    lines.push(`${pathText([...path, 'mtu'])}: IPv6 needs at least 1280, it will not work with ${mtu}`);
  if (!udpChecksums && dataPath !== 'kernel' && dataPath !== 'auto')
    lines.push(`${pathText([...path, 'udpChecksums'])}: data path "${dataPath}" sends them all the same`);
  if (metric !== undefined && defaultRoute !== true)
    lines.push(`${pathText([...path, 'metric'])}: only used where defaultRoute is true`);
  return lines;
}

/** RT_TABLE_DEFAULT, RT_TABLE_MAIN and RT_TABLE_LOCAL of Linux. */
const SYSTEM_TABLES: ReadonlySet<number> = new Set([253, 254, 255]);

const canonical = (text: string): string => {
  const read = prefixOf(text);
  return 'prefix' in read ? read.prefix : text;
};

/** Two connections cannot have one device, nor one port of one uplink, nor one server over two uplinks: it has one host route. */
function rivals(named: readonly (readonly [string, FileConnection])[]): string[] {
  return named.flatMap(([name, connection], index) =>
    named.slice(0, index).flatMap(([other, theirs]) => {
      const lines: string[] = [];
      const device = deviceOf(name, connection.device);
      if (device === deviceOf(other, theirs.device))
        lines.push(
          faultLine(['connections', name, 'device'], device, `a device that connection "${other}" does not have`),
        );
      const { sourcePort, uplink } = connection;
      const apart = uplink !== undefined && theirs.uplink !== undefined && uplink !== theirs.uplink;
      if (sourcePort !== 0 && sourcePort === theirs.sourcePort && !apart)
        lines.push(
          faultLine(
            ['connections', name, 'sourcePort'],
            sourcePort,
            `a port that connection "${other}" does not use, or 0`,
          ),
        );
      const shared = apart ? sharedServer(connection, theirs) : undefined;
      if (shared !== undefined) {
        const allowed = `the uplink over which connection "${other}" reaches ${shared} too, or another server`;
        lines.push(faultLine(['connections', name, 'uplink'], uplink, allowed));
      }
      return lines;
    }),
  );
}

/** A server that both name. */
function sharedServer(a: FileConnection, b: FileConnection): string | undefined {
  const hosts = (servers: FileConnection['servers']) =>
    servers.flatMap((server) =>
      typeof server === 'string' ? (hostAndPortOf(server, L2TP_PORT)?.host ?? []) : server.host,
    );
  return hosts(a.servers).find((host) => hosts(b.servers).includes(host));
}
