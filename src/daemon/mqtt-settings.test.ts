import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';

const wan = { servers: ['lns.example.net'], username: 'alice', password: 's3cret' };
const read = (mqtt: unknown, more: object = {}) =>
  readSettings({ connections: { wan }, mqtt, ...more }, { hostName: 'router' });

const faults = (mqtt: unknown): readonly string[] => {
  const reading = read(mqtt);
  return 'faults' in reading ? reading.faults : [];
};
const warnings = (mqtt: unknown): readonly string[] => {
  const reading = read(mqtt);
  return 'warnings' in reading ? reading.warnings : ['faults'];
};

describe('what a file says of MQTT', () => {
  it('comes in the units of the daemon', () => {
    const reading = read({
      enabled: true,
      server: 'wss://broker.example.net/mqtt',
      username: 'router',
      password: 's3cret',
      interval: 2.5,
      connectTimeout: 3,
      keepalive: 30,
      commands: true,
      id: 'attic',
    });
    expect(reading).toMatchObject({
      settings: {
        mqtt: {
          enabled: true,
          broker: {
            server: 'wss://broker.example.net/mqtt',
            connectTimeoutMs: 3000,
            keepaliveS: 30,
            username: 'router',
          },
          intervalMs: 2500,
          commands: true,
          id: 'attic',
        },
        mqttFaults: [],
      },
    });
  });

  it.each([
    ['wss://broker:443/mqtt?token=s3cret', 'wss://broker:443/mqtt', '?token=s3cret'],
    ['wss://broker?a=1?b=2', 'wss://broker', '?a=1?b=2'],
    ['ws://broker/', 'ws://broker/', undefined],
  ])('a query, which may be a token, is parted from the rest of the URL: %s', (url, server, query) => {
    const reading = read({ server: url });
    const { broker } = 'settings' in reading ? reading.settings.mqtt : {};
    expect([broker?.server, broker?.query]).toEqual([server, query]);
  });

  it.each([
    'mqtt://broker',
    'mqtt://192.168.1.2:1884/',
    'mqtts://[fd00::1]:8883',
    'ws://broker/',
    'wss://broker:443/mqtt?key=1',
    'MQTT://broker',
  ])('server %s', (server) => expect(faults({ server })).toEqual([]));

  it.each([
    'broker',
    'broker:1883',
    'tcp://broker',
    'http://broker',
    'mqtt://',
    'mqtt://broker/path',
    'mqtt://broker:0',
    'mqtt://broker:65536',
    'mqtt://bro ker',
    'ws://broker/#x',
  ])('server %s is none', (server) => {
    const [fault = ''] = faults({ server });
    expect(fault).toContain(`mqtt.server: found ${JSON.stringify(server)}, allowed: mqtt://HOST, mqtts://HOST,`);
  });

  it.each([
    'mqtt://router:s3cret@broker',
    'router:s3cret@broker',
    'mqtt://s3cret@',
    'mqtt://broker?x=s3cret',
    'wss://broker/?token=s3cret#',
  ])('a password in the URL is refused, and not shown: %s', (server) => {
    const [fault = ''] = faults({ server });
    expect(fault).toContain('mqtt.server: found a text, which is not shown, allowed: ');
    expect(fault).toContain('without a user name');
  });

  it.each(['l2tpwan', 'home/wan', 'дом/wan', 'a b'])('topic %s', (baseTopic) =>
    expect(faults({ baseTopic })).toEqual([]),
  );

  it.each(['', '/wan', 'wan/', 'a//b', 'a/+/b', 'wan#', '$SYS/wan', 'a\u0000b', 'a\ud800', 'x'.repeat(201)])(
    'topic %j is none',
    (topic) => {
      for (const field of ['baseTopic', 'discoveryPrefix', 'discoveryStatusTopic'])
        expect(faults({ [field]: topic })[0]).toContain(`mqtt.${field}: found`);
    },
  );

  // biome-ignore format: a table
  it.each([
    [{ intervall: 5 },                         'mqtt.intervall: unknown field, did you mean "interval"?'],
    [{ base_topic: 'x' },                      'mqtt.base_topic: unknown field, did you mean "baseTopic"?'],
    [{ user: 'x' },                            'mqtt.user: unknown field, did you mean "username"?'],
    [{ cert: '/x' },                           'mqtt.cert: unknown field, did you mean "certificate"?'],
    [{ interval: 0 },                          'mqtt.interval: found 0, allowed: seconds from 1 to 3600'],
    [{ version: '3.1' },                       'mqtt.version: found "3.1", allowed: one of "3.1.1", "5"'],
    [{ logging: 'all' },                       'mqtt.logging: found "all", allowed: one of "off", "error", "warn", "info", "debug"'],
    [{ id: 'my router' },                      'mqtt.id: found "my router", allowed: 1 to 32 letters, digits, hyphens and underscores'],
    [{ ca: 'ca.pem' },                         'mqtt.ca: found "ca.pem", allowed: an absolute path'],
    [{ password: 53 },                         'mqtt.password: found a number, which is not shown, allowed: text of 1 to 255 octets'],
    [{ password: 's3cret' },                   'mqtt.username: missing, allowed: a user name beside a password'],
    [{ username: 'a', credentialsFile: '/x' }, 'mqtt.credentialsFile: found "/x", allowed: either this, or username and password'],
    [{ certificate: '/x' },                    'mqtt.key: missing, allowed: the key of the certificate'],
    [{ key: '/x' },                            'mqtt.certificate: missing, allowed: the certificate of the key'],
    [{ baseTopic: 'homeassistant/wan' },       'mqtt.baseTopic: found "homeassistant/wan", allowed: a topic that is not below discoveryPrefix, "homeassistant"'],
    ['mqtt://a:s3cret@broker',                 'mqtt: found a text, which is not shown, allowed: { "enabled": true, "server": …, … }'],
  ])('%j', (mqtt, line) => expect(faults(mqtt)).toEqual([line]));
});

