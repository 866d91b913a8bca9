'use strict';
'require baseclass';
'require request';

// Calls of ubus methods. Those of one moment travel as one batch.

const STATUS = [
  'Command OK',
  'Invalid command',
  'Invalid argument',
  'Method not found',
  'Resource not found',
  'No data received',
  'Permission denied',
  'Request timeout',
  'Not supported',
  'Unspecified error',
  'Connection lost',
];
const ACCESS_DENIED = -32002;

let count = 0;
let door = L.url('admin/ubus');
let waiting = [];

async function flush() {
  const batch = waiting;
  waiting = [];
  try {
    const content = batch.map((entry) => entry.message);
    const answer = await request.post(door, content, { timeout: (L.env.rpctimeout ?? 20) * 1000 });
    const frames = answer.json();
    if (!Array.isArray(frames)) throw new Error('No related RPC reply');
    batch.forEach(({ resolve }, index) => {
      resolve({ answer, frame: frames[index] });
    });
  } catch (failure) {
    for (const { reject } of batch) reject(failure);
  }
}

/** As in LuCI, not before the next frame is drawn: never in a page that nobody sees. */
function post(message) {
  return new Promise((resolve, reject) => {
    waiting.push({ message, resolve, reject });
    if (waiting.length === 1) requestAnimationFrame(flush);
  });
}

const kind = (value) => Object.prototype.toString.call(value);

/** The part of a result that a caller expects, or what it expects instead where that is missing or something else. */
function expected(expect, result) {
  const [key] = Object.keys(expect ?? {});
  if (key === undefined) return result;
  const part = key === '' || result == null ? result : result[key];
  return part == null || kind(part) !== kind(expect[key]) ? expect[key] : part;
}

/** The result of one call; rejects when there is an error instead, or a code other than 0 and it is asked to. */
async function call({ object, method, reject }, args) {
  const params = [L.env.sessionid, object, method, args];
  const { answer, frame } = await post({ jsonrpc: '2.0', id: ++count, method: 'call', params });
  const fail = (why, ...values) => L.raise('RPCError', `RPC call to %s/%s ${why}`, object, method, ...values);
  if (!answer.ok) fail('failed with HTTP error %d: %s', answer.status, answer.statusText || '?');
  if (frame?.error?.code === ACCESS_DENIED && object !== 'session') await checkSession();
  if (frame?.jsonrpc !== '2.0') fail('returned invalid message frame');
  if (frame.error) fail('failed with error %d: %s', frame.error.code, frame.error.message);
  if (!Array.isArray(frame.result)) return null;
  const [code, data] = frame.result;
  if (reject && code !== 0) fail('failed with ubus code %d: %s', code, STATUS[code] ?? 'Unknown error code');
  return frame.result.length > 1 ? data : code;
}

const declare = (options) => {
  const names = options.params ?? [];
  return async (...args) => {
    const named = Object.fromEntries(names.map((name, index) => [name, args[index]]));
    const result = expected(options.expect, await call(options, named));
    return options.filter ? options.filter(result, named, ...args.slice(names.length)) : result;
  };
};

const callAccess = declare({ object: 'session', method: 'access', params: ['scope', 'object', 'function'] });

/** "Access denied" may mean that the session is over: then the page asks for a new login. */
async function checkSession() {
  try {
    await callAccess('uci', 'luci', 'read');
  } catch {
    L.poll.stop();
    L.ui.showModal(_('Session expired'), [E('div', { class: 'alert-message warning' }, [_('Log in again.')])]);
    L.raise('SessionError', 'Login session is expired');
  }
}

return baseclass.extend({
  declare,
  getStatusText: (code) => STATUS[code] ?? 'Unknown error code',

  /** The web server's own way to ubus, where it has one; else LuCI's. */
  async chooseDoor() {
    const reply = await request.post(L.env.ubuspath, { jsonrpc: '2.0', id: 'init', method: 'list' }).catch(() => null);
    if (reply?.status === 200) door = L.env.ubuspath;
  },
});
