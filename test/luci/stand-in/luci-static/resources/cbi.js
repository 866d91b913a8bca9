'use strict';

// What a LuCI page has as globals before luci.js: format(), the translations, E().

/** One conversion after the other, as printf does it; an unknown one ends the work, what follows stays as it is. */
function formatText(text, values) {
  const conversion = /%('.|0| )?(-)?(\d+)?(\.\d+)?([%bcdufosxXqhjtm])/y;
  let out = '';
  let next = 0;
  for (let at = text.indexOf('%'), from = 0; ; at = text.indexOf('%', from)) {
    conversion.lastIndex = at;
    const found = at < 0 ? null : conversion.exec(text);
    if (!found) return out + text.slice(from);
    const [whole, fill = ' ', left, width, precision, kind] = found;
    out += text.slice(from, at);
    from = at + whole.length;
    if (kind === '%') out += '%';
    else {
      const value = values[next++];
      const words = value === undefined ? '' : CONVERT[kind](value, width, precision);
      // The width of %m is its base.
      const pad = fill.startsWith("'") ? fill[1] : fill;
      if (kind === 'm') out += words;
      else out += left ? String(words).padEnd(width || 0) : String(words).padStart(width || 0, pad);
    }
  }
}

const number = (value) => +value || 0;
const escapeWith = (pattern) => (value) =>
  value === null || ['object', 'function'].includes(typeof value)
    ? ''
    : String(value).replace(pattern, (char) => `&#${char.charCodeAt(0)};`);

const CONVERT = {
  b: (value) => Math.floor(number(value)).toString(2),
  c: (value) => String.fromCharCode(number(value)),
  d: (value) => Math.floor(number(value)).toFixed(0),
  u: (value) => Math.floor(number(value) < 0 ? 2 ** 32 + number(value) : number(value)).toFixed(0),
  f: (value, _width, precision) => (precision ? number(value).toFixed(precision.slice(1)) : number(value)),
  o: (value) => Math.floor(number(value)).toString(8),
  s: (value) => value,
  j: (value) => value,
  x: (value) => Math.floor(number(value)).toString(16),
  X: (value) => Math.floor(number(value)).toString(16).toUpperCase(),
  q: escapeWith(/["']/g),
  h: escapeWith(/[&"'<>]/g),
  t: (value) => {
    const minutes = Math.floor((value || 0) / 60);
    const hours = Math.floor(minutes / 60);
    const parts = [`${hours % 24}h`, `${minutes % 60}m`, `${CONVERT.d((value || 0) % 60)}s`];
    if (hours > 23) parts.unshift(`${Math.floor(hours / 24)}d`);
    return parts.join(' ');
  },
  m: (value, width, precision) => {
    const base = width ? +width : 1000;
    let left = number(value);
    let unit = 0;
    for (; unit < 7 && left > base; unit++) left /= base;
    if (unit === 0) return `${left} `;
    const digits = precision ? Math.trunc(10 * +`0${precision}`) : 2;
    return `${left.toFixed(digits)} ${' KMGTPE'[unit]}${base === 1024 ? 'i' : ''}`;
  },
};

String.prototype.format = function (...values) {
  return formatText(String(this), values);
};
String.format = (text, ...values) => formatText(text, values);

/** SuperFastHash of the UTF-8 bytes, as 8 hexadecimal digits: how a page's table of translations is keyed. */
function hashOf(text) {
  const bytes = new TextEncoder().encode(text);
  const pair = (at) => bytes[at] | (bytes[at + 1] << 8);
  const signed = (at) => (bytes[at] << 24) >> 24;
  let hash = bytes.length;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    hash = (hash + pair(at)) | 0;
    hash = (hash << 16) ^ ((pair(at + 2) << 11) ^ hash);
    hash = (hash + (hash >>> 11)) | 0;
  }
  const rest = bytes.length & 3;
  if (rest === 3) {
    hash = (hash + pair(at)) | 0;
    hash ^= hash << 16;
    hash ^= signed(at + 2) << 18;
    hash = (hash + (hash >>> 11)) | 0;
  } else if (rest === 2) {
    hash = (hash + pair(at)) | 0;
    hash ^= hash << 11;
    hash = (hash + (hash >>> 17)) | 0;
  } else if (rest === 1) {
    hash = (hash + signed(at)) | 0;
    hash ^= hash << 10;
    hash = (hash + (hash >>> 1)) | 0;
  }
  for (const [left, right] of [
    [3, 5],
    [4, 17],
    [25, 6],
  ]) {
    hash ^= hash << left;
    hash = (hash + (hash >>> right)) | 0;
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** The words of window.TR for `key`, where there are any. */
function translationOf(text, context, suffix = '') {
  const tidy = (words) =>
    String(words)
      .trim()
      .replace(/[ \t\n]+/g, ' ');
  return window.TR?.[hashOf((context == null ? '' : `${tidy(context)}\u0001`) + tidy(text) + suffix)];
}

function _(text, context) {
  return translationOf(text, context) || text;
}

function N_(count, one, many, context) {
  const rule = window.TR?.['00000000'] || 'plural=(n != 1);';
  const form = +new Function('n', `let plural; ${rule} return plural;`)(count);
  return translationOf(one, context, `\u0002${form}`) || (form ? many : one);
}

function E(...args) {
  return L.dom.create(...args);
}

Object.assign(window, { _, N_, E });
