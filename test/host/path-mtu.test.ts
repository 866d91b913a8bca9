/** How large datagrams may be, as a real kernel knows it, and what becomes of the tunnel device when that changes. */
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RoutingSettings } from '../../src/ports/network.ts';
import type { LinkUp } from '../../src/protocol/client-io.ts';
import { bundleDriver, type Host, IMPLEMENTATIONS, Internet, whyNotHere } from './namespaces.ts';

const settings: RoutingSettings = {
  device: 'l2w-wan',
  uplink: undefined,
  mark: undefined,
  defaultRoute: false,
  metric: undefined,
  table: undefined,
  routes: ['203.0.113.0/24'],
  exclude: [],
  peerDns: false,
  mss: true,
  upScript: undefined,
  downScript: undefined,
};
const link = (mtu = 1460): LinkUp => ({
  localAddress: '10.64.0.10',
  peerAddress: undefined,
  dns: [],
  mtu,
  server: { address: SERVER, port: 1701 },
});
/** Behind the router, and behind a second wire of 1400 octets: the router says so to whoever sends more. */
const SERVER = '10.9.0.1';
const IP = '/usr/sbin/ip';
const NFT = '/usr/sbin/nft';

const cannot = whyNotHere();
if (cannot !== undefined) console.warn(`SKIPPED: path MTUs on Linux: ${cannot}`);

