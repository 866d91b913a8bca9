/** The read model as text for people: at most 80 columns, colours only for a terminal. */
import type { LogLevel } from '../ports/log.ts';
import { COLUMNS, hang, widthOf, wrap } from './columns.ts';
import type { EventView } from './events.ts';
import { serverWords } from './failure-view.ts';
import { durationWords, octetsWords } from './quantities.ts';
import { STAGE } from './stage-table.ts';
import type { ConnectionStatus, RouteStatus, Status } from './status.ts';

export interface Style {
  /** The reader is a terminal. */
  readonly colour: boolean;
}

/** What is shown of a status. */
type StatusShown = Pick<Status, 'connections'> & Partial<Pick<Status, 'refused'>>;

/** All connections of a status, one under the other; then what could not become one. */
export function renderStatus({ connections, refused = {} }: StatusShown, style: Style): string {
  const all = [
    ...Object.entries(connections).map(([name, status]) => renderConnection(name, status, style)),
    ...Object.entries(refused).map(([name, faults]) => renderRefused(name, faults, style)),
  ];
  return all.length === 0 ? 'there are no connections' : all.join('\n\n');
}

export function renderEvents(events: readonly EventView[], style: Style): string {
  return events
    .flatMap(({ at, connection, level, words }) => {
      const label = `${at} `;
      return hang(label, `${connection}: ${words}`).map((line) => paint(line, LEVEL_COLOUR[level], style));
    })
    .join('\n');
}

export function renderVersion({ daemon }: Pick<Status, 'daemon'>): string {
  return `l2tpwan ${daemon.version}, running for ${durationWords(daemon.ageMs)}`;
}

/** The version, and what is running here besides us. */
export function renderInfo(
  status: Pick<Status, 'daemon' | 'connections'>,
  about: Readonly<Record<string, string>>,
): string {
  const names = Object.keys(status.connections);
  const lines = Object.entries({ ...about, connections: names.length === 0 ? 'none' : names.join(', ') });
  return [
    renderVersion(status),
    ...lines.flatMap(([label, text]) => hang(`  ${label.padEnd(INFO_COLUMNS)}`, text)),
  ].join('\n');
}

const INFO_COLUMNS = 13;

/** What both ends of one connection agreed on. */
export function renderNegotiated(name: string, status: ConnectionStatus): string {
  const agreed = [
    ...optionRows(status),
    ...row('login', loginWords(status)),
    ...row('address', addressWords(status)),
    ...row('dns', status.dns.join(', ')),
    ...row('mtu', status.mtu !== null && String(status.mtu)),
  ];
  if (agreed.length === 0) return `${name}: nothing is agreed on yet`;
  return agreed.flatMap(([label, text]) => hang(label.padEnd(LABEL_COLUMNS), text)).join('\n');
}

function renderConnection(name: string, status: ConnectionStatus, style: Style): string {
  const [head = '', ...more] = wrap(`${name}: ${stateWords(status)} for ${durationWords(status.ageMs)}`, COLUMNS - 2);
  const since = ` (since ${status.since})`;
  const last = widthOf((more.at(-1) ?? head) + since) <= COLUMNS - 2 ? since : '';
  const headline = paint([head, ...more].join('\n  '), stateColour(status), style) + last;
  const lines = rows(status).flatMap(([label, text]) => {
    const [first = '', ...others] = hang(`  ${label.padEnd(LABEL_COLUMNS)}`, text);
    const plain = first.slice(LABEL_COLUMNS + 2);
    return [`  ${paint(label.padEnd(LABEL_COLUMNS), 'dim', style)}${plain}`, ...others];
  });
  return [headline, ...lines].join('\n');
}

const renderRefused = (name: string, faults: readonly string[], style: Style): string =>
  [paint(`${name}: wrong settings`, 'red', style), ...faults.flatMap((fault) => hang('  ', fault))].join('\n');

const LABEL_COLUMNS = 10;

function stateWords({ state, server, enabled }: ConnectionStatus): string {
  if (state === 'idle') return enabled ? 'down (to be up)' : 'down';
  if (state === 'up' || state === 'hanging-up') return STAGE[state].words;
  return STAGE[state].words.replace('SERVER', server === null ? 'the server' : serverWords(server));
}

