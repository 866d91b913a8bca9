import { describe, expect, it } from 'vitest';
import { settled } from '../../../test/support/fake-host.ts';
import { FakeNetifd } from '../../../test/support/fake-netifd.ts';
import { HostError } from '../../ports/host-error.ts';
import type { Failure } from '../../protocol/failure.ts';
import { defaultRouteOf } from './default-route.ts';
import { Netifd } from './netifd.ts';
import { openwrtResolver } from './resolver.ts';
import { Uplinks } from './uplinks.ts';

const route = (metric: number) => [{ target: '0.0.0.0', mask: 0, nexthop: '192.0.2.1', metric }];
const has = (device: string, address: string, more: object = {}) => ({
  l3_device: device,
  'ipv4-address': [{ address, mask: 24 }],
  ...more,
});

function scene() {
  const bus = new FakeNetifd();
  const netifd = new Netifd(bus);
  const uplinks = new Uplinks(netifd);
  bus.add('wan6', { proto: 'dhcpv6' });
  bus.add('wan', { proto: 'pppoe' });
  bus.add('lte', { proto: 'dhcp' });
  bus.add('campus');
  bus.plugIn('wan', has('pppoe-wan', '192.0.2.2', { route: route(20), 'dns-server': ['192.0.2.53', 'fe80::1'] }));
  bus.plugIn('wan6', { l3_device: 'pppoe-wan', 'ipv6-address': [{ address: '2001:db8::2', mask: 64 }] });
  // As netifd shows it: the interface's metric is said once, and holds for routes that have none.
  const lte = { route: [{ target: '0.0.0.0', mask: 0, nexthop: '198.51.100.1' }], metric: 10 };
  bus.plugIn('lte', has('wwan0', '198.51.100.2', { ...lte, inactive: { 'dns-server': ['198.51.100.53'] } }));
  bus.plugIn('campus', has('l2w-campus', '10.0.0.1', { route: route(0), 'dns-server': ['10.0.0.53'] }));
  return { bus, netifd, uplinks };
}

describe('an uplink', () => {
  it('is an interface, or else a device', async () => {
    const { uplinks } = scene();
    expect(await uplinks.deviceOf('wan')).toBe('pppoe-wan');
    expect(await uplinks.deviceOf('eth7')).toBe('eth7');
  });

  it('that is down has no device; one that cannot be asked for has its last one', async () => {
    const { bus, uplinks } = scene();
    await uplinks.deviceOf('wan');
    bus.isConnected = false;
    expect(await uplinks.deviceOf('wan')).toBe('pppoe-wan');
    await expect(uplinks.deviceOf('lte')).rejects.toThrow(
      new HostError('no-route', 'netifd cannot be asked for the uplink lte: it is not there'),
    );
    bus.isConnected = true;
    bus.unplug('wan');
    await expect(uplinks.deviceOf('wan')).rejects.toMatchObject({
      failure: { code: 'no-route', detail: 'the uplink wan is being set up' },
    });
  });

  it('is missed when it goes down, and no other one', async () => {
    const { bus, uplinks } = scene();
    const lost: Failure[] = [];
    const way = { device: 'pppoe-wan', gateway: undefined, source: '192.0.2.2', mtu: 1492, mtuFrom: 'uplink' } as const;
    await uplinks.follow(undefined, way, (failure) => lost.push(failure));
    const end = await uplinks.follow('wan', way, () => lost.push({ code: 'internal-error', detail: 'it has ended' }));
    end();
    bus.unplug('wan6'); // the same device, another address
    bus.unplug('lte');
    expect(lost).toEqual([]);
    bus.unplug('wan');
    bus.unplug('wan');
    expect(lost).toEqual([{ code: 'no-route', detail: 'the uplink wan went down' }]);
  });

  it('of nobody is not followed', async () => {
    const { bus, uplinks } = scene();
    const way = { device: 'eth7', gateway: undefined, source: '203.0.113.1', mtu: 1500, mtuFrom: 'uplink' } as const;
    await uplinks.follow(undefined, way, () => expect.unreachable());
    bus.isConnected = false;
    await uplinks.follow('wan', way, () => expect.unreachable());
    bus.isConnected = true;
    bus.unplug('wan');
    await settled();
  });
});

describe('a name', () => {
  it.each<[string | undefined, string[], string | undefined, string[]]>([
    [undefined, [], undefined, ['198.51.100.53']], // the best default route that is not ours
    ['wan', [], 'pppoe-wan', ['192.0.2.53']],
    ['pppoe-wan', [], 'pppoe-wan', ['192.0.2.53']],
    ['eth7', [], 'eth7', []],
    ['wan', ['9.9.9.9'], 'pppoe-wan', ['9.9.9.9']],
  ])('over %s with %j', async (uplink, configured, device, nameServers) => {
    const { uplinks } = scene();
    const asked: unknown[] = [];
    const resolve = async (...question: unknown[]) => {
      asked.push(question);
      return ['10.5.1.9'];
    };
    expect(await openwrtResolver({ resolve }, uplinks).resolve('lns', uplink, configured)).toEqual(['10.5.1.9']);
    expect(asked).toEqual([['lns', device, nameServers]]);
  });

  it('is resolved without netifd too', async () => {
    const { bus, uplinks } = scene();
    bus.isConnected = false;
    const inner = { resolve: async (...question: unknown[]) => [JSON.stringify(question)] };
    expect(await openwrtResolver(inner, uplinks).resolve('lns', 'wan', [])).toEqual(['["lns","wan",[]]']);
  });
});

describe('the default route', () => {
  it.each<[boolean | 'split', Record<string, unknown>, boolean | 'split']>([
    [true, {}, true],
    [true, { metric: 5 }, true],
    [true, { metric: 20 }, 'split'], // wan's would be replaced
    [true, { metric: '20' }, 'split'],
    [true, { metric: 20, ip4table: '7' }, true],
    [true, { metric: 20, defaultroute: false }, false],
    ['split', { defaultroute: '0' }, false],
    ['split', {}, 'split'],
    [false, {}, false],
  ])('wished %s with %j is told as %s', async (wish, options, form) => {
    const { netifd } = scene();
    expect(defaultRouteOf(wish, options, await netifd.dump()).form).toBe(form);
  });

  it('says why it is not whole', async () => {
    const { netifd } = scene();
    expect(defaultRouteOf(true, { metric: 10 }, await netifd.dump()).words).toBe(
      'the default route goes in as two halves: interface lte has one of the same metric, 10; to have a whole one, give one of the two another metric',
    );
  });
});
