'use strict';
'require baseclass';

// What the value of an option may be. A check takes the text of a field, and `read`, which gives what another field of the
// same form holds; it returns true, or words for what is allowed instead. The daemon decides: what passes here passes there.
// No text always passes here: whether there has to be one is for the field to say.

const check = (words, passes) => (text, read) => text === '' || passes(text, read) || words;

/** What LuCI's forms take for a check. */
const validator = (passes, read) => (_sid, value) => {
  const words = passes(value ?? '', read);
  return words === true || _('Expecting: %s').format(words);
};

const numberOf = (text) => (/^(\d+\.?\d*|0x[\da-f]+)$/i.test(text.trim()) ? Number(text) : Number.NaN);

const between = (min, max) => (text) => numberOf(text) >= min && numberOf(text) <= max;

const isWhole = (min, max) => (text) => Number.isInteger(numberOf(text)) && between(min, max)(text);

const whole = (min, max) => check(_('a whole number from %d to %d').format(min, max), isWhole(min, max));

const seconds = (min, max) => check(_('seconds from %s to %s').format(min, max), between(min, max));

const secondsOrOff = (min, max) =>
  check(_('seconds from %s to %s, or 0 for never').format(min, max), (text) => isOff(text) || between(min, max)(text));

/** The first wait is no longer than the longest. Where the other field has nothing that can be, it counts as empty. */
const redialFirst = (text, read) => seconds(0.1, Math.min(3600, waitOf(read('redial_max'), 86400, 300)))(text);
const redialMax = (text, read) => seconds(waitOf(read('redial_first'), 3600, 1), 86400)(text);
const waitOf = (text, max, usual) => (between(0.1, max)(text ?? '') ? numberOf(text) : usual);

const mss = (text, read) => {
  const most = Math.min(8960, (numberOf(read('mtu') || '') || 1460) - 40);
  return check(
    _('auto, off or octets from 88 to %d, the MTU less 40').format(most),
    () => text === 'auto' || text === 'off' || numberOf(text) === 0 || isWhole(88, most)(text),
  )(text);
};

const octetsOf = (text) => new TextEncoder().encode(text).length;

const words = (longest) => check(_('at most %d octets').format(longest), (text) => octetsOf(text) <= longest);

const device = (longest) =>
  check(
    _('at most %d characters, no blank, slash or colon').format(longest),
    (text) => /^(?!\.\.?$)[^\s/:]+$/.test(text) && octetsOf(text) <= longest,
  );

const path = check(_('an absolute path'), (text) => text.startsWith('/'));

const oneOf = (choices) => check(choices.join(', '), (text) => choices.includes(text));

const address = check(_('an IPv4 or IPv6 address'), (text) => groupsOf(text) !== null);

const nameServer = check(_('ADDRESS, ADDRESS:PORT or [IPV6]:PORT'), (text) => isPlace(text, () => false));

const server = check(_('a host name or an address: HOST, HOST:PORT or [IPV6]:PORT'), (text) => isPlace(text, isName));

const prefix = check(
  _('a prefix such as 10.0.0.0/8 or 2001:db8::/32, no bits behind its length'),
  (text) => networkOf(text) !== null,
);

const exclude = (text, read) =>
  isNamedBy(text, read('route')) ? _('a prefix that does not go into the tunnel as well') : prefix(text);

const route = (text, read) => {
  if (isNamedBy(text, read('exclude'))) return _('a prefix that does not stay outside as well');
  if (networkOf(text)?.endsWith('/0')) return _('smaller prefixes: the default route has a setting of its own');
  return prefix(text);
};

/** Whether a list has a prefix, however it is written there. */
function isNamedBy(text, list) {
  const network = networkOf(text);
  return network !== null && L.toArray(list).some((other) => networkOf(other) === network);
}

/** One text for each network, however it is written; null when it is none, or has bits behind its length. */
function networkOf(text) {
  const [, first, , length] = /^([^/]*)(\/(\d{1,3}))?$/.exec(text) ?? [];
  const groups = groupsOf(first ?? '');
  const longest = groups?.length === 4 ? 32 : 128;
  const kept = Number(length ?? longest);
  if (groups === null || kept > longest) return null;
  const size = longest / groups.length;
  const isNetwork = groups.every((group, at) => group % 2 ** Math.min(size, Math.max(0, (at + 1) * size - kept)) === 0);
  return isNetwork ? `${groups.join('.')}/${kept}` : null;
}

/** An address as numbers, four of 8 bits or eight of 16; null when it is none. No zone, nothing that could be octal. */
function groupsOf(text) {
  if (/^(\d{1,3}(\.|$)){4}$/.test(text)) {
    const octets = text.split('.');
    return octets.every((octet) => octet <= 255 && String(Number(octet)) === octet) ? octets.map(Number) : null;
  }
  if (!/^[\da-f:.]*:[\da-f:.]*$/i.test(text)) return null;
  try {
    const { hostname } = new URL(`http://[${text}]`); // the browser writes it anew, the shortest way
    const [head, tail] = hostname
      .slice(1, -1)
      .split('::')
      .map((half) => (half === '' ? [] : half.split(':')));
    const groups = tail ? [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail] : head;
    return groups.map((group) => Number.parseInt(group, 16));
  } catch {
    return null;
  }
}

/** An address or a name, with or without a port; an IPv6 address with one is in brackets. */
function isPlace(text, isNameToo) {
  const [, inside, host, , port] = /^(?:\[(.*:.*)\]|([^:]*))(:(\d{1,5}))?$/.exec(text) ?? [];
  if (inside === undefined && host === undefined) return groupsOf(text) !== null;
  const fits = port === undefined || between(1, 65535)(port);
  return fits && (groupsOf(inside ?? host) !== null || (inside === undefined && isNameToo(host)));
}

/** One whose last label is a number was meant as an address. */
const isName = (host) =>
  host.length <= 253 && /^(\w([\w-]{0,61}\w)?(\.|$))+$/.test(host) && !/(^|\.)\d+\.?$/.test(host);

/** How packets may be moved. */
const DATA_PATHS = {
  auto: _('auto: the fastest that works'),
  kernel: _('kernel: kmod-pppol2tp moves them'),
  'tun-gso': _('tun-gso: many packets at a time'),
  tun: _('tun: works everywhere'),
};

/** What is logged, the gravest first. */
const LOG_LEVELS = { error: _('error'), warn: _('warning'), info: _('info'), debug: _('debug') };

/** UCI has many words for yes and no; a checkbox takes 1 and 0. */
function flagOf(given) {
  if (/^(1|true|on|yes|enabled)$/i.test(given)) return '1';
  return /^(0|false|off|no|disabled)$/i.test(given) ? '0' : given;
}

const isOff = (text) => numberOf(text) === 0 || flagOf(text) === '0';

/** What the device of an interface is called: as set, or `l2w-NAME`, with a hash for what is too long of it. */
function deviceOf(name, given) {
  const whole = given || `l2w-${name}`;
  if (whole.length <= 15) return whole;
  let hash = 0x811c9dc5; // FNV-1a
  for (const character of name) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193) >>> 0;
  return `${whole.slice(0, 9)}-${hash.toString(36).padStart(7, '0').slice(-5)}`;
}

return baseclass.extend({
  DATA_PATHS,
  LOG_LEVELS,
  check,
  validator,
  flagOf,
  deviceOf,
  whole,
  seconds,
  secondsOrOff,
  redialFirst,
  redialMax,
  mss,
  words,
  device,
  path,
  oneOf,
  address,
  nameServer,
  server,
  exclude,
  route,
  numberOf,
  isOff,
  isNamedBy,
});
