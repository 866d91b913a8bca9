import { describe, expect, it } from 'vitest';
import { FakeHost, settled } from '../../../test/support/fake-host.ts';
import { FakeNetifd } from '../../../test/support/fake-netifd.ts';
import type { RoutingSettings } from '../../ports/network.ts';
import type { Failure } from '../../protocol/failure.ts';
import type { Shares } from '../linux/connection.ts';
import type { LinuxNetwork } from '../linux/network.ts';
import { childOf } from './child.ts';
import { Netifd } from './netifd.ts';
import { OpenwrtNetwork } from './network.ts';
import { Reports } from './reports.ts';
import { Uplinks } from './uplinks.ts';

const WISH: RoutingSettings = {
  device: 'l2w-campus',
  uplink: undefined,
  mark: undefined,
  defaultRoute: true,
  metric: undefined,
  table: undefined,
  routes: ['10.8.0.0/16'],
  exclude: ['10.0.0.0/8'],
  peerDns: true,
  mss: true,
  upScript: undefined,
  downScript: undefined,
};
const LINK = {
  localAddress: '10.64.0.10',
  peerAddress: '192.0.2.72',
  dns: ['10.0.0.53'],
  mtu: 1400,
  server: { address: '192.0.2.72', port: 1701 },
};

/** A router whose kernel is a memory: what Linux was asked, and what netifd was told, in one order. */
function scene(wish: Partial<RoutingSettings> = {}, options: Record<string, unknown> = {}) {
  const host = new FakeHost();
  const bus = new FakeNetifd();
  const lines: string[] = [];
  const log = {
    write: (level: string, name: string | undefined, words: string) => void lines.push(`${level} ${name}: ${words}`),
  };
  const netifd = new Netifd(bus);
  const uplinks = new Uplinks(netifd);
  const reports = new Reports(netifd, log);
  const given: { settings?: RoutingSettings; shares?: Shares } = {};
  const inner = host.network;
  const linux = {
    ...inner,
    connection: (name: string, settings: RoutingSettings, changed: (failure: Failure) => void, shares: Shares = {}) => {
      Object.assign(given, { settings, shares });
      const connection = inner.connection(name, settings, changed);
      return {
        ...connection,
        installed: host.installed,
        pin: async (server: string) => {
          const device = await shares.uplink?.();
          return { ...(await connection.pin(`${server} over ${device}`)), device: device ?? 'eth0' };
        },
        up: async (link: typeof LINK) => {
          await connection.up(link);
          await shares.address?.(link);
        },
      };
    },
  } as unknown as LinuxNetwork;
  const network = new OpenwrtNetwork({
    linux,
    netifd,
    log,
    uplinks,
    reports,
    isInterface: (name) => name === 'campus',
    optionsOf: () => options,
    remarksOn: () => ['option mtv: unknown'],
    factsOf: () => ({ auth: 'chap-md5' }),
    childOf: (name) => childOf(name, options, bus),
  });
  const campus = bus.add('campus', { state: 'setup' });
  bus.add('wan', { proto: 'dhcp' });
  bus.plugIn('wan', { l3_device: 'eth0', 'ipv4-address': [{ address: '192.0.2.2' }] });
  const failures: Failure[] = [];
  const connection = network.connection('campus', { ...WISH, ...wish }, (failure) => failures.push(failure));
  return { host, bus, lines, network, connection, campus, reports, given, failures };
}

describe('an interface', () => {
  it('leaves to Linux what is not netifd’s, and nothing else', () => {
    const { given } = scene({ metric: 5, table: 7 });
    expect(given.settings).toEqual({ ...WISH, defaultRoute: false, routes: [] });
  });

  it('says who has the rest, and what is odd about its settings', () => {
    expect(scene().connection.installed).toMatchObject({ owner: 'netifd', warnings: ['option mtv: unknown'] });
  });

  it('is told once the device is there', async () => {
    const { connection, host, campus, bus } = scene();
    await connection.pin('192.0.2.72');
    host.hooks.set('up', () => expect(campus.state).toBe('setup'));
    await connection.up(LINK);
    expect(campus).toMatchObject({
      state: 'up',
      has: {
        ifname: 'l2w-campus',
        routes: [
          { target: '0.0.0.0', netmask: '0' },
          { target: '10.8.0.0', netmask: '16' },
        ],
        data: { server: '192.0.2.72', mtu: 1400, auth: 'chap-md5' },
      },
    });
    await connection.down();
    expect(campus).toMatchObject({ state: 'setup', has: {} });
    expect(host.log.at(-1)).toBe('down campus');
    expect(bus.calls).toEqual(['link-up campus', 'link-down campus']);
    await connection.down();
    expect(bus.calls).toHaveLength(2);
  });

  it('does not take the default route of its uplink away', async () => {
    const { connection, bus, campus, lines } = scene();
    bus.plugIn('wan', { l3_device: 'eth0', route: [{ target: '0.0.0.0', mask: 0, metric: 0 }] });
    await connection.up(LINK);
    await connection.up(LINK);
    expect(campus.has.routes).toContainEqual({ target: '128.0.0.0', netmask: '1' });
    expect(campus.has.routes).not.toContainEqual({ target: '0.0.0.0', netmask: '0' });
    expect(lines.filter((line) => line.includes('two halves'))).toHaveLength(1);
  });

  it('takes nobody’s default route away where netifd does not say who has one', async () => {
    const { connection, bus, campus, lines } = scene();
    bus.refusals.set('dump', 'timeout');
    await connection.up(LINK);
    expect(campus.has.routes).toContainEqual({ target: '128.0.0.0', netmask: '1' });
    expect(campus.has.routes).not.toContainEqual({ target: '0.0.0.0', netmask: '0' });
    expect(lines).toEqual([
      'info campus: the default route goes in as two halves: netifd does not say who else has one',
    ]);
  });

  it('that netifd refuses has failed; one that nobody can be told of has not', async () => {
    const { connection, bus, reports, campus } = scene();
    bus.refusals.set('notify_proto', 'invalidArgument');
    await expect(connection.up(LINK)).rejects.toMatchObject({ failure: { code: 'network-failed' } });
    for (const status of ['permissionDenied', 'notFound', 'connectionFailed'] as const) {
      bus.refusals.set('notify_proto', status);
      await connection.up(LINK);
    }
    expect(campus.state).toBe('setup');
    bus.refusals.clear();
    await reports.again('campus');
    expect(campus.state).toBe('up');
  });

  it('is taken away although netifd does not answer', async () => {
    const { connection, bus, host } = scene();
    await connection.up(LINK);
    bus.refusals.set('notify_proto', 'timeout');
    await connection.down();
    expect(host.log.at(-1)).toBe('down campus');
  });
});

