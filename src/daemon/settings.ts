/** From the text of a configuration file to the settings of every connection, or to the lines that say what is wrong with it. */

import type { DataPathChoice } from '../ports/data-path.ts';
import type { Fault } from '../ports/interface-owner.ts';
import type { LogLevel } from '../ports/log.ts';
import type { RoutingSettings } from '../ports/network.ts';
import type { ClientSettings, Server } from '../protocol/settings.ts';
import { addressAndPortOf, hostAndPortOf, prefixOf } from './address.ts';
import { deviceOf } from './device-name.ts';
import { type FieldFault, lineOf, pathText, schemaFaults } from './faults.ts';
import { jsonFault } from './json.ts';
import { type MqttSettings, mqttFaults, mqttSettingsOf, mqttWarnings } from './mqtt-settings.ts';
import { connectionFaults, connectionWarnings, nameFaults, rivalFaults } from './settings-check.ts';
import { CONNECTION, DNS_PORT, FILE, type FileConnection, type FileSettings, L2TP_PORT } from './settings-schema.ts';

/** Everything the daemon does by the user's wish. */
export interface Settings {
  readonly connections: ReadonlyMap<string, ConnectionSettings>;
  /** Whether netifd owns connections besides those. */
  readonly netifd: boolean;
  /** How packets are moved for connections that do not say. */
  readonly dataPath: DataPathChoice;
  /** Directory of the journal; undefined: the run directory. */
  readonly stateDir: string | undefined;
  readonly logLevel: LogLevel;
  readonly mqtt: MqttSettings;
  /** What is wrong with the settings of MQTT, which is left out for that, where the rest goes on without it. */
  readonly mqttFaults: readonly string[];
}

/** Plain data: two connections with the same JSON are the same connection. */
export interface ConnectionSettings {
  readonly name: string;
  /** Whether it is dialled without being asked. */
  readonly enabled: boolean;
  readonly client: ClientSettings;
  readonly routing: RoutingSettings;
  /** Name servers, `ADDRESS:PORT`; empty: those of the uplink. */
  readonly resolver: readonly string[];
  readonly dataPath: DataPathChoice;
  /** Whether data messages have UDP checksums, where the data path can choose. */
  readonly udpChecksums: boolean;
}

/** What a file is read for: facts of the machine that some defaults are made of. */
export interface Surroundings {
  /** The machine's name, for the Host Name AVP. */
  readonly hostName: string;
}

/** What holds for a connection that comes without a file. */
export interface Defaults extends Surroundings {
  readonly dataPath: DataPathChoice;
}

/** Either settings, with what is odd about them, or faults: one line each, without any secret. */
export type Reading =
  | { readonly settings: Settings; readonly warnings: readonly string[] }
  | { readonly faults: readonly string[] };

export function readSettingsText(text: string, surroundings: Surroundings): Reading {
  const json = text.replace(/^\uFEFF/, ''); // some editors begin every file with it
  const fault = jsonFault(json);
  if (fault !== undefined) return { faults: [`line ${fault.line}, column ${fault.column}: ${fault.words}`] };
  return readSettings(JSON.parse(json), surroundings);
}

/** @param raw what a file holds: plain data of any shape */
export function readSettings(raw: unknown, surroundings: Surroundings): Reading {
  const reading = readWhole(raw, surroundings);
  if (!('faults' in reading) || !isRouters(raw)) return reading;
  // On a router the file is made of many hands' options: a wrong broker is no reason to be without a WAN.
  const { mqtt: _, ...rest } = raw;
  const without = readWhole(rest, surroundings);
  if ('faults' in without) return reading;
  const { settings, warnings } = without;
  return {
    settings: { ...settings, mqttFaults: reading.faults },
    warnings: [...warnings, ...reading.faults.map((fault) => `${fault}; MQTT is left out`)],
  };
}

const isRouters = (raw: unknown): raw is { readonly mqtt: unknown } =>
  typeof raw === 'object' && raw !== null && 'netifd' in raw && raw.netifd === true && 'mqtt' in raw;

function readWhole(raw: unknown, surroundings: Surroundings): Reading {
  const parsed = FILE.safeParse(raw);
  const unnameable = nameFaults(raw).map(lineOf);
  if (!parsed.success) return { faults: [...unnameable, ...schemaFaults(raw, parsed.error.issues).map(lineOf)] };
  if (unnameable.length > 0) return { faults: unnameable };
  const { netifd, dataPath, stateDir, logLevel } = parsed.data;
  const named = Object.entries(parsed.data.connections).map(([name, own]) => [name, filled(own, dataPath)] as const);
  const read = named.map(([name, connection]) => connectionOf(name, connection, surroundings));
  const faults = [
    ...mqttFaults(parsed.data.mqtt),
    ...named.flatMap(([name, connection]) => connectionFaults(name, connection)),
    ...read.flatMap((connection, index) => rivalFaults(connection, read.slice(0, index))),
  ];
  if (faults.length > 0) return { faults: faults.map(lineOf) };
  const connections = new Map(read.map((connection) => [connection.name, connection]));
  const mqtt = mqttSettingsOf(parsed.data.mqtt);
  const settings = { connections, netifd, dataPath, stateDir, logLevel, mqtt, mqttFaults: [] };
  const isIdle = named.length === 0 && !netifd;
  const warnings = [
    ...mqttWarnings(parsed.data.mqtt),
    ...named.flatMap(([name, connection]) => connectionWarnings(name, connection)),
  ].map(lineOf);
  return { settings, warnings: [...(isIdle ? [NOTHING_TO_DO] : []), ...warnings] };
}