type Row = readonly [label: string, text: string];

/** What there is to say, in the order in which people ask. */
function rows(status: ConnectionStatus): Row[] {
  const { server, path, tunnel, session, dns, lastFailure, nextAttempt } = status;
  const isUp = status.state === 'up';
  const said = tunnel?.peerHostName ? `, calls itself "${tunnel.peerHostName}"` : '';
  return [
    ...row('next', nextAttempt && `attempt in ${durationWords(nextAttempt.inMs)} (${nextAttempt.at})`),
    ...(isUp ? [] : failureRows(lastFailure)),
    ...row('server', server && serverWords(server) + said),
    ...row('outside', path && `${endpoint(path.local)} to ${endpoint(path.peer)} over ${path.uplink}`),
    ...row('tunnel', tunnel && `${tunnel.localId} here, ${tunnel.peerId ?? '?'} there`),
    ...row('session', session && `${session.localId} here, ${session.peerId ?? '?'} there`),
    ...row('address', addressWords(status)),
    ...row('dns', dns.length > 0 && dns.join(', ') + (status.resolvFile === null ? '' : `, in ${status.resolvFile}`)),
    ...row(
      'device',
      status.device &&
        `${status.device} (${status.dataPath?.backend}), MTU ${status.mtu ?? '?'}, ${mssWords(status.mss)}`,
    ),
    ...dataPathRows(status.dataPath),
    ...row('path', pathWords(status)),
    ...row('login', loginWords(status)),
    ...optionRows(status),
    ...row('echo', status.echoRoundTripMs !== null && `${status.echoRoundTripMs} ms`),
    ...counterRows(status),
    ...row('dial', status.state !== 'idle' && dialWords(status)),
    ...status.routes.flatMap((route, index) => row(index === 0 ? 'routes' : '', routeWords(route))),
    ...row(
      status.owner ?? '',
      status.owner !== null && isUp && 'has address, name servers and routes into the tunnel in hand',
    ),
    ...status.rules.flatMap((rule, index) => row(index === 0 ? 'rules' : '', rule)),
    ...status.warnings.flatMap((warning, index) => row(index === 0 ? 'warnings' : '', warning)),
    ...(isUp ? failureRows(lastFailure) : []),
  ];
}

const row = (label: string, text: string | null | false): Row[] => (text ? [[label, text]] : []);

/** What it makes use of, and what would make it faster. */
function dataPathRows(dataPath: ConnectionStatus['dataPath']): Row[] {
  if (dataPath === null) return [];
  const missing = Object.entries(dataPath.missing).map(([name, why]) => `without ${name}: ${why}`);
  const [first = '', ...others] = [...(dataPath.features.length > 0 ? [dataPath.features.join(', ')] : []), ...missing];
  return [...row('offload', first), ...others.flatMap((words) => row('', words))];
}

/** First of all while it matters, last of all when it is history. */
function failureRows(failure: ConnectionStatus['lastFailure']): Row[] {
  if (failure === null) return [];
  const { ageMs, stage, server, fault, code, words, detail, peer } = failure;
  const where = server === null ? '' : `, ${serverWords(server)}`;
  return [
    ['failure', `${durationWords(ageMs)} ago, while ${STAGE[stage].failing}${where}:`],
    ['', words],
    ['', detail],
    ...row('', peer?.text ? `the server said: "${peer.text}"` : null),
    ['', `(${code}, fault of the ${FAULT_WORDS[fault]})`],
  ];
}

const FAULT_WORDS = { network: 'network', peer: 'server', user: 'configuration', host: 'machine here' } as const;

const endpoint = ({ address, port }: { address: string; port: number }): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

function mssWords(mss: ConnectionStatus['mss']): string {
  if (mss.state === 'clamped') return `MSS ${mss.ipv4} (IPv6 ${mss.ipv6})`;
  return mss.state === 'off' ? 'MSS not clamped' : `MSS unavailable: ${mss.why}`;
}

function pathWords({ pathMtu }: ConnectionStatus): string | null {
  if (pathMtu === null) return null;
  const { octets, from, probe } = pathMtu;
  return `${octets} octets, ${KNOWN_WORDS[from]}${probe === null ? '' : `; ${probeWords(probe)}`}`;
}

