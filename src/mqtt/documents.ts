/**
 * What the read model looks like on a broker: JSON with names in snake_case, null for what there is not.
 * Nothing in here changes by itself, an age for instance: a document is published when it differs from the one before.
 */
import type { EventView } from '../daemon/events.ts';
import type { FailureView } from '../daemon/failure-view.ts';
import type { MqttSettings } from '../daemon/mqtt-settings.ts';
import { STAGE } from '../daemon/stage-table.ts';
import type { ConnectionStatus } from '../daemon/status.ts';
import type { LogLevel } from '../ports/log.ts';

/** Of an interface that is to be up and whose settings cannot work: no stage of dialling. */
export const REFUSED = 'refused';

/** @param faults what is wrong with its settings; none: they can work */
export function connectionDocument(status: ConnectionStatus | undefined, faults: readonly string[]): object {
  const isRefused = faults.length > 0;
  const state = isRefused || status === undefined ? REFUSED : status.state;
  return {
    state,
    words: isRefused || status === undefined ? `its settings cannot work: ${faults.join('; ')}` : wordsOf(status),
    since: status?.since ?? null,
    connected_since: state === 'up' ? (status?.since ?? null) : null,
    enabled: status?.enabled ?? true,
    server: status?.server?.name ?? null,
    server_address: status?.server?.address ?? null,
    server_port: status?.server?.port ?? null,
    peer: status?.tunnel?.peerHostName ?? null,
    uplink: status?.path?.uplink ?? null,
    device: status?.device ?? null,
    address: status?.address?.local ?? null,
    peer_address: status?.address?.peer ?? null,
    ipv6: status?.address?.ipv6 ?? null,
    dns: status?.dns ?? [],
    mtu: status?.mtu ?? null,
    path_mtu: status?.pathMtu?.octets ?? null,
    mss: status?.mss.state === 'clamped' ? status.mss.ipv4 : null,
    authentication: status?.authentication?.method ?? null,
    data_path: status?.dataPath?.backend ?? null,
    last_failure: status?.lastFailure ? { ...failureDocument(status.lastFailure), at: status.lastFailure.at } : null,
    attempts: status?.attempts ?? 0,
    next_attempt: status?.nextAttempt?.at ?? null,
    times_up: status?.timesUp ?? 0,
    owner: status?.owner ?? null,
    warnings: status?.warnings ?? [],
  };
}

export function eventDocument(event: EventView): object {
  const { at, kind, level, words, stage, server, failure, method, retryInMs, warning } = event;
  return {
    at,
    kind,
    level,
    words,
    ...(stage && { state: stage }),
    ...(server && { server: server.name, server_address: server.address }),
    ...(failure && { failure: failureDocument(failure) }),
    ...(method && { authentication: method }),
    ...(retryInMs !== undefined && { retry_in_ms: retryInMs }),
    ...(warning && { warning }),
  };
}

export const loggingDocument = (at: string, level: LogLevel, connection: string | undefined, message: string) => ({
  at,
  level,
  message,
  ...(connection !== undefined && { connection }),
});

export interface Introduction {
  readonly id: string;
  readonly host: string;
  /** What the daemon says of itself. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly connections: readonly string[];
  readonly base: string;
  /** Who else has the base topic that was wished for. */
  readonly displacedBy: string | undefined;
  /** Everything that the broker keeps for us, so that what is no longer wanted can be taken away, by a later run as well. */
  readonly topics: readonly string[];
  readonly settings: MqttSettings;
}

export function infoDocument(of: Introduction): object {
  const { id, host, facts, connections, base, displacedBy, topics } = of;
  const { version, since, runtime, machine } = facts;
  return {
    id,
    host,
    ...{ version, since, runtime, machine },
    base_topic: base,
    ...(displacedBy !== undefined && { displaced_by: displacedBy }),
    connections,
    mqtt: settingsDocument(of.settings),
    topics,
  };
}

/** Field by field: what is added to the settings later stays at home unless somebody names it here. */
function settingsDocument({ broker, ...settings }: MqttSettings): object {
  const { baseTopic, retain, intervalMs, logging, commands, discovery, discoveryPrefix, discoveryStatusTopic } =
    settings;
  return {
    server: broker.server,
    version: broker.version,
    keepalive: broker.keepaliveS,
    base_topic: baseTopic,
    retain,
    interval: intervalMs / 1000,
    logging,
    commands,
    discovery,
    discovery_prefix: discoveryPrefix,
    discovery_status_topic: discoveryStatusTopic,
  };
}

function wordsOf({ state, server }: ConnectionStatus): string {
  return STAGE[state].words.replace('SERVER', server?.name ?? 'the server');
}

function failureDocument({ code, fault, stage, server, words, detail, peer }: FailureView): object {
  return { code, fault, stage, server: server?.name ?? null, words, detail, peer: peer?.text ?? null };
}