describe.skipIf(cannot).each(IMPLEMENTATIONS)('with %s', (implementation) => {
  const isTold = implementation === 'iproute2'; // BusyBox prints no MTU
  let bundle: Awaited<ReturnType<typeof bundleDriver>>;
  let internet: Internet;
  let host: Host;

  beforeAll(async () => {
    bundle = await bundleDriver();
  });
  afterAll(() => bundle?.remove());
  beforeEach(() => {
    internet = new Internet(bundle.driver, implementation);
    execFileSync(IP, ['netns', 'exec', internet.away, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    internet.there('link add deep0 mtu 1400 type veth peer name deep1');
    internet.there('link set deep1 up');
    internet.there('link set deep0 up');
    internet.there('route add 10.9.0.0/16 dev deep0');
    host = internet.host();
  });
  afterEach(() => internet.remove());

  const open = (changes: Partial<RoutingSettings> = {}, name = 'wan') =>
    host.call('open', { name, settings: { ...settings, ...changes } });
  const pin = (server = SERVER, name = 'wan') => host.call('pin', { name, server });
  const pathMtu = (server = SERVER) => host.call('pathMtu', { name: 'wan', server });
  /** Something large with DF: the router refuses it, and the kernel remembers. */
  const learn = () => {
    try {
      internet.run('ping', '-c', '1', '-W', '1', '-M', 'do', '-s', '1450', SERVER);
    } catch {
      // that was to be expected
    }
  };
  const deviceMtu = () => Number(/ mtu (\d+)/.exec(internet.here('link show dev l2w-wan'))?.[1]);
  const clampedTo = () =>
    [...internet.run(NFT, 'list', 'ruleset').matchAll(/size set (\d+)/g)].map(([, mss]) => Number(mss));

  describe('the path MTU before a dial', () => {
    it("is the uplink's", async () => {
      internet.here('link set wan0 mtu 1450');
      internet.here('route add default via 10.0.2.1');
      await open();
      expect(await pin()).toMatchObject({ mtu: 1450, mtuFrom: 'uplink' });
    });

    it.each([
      ['its attribute', '1380'],
      ['its attribute, locked', 'lock 1380'],
    ])('is what its route says: %s', async (_which, words) => {
      internet.here(`route add default via 10.0.2.1 mtu ${words}`);
      const said = isTold ? { mtu: 1380, mtuFrom: 'route' } : { mtu: 1500, mtuFrom: 'uplink' };
      await open();
      expect(await pin()).toMatchObject(said);
      await open({ uplink: 'wan0' }, 'named');
      expect(await pin(SERVER, 'named')).toMatchObject(said);
      await open({ device: 'l2w-two' }, 'again');
      expect(await pin(SERVER, 'again')).toMatchObject(said); // though the pin of the first has no such attribute
    });

    it('is what the kernel has learnt', async () => {
      internet.here('route add default via 10.0.2.1 mtu 1480');
      learn();
      await open();
      expect(await pin()).toMatchObject(isTold ? { mtu: 1400, mtuFrom: 'icmp' } : { mtu: 1500, mtuFrom: 'uplink' });
    });

    it('is for IPv6 what a router announced', async () => {
      await sleep(1500); // the kernel sets it to the device's, up to a second after that came up
      internet.run('sysctl', '-qw', 'net.ipv6.conf.wan0.mtu=1440');
      await open();
      expect(await pin('2001:db8:2::1')).toMatchObject({ mtu: 1440, mtuFrom: 'uplink' });
      expect(await pin('10.0.2.72')).toMatchObject({ mtu: 1500, mtuFrom: 'uplink' });
    });
  });

  describe('the path MTU while connected', () => {
    it('is asked for without touching anything', async () => {
      internet.here('route add default via 10.0.2.1');
      await open();
      expect(await pathMtu()).toBeNull();
      await pin();
      const before = internet.snapshot();
      expect(await pathMtu()).toEqual({ octets: 1500, from: 'uplink' });
      expect(await pathMtu('10.5.1.7')).toBeNull();
      learn();
      expect(await pathMtu()).toEqual(isTold ? { octets: 1400, from: 'icmp' } : { octets: 1500, from: 'uplink' });
      internet.here('link set wan0 mtu 1390');
      expect(await pathMtu()).toEqual({ octets: 1390, from: 'uplink' });
      expect(internet.snapshot().replaceAll(/ mtu \d+/g, '')).toBe(before);
      internet.here('link set wan0 mtu 1500');
      await host.call('down', { name: 'wan' });
      expect(await pathMtu()).toBeNull();
    });
  });

  describe('another MTU for the tunnel', () => {
    const dial = async (changes: Partial<RoutingSettings> = {}) => {
      internet.here('route add default via 10.0.2.1');
      const before = internet.snapshot();
      await open(changes);
      await pin();
      await host.call('up', { name: 'wan', link: link() });
      return before;
    };
    const hangUp = async (before: string) => {
      await host.call('down', { name: 'wan' });
      expect(internet.snapshot()).toBe(before);
      expect(internet.onTunnels()).toEqual([]);
    };

    it('takes the clamp with it, also one that was set by number', async () => {
      const before = await dial({ mss: 1390 });
      expect(clampedTo()).toEqual([1390, 1370, 1390, 1370]);
      await host.call('setMtu', { name: 'wan', mtu: 1362 });
      expect([deviceMtu(), ...clampedTo()]).toEqual([1362, 1322, 1302, 1322, 1302]);
      expect((await host.call('installed', { name: 'wan' })).mss).toEqual({ state: 'clamped', ipv4: 1322, ipv6: 1302 });
      await hangUp(before);
    });

    it('needs no nft', async () => {
      host = internet.host(['nft']);
      const before = await dial();
      await host.call('setMtu', { name: 'wan', mtu: 1362 });
      expect([deviceMtu(), ...clampedTo()]).toEqual([1362]);
      expect((await host.call('installed', { name: 'wan' })).mss).toMatchObject({ state: 'unavailable' });
      await hangUp(before);
    });

    it('leaves no clamp behind when nft has gone in between', async () => {
      const before = await dial();
      const directory = join(internet.runDir, '..');
      const [path = ''] = readdirSync(directory).filter((name) => name.startsWith('path-'));
      const nft = join(directory, path, 'nft');
      rmSync(nft);
      await host.call('setMtu', { name: 'wan', mtu: 1362 });
      const { mss, warnings } = await host.call('installed', { name: 'wan' });
      expect([deviceMtu(), mss]).toEqual([1362, { state: 'clamped', ipv4: 1420, ipv6: 1400 }]);
      expect(warnings).toEqual([expect.stringContaining('still clamped to 1420')]);
      symlinkSync(NFT, nft);
      await hangUp(before);
    });

    it('below 1280 is the end of IPv6, said in words, and nobody mistakes that for a change of the uplink', async () => {
      internet.here('-6 route add default via 2001:db8:2::1 metric 512');
      const before = await dial({ routes: ['2001:db8:113::/48'], exclude: ['2001:db8:7::/48'] });
      await host.call('ipv6Up', { name: 'wan', interfaceId: [2, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55] });
      await host.call('setMtu', { name: 'wan', mtu: 1280 });
      expect(internet.here('-6 addr show dev l2w-wan')).toContain('fe80::211:22ff:fe33:4455');
      await host.call('setMtu', { name: 'wan', mtu: 1262 });
      const { routes, warnings } = await host.call('installed', { name: 'wan' });
      expect(warnings).toEqual([expect.stringMatching(/end of IPv6 in the tunnel: its MTU has become 1262.*1280/)]);
      expect(routes.filter(({ prefix }) => prefix.includes('::'))).toEqual([]);
      expect(internet.here('-6 route show table all')).not.toMatch(/proto 165|l2w-wan/);
      await sleep(2500); // two looks of the watch
      expect(host.changes).toEqual([]);
      expect(host.log.filter((line) => line.includes('put right'))).toEqual([]);
      await host.call('setMtu', { name: 'wan', mtu: 1200 });
      expect(deviceMtu()).toBe(1200);
      await hangUp(before);
    });
  });
});
