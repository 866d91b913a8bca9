/**
 * Status: the one read model, from which the command line, and every later door (ubus, MQTT, a web page), takes what it shows.
 *
 * Plain JSON. Every field is always there: null means that there is no such thing now. Dates are ISO 8601 in UTC, `…Ms` are
 * milliseconds, octets are octets. Nothing in here is secret.
 */
import type { InstalledRoute } from '../ports/network.ts';
import type { ClientSnapshot } from '../protocol/client-history.ts';
import type { PathMtu, Stage } from '../protocol/client-io.ts';
import type { Instant } from '../protocol/deadlines.ts';
import type { Endpoint } from '../protocol/machine.ts';
import type { Finding } from '../protocol/mtu-probe.ts';
import type { AuthMethod } from '../protocol/settings.ts';
import { addressOf } from './address.ts';
import type { Calendar } from './calendar.ts';
import type { Connection } from './connection.ts';
import { type FailureView, failureView, type ServerView, serverView } from './failure-view.ts';

export interface Status {
  readonly daemon: { readonly version: string; readonly since: string; readonly ageMs: number };
  readonly connections: Readonly<Record<string, ConnectionStatus>>;
  /** Interfaces that are to be up and whose settings cannot work: what is wrong with them, in words. */
  readonly refused: Readonly<Record<string, readonly string[]>>;
}

export interface Moment {
  readonly at: string;
  readonly ageMs: number;
}

export interface ConnectionStatus {
  /** `up`, a stage on the way there, `waiting` for the next attempt, or `idle`: down. */
  readonly state: Stage;
  /** When this state began. */
  readonly since: string;
  readonly ageMs: number;
  /** Whether it is to be up. */
  readonly enabled: boolean;
  /** The server in use, or being dialled. */
  readonly server: ServerView | null;
  /** Both ends of the tunnel outside: UDP, and the device that it leaves by. */
  readonly path: { readonly local: Endpoint; readonly peer: Endpoint; readonly uplink: string } | null;
  readonly tunnel: {
    readonly localId: number;
    readonly peerId: number | null;
    readonly peerHostName: string | null;
    readonly peerVendorName: string | null;
  } | null;
  readonly session: { readonly localId: number; readonly peerId: number | null } | null;
  readonly device: string | null;
  /** What moves the packets: the backend, what of the kernel's help it makes use of, and what it has to do without, and why. */
  readonly dataPath: {
    readonly backend: string;
    readonly features: readonly string[];
    readonly missing: Readonly<Record<string, string>>;
  } | null;
  /** Inside the tunnel. The peer's is what it calls itself: nothing is ever routed to it. */
  readonly address: { readonly local: string; readonly peer: string | null; readonly ipv6: string | null } | null;
  readonly dns: readonly string[];
  readonly resolvFile: string | null;
  readonly mtu: number | null;
  /** Of the way to the server, octets with IP header, how that is known, and what our large echoes found last, if they are wanted. */
  readonly pathMtu: (PathMtu & { readonly probe: Finding | null }) | null;
  /** Clamping of TCP segments. */
  readonly mss:
    | { readonly state: 'clamped'; readonly ipv4: number; readonly ipv6: number }
    | { readonly state: 'off' }
    | { readonly state: 'unavailable'; readonly why: string };
  readonly authentication: { readonly method: AuthMethod | 'none'; readonly message: string } | null;
  /** What both ends asked for and got, in words. */
  readonly negotiated: Readonly<
    Record<'lcp' | 'ipcp' | 'ipv6cp', { readonly ours: readonly string[]; readonly theirs: readonly string[] }>
  > | null;
  readonly echoRoundTripMs: number | null;
  /** Packets and octets inside the tunnel, of this dial. */
  readonly counters: Readonly<Record<string, number>> | null;
  /** Everything else that was ignored or lost, by reason, since the connection was made. */
  readonly dropped: Readonly<Record<string, number>>;
  /** What this machine said when it did not take a packet, the last time. */
  readonly refusals: { readonly tunnelDevice: string | null; readonly uplink: string | null };
  /** The last dial, stage by stage: when each began, and how long after the first. */
  readonly dial: readonly { readonly stage: Stage; readonly at: string; readonly afterMs: number }[];
  readonly lastFailure: (FailureView & Moment) | null;
  /** Rounds of dials since the connection last stayed up. */
  readonly attempts: number;
  readonly nextAttempt: { readonly at: string; readonly inMs: number } | null;
  /** How often it came up since the daemon knows it. */
  readonly timesUp: number;
  /** Who has address, routes into the tunnel and name servers in hand instead of us: `netifd`. Those are not listed here. */
  readonly owner: string | null;
  readonly routes: readonly RouteStatus[];
  readonly rules: readonly string[];
  /** What a person should know. */
  readonly warnings: readonly string[];
}

export interface RouteStatus {
  readonly prefix: string;
  readonly gateway: string | null;
  readonly device: string;
  readonly metric: number | null;
  readonly table: number | null;
  readonly purpose: InstalledRoute['purpose'];
  /** Somebody else's, found in place and left alone. */
  readonly foreign: boolean;
}

/** What is used of a connection. */
export type Observed = Pick<Connection, 'wanted' | 'timesUp' | 'snapshot' | 'installed' | 'dataPath' | 'losses'>;