describe('IPv6 in a tunnel', () => {
  const id = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

  it('is an interface of its own, which goes with it', async () => {
    const { connection, bus, host } = scene();
    await connection.up(LINK);
    await connection.ipv6Up(id);
    expect(bus.last.get('add_dynamic')).toEqual({ name: 'campus_6', proto: 'dhcpv6', device: '@campus' });
    await connection.ipv6Down();
    await connection.ipv6Up(id);
    await connection.down();
    expect(bus.interfaces.has('campus_6')).toBe(false);
    expect(host.log.filter((entry) => entry.startsWith('ipv6'))).toEqual([
      'ipv6-up campus',
      'ipv6-down campus',
      'ipv6-up campus',
    ]);
    expect(bus.calls.filter((call) => call.includes('_6'))).toEqual([
      'add_dynamic campus_6',
      'remove campus_6',
      'add_dynamic campus_6',
      'remove campus_6',
    ]);
  });

  it('is none below its least MTU', async () => {
    const { connection, bus } = scene();
    await connection.up({ ...LINK, mtu: 1279 });
    await connection.ipv6Up(id);
    expect(bus.calls).toEqual(['link-up campus']);
  });

  it('has no interface where netifd could not serve it, which is said once', async () => {
    const { connection, bus, lines, reports } = scene();
    bus.protocols = ['static', 'l2tpwan'];
    await connection.up(LINK);
    await connection.ipv6Up(id);
    await connection.ipv6Down();
    await connection.ipv6Up(id);
    expect(bus.calls).toEqual(['link-up campus']);
    expect(lines.filter((line) => line.includes('dhcpv6'))).toEqual([
      'warn campus: no IPv6 addresses in tunnels: netifd has no protocol dhcpv6; install odhcp6c and restart the network',
    ]);
    // Installed, and netifd started again.
    bus.protocols = ['static', 'dhcpv6', 'l2tpwan'];
    await reports.again('campus');
    expect(bus.calls).toEqual(['link-up campus', 'link-up campus', 'add_dynamic campus_6']);
    await connection.down();
    expect(bus.calls).toContain('remove campus_6');
  });

  it('has no interface where nobody can be asked', async () => {
    const { connection, bus } = scene();
    await connection.up(LINK);
    bus.refusals.set('get_proto_handlers', 'methodNotFound');
    await connection.ipv6Up(id);
    await connection.down();
    expect(bus.calls).toEqual(['link-up campus', 'link-down campus']);
  });

  it('is opened again when a new netifd has made the device its own', async () => {
    const { connection, bus, host, reports } = scene();
    await connection.up(LINK);
    await connection.ipv6Up(id);
    host.log.length = bus.calls.length = 0;
    await reports.again('campus');
    expect(host.log).toEqual(['ipv6-up campus']);
    expect(bus.calls).toEqual(['link-up campus', 'add_dynamic campus_6']);
  });
});

describe('the uplink of an interface', () => {
  it('is an interface’s device at the time of the dial', async () => {
    const { connection, bus, host } = scene({ uplink: 'wan' });
    await connection.pin('192.0.2.72');
    bus.plugIn('wan', { l3_device: 'pppoe-wan' });
    await connection.pin('192.0.2.72');
    expect(host.log).toEqual(['pin campus 192.0.2.72 over eth0', 'pin campus 192.0.2.72 over pppoe-wan']);
    bus.unplug('wan');
    await expect(connection.pin('192.0.2.72')).rejects.toMatchObject({ failure: { code: 'no-route' } });
  });

  it.each(['wan', undefined])(
    '(%s) that goes down fails the connection at once, as long as there is one',
    async (uplink) => {
      const { connection, bus, failures } = scene({ uplink });
      await connection.pin('192.0.2.72');
      bus.unplug('wan');
      expect(failures).toEqual([{ code: 'no-route', detail: 'the uplink wan went down' }]);
      bus.plugIn('wan', { l3_device: 'eth0', 'ipv4-address': [{ address: '192.0.2.2' }] });
      await connection.pin('192.0.2.72');
      await connection.down();
      bus.unplug('wan');
      await settled();
      expect(failures).toHaveLength(1);
    },
  );
});

describe('a connection of the file', () => {
  it('is no matter of netifd’s', async () => {
    const { network, bus, given } = scene();
    const other = network.connection('vpn', { ...WISH, uplink: 'wan' }, () => undefined);
    expect(given).toEqual({ settings: { ...WISH, uplink: 'wan' }, shares: {} });
    await other.up(LINK);
    await other.down();
    expect(bus.calls).toEqual([]);
  });
});