/**
 * One connection by itself, as an owner hands it over; its name is the owner's matter.
 * @param raw plain data of any shape
 * @param others the connections that it must get along with
 */
export function readConnection(
  name: string,
  raw: unknown,
  defaults: Defaults,
  others: Iterable<ConnectionSettings>,
): { settings: ConnectionSettings; warnings: readonly Fault[] } | { faults: readonly Fault[] } {
  const place = ['connections', name];
  const parsed = CONNECTION.safeParse(raw);
  if (!parsed.success) {
    const file = { connections: Object.fromEntries([[name, raw]]) };
    return { faults: schemaFaults(file, parsed.error.issues, place).map(faultOf) };
  }
  const connection = filled(parsed.data, defaults.dataPath);
  const settings = connectionOf(name, connection, defaults);
  const faults = [...connectionFaults(name, connection), ...rivalFaults(settings, others)];
  if (faults.length > 0) return { faults: faults.map(faultOf) };
  return { settings, warnings: connectionWarnings(name, connection).map(faultOf) };
}

const NOTHING_TO_DO = 'connections: there is none, so nothing will be dialled';

/** A fault at a place of a connection, told without the way there. */
function faultOf({ path, words }: FieldFault): Fault {
  const inner = path.slice(2);
  return { field: inner.length === 0 ? '' : pathText(inner), words };
}

/** Whether nothing changed from one reading of the file to the next. */
export const sameSettings = (a: ConnectionSettings, b: ConnectionSettings): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** With what holds for all connections where this one says nothing itself. */
const filled = (own: FileSettings['connections'][string], dataPath: DataPathChoice): FileConnection => ({
  ...own,
  dataPath: own.dataPath ?? dataPath,
});

const connectionOf = (name: string, raw: FileConnection, surroundings: Surroundings): ConnectionSettings => ({
  name,
  enabled: raw.enabled,
  client: clientOf(raw, surroundings),
  routing: routingOf(name, raw),
  resolver: raw.resolver.map(nameServerOf),
  dataPath: raw.dataPath,
  udpChecksums: raw.udpChecksums,
});

function clientOf(raw: FileConnection, { hostName }: Surroundings): ClientSettings {
  const echo = typeof raw.echo === 'object' ? raw.echo : { interval: raw.echo || 0, failures: 3 };
  return {
    servers: raw.servers.map(serverOf),
    serverOrder: raw.serverOrder,
    acceptReplyFrom: raw.acceptReplyFrom,
    connectTimeoutMs: ms(raw.connectTimeout),
    sourcePort: raw.sourcePort,
    mtu: raw.mtu,
    mtuProbe: raw.mtuProbe,
    redial: {
      firstMs: ms(raw.redial.first),
      maxMs: ms(raw.redial.max),
      busyMs: ms(raw.redial.busy),
      slowMs: ms(raw.redial.slow),
      resetAfterMs: ms(raw.redial.resetAfter),
    },
    tunnel: {
      hostName: raw.hostName ?? (hostName || 'l2tpwan'),
      vendorName: raw.vendorName,
      secret: raw.tunnelSecret,
      receiveWindow: RECEIVE_WINDOW,
      helloIntervalMs: ms(raw.hello || 0),
      hideAvps: raw.hideAvps,
      tolerateUnknownMandatory: raw.tolerateUnknownAvps,
    },
    link: {
      username: raw.username,
      password: raw.password,
      auth: [...new Set(raw.auth)],
      mru: raw.mtu,
      ipv6: raw.ipv6,
      echoIntervalMs: ms(echo.interval),
      echoFailures: echo.failures,
    },
  };
}

/** Messages; ours, and Windows': a client never has more than four under way. */
const RECEIVE_WINDOW = 8;

function routingOf(name: string, raw: FileConnection): RoutingSettings {
  const { uplink, mark, defaultRoute, metric, table, peerDns, mss, upScript, downScript } = raw;
  return {
    device: deviceOf(name, raw.device),
    uplink,
    mark,
    defaultRoute,
    metric,
    table,
    routes: prefixes(raw.routes),
    exclude: prefixes(raw.exclude),
    peerDns,
    mss,
    upScript,
    downScript,
  };
}

const ms = (seconds: number): number => Math.round(seconds * 1000);

// The schema let only such texts through as these can read.

function serverOf(raw: FileConnection['servers'][number]): Server {
  if (typeof raw !== 'string') return { ...raw, host: hostAndPortOf(raw.host, raw.port)?.host ?? raw.host };
  return hostAndPortOf(raw, L2TP_PORT) ?? { host: raw, port: L2TP_PORT };
}

function nameServerOf(text: string): string {
  const { host, port } = addressAndPortOf(text, DNS_PORT) ?? { host: text, port: DNS_PORT };
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function prefixes(texts: readonly string[]): string[] {
  const read = texts.map((text) => prefixOf(text));
  return [...new Set(read.flatMap((each) => ('prefix' in each ? [each.prefix] : [])))];
}