/** @param shown makes text of the peer fit to be shown */
export function connectionStatus(
  connection: Observed,
  calendar: Calendar,
  shown: (text: string) => string,
): ConnectionStatus {
  const { snapshot, installed, dataPath, losses } = connection;
  const { server, path, tunnel, session, link, authentication, lastFailure } = snapshot;
  return {
    state: snapshot.stage,
    since: calendar.dateOf(snapshot.since),
    ageMs: calendar.ageOf(snapshot.since),
    enabled: connection.wanted,
    server: serverView(server),
    path:
      path === undefined || tunnel === undefined
        ? null
        : { local: plain(path.local), peer: plain(tunnel.peer), uplink: path.uplink },
    tunnel: tunnel
      ? {
          localId: tunnel.localId,
          peerId: tunnel.peerId ?? null,
          peerHostName: shownOrNull(tunnel.peerHostName, shown),
          peerVendorName: shownOrNull(tunnel.peerVendorName, shown),
        }
      : null,
    session: session ? { localId: session.localId, peerId: session.peerId ?? null } : null,
    device: dataPath?.device ?? null,
    dataPath: dataPath ? dataPathOf(dataPath) : null,
    address: link
      ? { local: link.localAddress, peer: link.peerAddress ?? null, ipv6: linkLocalOf(snapshot.ipv6InterfaceId) }
      : null,
    dns: link?.dns ?? [],
    resolvFile: installed.resolvFile ?? null,
    mtu: snapshot.mtu ?? null,
    pathMtu: pathMtuOf(snapshot),
    mss: installed.mss,
    authentication: authentication ? { method: authentication.method, message: shown(authentication.message) } : null,
    negotiated: snapshot.negotiated ?? null,
    echoRoundTripMs: snapshot.echoRoundTripMs === undefined ? null : Math.round(snapshot.echoRoundTripMs * 100) / 100,
    counters: snapshot.counters ? { ...snapshot.counters } : null,
    dropped: { ...snapshot.dropped, ...nonZero(losses) },
    refusals: { tunnelDevice: losses.why.undelivered ?? null, uplink: losses.why.sendErrors ?? null },
    dial: dialOf(snapshot, calendar),
    lastFailure: lastFailure
      ? {
          ...failureView(lastFailure.failure, lastFailure.stage, lastFailure.server, shown),
          at: calendar.dateOf(lastFailure.at),
          ageMs: calendar.ageOf(lastFailure.at),
        }
      : null,
    attempts: snapshot.attempts,
    nextAttempt: nextOf(snapshot.nextAttemptAt, calendar),
    timesUp: connection.timesUp,
    owner: installed.owner ?? null,
    routes: installed.routes.map((route) => ({
      ...route,
      gateway: route.gateway ?? null,
      metric: route.metric ?? null,
      table: route.table ?? null,
    })),
    rules: [...installed.rules],
    warnings: [...installed.warnings],
  };
}

function dataPathOf({ backend, features }: NonNullable<Observed['dataPath']>): ConnectionStatus['dataPath'] {
  return {
    backend,
    features: features.filter(({ missing }) => missing === undefined).map(({ name }) => name),
    missing: Object.fromEntries(
      features.flatMap(({ name, missing }) => (missing === undefined ? [] : [[name, missing]])),
    ),
  };
}

function pathMtuOf({ pathMtu }: ClientSnapshot): ConnectionStatus['pathMtu'] {
  if (pathMtu === undefined) return null;
  const { finding, ...known } = pathMtu;
  return { ...known, probe: finding ?? null };
}

const plain = ({ address, port }: Endpoint): Endpoint => ({ address, port });

const shownOrNull = (text: string | undefined, shown: (text: string) => string): string | null =>
  text === undefined ? null : shown(text);

/** As far as it came: hanging up is no stage of dialling. */
function dialOf({ dial }: ClientSnapshot, calendar: Calendar): ConnectionStatus['dial'] {
  const [first] = dial;
  return dial
    .filter(({ stage }) => stage !== 'hanging-up')
    .map(({ stage, at }) => ({
      stage,
      at: calendar.dateOf(at),
      afterMs: Math.round((at - (first?.at ?? at)) * 10) / 10,
    }));
}

const nextOf = (at: Instant | undefined, calendar: Calendar): ConnectionStatus['nextAttempt'] =>
  at === undefined ? null : { at: calendar.dateOf(at), inMs: Math.max(0, Math.round(at - calendar.now)) };

/** The link-local address of an interface identifier of 8 octets (RFC 5072 §5). */
function linkLocalOf(interfaceId: Uint8Array | undefined): string | null {
  if (interfaceId === undefined) return null;
  const groups = Array.from(
    { length: 4 },
    (_, at) => ((interfaceId[2 * at] ?? 0) << 8) | (interfaceId[2 * at + 1] ?? 0),
  );
  return addressOf(`fe80:0:0:0:${groups.map((group) => group.toString(16)).join(':')}`) ?? null;
}

/** Losses of this machine, as reasons among the others. */
const nonZero = ({ undelivered, sendErrors }: Connection['losses']): Record<string, number> => ({
  ...(undelivered > 0 && { 'packet that the tunnel device did not take': undelivered }),
  ...(sendErrors > 0 && { 'datagram that the uplink did not take': sendErrors }),
});
