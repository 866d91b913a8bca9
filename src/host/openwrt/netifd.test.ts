import { describe, expect, it } from 'vitest';
import { settled } from '../../../test/support/fake-host.ts';
import { FakeNetifd } from '../../../test/support/fake-netifd.ts';
import { childOf } from './child.ts';
import { Netifd } from './netifd.ts';
import { readDump, readEvent } from './netifd-state.ts';
import { childTable, linkTable } from './netifd-update.ts';

const link = {
  localAddress: '10.64.0.10',
  peerAddress: '192.0.2.72',
  dns: ['10.0.0.53', '10.0.0.54'],
  mtu: 1400,
  server: { address: '192.0.2.72', port: 1701 },
};

describe('what netifd is told', () => {
  it('of a tunnel that is up', () => {
    const routes = ['10.0.0.0/8', '2001:db8::/32'];
    expect(linkTable({ device: 'l2w-campus', link, defaultRoute: 'split', routes, facts: { auth: 'pap' } })).toEqual({
      'link-up': true,
      ifname: 'l2w-campus',
      keep: false,
      ipaddr: [{ ipaddr: '10.64.0.10', mask: '32' }],
      routes: [
        { target: '0.0.0.0', netmask: '1' },
        { target: '128.0.0.0', netmask: '1' },
        { target: '10.0.0.0', netmask: '8' },
      ],
      routes6: [{ target: '2001:db8::', netmask: '32' }],
      dns: ['10.0.0.53', '10.0.0.54'],
      data: { server: '192.0.2.72', mtu: 1400, auth: 'pap' },
    });
  });

  it('of a failure is bounded: it takes fifteen texts', async () => {
    const bus = new FakeNetifd();
    bus.add('campus');
    await new Netifd(bus).error(
      'campus',
      'X',
      Array.from({ length: 40 }, () => 'y'.repeat(10_000)),
    );
    const error = bus.last.get('notify_proto')?.error as string[];
    expect(error.length).toBeLessThanOrEqual(15);
    expect(Math.max(...error.map((text) => text.length))).toBeLessThanOrEqual(500);
  });

  it('of the child for IPv6, in the zone of its parent', async () => {
    const bus = new FakeNetifd();
    const options = { metric: 10, peerdns: false, password: 's3cret' };
    expect(childTable(await childOf('campus', options, bus))).toEqual({
      name: 'campus_6',
      proto: 'dhcpv6',
      device: '@campus',
      metric: 10,
      peerdns: false,
    });
    bus.others.set('uci get', () => ({
      values: { a: { name: 'lan', network: 'lan' }, b: { name: 'wan', network: ['wan', 'campus'] } },
    }));
    expect(await childOf('campus', options, bus)).toMatchObject({ zone: 'wan' });
    expect(await childOf('lan', {}, bus)).toMatchObject({ zone: 'lan' });
    expect(await childOf('other', {}, bus)).toMatchObject({ zone: undefined });
    expect(await childOf('campus', { zone: 'vpn' }, bus)).toMatchObject({ zone: 'vpn' });
  });
});

describe('a netifd that is there', () => {
  it.each([
    ['timeout', 1],
    ['notFound', 0],
    ['connectionFailed', 0],
  ] as const)('is so although it is late, and not if it is absent: %s', async (status, times) => {
    const bus = new FakeNetifd();
    bus.refusals.set('dump', status);
    let count = 0;
    new Netifd(bus).onReturn(() => count++);
    await settled();
    expect(count).toBe(times);
    bus.tell('ubus.object.add', { path: 'network.interface' });
    expect(count).toBe(times + 1);
  });
});

describe('what netifd says', () => {
  it('is read as far as it makes sense', () => {
    expect(
      readDump({
        interface: [
          { interface: 'wan', up: true, pending: false, autostart: true, proto: 'dhcp', l3_device: 'eth0' },
          { interface: 'odd', up: 'yes', route: 7, 'dns-server': [1], data: 'x', 'ipv4-address': [{}], l3_device: 3 },
          { up: true },
          'nonsense',
        ],
      }),
    ).toEqual([
      expect.objectContaining({ name: 'wan', proto: 'dhcp', isUp: true, isAutostart: true, device: 'eth0' }),
      {
        name: 'odd',
        proto: '',
        isUp: false,
        isPending: false,
        isAutostart: false,
        device: undefined,
        addresses: [],
        nameServers: [],
        defaultMetrics: [],
        zone: undefined,
      },
    ]);
    expect(readDump({})).toEqual([]);
  });

  it('of an interface is up or down', () => {
    expect(readEvent({ action: 'ifup', interface: 'wan' })).toEqual({ name: 'wan', isUp: true });
    expect(readEvent({ action: 'ifdown', interface: 'wan' })).toEqual({ name: 'wan', isUp: false });
    expect(readEvent({ action: 'reload', interface: 'wan' })).toBeUndefined();
    expect(readEvent({ action: 'ifup' })).toBeUndefined();
  });
});
