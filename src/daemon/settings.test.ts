import { describe, expect, it } from 'vitest';
import { readSettings, readSettingsText, type Settings, sameSettings } from './settings.ts';

const SURROUNDINGS = { hostName: 'router' };
const wan = { servers: ['lns.example.net', '10.5.1.9'], username: 'alice', password: 's3cret' };

const fileWith = (fields: object) => ({ connections: { wan: { ...wan, ...fields } } });

function accepted(raw: unknown): { settings: Settings; warnings: readonly string[] } {
  const reading = readSettings(raw, SURROUNDINGS);
  if ('faults' in reading) throw new Error(reading.faults.join('\n'));
  return reading;
}

const connection = (fields: object) => {
  const read = accepted(fileWith(fields)).settings.connections.get('wan');
  if (read === undefined) throw new Error('no connection');
  return read;
};

const faults = (raw: unknown): readonly string[] => {
  const reading = readSettings(raw, SURROUNDINGS);
  return 'faults' in reading ? reading.faults : [];
};

describe('the smallest configuration', () => {
  it('has every default', () => {
    expect(accepted({ connections: { wan } })).toEqual({
      settings: {
        connections: new Map([
          [
            'wan',
            {
              name: 'wan',
              enabled: true,
              client: {
                servers: [
                  { host: 'lns.example.net', port: 1701 },
                  { host: '10.5.1.9', port: 1701 },
                ],
                serverOrder: 'listed',
                acceptReplyFrom: 'listed',
                connectTimeoutMs: 5000,
                sourcePort: 0,
                mtu: 1460,
                mtuProbe: false,
                redial: { firstMs: 1000, maxMs: 300_000, busyMs: 60_000, slowMs: 120_000, resetAfterMs: 60_000 },
                tunnel: {
                  hostName: 'router',
                  vendorName: 'l2tpwan',
                  secret: undefined,
                  receiveWindow: 8,
                  helloIntervalMs: 60_000,
                  hideAvps: false,
                  tolerateUnknownMandatory: false,
                },
                link: {
                  username: 'alice',
                  password: 's3cret',
                  auth: ['chap-md5', 'ms-chap-v2', 'ms-chap', 'pap'],
                  mru: 1460,
                  ipv6: true,
                  echoIntervalMs: 10_000,
                  echoFailures: 3,
                },
              },
              routing: {
                device: 'l2w-wan',
                uplink: undefined,
                mark: undefined,
                defaultRoute: true,
                metric: undefined,
                table: undefined,
                routes: [],
                exclude: [],
                peerDns: true,
                mss: true,
                upScript: undefined,
                downScript: undefined,
              },
              resolver: [],
              dataPath: 'auto',
              udpChecksums: true,
            },
          ],
        ]),
        netifd: false,
        dataPath: 'auto',
        stateDir: undefined,
        logLevel: 'info',
        mqtt: {
          enabled: false,
          broker: {
            server: 'mqtt://localhost:1883',
            version: '3.1.1',
            username: undefined,
            password: undefined,
            credentialsFile: undefined,
            clientId: undefined,
            keepaliveS: 60,
            connectTimeoutMs: 10_000,
            ca: undefined,
            certificate: undefined,
            key: undefined,
            serverName: undefined,
            rejectUnauthorized: true,
          },
          baseTopic: 'l2tpwan',
          retain: true,
          intervalMs: 10_000,
          logging: 'warn',
          commands: false,
          discovery: true,
          discoveryPrefix: 'homeassistant',
          discoveryStatusTopic: 'homeassistant/status',
          id: undefined,
        },
        mqttFaults: [],
      },
      warnings: [],
    });
  });
});

