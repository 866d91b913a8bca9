'use strict';
'require baseclass';
'require rpc';

/* What is asked of the router, and what it means when there is no answer. Nothing else knows ubus. */

const declare = (object, method, params) => {
  const call = rpc.declare({ object, method, params });
  return (...args) => call(...args).then(answered, refused);
};

const callStatus = declare('l2tpwan', 'status');
const callEvents = declare('l2tpwan', 'events', ['interface', 'limit']);
const callNegotiated = declare('l2tpwan', 'negotiated', ['interface']);
const callInfo = declare('l2tpwan', 'info');
const callServices = declare('service', 'list', ['name']);
const callStartup = declare('rc', 'list', ['name']);
const callInit = declare('rc', 'init', ['name', 'action']);
const callRead = declare('file', 'read', ['path']);
const callInterfaces = declare('network.interface', 'dump');
const callAccess = declare('session', 'access', ['scope', 'object', 'function']);
const callProtocols = declare('network', 'get_proto_handlers');

const NAME = 'l2tpwan';
const SERVICE_FILE = '/var/run/l2tpwan/service.json';

/** What each status of ubus, and each error of JSON-RPC, comes down to. */
// biome-ignore format: a table
const WHY = {
  2: 'invalid', 3: 'gone', 4: 'gone', 6: 'denied', 7: 'timeout', 10: 'gone',
  '-32000': 'gone', '-32001': 'denied', '-32002': 'denied', '-32003': 'timeout', '-32601': 'gone', '-32603': 'gone',
};

/** The same for people, when it was something to be done that failed. */
const WORDS = {
  invalid: _('The settings of this interface cannot work, or it is switched off.'),
  gone: _('There is no such interface any more, or the service has just ended.'),
  denied: _('Your account may not do this.'),
  timeout: _('The router did not answer in time.'),
  unreachable: _('The router cannot be reached.'),
  failed: _('The router could not do it. The system log says why.'),
};

class Refusal extends Error {
  constructor(why) {
    super(WORDS[why]);
    this.why = why;
  }
}

/** ubus answers with data, or with a status alone. */
function answered(answer) {
  if (typeof answer !== 'number') return answer ?? {};
  if (answer === 0) return {};
  throw new Refusal(WHY[answer] ?? 'failed');
}

function refused(error) {
  if (error instanceof Refusal) throw error;
  const code = /failed with error (-?\d+)/.exec(error?.message)?.[1];
  if (code !== undefined) throw new Refusal(WHY[code] ?? 'failed');
  throw new Refusal(error?.name === 'SessionError' ? 'denied' : 'unreachable');
}

const outcome = (promise) =>
  promise.then(
    (value) => ({ value }),
    ({ why }) => ({ why }),
  );

function parsed({ value }) {
  try {
    return JSON.parse(value.data) ?? {};
  } catch {
    return {};
  }
}

/** What says enough by itself. */
const PLAIN = { unreachable: 'unreachable', denied: 'denied', timeout: 'slow' };

/** Why the daemon did not answer, of what procd, the list of services and the init script's own note say. */
function conditionOf(service, startup, note) {
  if (service.why !== undefined) return { kind: PLAIN[service.why] ?? 'bus-gone' };
  const instance = Object.values(service.value[NAME]?.instances ?? {})[0];
  if (instance?.running) return { kind: 'starting' };
  const { state, words } = parsed(note);
  if (startup.value && !startup.value[NAME]) return { kind: 'not-installed' };
  if (state === 'no-runtime') return { kind: 'no-runtime', words };
  if (instance) return { kind: 'crashed', exitCode: instance.exit_code };
  return { kind: startup.value?.[NAME].enabled === false ? 'not-enabled' : 'stopped' };
}

/** Why there is no data, once `status` was refused for `why`. */
async function condition(why) {
  if (why in PLAIN) return { kind: PLAIN[why] };
  const asked = [callServices(NAME), callStartup(NAME), callRead(SERVICE_FILE)].map(outcome);
  return conditionOf(...(await Promise.all(asked)));
}

/** Asked when somebody wants to know, and not again once it is known. */
function right(...what) {
  let known;
  return async () => {
    known ??= (await outcome(callAccess(...what))).value?.access;
    return known === true;
  };
}

return baseclass.extend({
  /** One look: `{ status }`, or the `{ condition }` that there is none for. */
  look: () =>
    callStatus().then(
      (status) => ({ status }),
      async ({ why }) => ({ condition: await condition(why) }),
    ),

  /** The last events of one connection, oldest first. */
  events: (limit, name) => callEvents(name, limit).then(({ events }) => events ?? []),

  negotiated: (name) => callNegotiated(name),

  /** An answer as the command line prints it. */
  text: (method, name) => declare(NAME, method, ['interface', 'format'])(name, 'text').then(({ text }) => text ?? ''),

  connect: declare(NAME, 'connect', ['interface']),
  disconnect: declare(NAME, 'disconnect', ['interface']),
  redial: declare(NAME, 'redial', ['interface']),

  /** How MQTT stands; undefined: there is no answer. */
  mqtt: () => outcome(callInfo()).then(({ value }) => value?.mqtt ?? undefined),

  testMqtt: declare(NAME, 'mqtt_test'),

  /** The names of ours that netifd has, up or down; it leaves out those that are disabled. Undefined: it did not say. */
  interfaces: () =>
    outcome(callInterfaces()).then(({ value }) =>
      value?.interface?.filter(({ proto }) => proto === NAME).map((each) => each.interface),
    ),

  /** Whether netifd knows the protocol; it reads its protocols when it starts. */
  protocolIsKnown: () => outcome(callProtocols()).then(({ value }) => value === undefined || value[NAME] !== undefined),

  /** Whether this account may start the service, try a broker out, and see the settings. */
  mayStart: right('ubus', 'rc', 'init'),
  mayTestMqtt: right('ubus', NAME, 'mqtt_test'),
  mayConfigure: right('access-group', 'luci-app-l2tpwan-settings', 'read'),

  start: () => callInit(NAME, 'start'),
  enable: () => callInit(NAME, 'enable'),
});