const KNOWN_WORDS = {
  uplink: "the uplink's",
  route: 'set for its route',
  icmp: 'told by the network',
  probe: 'found by echoes',
} as const;

function probeWords(probe: NonNullable<NonNullable<ConnectionStatus['pathMtu']>['probe']>): string {
  switch (probe.result) {
    case 'fits':
    case 'too-big':
      return `echoes of ${probe.octets} come back`;
    case 'unanswered':
      return `not even echoes of ${probe.octets} come back: that says nothing`;
    case 'useless':
      return probe.why === 'rejected' ? 'the server knows no echoes' : 'the server cuts large echoes short';
    default:
      return probe satisfies never;
  }
}

const addressWords = ({ address }: ConnectionStatus): string | null =>
  address && [address.local, address.peer && `peer ${address.peer}`, address.ipv6].filter(Boolean).join(', ');

function loginWords({ authentication }: ConnectionStatus): string | null {
  if (authentication === null) return null;
  const message = authentication.message === '' ? '' : `, the server said: "${authentication.message}"`;
  return (authentication.method === 'none' ? 'not asked for' : authentication.method) + message;
}

function optionRows({ negotiated }: ConnectionStatus): Row[] {
  if (negotiated === null) return [];
  const protocols = (['lcp', 'ipcp', 'ipv6cp'] as const).filter(
    (protocol) => negotiated[protocol].ours.length + negotiated[protocol].theirs.length > 0,
  );
  return protocols.map((protocol, index) => {
    const { ours, theirs } = negotiated[protocol];
    const sides = [ours.length > 0 && `ours ${ours.join(', ')}`, theirs.length > 0 && `theirs ${theirs.join(', ')}`];
    return [index === 0 ? 'options' : '', `${protocol.toUpperCase()}: ${sides.filter(Boolean).join('; ')}`];
  });
}

function counterRows({ counters, dropped, refusals }: ConnectionStatus): Row[] {
  const { sentPackets = 0, sentOctets = 0, receivedPackets = 0, receivedOctets = 0, ...odd } = counters ?? {};
  const counts = [...Object.entries(odd), ...Object.entries(dropped)].filter(([, count]) => count > 0);
  return [
    ...row('received', counters && `${octetsWords(receivedOctets)} in ${receivedPackets} packets`),
    ...row('sent', counters && `${octetsWords(sentOctets)} in ${sentPackets} packets`),
    ...row('ignored', counts.map(([reason, count]) => `${reason} ${count}`).join(', ')),
    ...row('refusals', Object.values(refusals).filter(Boolean).join('; ')),
  ];
}

const dialWords = ({ dial }: ConnectionStatus): string =>
  dial.map(({ stage, afterMs }) => `${stage} ${durationWords(afterMs)}`).join(', ');

function routeWords({ prefix, gateway, device, metric, table, purpose, foreign }: RouteStatus): string {
  const via = gateway === null ? '' : ` via ${gateway}`;
  const where = (metric === null ? '' : ` metric ${metric}`) + (table === null ? '' : ` table ${table}`);
  return `${prefix}${via} dev ${device}${where} (${purpose}${foreign ? ', not ours' : ''})`;
}

type Colour = 'green' | 'yellow' | 'red' | 'dim';

const LEVEL_COLOUR: Record<LogLevel, Colour | undefined> = {
  error: 'red',
  warn: 'yellow',
  info: undefined,
  debug: 'dim',
};

function stateColour({ state, enabled }: ConnectionStatus): Colour | undefined {
  if (state === 'up') return 'green';
  if (state === 'waiting') return 'red';
  return state === 'idle' && !enabled ? undefined : 'yellow';
}

/** SGR parameters of ECMA-48. */
const SGR: Record<Colour, number> = { green: 32, yellow: 33, red: 31, dim: 2 };

const paint = (text: string, colour: Colour | undefined, style: Style): string =>
  style.colour && colour !== undefined && text.trim() !== '' ? `\u001b[${SGR[colour]}m${text}\u001b[0m` : text;