describe('what is written in another form', () => {
  it.each([
    ['lns.example.net:1702', { host: 'lns.example.net', port: 1702 }],
    ['[2001:DB8::1]:1702', { host: '2001:db8::1', port: 1702 }],
    ['2001:DB8::1', { host: '2001:db8::1', port: 1701 }],
    [
      { host: '2001:DB8::1', port: 1702 },
      { host: '2001:db8::1', port: 1702 },
    ],
    [{ host: 'lns' }, { host: 'lns', port: 1701 }],
  ])('server %j', (server, read) => expect(connection({ servers: [server] }).client.servers).toEqual([read]));

  it.each([
    [30, 30_000, 3],
    [0.5, 500, 3],
    [{ interval: 5, failures: 2 }, 5000, 2],
    [{ failures: 10 }, 10_000, 10],
    [false, 0, 3],
  ])('echo %j', (echo, echoIntervalMs, echoFailures) =>
    expect(connection({ echo }).client.link).toMatchObject({ echoIntervalMs, echoFailures }),
  );

  it('hello', () => {
    expect(connection({ hello: 0.25 }).client.tunnel.helloIntervalMs).toBe(250);
    expect(connection({ hello: false }).client.tunnel.helloIntervalMs).toBe(0);
  });

  it('prefixes and name servers', () => {
    const read = connection({
      routes: ['10.0.2.72', '2001:DB8::/32', '10.0.2.72/32'],
      resolver: ['10.10.0.21', '[2001:db8::53]:5353'],
    });
    expect(read.routing.routes).toEqual(['10.0.2.72/32', '2001:db8::/32']);
    expect(read.resolver).toEqual(['10.10.0.21:53', '[2001:db8::53]:5353']);
  });

  it('user name and password untouched', () => {
    const username = 'SX/x@ZJUA.XY "#\' ü';
    expect(connection({ username, password: ' \\ "# ' }).client.link).toMatchObject({ username, password: ' \\ "# ' });
  });

  it('a device name too long for Linux', () => {
    const read = accepted({ connections: { 'campus-network-1': wan, 'campus-network-2': wan } }).settings;
    const devices = [...read.connections.values()].map(({ routing }) => routing.device);
    for (const device of devices) expect(device).toMatch(/^l2w-campu-[0-9a-z]{5}$/);
    expect(new Set(devices).size).toBe(2);
  });
});

