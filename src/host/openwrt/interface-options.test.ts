import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { meantBy } from '../../daemon/faults.ts';
import { readConnection } from '../../daemon/settings.ts';
import { fieldsAt } from '../../daemon/settings-schema.ts';
import { connectionOf, faultWords, strangersAmong } from './interface-options.ts';
import { declarationOf, INTERFACE_OPTIONS } from './interface-options-table.ts';

const least = { proto: 'l2tpwan', auto: true, server: ['lns.example.net'], username: 'alice', password: 's3cret' };

const read = (options: object) =>
  readConnection('campus', connectionOf({ ...least, ...options }), { hostName: 'r', dataPath: 'auto' }, []);

function settings(options: object) {
  const reading = read(options);
  if ('faults' in reading) throw new Error(reading.faults.map(faultWords).join('\n'));
  return reading.settings;
}

const faults = (options: object): string[] => {
  const reading = read(options);
  return 'faults' in reading ? reading.faults.map(faultWords) : [];
};

describe('the table of options', () => {
  // What netifd does for every interface, and what means nothing there.
  const NETIFDS = ['enabled', 'metric', 'table', 'peerDns', 'defaultRoute'];

  it('has every field of a connection that is not netifd’s, and no other', () => {
    const ours = new Set(INTERFACE_OPTIONS.map(({ field }) => field.split('.')[0]));
    const all = fieldsAt(['connections', 'wan']).filter((field) => !NETIFDS.includes(field));
    expect(all.filter((field) => !ours.has(field))).toEqual([]);
    expect([...ours].filter((field) => ![...all, 'defaultRoute'].includes(field ?? ''))).toEqual([]);
    for (const outer of ['echo', 'redial']) {
      const inner = INTERFACE_OPTIONS.filter(({ field }) => field.startsWith(`${outer}.`));
      expect(inner.map(({ field }) => field)).toEqual(fieldsAt(['', '', outer]).map((field) => `${outer}.${field}`));
    }
  });

  it('names options in snake case, each once, each with its line', () => {
    const names = INTERFACE_OPTIONS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
    expect(INTERFACE_OPTIONS.filter(({ help }) => help === '')).toEqual([]);
  });

  const handler = new URL('../../../openwrt/files/lib/netifd/proto/l2tpwan.sh', import.meta.url);
  it.skipIf(!existsSync(handler))('is what the protocol handler declares', () => {
    const script = readFileSync(handler, 'utf8');
    const declared = [...script.matchAll(/^\s*(proto_config_add_(?!defaults).*)$/gm)].map(([, line]) => line);
    expect(declared).toEqual(INTERFACE_OPTIONS.map(declarationOf));
  });
});

