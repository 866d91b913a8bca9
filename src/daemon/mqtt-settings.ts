/** The `mqtt` part of the file as the daemon uses it, and what no single field of it can tell. */
import type { LogLevel } from '../ports/log.ts';
import type { BrokerSettings } from '../ports/mqtt.ts';
import { type FieldFault, faultAt } from './faults.ts';
import type { FileMqtt } from './mqtt-schema.ts';

/** Plain data: the same JSON is the same wish. */
export interface MqttSettings {
  readonly enabled: boolean;
  /** `clientId` undefined: one made of the id. */
  readonly broker: Omit<BrokerSettings, 'clientId'> & { readonly clientId: string | undefined };
  readonly baseTopic: string;
  readonly retain: boolean;
  /** Between measurements. */
  readonly intervalMs: number;
  readonly logging: LogLevel | 'off';
  readonly commands: boolean;
  readonly discovery: boolean;
  readonly discoveryPrefix: string;
  readonly discoveryStatusTopic: string;
  /** undefined: one made of the machine. */
  readonly id: string | undefined;
}

export function mqttSettingsOf(raw: FileMqtt): MqttSettings {
  const { version, username, password, credentialsFile, clientId, keepalive, connectTimeout } = raw;
  const { ca, certificate, key, serverName, rejectUnauthorized, interval } = raw;
  const { enabled, baseTopic, retain, logging, commands, discovery, discoveryPrefix, discoveryStatusTopic, id } = raw;
  return {
    enabled,
    broker: {
      ...partsOf(raw.server),
      version,
      username,
      password,
      credentialsFile,
      clientId,
      keepaliveS: keepalive,
      connectTimeoutMs: Math.round(connectTimeout * 1000),
      ca,
      certificate,
      key,
      serverName,
      rejectUnauthorized,
    },
    baseTopic,
    retain,
    intervalMs: Math.round(interval * 1000),
    logging,
    commands,
    discovery,
    discoveryPrefix,
    discoveryStatusTopic,
    id,
  };
}

/** Some brokers want a token in the URL: what is shown of the URL is without. */
function partsOf(url: string): Pick<BrokerSettings, 'server' | 'query'> {
  const at = url.indexOf('?');
  return at < 0 ? { server: url } : { server: url.slice(0, at), query: url.slice(at) };
}

/** Fields that contradict each other. */
export function mqttFaults(raw: FileMqtt): FieldFault[] {
  const { username, password, credentialsFile, certificate, key, baseTopic, discoveryPrefix } = raw;
  const faults: FieldFault[] = [];
  const fault = (field: keyof FileMqtt, allowed: string) => faults.push(faultAt(['mqtt', field], raw[field], allowed));
  if (credentialsFile !== undefined && (username ?? password) !== undefined)
    fault('credentialsFile', 'either this, or username and password');
  else if (password !== undefined && username === undefined) fault('username', 'a user name beside a password');
  if (certificate !== undefined && key === undefined) fault('key', 'the key of the certificate');
  if (key !== undefined && certificate === undefined) fault('certificate', 'the certificate of the key');
  if (`${baseTopic}/`.startsWith(`${discoveryPrefix}/`))
    fault('baseTopic', `a topic that is not below discoveryPrefix, "${discoveryPrefix}"`);
  return faults;
}

/** What will work, but hardly as it was meant. */
export function mqttWarnings(raw: FileMqtt): FieldFault[] {
  if (!raw.enabled) return [];
  const warnings: FieldFault[] = [];
  const warn = (field: keyof FileMqtt, words: string) => warnings.push({ path: ['mqtt', field], words });
  const hasTls = /^(mqtts|wss):/i.test(raw.server);
  const isHere = /^\w+:\/\/(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/i.test(raw.server);
  for (const field of TLS_FIELDS)
    if (!hasTls && raw[field] !== undefined) warn(field, 'only used with mqtts:// and wss://');
  if (hasTls && !raw.rejectUnauthorized)
    warn('rejectUnauthorized', 'any certificate will do: whoever is on the way can read and change everything');
  if (!hasTls && !isHere && (raw.password ?? raw.credentialsFile) !== undefined)
    warn('server', 'the password goes over the network in plain text; mqtts:// or wss:// would hide it');
  return warnings;
}

const TLS_FIELDS = ['ca', 'certificate', 'key', 'serverName'] as const;