describe('one line a fault', () => {
  // biome-ignore format: a table
  const CASES: [string, unknown, string][] = [
    ['mtu',            fileWith({ mtu: 90000 }),                  'connections.wan.mtu: found 90000, allowed: a whole number of octets from 128 to 9000'],
    ['mtu as text',    fileWith({ mtu: '1460' }),                 'connections.wan.mtu: found "1460", allowed: a whole number of octets from 128 to 9000'],
    ['half an octet',  fileWith({ mtu: 1460.5 }),                 'connections.wan.mtu: found 1460.5, allowed: a whole number of octets from 128 to 9000'],
    ['null',           fileWith({ mtu: null }),                   'connections.wan.mtu: found null, allowed: a whole number of octets from 128 to 9000'],
    ['no servers',     fileWith({ servers: [] }),                 'connections.wan.servers: found an empty list, allowed: a list of servers, at least 1'],
    ['one server',     fileWith({ servers: '10.5.1.9' }),         'connections.wan.servers: found "10.5.1.9", allowed: a list of servers, at least 1'],
    ['server',         fileWith({ servers: ['lns', '10.5.1.256'] }), 'connections.wan.servers[1]: found "10.5.1.256", allowed: NAME, ADDRESS, NAME:PORT, ADDRESS:PORT or [IPV6]:PORT'],
    ['server port',    fileWith({ servers: [{ host: 'lns', port: 0 }] }), 'connections.wan.servers[0].port: found 0, allowed: a whole number from 1 to 65535'],
    ['server host',    fileWith({ servers: [{ host: 'lns:1701' }] }), 'connections.wan.servers[0].host: found "lns:1701", allowed: a host name or an address'],
    ['server field',   fileWith({ servers: [{ host: 'lns', prot: 1 }] }), 'connections.wan.servers[0].prot: unknown field, did you mean "port"?'],
    ['no user',        { connections: { wan: { servers: ['lns'], password: '' } } }, 'connections.wan.username: missing, allowed: text of 1 to 255 octets'],
    ['long user',      fileWith({ username: 'é'.repeat(128) }),   `connections.wan.username: found "${'é'.repeat(59)}…, allowed: text of 1 to 255 octets`],
    ['long password',  fileWith({ password: 's3cret'.repeat(50) }), 'connections.wan.password: found a string, which is not shown, allowed: text of 0 to 255 octets'],
    ['odd password',   fileWith({ password: 53 }),                'connections.wan.password: found a number, which is not shown, allowed: text of 0 to 255 octets'],
    ['empty secret',   fileWith({ tunnelSecret: '' }),            'connections.wan.tunnelSecret: found a string, which is not shown, allowed: text of 1 to 255 octets'],
    ['misspelt',       fileWith({ pasword: 's3cret' }),           'connections.wan.pasword: unknown field, did you mean "password"?'],
    ['other spelling', fileWith({ peer_dns: true }),              'connections.wan.peer_dns: unknown field, did you mean "peerDns"?'],
    ['other word',     fileWith({ keepalive: 5 }),                'connections.wan.keepalive: unknown field, did you mean "echo"?'],
    ['no idea',        fileWith({ pppdOptions: 's3cret' }),       'connections.wan.pppdOptions: unknown field'],
    ['on top',         { ...fileWith({}), conections: {} },       'conections: unknown field, did you mean "connections"?'],
    ['top, no idea',   { ...fileWith({}), snmp: {} },             'snmp: unknown field, allowed: connections, netifd, dataPath, stateDir, logLevel, mqtt'],
    ['in redial',      fileWith({ redial: { frist: 1 } }),        'connections.wan.redial.frist: unknown field, did you mean "first"?'],
    ['in echo',        fileWith({ echo: { interval: 0 } }),       'connections.wan.echo.interval: found 0, allowed: seconds from 0.1 to 3600'],
    ['echo',           fileWith({ echo: 0 }),                     'connections.wan.echo: found 0, allowed: seconds from 0.1 to 3600, { "interval": seconds, "failures": count } or false'],
    ['hello',          fileWith({ hello: true }),                 'connections.wan.hello: found true, allowed: seconds from 0.1 to 3600, or false'],
    ['auth',           fileWith({ auth: ['chap'] }),              'connections.wan.auth[0]: found "chap", allowed: one of "chap-md5", "ms-chap-v2", "ms-chap", "pap"'],
    ['no auth',        fileWith({ auth: [] }),                    'connections.wan.auth: found an empty list, allowed: a list of authentication methods, at least 1'],
    ['enabled',        fileWith({ enabled: 'yes' }),              'connections.wan.enabled: found "yes", allowed: true or false'],
    ['default route',  fileWith({ defaultRoute: 'splt' }),        'connections.wan.defaultRoute: found "splt", allowed: true, false or "split"'],
    ['device',         fileWith({ device: 'l2tp-of-the-campus' }), 'connections.wan.device: found "l2tp-of-the-campus", allowed: the name of a network device: 1 to 15 characters, no blank, slash or colon'],
    ['uplink',         fileWith({ uplink: 'the wan' }),           'connections.wan.uplink: found "the wan", allowed: the name of a network device or interface: 1 to 64 characters, no blank, slash or colon'],
    ['prefix',         fileWith({ routes: ['10.0.0.0/40'] }),     'connections.wan.routes[0]: found "10.0.0.0/40", allowed: a prefix such as 10.0.0.0/8 or 2001:db8::/32'],
    ['host bits',      fileWith({ exclude: ['10.0.2.72/8'] }),    'connections.wan.exclude[0]: found "10.0.2.72/8", allowed: the network itself, 10.0.0.0/8'],
    ['resolver',       fileWith({ resolver: ['dns.example.net'] }), 'connections.wan.resolver[0]: found "dns.example.net", allowed: ADDRESS, ADDRESS:PORT or [IPV6]:PORT'],
    ['script',         fileWith({ upScript: 'ip-up' }),           'connections.wan.upScript: found "ip-up", allowed: an absolute path'],
    ['mss too big',    fileWith({ mss: 1421 }),                   'connections.wan.mss: found 1421, allowed: at most the mtu less 40 octets of headers, 1420'],
    ['table',          fileWith({ table: 254 }),                  "connections.wan.table: found 254, allowed: a number other than 253, 254 and 255, which are the system's own tables"],
    ['metric',         fileWith({ metric: -1 }),                  'connections.wan.metric: found -1, allowed: a whole number from 0 to 4294967295'],
    ['backoff',        fileWith({ redial: { first: 400 } }),      'connections.wan.redial.first: found 400, allowed: at most redial.max, 300'],
    ['hiding',         fileWith({ hideAvps: true }),              'connections.wan.hideAvps: found true, allowed: false as long as there is no tunnelSecret to hide with'],
    ['default prefix', fileWith({ routes: ['0.0.0.0/0'] }),       'connections.wan.routes[0]: found "0.0.0.0/0", allowed: smaller prefixes; a default route is what defaultRoute is for'],
    ['both ways',      fileWith({ routes: ['10.5.1.9'], exclude: ['10.5.1.9/32'] }), 'connections.wan.routes[0]: found "10.5.1.9", allowed: a prefix that exclude does not name as well'],
    ['a dire name',    JSON.parse(`{ "connections": { "__proto__": ${JSON.stringify(wan)} } }`), 'connections.__proto__: found "__proto__", allowed: a name of 1 to 64 letters, digits, hyphens and underscores'],
    ['a bad name',     { connections: { 'the wan': wan } },       'connections.the wan: found "the wan", allowed: a name of 1 to 64 letters, digits, hyphens and underscores'],
    ['no object',      { connections: { wan: 's3cret' } },        'connections.wan: found a text, allowed: a connection: { "servers": …, "username": …, "password": …, … }'],
    ['no connections', {},                                        'connections: missing, allowed: connections by name: { "wan": { … } }'],
    ['a list',         [],                                        'the file: found an empty list, allowed: { "connections": { … } }'],
    ['path of all',    { ...fileWith({}), dataPath: 'fast' },     'dataPath: found "fast", allowed: one of "auto", "kernel", "tun-gso", "tun"'],
    ['path and mark',  { ...fileWith({ mark: 7 }), dataPath: 'tun' }, 'connections.wan.mark: found 7, allowed: no mark with the data path "tun", which cannot set any'],
    ['log level',      { ...fileWith({}), logLevel: 'verbose' },  'logLevel: found "verbose", allowed: one of "error", "warn", "info", "debug"'],
  ];

  it.each(CASES)('%s', (_, raw, line) => expect(faults(raw)).toEqual([line]));

  it('and every fault has its line', () => {
    expect(faults({ connections: { wan: { servers: [], mtu: 1 } } })).toHaveLength(4);
  });

  it('of which none holds a secret', () => {
    for (const secret of ['password', 'tunnelSecret'])
      for (const value of ['s3cret'.repeat(60), { value: 's3cret' }, ['s3cret']])
        expect(faults(fileWith({ [secret]: value })).join()).not.toContain('s3cret');
  });
});