describe('warnings of MQTT', () => {
  it('only where it is enabled', () => {
    expect(warnings({ ca: '/x' })).toEqual([]);
    expect(warnings({ enabled: true, ca: '/x' })).toEqual(['mqtt.ca: only used with mqtts:// and wss://']);
  });

  it('for what others can read', () => {
    const login = { enabled: true, username: 'a', password: 'b' };
    expect(warnings(login)).toEqual([]);
    expect(warnings({ ...login, server: 'ws://[::1]:80/' })).toEqual([]);
    expect(warnings({ ...login, server: 'mqtt://broker' })[0]).toContain('mqtt.server: the password goes');
    expect(warnings({ ...login, server: 'mqtts://broker' })).toEqual([]);
    expect(warnings({ ...login, server: 'mqtts://broker', rejectUnauthorized: false })[0]).toContain(
      'mqtt.rejectUnauthorized: any certificate will do',
    );
  });
});

describe('wrong settings of MQTT', () => {
  it('are faults in a file of its own', () => expect(faults({ interval: 0 })).toHaveLength(1));

  it('never keep the WAN of a router down', () => {
    const reading = read({ enabled: true, interval: 0, password: 's3cret' }, { netifd: true });
    expect(reading).toMatchObject({
      settings: {
        netifd: true,
        mqtt: { enabled: false },
        mqttFaults: ['mqtt.interval: found 0, allowed: seconds from 1 to 3600'],
      },
      warnings: ['mqtt.interval: found 0, allowed: seconds from 1 to 3600; MQTT is left out'],
    });
    expect('settings' in reading && reading.settings.connections.has('wan')).toBe(true);
  });

  it('do not excuse others', () => {
    const reading = read({ interval: 0 }, { netifd: true, logLevel: 'loud' });
    expect('faults' in reading && reading.faults).toHaveLength(2);
  });
});
