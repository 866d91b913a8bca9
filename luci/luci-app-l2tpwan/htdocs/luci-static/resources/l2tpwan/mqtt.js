'use strict';
'require baseclass';
'require l2tpwan.fields as fields';
'require l2tpwan.values as values';

// Every option of MQTT: a table as that of an interface, and what only these may be.

const { text, flag, choice } = fields;
const { check, whole, seconds, words, path } = values;

/** The init script takes digits and points for a number, and leaves it to the daemon to refuse anything else. */
const plain = (passes) => (given) => passes(given === '' || /^[\d.]{1,9}$/.test(given) ? given : '?');

const BROKER = _(
  'mqtt://HOST, mqtts://HOST (TLS), ws://HOST/PATH or wss://HOST/PATH, with :PORT where it is not the usual one',
);

const broker = check(BROKER, isBroker);

/** Browsers of before 2025 find no host in the URL of a scheme that they do not know. */
function isBroker(given) {
  const [, scheme, rest] = /^(mqtts?|wss?):\/\/(?=[^/?])(.*)$/i.exec(given) ?? [];
  try {
    const { port, pathname, search } = new URL(`http://${rest ?? ''}`);
    if (port === '0' || /[\s@#]/.test(rest)) return false;
    return /^w/i.test(scheme) || (pathname === '/' && search === '');
  } catch {
    return false;
  }
}

const isTopic = (given) => words(200)(given) === true && !/[+#\p{Cc}\p{Cs}]|\/\/|^[$/]|\/$/u.test(given);

const topic = check(_('a topic of at most 200 octets, no + or #, no / at either end, no // in it'), isTopic);

const baseTopic = (given, read) => {
  const prefix = read('discovery_prefix') || 'homeassistant';
  if (`${given || 'l2tpwan'}/`.startsWith(`${prefix}/`)) return _('a topic that is not below the discovery prefix');
  return topic(given);
};

/** One that has to be there beside another. */
const beside = (other, why, passes) => (given, read) => (given === '' && read(other) ? why : passes(given));

const credentials = (given, read) =>
  given !== '' && (read('username') || read('password')) ? _('either this, or user name and password') : path(given);

const host = check(_('a host name'), (given) => /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/i.test(given));

const id = check(_('1 to 32 letters, digits, hyphens and underscores'), (given) => /^[\w-]{1,32}$/.test(given));

const TLS = { needs: { server: /^(mqtts|wss):/i }, isKept: true };
const DISCOVERY = { needs: { discovery: '1' }, isKept: true };

// biome-ignore format: a table
const TABS = {
  general: [_('General'), [
    flag('enabled', _('Publish'), _('What connections are like, and what happens to them.'), false),
    text('server', _('Broker'), BROKER, 'mqtt://localhost:1883', broker),
    text('username', _('User name'), _('For the broker.'), null, beside('password', _('a user name beside the password'), words(255))),
    text('password', _('Password'), _('Stored as plain text.'), null, words(255), { isSecret: true }),
    text('credentials_file', _('Credentials file'), _('Instead of both: the user name in its first line, the password in its second.'), '/etc/l2tpwan/mqtt', credentials),
    flag('commands', _('Allow commands'), _('Whoever may publish to the broker may then connect, disconnect and redial.'), false),
  ]],
  tls: [_('TLS'), [
    flag('reject_unauthorized', _('Check certificates'), _('Off: whoever is on the way can read and change everything.'), true, TLS),
    text('ca', _('CA file'), _('Certificates (PEM) to trust instead of the usual ones.'), '/etc/l2tpwan/ca.pem', path, TLS),
    text('server_name', _('Server name'), _('What the certificate of the broker is for, where that is not the host above.'), _('as in the URL'), host, TLS),
    text('certificate', _('Client certificate'), _('Ours (PEM), where the broker wants one.'), '/etc/l2tpwan/router.pem', beside('key', _('the certificate of the key'), path), TLS),
    text('key', _('Client key'), _('The key of it (PEM), without a passphrase.'), '/etc/l2tpwan/router.key', beside('certificate', _('the key of the certificate'), path), TLS),
  ]],
  topics: [_('Topics'), [
    text('base_topic', _('Base topic'), _('What all topics begin with.'), 'l2tpwan', baseTopic),
    flag('retain', _('Retain'), _('The broker keeps states for those who subscribe later.'), true),
    text('interval', _('Interval'), _('Seconds between measurements.'), '10', plain(seconds(1, 3600))),
    choice('logging', _('Log lines'), _('What is published of the log: this and what is graver.'), { off: _('off'), ...values.LOG_LEVELS }, 'warn'),
  ]],
  discovery: ['Home Assistant', [
    flag('discovery', _('Discovery'), _('Home Assistant gets a device for each connection.'), true),
    text('discovery_prefix', _('Discovery prefix'), _('Where Home Assistant listens for that.'), 'homeassistant', topic, DISCOVERY),
    text('discovery_status_topic', _('Birth topic'), _('Where Home Assistant says that it has started.'), 'homeassistant/status', topic, DISCOVERY),
  ]],
  advanced: [_('Advanced'), [
    choice('version', _('Version'), _('Of MQTT.'), { '3.1.1': '3.1.1', 5: '5' }, '3.1.1'),
    text('keepalive', _('Keepalive'), _('Seconds of silence before the broker is asked whether it is there.'), '60', plain(whole(5, 65535))),
    text('connect_timeout', _('Connect timeout'), _('Seconds for reaching the broker, TLS included.'), '10', plain(seconds(1, 300))),
    text('client_id', _('Client id'), _('What the broker knows us by.'), _('l2tpwan- and the id'), words(255)),
    text('id', _('Id'), _('What tells this router from others on the same broker.'), _('made of the machine'), id),
  ]],
};

return baseclass.extend({ TABS });
