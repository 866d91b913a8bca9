'use strict';
'require baseclass';
'require l2tpwan.amounts as amounts';
'require l2tpwan.failures as failures';
'require l2tpwan.parts as parts';
'require l2tpwan.timeline as timelines';

/* What there is to say about one connection, in the order in which people ask. */

const { endpoint } = amounts;

const BACKEND = {
  kernel: _('kernel (PPPoL2TP)'),
  'tun-gso': _('TUN with offloads'),
  tun: _('TUN, packet by packet'),
};

const PATH_MTU_FROM = {
  uplink: _('%d, as the uplink has it'),
  route: _('%d, set for its route'),
  icmp: _('%d, told by the network'),
  probe: _('%d, found by echoes'),
};

/** The label of every fact, and what it says; null where there is nothing to say. */
// biome-ignore format: a table
const FACTS = [
  ['server',   _('Server'),          ({ server }) => server && serverWords(server)],
  ['peer',     _('Calls itself'),    ({ tunnel }) => tunnel && [tunnel.peerHostName, tunnel.peerVendorName].filter(Boolean).join(' · ')],
  ['uplink',   _('Uplink'),          ({ path }) => path && `${path.uplink} · ${endpoint(path.local)}`],
  ['local',    _('Address'),         ({ address }) => address?.local],
  ['remote',   _("Peer's address"),  ({ address }) => address?.peer],
  ['ipv6',     _('IPv6'),            ({ address }) => address?.ipv6],
  ['dns',      _('Name servers'),    ({ dns }) => dns.join(', ')],
  ['device',   _('Device'),          ({ device }) => device],
  ['mtu',      _('MTU'),             ({ mtu }) => mtu && String(mtu)],
  ['mss',      _('TCP segments'),    ({ device, mss }) => device && mssWords(mss)],
  ['pathMtu',  _('Path MTU'),        ({ pathMtu }) => pathMtu && pathMtuWords(pathMtu)],
  ['dataPath', _('Data path'),       null],
  ['login',    _('Authentication'),  ({ authentication }) => authentication && loginWords(authentication)],
  ['echo',     _('Echo round trip'), ({ echoRoundTripMs: ms }) => typeof ms === 'number' && _('%s ms').format(ms)],
  ['packets',  _('Packets'),         ({ counters }) => counters && packetWords(counters)],
  ['attempts', _('Attempts'),        ({ attempts }) => String(attempts)],
  ['timesUp',  _('Came up'),         ({ timesUp }) => String(timesUp)],
  ['dropped',  _('Ignored or lost'), null],
  ['warnings', _('Warnings'),        ({ warnings }) => warnings.join('; ')],
];

// biome-ignore format: a table
const FAILURE = [
  ['what',   _('What'),            (failure) => failures.words(failure)],
  ['when',   _('When'),            null],
  ['fault',  _('Whose fault'),     (failure) => failures.fault(failure)],
  ['detail', _('Particulars'),     ({ detail }) => detail],
  ['said',   _('The server said'), ({ peer }) => peer && saidWords(peer)],
  ['cure',   _('What to do'),      (failure) => failures.cure(failure)],
];

const serverWords = ({ name, address, port }) => {
  const where = endpoint({ address, port });
  return name === address ? where : `${name} · ${where}`;
};

const packetWords = ({ receivedPackets, sentPackets }) =>
  _('%s received, %s sent').format(amounts.count(receivedPackets), amounts.count(sentPackets));

function mssWords(mss) {
  if (mss.state === 'clamped') return _('%d octets, IPv6 %d').format(mss.ipv4, mss.ipv6);
  return mss.state === 'off' ? _('not limited') : _('cannot be limited: %s').format(mss.why);
}

const pathMtuWords = ({ octets, from }) => (PATH_MTU_FROM[from] ?? '%d').format(octets);

function loginWords({ method, message }) {
  const how = method === 'none' ? _('not asked for') : timelines.method(method);
  return timelines.andSaid(how, message);
}

/** What the engine counts by itself, since the last dial; the daemon has words for everything else, among them `unknownSession`. */
const COUNTER = {
  looped: _('for the server’s end of the tunnel'),
  notIp: _('neither IPv4 nor IPv6'),
  ipv4Blocked: _('IPv4, not carried'),
  ipv6Blocked: _('IPv6, not carried'),
  skipped: _('lost on the way'),
};

/** A number that comes late was taken for lost, and is delivered all the same; the kernel waits for it and counts what is lost. */
function odd({ skipped, reordered, ...others }, backend) {
  const counts = { ...others, skipped: backend === 'kernel' ? skipped : skipped - reordered };
  return Object.entries(COUNTER).map(([key, words]) => [_('%s, since dialled').format(words), counts[key]]);
}

function dropped({ counters, dataPath: used, dropped, refusals }) {
  const counts = [...odd(counters ?? {}, used?.backend), ...Object.entries(dropped)].filter(([, count]) => count > 0);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const reasons = counts.map(([reason, count]) => _('%s: %s').format(reason, amounts.count(count)));
  return total === 0 ? null : [amounts.count(total), ...reasons, ...Object.values(refusals).filter(Boolean)];
}

const saidWords = ({ message, result, error, text }) =>
  [
    text ? `“${text}”` : '',
    result === null ? message : _('%s, result %d').format(message, result),
    error === null ? '' : _('error %d').format(error),
  ]
    .filter(Boolean)
    .join(', ');

/** One line below the state: why it is so. */
function whyWords({ state, enabled, warnings, lastFailure, server, path }) {
  if (state === 'up' && warnings.length > 0) return _('Warning: %s').format(warnings[0]);
  if (state === 'up') return _('Through %s, over %s.').format(amounts.server(server), path.uplink);
  if (state === 'idle' && !enabled) return _('It was taken down, or does not start by itself.');
  if (!lastFailure) return '';
  const words = failures.words(lastFailure);
  return state === 'waiting' ? _('%s. %s').format(words, failures.cure(lastFailure)) : _('Before: %s.').format(words);
}

/** What it uses of the kernel's help, and what it has to do without. */
function dataPath({ dataPath: used }) {
  if (!used) return null;
  const missing = Object.entries(used.missing);
  const name = BACKEND[used.backend] ?? used.backend;
  return [
    missing.length === 0 ? name : _('%s; it does without: %d').format(name, missing.length),
    used.features.length === 0
      ? _('It uses none of the kernel’s offloads.')
      : _('It uses: %s').format(used.features.join(', ')),
    ...missing.map(([feature, why]) => _('Without %s: %s').format(feature, why)),
  ];
}

/** Those that have particulars, which are there when somebody asks: a line, and what folds out below it. */
const FOLDED = { dataPath, dropped };

return baseclass.extend({ FACTS, FAILURE, whyWords, FOLDED });