describe('options', () => {
  it('become a connection, with the defaults of the file', () => {
    expect(settings({})).toMatchObject({
      name: 'campus',
      client: { servers: [{ host: 'lns.example.net', port: 1701 }], mtu: 1460, link: { username: 'alice' } },
      routing: { device: 'l2w-campus', defaultRoute: true, uplink: undefined, mss: true },
    });
  });

  it.each<[object, object]>([
    [{ server: 'lns1 lns2:1702' }, { client: { servers: [{ host: 'lns1' }, { host: 'lns2', port: 1702 }] } }],
    [{ username: 12345, password: true }, { client: { link: { username: '12345', password: 'true' } } }],
    [{ mtu: '1400' }, { client: { mtu: 1400 } }],
    [{ mtu: 1400 }, { client: { mtu: 1400 } }],
    [{ mark: '0x100' }, { routing: { mark: 256 } }],
    [{ mss: 'auto' }, { routing: { mss: true } }],
    [{ mss: 'off' }, { routing: { mss: false } }],
    [{ mss: '0' }, { routing: { mss: false } }],
    [{ mss: '1300' }, { routing: { mss: 1300 } }],
    [{ hello: '0' }, { client: { tunnel: { helloIntervalMs: 0 } } }],
    [{ hello: '2.5' }, { client: { tunnel: { helloIntervalMs: 2500 } } }],
    [{ echo_interval: '0', echo_failures: '5' }, { client: { link: { echoIntervalMs: 0 } } }],
    [{ echo_failures: '5' }, { client: { link: { echoIntervalMs: 10_000, echoFailures: 5 } } }],
    [{ echo_interval: '4' }, { client: { link: { echoIntervalMs: 4000, echoFailures: 3 } } }],
    [{ redial_first: '2', redial_max: '60' }, { client: { redial: { firstMs: 2000, maxMs: 60_000, busyMs: 60_000 } } }],
    [{ ipv6: false }, { client: { link: { ipv6: false } } }],
    [{ ipv6: '0' }, { client: { link: { ipv6: false } } }],
    ...['1', 'yes', 'on', 'true', 'enabled', 'Yes'].map((word): [object, object] => [
      { udp_checksums: word },
      { udpChecksums: true },
    ]),
    ...['0', 'no', 'off', 'false', 'disabled'].map((word): [object, object] => [
      { udp_checksums: word },
      { udpChecksums: false },
    ]),
    [{ split_default: 'yes' }, { routing: { defaultRoute: 'split' } }],
    [{ split_default: true }, { routing: { defaultRoute: 'split' } }],
    [{ split_default: '0' }, { routing: { defaultRoute: true } }],
    [
      { route: ['10.0.0.0/8'], exclude: ['10.1.0.0/16'] },
      { routing: { routes: ['10.0.0.0/8'], exclude: ['10.1.0.0/16'] } },
    ],
    [
      { mtu: '', uplink: '', host_name: '' },
      { client: { mtu: 1460 }, routing: { uplink: undefined } },
    ],
    // netifd's own, and what it adds: not ours to judge.
    [
      { metric: 10, defaultroute: false, peerdns: false, ip4table: '7', zone: 'wan', whatever: [{}] },
      { routing: { metric: undefined } },
    ],
  ])('%j', (options, expected) => expect(settings(options)).toMatchObject(expected));

  it.each<[object, string]>([
    [{ mtu: 'abc' }, 'option mtu: found "abc", allowed: a whole number of octets from 128 to 9000'],
    [{ mtu: '99999' }, 'option mtu: found 99999, allowed: a whole number of octets from 128 to 9000'],
    [{ server: [] }, 'option server: found an empty list, allowed: a list of servers, at least 1'],
    [{ server: undefined }, 'option server: missing, allowed: a list of servers, at least 1'],
    [
      { server: ['ok', 'lns:0'] },
      'option server: found "lns:0", allowed: NAME, ADDRESS, NAME:PORT, ADDRESS:PORT or [IPV6]:PORT',
    ],
    [{ auth: ['eap'] }, 'option auth: found "eap", allowed: one of "chap-md5", "ms-chap-v2", "ms-chap", "pap"'],
    [{ redial_first: 'soon' }, 'option redial_first: found "soon", allowed: seconds from 0.1 to 3600'],
    [{ redial_first: '500' }, 'option redial_first: found 500, allowed: at most redial_max, 300'],
    [{ echo_interval: '-1' }, 'option echo_interval: found -1, allowed: seconds from 0.1 to 3600'],
    [{ hide_avps: true }, 'option hide_avps: found true, allowed: 0 as long as there is no tunnel_secret to hide with'],
    [{ split_default: 'maybe' }, 'option split_default: found "maybe", allowed: 1 or 0'],
    [
      { route: ['0.0.0.0/0'] },
      'option route: found "0.0.0.0/0", allowed: smaller prefixes; a default route is what defaultroute is for',
    ],
    [
      { device: 'far-too-long-for-a-device' },
      'option device: found "far-too-long-for-a-device", allowed: the name of a network device: 1 to 15 characters, no blank, slash or colon',
    ],
    [{ hello: 'x' }, 'option hello: found "x", allowed: seconds from 0.1 to 3600, or 0'],
    [{ mss: 'x' }, 'option mss: found "x", allowed: auto, off or a whole number of octets from 88 to 8960'],
    [{ ipv6: 'maybe' }, 'option ipv6: found "maybe", allowed: 1 or 0'],
  ])('%j is refused', (options, words) => expect(faults(options)[0]).toBe(words));

  it.each<[string, string?]>([
    ['usernme', 'username'],
    ['servers', 'server'],
    ['tunnelSecret', 'tunnel_secret'],
    ['keepalive', 'echo_interval'],
    ['ip4tabel', 'ip4table'],
    ['metrics', 'metric'],
    ['pppd_options'],
    ['constructor'],
  ])('%s is one that nobody knows', (name, meant) => {
    const words = `option ${name}: unknown${meant === undefined ? '' : `, did you mean "${meant}"?`}`;
    expect(strangersAmong(['proto', name, 'server'], least, meantBy)).toEqual([words]);
  });

  it('of netifd, and those that it hands over, are known', () => {
    const names = ['auto', 'disabled', 'metric', 'peerdns', 'ip4table', 'macaddr', 'zone', 'mtu', '_orig_ifname'];
    expect(strangersAmong([...names, 'of_a_later_netifd'], { ...least, of_a_later_netifd: true }, meantBy)).toEqual([]);
  });

  it('that are secret are never shown', () => {
    const all = faults({ password: ['s3cret'], tunnel_secret: 'tunn3l'.repeat(100), username: '' }).join('\n');
    expect(all).toContain('option password');
    expect(all).toContain('option tunnel_secret');
    expect(all).not.toMatch(/s3cret|tunn3l/);
  });
});