describe('an uplink', () => {
  it('may have a longer name than any device: interfaces of OpenWrt do', () => {
    expect(faults(fileWith({ uplink: 'u'.repeat(64) }))).toEqual([]);
    expect(faults(fileWith({ uplink: 'u'.repeat(65) }))).toHaveLength(1);
  });
});

describe('two connections', () => {
  const two = (one: object, other: object) =>
    faults({ connections: { one: { ...wan, ...one }, other: { ...wan, ...other } } });

  it('do not share a device', () => {
    expect(two({ device: 'l2w-other' }, {})).toEqual([
      'connections.other.device: found "l2w-other", allowed: a device that connection "one" does not have',
    ]);
  });

  it('do not share a source port, unless each has an uplink of its own', () => {
    expect(two({ sourcePort: 1701 }, { sourcePort: 1701 })).toEqual([
      'connections.other.sourcePort: found 1701, allowed: a port that connection "one" does not use, or 0',
    ]);
    const elsewhere = { sourcePort: 1701, uplink: 'eth1', servers: ['elsewhere.example.net'] };
    expect(two({ sourcePort: 1701, uplink: 'eth0' }, elsewhere)).toEqual([]);
    expect(two({ sourcePort: 1701 }, { sourcePort: 1702 })).toEqual([]);
    expect(two({}, {})).toEqual([]);
  });

  it('do not reach one server over two uplinks: there is one host route to it', () => {
    const [one, other] = [
      { uplink: 'eth0', servers: ['a.example.net', '192.0.2.1:1702'] },
      { uplink: 'eth1', servers: ['192.0.2.1'] },
    ];
    expect(two(one, other)).toEqual([
      'connections.other.uplink: found "eth1", allowed: the uplink over which connection "one" reaches 192.0.2.1 too, or another server',
    ]);
    expect(two(one, { ...other, uplink: 'eth0' })).toEqual([]);
  });
});

describe('the data path of all', () => {
  const paths = (raw: object) =>
    [...accepted(raw).settings.connections.values()].map(({ name, dataPath }) => `${name} ${dataPath}`);
  const connections = { wan, own: { ...wan, device: 'l2w-x', dataPath: 'kernel' } };

  it('is that of each connection that has none of its own', () => {
    expect(paths({ connections })).toEqual(['wan auto', 'own kernel']);
    expect(paths({ connections, dataPath: 'tun' })).toEqual(['wan tun', 'own kernel']);
    expect(accepted({ connections, dataPath: 'tun' }).settings.dataPath).toBe('tun');
  });

  it('is judged with the connection', () => {
    const quiet = { wan: { ...wan, udpChecksums: false } };
    expect(accepted({ connections: quiet, dataPath: 'kernel' }).warnings).toEqual([]);
    expect(accepted({ connections: quiet, dataPath: 'tun' }).warnings).toEqual([
      'connections.wan.udpChecksums: data path "tun" sends them all the same',
    ]);
    expect(faults({ connections: { wan: { ...wan, mark: 7, dataPath: 'tun-gso' } }, dataPath: 'tun' })).toEqual([]);
  });
});

describe('warnings', () => {
  it('do not stop anything', () => {
    expect(accepted({ connections: {} }).warnings).toEqual(['connections: there is none, so nothing will be dialled']);
    expect(accepted(fileWith({ mtu: 1000 })).warnings).toEqual([
      'connections.wan.mtu: IPv6 needs at least 1280, it will not work with 1000',
    ]);
    expect(accepted(fileWith({ mtu: 1000, ipv6: false })).warnings).toEqual([]);
    expect(accepted(fileWith({ metric: 5, defaultRoute: 'split' })).warnings).toEqual([
      'connections.wan.metric: only used where defaultRoute is true',
    ]);
  });
});

describe('a text', () => {
  it('that is not JSON is wrong in one place', () => {
    const text = '{ "connections": {\n  "wan": { "password": "s3cret" "username": "alice" } } }';
    expect(readSettingsText(text, SURROUNDINGS)).toEqual({
      faults: ['line 2, column 33: a comma or } should be here'],
    });
  });

  it('may begin with a byte order mark', () => {
    expect('settings' in readSettingsText(`\uFEFF${JSON.stringify({ connections: { wan } })}`, SURROUNDINGS)).toBe(
      true,
    );
  });
});

describe('sameSettings', () => {
  it('sees every change', () => {
    expect(sameSettings(connection({}), connection({ mtu: 1460 }))).toBe(true);
    expect(sameSettings(connection({}), connection({ mtu: 1400 }))).toBe(false);
    expect(sameSettings(connection({}), connection({ tunnelSecret: 'x' }))).toBe(false);
  });
});
