/** The routes of a connection on a real kernel, with iproute2 and with BusyBox: what goes in, what survives, what is left. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { InstalledRoute, RoutingSettings } from '../../src/ports/network.ts';
import type { LinkUp } from '../../src/protocol/client-io.ts';
import { bundleDriver, type Host, IMPLEMENTATIONS, Internet, whyNotHere } from './namespaces.ts';

const settings: RoutingSettings = {
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
};
const link = (server: string, changes: Partial<LinkUp> = {}): LinkUp => ({
  localAddress: '10.64.0.10',
  peerAddress: '10.0.2.72',
  dns: ['203.0.113.53', '203.0.113.54'],
  mtu: 1460,
  server: { address: server, port: 1701 },
  ...changes,
});
const farewell = {
  ...{ local: { address: '10.0.2.2', port: 40000 }, peer: { address: '10.5.1.9', port: 1701 }, uplink: 'wan0' },
  ...{ localTunnelId: 1, peerTunnelId: 2, localSessionId: 3, peerSessionId: 4, ns: 5, nr: 6 },
};
const short = ({ prefix, gateway, device, metric, table, purpose, foreign }: InstalledRoute) =>
  [
    prefix,
    ...(gateway === undefined ? [] : [`via ${gateway}`]),
    `dev ${device}`,
    ...(metric === undefined ? [] : [`metric ${metric}`]),
    ...(table === undefined ? [] : [`table ${table}`]),
    `(${purpose})`,
    ...(foreign ? ['foreign'] : []),
  ].join(' ');
/** Far more than anything takes; a machine that others use, too, may stand still for a while. */
const LONG = 15_000;
const within = async (ms: number, isTrue: () => boolean) => {
  for (const end = Date.now() + ms; Date.now() < end && !isTrue(); ) await sleep(20);
  return isTrue();
};

const cannot = whyNotHere();
if (cannot !== undefined) console.warn(`SKIPPED: the network of Linux: ${cannot}`);
const { CI } = process.env;
// Not `runIf`: where all is well that would count as skipped, and in CI nothing may be.
if (cannot !== undefined && CI) it('can be tried in CI', () => expect(cannot).toBeUndefined());

describe.skipIf(cannot).each(IMPLEMENTATIONS)('the network of Linux, with %s', (implementation) => {
  let bundle: Awaited<ReturnType<typeof bundleDriver>>;
  let internet: Internet;
  let host: Host;

  beforeAll(async () => {
    bundle = await bundleDriver();
  });
  afterAll(() => bundle?.remove());
  beforeEach(() => {
    internet = new Internet(bundle.driver, implementation);
    host = internet.host();
  });
  afterEach(() => internet.remove());

  const dial = async (
    server: string,
    changes: Partial<RoutingSettings> = {},
    over: Partial<LinkUp> = {},
    name = 'wan',
  ) => {
    await host.call('open', { name, settings: { ...settings, ...changes } });
    const uplink = await host.call('pin', { name, server });
    await host.call('up', { name, link: link(server, over) });
    const installed = await host.call('installed', { name });
    return { uplink, installed, routes: installed.routes.map(short) };
  };
  const hangUp = async (before: string, name = 'wan') => {
    await host.call('down', { name });
    expect(internet.snapshot()).toBe(before);
    expect(internet.onTunnels()).toEqual([]);
    expect(readdirSync(internet.runDir)).toEqual([]);
    const { routes, rules, mss } = await host.call('installed', { name });
    expect({ routes, rules, mss }).toEqual({ routes: [], rules: [], mss: { state: 'off' } });
    expect(host.log.filter((line) => line.includes('left behind'))).toEqual([]);
  };

  describe('the host route to the server', () => {
    it('needs no gateway on the link, and holds against a prefix in the tunnel that covers it', async () => {
      const before = internet.snapshot();
      const { uplink, routes } = await dial('10.0.2.72', { defaultRoute: false, routes: ['10.0.0.0/8'] });
      expect(uplink).toEqual({ device: 'wan0', source: '10.0.2.2', mtu: 1500, mtuFrom: 'uplink' });
      expect(routes).toEqual(['10.0.2.72/32 dev wan0 (server)', '10.0.0.0/8 dev l2w-wan (into tunnel)']);
      expect(internet.wayTo('10.0.2.72')).toBe('dev wan0');
      expect(internet.wayTo('10.200.0.1')).toBe('dev l2w-wan');
      expect(internet.here('route show 10.0.2.72')).toContain('proto 165');
      await hangUp(before);
    });

    it('goes through the gateway behind a router, and never to the peer address', async () => {
      internet.here('route add default via 10.0.2.1 metric 100');
      const before = internet.snapshot();
      const { uplink } = await dial('10.5.1.9', {}, { peerAddress: '10.5.1.9' });
      expect(uplink).toEqual({ device: 'wan0', gateway: '10.0.2.1', source: '10.0.2.2', mtu: 1500, mtuFrom: 'uplink' });
      expect(internet.wayTo('10.5.1.9')).toBe('via 10.0.2.1 dev wan0');
      expect(internet.here('-4 addr show dev l2w-wan')).toMatch(/inet 10\.64\.0\.10\/32 scope global l2w-wan/);
      expect(internet.here('addr show dev l2w-wan')).not.toContain('peer');
      await hangUp(before);
    });

    it('holds against an excluded prefix that covers the server', async () => {
      internet.here('route add default via 10.0.2.1 metric 100');
      const before = internet.snapshot();
      const { routes } = await dial('10.5.1.9', { exclude: ['10.0.0.0/8'] });
      expect(routes.slice(0, 2)).toEqual([
        '10.5.1.9/32 via 10.0.2.1 dev wan0 (server)',
        '10.0.0.0/8 via 10.0.2.1 dev wan0 (stays on uplink)',
      ]);
      expect(internet.wayTo('10.5.1.9')).toBe('via 10.0.2.1 dev wan0');
      await hangUp(before);
    });

    it('moves with failover and goes when the next one has no route', async () => {
      internet.here('route add 10.5.0.0/16 via 10.0.2.1');
      const before = internet.snapshot();
      await host.call('open', { name: 'wan', settings });
      await host.call('pin', { name: 'wan', server: '10.5.1.9' });
      await host.call('pin', { name: 'wan', server: '10.5.1.7' });
      const { routes } = await host.call('installed', { name: 'wan' });
      expect(routes.map(short)).toEqual(['10.5.1.7/32 via 10.0.2.1 dev wan0 (server)']);
      expect(internet.here('route show proto 165').trim()).toBe('10.5.1.7 via 10.0.2.1 dev wan0');
      const failing = host.call('pin', { name: 'wan', server: '192.0.2.9' });
      await expect(failing).rejects.toMatchObject({
        code: 'no-route',
        message: expect.stringContaining('unreachable'),
      });
      expect(internet.snapshot()).toBe(before);
      await hangUp(before);
    });

    it('is never looked up through a tunnel of ours', async () => {
      internet.here('route add default via 10.0.2.1 metric 100');
      internet.addTunnel('l2w-two');
      const before = internet.snapshot();
      await dial('10.5.1.9');
      expect(internet.wayTo('10.5.1.7')).toBe('dev l2w-wan');
      const two = { device: 'l2w-two', defaultRoute: false };
      const { uplink } = await dial('10.5.1.7', two, { localAddress: '10.64.0.11' }, 'two');
      expect(uplink.gateway).toBe('10.0.2.1');
      await host.call('down', { name: 'two' });
      expect(internet.wayTo('10.5.1.7')).toBe('dev l2w-wan');
      await hangUp(before);
    });

    it('says so when only a tunnel of ours leads there', async () => {
      internet.addTunnel('l2w-two');
      await dial('10.0.2.72');
      await host.call('open', { name: 'two', settings: { ...settings, device: 'l2w-two' } });
      const failing = host.call('pin', { name: 'two', server: '192.0.2.9' });
      await expect(failing).rejects.toMatchObject({
        code: 'no-route',
        message: expect.stringContaining('tunnel l2w-wan'),
      });
    });

    it('is shared by two connections to one server until the last hangs up', async () => {
      internet.here('route add default via 10.0.2.1 metric 100');
      internet.addTunnel('l2w-two');
      const before = internet.snapshot();
      await dial('10.5.1.9');
      const { routes } = await dial('10.5.1.9', { device: 'l2w-two' }, { localAddress: '10.64.0.11' }, 'two');
      expect(routes[0]).toBe('10.5.1.9/32 via 10.0.2.1 dev wan0 (server)');
      await host.call('down', { name: 'wan' });
      expect(internet.wayTo('10.5.1.9')).toBe('via 10.0.2.1 dev wan0');
      await hangUp(before, 'two');
    });

    it('stays on the uplink the user names, and refuses one that leads nowhere', async () => {
      internet.here('link add wan1 type veth peer name lan1');
      internet.here('addr add 10.0.3.2/24 dev wan1');
      internet.here('link set wan1 up');
      internet.here('link set lan1 up');
      internet.here('route add default via 10.0.2.1 metric 100');
      const before = internet.snapshot();
      await host.call('open', { name: 'wan', settings: { ...settings, uplink: 'wan1' } });
      const nowhere = host.call('pin', { name: 'wan', server: '10.5.1.9' });
      await expect(nowhere).rejects.toMatchObject({ code: 'no-route', message: expect.stringContaining('wan1') });
      internet.here('route add default via 10.0.3.1 metric 200');
      const uplink = await host.call('pin', { name: 'wan', server: '10.5.1.9' });
      expect(uplink).toEqual({ device: 'wan1', gateway: '10.0.3.1', source: '10.0.3.2', mtu: 1500, mtuFrom: 'uplink' });
      expect(internet.wayTo('10.5.1.9')).toBe('via 10.0.3.1 dev wan1');
      await host.call('down', { name: 'wan' });
      internet.here('route del default via 10.0.3.1 metric 200');
      await hangUp(before);
    });

    it('takes a gateway outside every subnet', async () => {
      internet.here('route add default via 192.168.9.1 dev wan0 onlink');
      const before = internet.snapshot();
      const { uplink } = await dial('10.5.1.9');
      expect(uplink.gateway).toBe('192.168.9.1');
      expect(internet.wayTo('10.5.1.9')).toBe('via 192.168.9.1 dev wan0');
      await hangUp(before);
    });

    it('is not needed for this very machine', async () => {
      const before = internet.snapshot();
      const { uplink, routes } = await dial('10.0.2.2', { defaultRoute: 'split' });
      expect(uplink).toMatchObject({ device: 'lo', source: '10.0.2.2' });
      expect(routes.some((route) => route.includes('server'))).toBe(false);
      await hangUp(before);
    });

    it('works for a server with an IPv6 address', async () => {
      internet.here('-6 route add default via 2001:db8:2::1');
      const before = internet.snapshot();
      const { uplink, routes } = await dial('2001:DB8:9::1');
      expect(uplink).toEqual({
        device: 'wan0',
        gateway: '2001:db8:2::1',
        source: '2001:db8:2::2',
        mtu: 1500,
        mtuFrom: 'uplink',
      });
      expect(routes[0]).toBe('2001:db8:9::1/128 via 2001:db8:2::1 dev wan0 metric 1024 (server)');
      expect(internet.here('-6 route show 2001:db8:9::1')).toContain('proto 165');
      await hangUp(before);
      const onLink = await dial('2001:db8:2::72');
      expect(onLink.routes[0]).toBe('2001:db8:2::72/128 dev wan0 metric 1024 (server)');
      await hangUp(before);
    });
  });

  describe('the default route', () => {
    it('goes below the metric of the uplink', async () => {
      internet.here('route add default via 10.0.2.1 metric 100');
      const before = internet.snapshot();
      const { routes } = await dial('10.5.1.9');
      expect(routes[1]).toBe('0.0.0.0/0 dev l2w-wan metric 99 (default)');
      expect(internet.wayTo('203.0.113.1')).toBe('dev l2w-wan');
      expect(internet.here('route show default')).toContain('default via 10.0.2.1 dev wan0 metric 100');
      await hangUp(before);
    });

    it('is two halves where the uplink leaves no room', async () => {
      internet.here('route add default via 10.0.2.1');
      const before = internet.snapshot();
      const { routes } = await dial('10.5.1.9');
      expect(routes.slice(1)).toEqual([
        '0.0.0.0/1 dev l2w-wan (half of default)',
        '128.0.0.0/1 dev l2w-wan (half of default)',
      ]);
      expect([internet.wayTo('203.0.113.1'), internet.wayTo('9.9.9.9')]).toEqual(['dev l2w-wan', 'dev l2w-wan']);
      await hangUp(before);
    });

    it('is two halves on demand, and none when there shall be none', async () => {
      internet.here('route add default via 10.0.2.1 metric 100');
      const before = internet.snapshot();
      const split = await dial('10.5.1.9', { defaultRoute: 'split' });
      expect(split.routes.slice(1).every((route) => route.includes('half of default'))).toBe(true);
      await hangUp(before);
      const none = await dial('10.5.1.9', { defaultRoute: false });
      expect(none.routes).toHaveLength(1);
      expect(internet.wayTo('203.0.113.1')).toBe('via 10.0.2.1 dev wan0');
      await hangUp(before);
    });

    it('takes another form when an uplink outbids it later', async () => {
      const before = internet.snapshot();
      const { routes } = await dial('10.0.2.72');
      expect(routes[1]).toBe('0.0.0.0/0 dev l2w-wan metric 1 (default)');
      internet.here('route add default via 10.0.2.1');
      expect(await within(LONG, () => internet.wayTo('203.0.113.1') === 'dev l2w-wan')).toBe(true);
      const { routes: now } = await host.call('installed', { name: 'wan' });
      expect(now.slice(1).map(({ purpose }) => purpose)).toEqual(['half of default', 'half of default']);
      expect(host.changes).toEqual([]);
      internet.here('route del default via 10.0.2.1');
      await hangUp(before);
    });

    it('says when a wished metric cannot win', async () => {
      internet.here('route add default via 10.0.2.1 metric 100');
      const { installed } = await dial('10.5.1.9', { metric: 200 });
      expect(installed.warnings.join()).toContain('does not win');
    });
  });

  it('keeps excluded prefixes on the uplink, on an on-link server by the gateway of its default route', async () => {
    internet.here('route add default via 10.0.2.1 metric 100');
    const before = internet.snapshot();
    const { routes } = await dial('10.0.2.72', { exclude: ['10.0.0.0/8', '58.196.192.0/19'] });
    expect(routes).toContain('58.196.192.0/19 via 10.0.2.1 dev wan0 (stays on uplink)');
    expect(internet.wayTo('10.10.0.21')).toBe('via 10.0.2.1 dev wan0');
    expect(internet.wayTo('58.196.200.1')).toBe('via 10.0.2.1 dev wan0');
    expect(internet.wayTo('203.0.113.1')).toBe('dev l2w-wan');
    await hangUp(before);
  });

  describe('a firewall mark', () => {
    const OTHER = { device: 'wan1', gateway: '10.0.3.1', source: '10.0.3.2', mtu: 1500, mtuFrom: 'uplink' };
    const knowsMarks = implementation === 'iproute2';
    const aboutMarks = () => host.log.filter((line) => line.includes('firewall mark'));

    beforeEach(() => {
      internet.here('link add wan1 type veth peer name lan1');
      internet.here('link set lan1 up');
      internet.here('link set wan1 up');
      internet.here('addr add 10.0.3.2/24 dev wan1');
      internet.here('route add default via 10.0.2.1 metric 100');
      internet.here('route add default via 10.0.3.1 table 100');
      internet.here('rule add fwmark 7 lookup 100 priority 900');
    });

    it('leads where policy rules lead what has it, at every dial', async () => {
      const before = internet.snapshot();
      for (let dials = 0; dials < 2; dials++) {
        const { uplink } = await dial('10.5.1.9', { mark: 7 });
        // BusyBox cannot ask for the way of a mark: it says so, and asks as ever.
        if (knowsMarks) expect(uplink).toEqual(OTHER);
        else expect(uplink.device).toBe('wan0');
        // A dial that follows a dial, without anything taken away between them.
        expect(await host.call('pin', { name: 'wan', server: '10.5.1.9' })).toEqual(uplink);
        await hangUp(before);
      }
      expect(aboutMarks()).toEqual(knowsMarks ? [] : [expect.stringContaining('warn: this `ip` cannot be asked')]);
      expect((await dial('10.5.1.9', {}, {}, 'plain')).uplink.device).toBe('wan0');
    });

    it('opens the way over an uplink that the user names', async () => {
      internet.here('route add default via 10.0.3.9 dev wan1 metric 200');
      await host.call('open', { name: 'wan', settings: { ...settings, uplink: 'wan1', mark: 7 } });
      const uplink = await host.call('pin', { name: 'wan', server: '10.5.1.9' });
      expect(uplink).toMatchObject({ device: 'wan1', gateway: knowsMarks ? '10.0.3.1' : '10.0.3.9' });
    });

    it('that leads elsewhere than the uplink is found out, where that can be asked', async () => {
      await host.call('open', { name: 'wan', settings: { ...settings, uplink: 'wan0', mark: 7 } });
      const pinning = host.call('pin', { name: 'wan', server: '10.5.1.9' });
      if (knowsMarks)
        await expect(pinning).rejects.toMatchObject({
          code: 'network-failed',
          message: expect.stringContaining('`ip route get 10.5.1.9 mark 7` says via 10.0.3.1 dev wan1'),
        });
      else expect(await pinning).toMatchObject({ device: 'wan0' });
    });

    it('is looked at for a farewell, too', async () => {
      const before = internet.snapshot();
      await dial('10.5.1.7');
      const during = internet.snapshot();
      await host.call('pinBriefly', { address: '10.5.1.9', mark: 7 });
      // What is marked goes its way already: nothing had to be installed.
      if (knowsMarks) expect(internet.snapshot()).toBe(during);
      else expect(internet.wayTo('10.5.1.9')).toBe('via 10.0.2.1 dev wan0');
      if (!knowsMarks) await host.call('unpinBriefly', { pin: 0 });
      await hangUp(before);
    });
  });

  it('leads to a name server over the uplink for as long as it is asked', async () => {
    internet.here('route add default via 10.0.2.1 metric 100');
    const before = internet.snapshot();
    expect(await host.call('pinBriefly', { address: '192.0.2.53' })).toBe(0); // there is no tunnel yet
    expect(internet.snapshot()).toBe(before);
    await dial('10.5.1.9');
    const during = internet.snapshot();
    expect(internet.wayTo('192.0.2.53')).toBe('dev l2w-wan');
    const [one, two] = [
      await host.call('pinBriefly', { address: '192.0.2.53' }),
      await host.call('pinBriefly', { address: '192.0.2.53', uplink: 'wan0' }),
    ];
    expect(internet.wayTo('192.0.2.53')).toBe('via 10.0.2.1 dev wan0');
    await host.call('unpinBriefly', { pin: one });
    expect(internet.wayTo('192.0.2.53')).toBe('via 10.0.2.1 dev wan0');
    await host.call('unpinBriefly', { pin: two });
    expect(internet.snapshot()).toBe(during);
    await host.call('pinBriefly', { address: '192.0.2.53' });
    await host.kill();
    host = internet.host();
    await host.call('recover', {});
    expect(internet.snapshot()).toBe(before);
    expect(readdirSync(internet.runDir)).toEqual([]);
  });

  it('puts everything into a table with a rule, and leaves main alone', async () => {
    internet.here('route add default via 10.0.2.1');
    const before = internet.snapshot();
    const { installed, routes } = await dial('10.5.1.9', { table: 77, exclude: ['10.0.0.0/8'] });
    expect(routes).toEqual([
      '10.5.1.9/32 via 10.0.2.1 dev wan0 (server)',
      '10.0.0.0/8 via 10.0.2.1 dev wan0 table 77 (stays on uplink)',
      '0.0.0.0/0 dev l2w-wan table 77 (default)',
    ]);
    expect(installed.rules).toEqual(['from 10.64.0.10 lookup 77']);
    expect(internet.here('rule show')).toContain('1701:\tfrom 10.64.0.10 lookup 77');
    expect(internet.wayTo('203.0.113.1')).toBe('via 10.0.2.1 dev wan0');
    expect(internet.wayTo('203.0.113.1 from 10.64.0.10')).toBe('dev l2w-wan');
    await hangUp(before);
  });

  it('leaves identical routes and rules of somebody else alone, and names them', async () => {
    internet.here('route add default via 10.0.2.1 metric 100');
    internet.here('route add 10.5.1.9/32 via 10.0.2.1 proto static');
    internet.here('route add 10.0.0.0/8 via 10.0.2.1 table 77');
    internet.here('rule add from 10.64.0.10 lookup 77 priority 1701');
    const before = internet.snapshot();
    const { routes, installed } = await dial('10.5.1.9', { table: 77, exclude: ['10.0.0.0/8'] });
    expect(routes[0]).toBe('10.5.1.9/32 via 10.0.2.1 dev wan0 (server) foreign');
    expect(routes[1]).toBe('10.0.0.0/8 via 10.0.2.1 dev wan0 table 77 (stays on uplink) foreign');
    expect(installed.rules).toEqual(['from 10.64.0.10 lookup 77 (not ours)']);
    await hangUp(before);
  });

  it('warns of a route of somebody else that is in the way, and leaves it', async () => {
    internet.here('route add 10.9.0.0/16 via 10.0.2.9');
    const before = internet.snapshot();
    const { routes, installed } = await dial('10.0.2.72', {
      defaultRoute: false,
      routes: ['10.9.0.0/16', '10.10.0.0/16'],
    });
    expect(routes.slice(1)).toEqual(['10.10.0.0/16 dev l2w-wan (into tunnel)']);
    expect(installed.warnings).toEqual([
      expect.stringMatching(/^10\.9\.0\.0\/16 .*there is already `10\.9\.0\.0\/16 via 10\.0\.2\.9/),
    ]);
    await hangUp(before);
  });

  it('finds its routes again in a long table', async () => {
    internet.run('sh', '-c', 'for n in $(seq 0 199); do ip route add 10.3.$n.0/24 via 10.0.2.9 || exit; done');
    const before = internet.snapshot();
    await dial('10.0.2.72', { defaultRoute: false, routes: ['10.9.0.0/16'] });
    expect(await within(2500, () => host.changes.length + host.log.length > 0)).toBe(false);
    await hangUp(before);
  });

  describe('the uplink', () => {
    beforeEach(() => {
      internet.here('route add default via 10.0.2.1 metric 100');
    });

    it('is noticed when its gateway changes, and the pin follows', async () => {
      await dial('10.5.1.9');
      internet.here('route replace default via 10.0.2.254 dev wan0 metric 100');
      expect(await within(LONG, () => host.changes.length > 0)).toBe(true);
      expect(host.changes[0]).toMatchObject({ name: 'wan', failure: { code: 'uplink-changed' } });
      expect(host.changes[0]?.failure.detail).toContain('via 10.0.2.254 dev wan0');
      const before = internet
        .snapshot()
        .split('\n')
        .filter((line) => !/proto 165|l2tpwan/.test(line));
      await host.call('down', { name: 'wan' });
      const { routes } = await dial('10.5.1.9');
      expect(routes[0]).toBe('10.5.1.9/32 via 10.0.2.254 dev wan0 (server)');
      await host.call('down', { name: 'wan' });
      expect(before).toEqual(expect.arrayContaining(internet.snapshot().split('\n')));
      expect(internet.here('route show table all')).not.toContain('proto 165');
      expect(host.changes).toHaveLength(1);
    });

    it('is noticed when it changes under two connections with one pin', async () => {
      internet.addTunnel('l2w-two');
      const one = { defaultRoute: false };
      await dial('10.5.1.9', one);
      await dial('10.5.1.9', { ...one, device: 'l2w-two' }, { localAddress: '10.64.0.11' }, 'two');
      internet.here('route replace default via 10.0.2.254 dev wan0 metric 100');
      expect(await within(LONG, () => host.changes.length === 2)).toBe(true);
      // The first is pinned anew while the second still holds the old pin.
      await host.call('pin', { name: 'wan', server: '10.5.1.9' });
      expect(internet.wayTo('10.5.1.9')).toBe('via 10.0.2.254 dev wan0');
      await host.call('down', { name: 'two' });
      expect(internet.wayTo('10.5.1.9')).toBe('via 10.0.2.254 dev wan0');
      await host.call('down', { name: 'wan' });
      expect(internet.here('route show table all')).not.toContain('proto 165');
    });

    it.each([
      ['its carrier', 'carrier', () => internet.there('link set lan0 down')],
      ['its address', 'address 10.0.2.2', () => internet.here('addr del 10.0.2.2/24 dev wan0')],
      ['itself', 'vanished', () => internet.here('link del wan0')],
      ['its only route', 'nowhere', () => internet.here('route del default via 10.0.2.1 metric 100')],
    ])('is noticed when it loses %s', async (_what, words, lose) => {
      await dial('10.5.1.9');
      lose();
      expect(await within(LONG, () => host.changes.length > 0)).toBe(true);
      expect(host.changes[0]?.failure.detail).toContain(words);
      await host.call('down', { name: 'wan' });
      expect(internet.here('route show table all')).not.toContain('proto 165');
      expect(internet.onTunnels()).toEqual([]);
      expect(host.log.filter((line) => line.includes('left behind'))).toEqual([]);
    });

    it('may be renewed with nothing changed: routes that went along come back, and nobody is told', async () => {
      const before = internet.snapshot();
      await dial('10.5.1.9', { exclude: ['10.0.0.0/8'] });
      internet.here('addr flush dev wan0');
      expect(internet.here('route show 10.5.1.9')).toBe('');
      internet.here('addr add 10.0.2.2/24 dev wan0');
      internet.here('addr add 2001:db8:2::2/64 dev wan0 nodad');
      internet.here('route add default via 10.0.2.1 metric 100');
      internet.here('route add 10.77.0.0/16 via 10.0.2.9 metric 7 proto static');
      internet.here('route add 10.79.0.0/16 via 10.0.2.9 table 200');
      expect(await within(LONG, () => internet.wayTo('10.5.1.9') === 'via 10.0.2.1 dev wan0')).toBe(true);
      expect(await within(LONG, () => internet.here('route show 10.0.0.0/8').includes('proto 165'))).toBe(true);
      await sleep(2500);
      expect(host.changes).toEqual([]);
      await hangUp(before);
    });

    it('may lose routes of ours to somebody who empties the table: they come back', async () => {
      await dial('10.5.1.9', { exclude: ['10.0.0.0/8'], routes: ['58.196.192.0/19'] });
      const before = internet.snapshot();
      for (const prefix of ['10.5.1.9', '10.0.0.0/8', '58.196.192.0/19', 'default dev l2w-wan']) {
        internet.here(`route del ${prefix}`);
      }
      expect(await within(LONG, () => internet.wayTo('58.196.200.1') === 'dev l2w-wan')).toBe(true);
      expect(await within(LONG, () => internet.wayTo('203.0.113.1') === 'dev l2w-wan')).toBe(true);
      expect(internet.snapshot()).toBe(before);
      expect(host.changes).toEqual([]);
    });

    it('is not confused by routes of ours', async () => {
      internet.addTunnel('l2w-two');
      await dial('10.5.1.9', { exclude: ['10.0.0.0/8'] });
      await dial(
        '10.5.1.7',
        { device: 'l2w-two', defaultRoute: 'split', routes: ['10.5.0.0/16'] },
        { localAddress: '10.64.0.11' },
        'two',
      );
      await sleep(2500);
      await host.call('down', { name: 'two' });
      await sleep(2500);
      expect(host.changes).toEqual([]);
    });
  });

  describe('TCP segments', () => {
    it('are clamped both ways by a table of our own, which follows the MTU', async () => {
      const before = internet.snapshot();
      const { installed } = await dial('10.0.2.72');
      expect(installed.mss).toEqual({ state: 'clamped', ipv4: 1420, ipv6: 1400 });
      const rules = () => internet.run('/usr/sbin/nft', 'list', 'ruleset');
      expect(rules().match(/oifname "l2w-wan".*maxseg size set 1420/g)).toHaveLength(1);
      expect(rules().match(/iifname "l2w-wan".*maxseg size set 1420/g)).toHaveLength(1);
      await host.call('setMtu', { name: 'wan', mtu: 1400 });
      expect(rules().match(/maxseg size > 1360 tcp option maxseg size set 1360/g)).toHaveLength(2);
      expect(rules()).not.toContain('1420');
      expect(internet.here('link show dev l2w-wan')).toContain('mtu 1400');
      await hangUp(before);
    });

    it('are clamped to a number, or not at all', async () => {
      const before = internet.snapshot();
      expect((await dial('10.0.2.72', { mss: 1300 })).installed.mss).toEqual({
        state: 'clamped',
        ipv4: 1300,
        ipv6: 1280,
      });
      await hangUp(before);
      expect((await dial('10.0.2.72', { mss: false })).installed.mss).toEqual({ state: 'off' });
      expect(internet.run('/usr/sbin/nft', 'list', 'ruleset')).not.toContain('l2tpwan');
      await hangUp(before);
    });

    it('are let be where there is no nft, and the tunnel works all the same', async () => {
      host = internet.host(['nft']);
      const before = internet.snapshot();
      const { installed } = await dial('10.0.2.72');
      expect(installed.mss).toEqual({ state: 'unavailable', why: expect.stringContaining('nft is not installed') });
      expect(internet.wayTo('203.0.113.1')).toBe('dev l2w-wan');
      await hangUp(before);
    });
  });

  it('clamps what is really sent, both ways', async () => {
    // A wire instead of the tunnel: its far end is a neighbour with an MTU of 1500.
    internet.here('link del l2w-wan');
    internet.here(`link add l2w-wan type veth peer name tun0 netns ${internet.away}`);
    internet.there('addr add 10.64.0.1/32 dev tun0');
    internet.there('link set tun0 up');
    internet.there('route add 10.64.0.10 dev tun0');
    await dial('10.0.2.72', { defaultRoute: false, routes: ['10.64.0.0/24'], mss: 1200 });
    const serve = "require('net').createServer(() => {}).listen(7, '10.64.0.1', () => console.log('ready'))";
    const connect = "require('net').connect(7, '10.64.0.1', () => console.log('ready'))";
    await internet.keep(internet.away, serve);
    await internet.keep(internet.home, connect);
    const segments = (namespace: string) => /\bmss:(\d+)/.exec(internet.sockets(namespace))?.[1];
    // 12 octets of each segment are the timestamp option: 1188 of 1200, where 1408 would be without us.
    expect([segments(internet.home), segments(internet.away)]).toEqual(['1188', '1188']);
  });

  describe('IPv6 inside', () => {
    const sysctl = (name: string) => internet.run('cat', `/proc/sys/net/ipv6/conf/l2w-wan/${name}`).trim();
    const interfaceId = [0x02, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55];

    it('is not there before IPV6CP, then has the agreed address and takes advertisements', async () => {
      internet.here('-6 route add default via 2001:db8:2::1 metric 512');
      const before = internet.snapshot();
      await dial('10.0.2.72', { routes: ['2001:db8:113::/48'], exclude: ['2001:db8:7::/48'] });
      expect(internet.here('-6 addr show dev l2w-wan')).toBe('');
      expect(sysctl('disable_ipv6')).toBe('1');
      await host.call('ipv6Up', { name: 'wan', interfaceId });
      const addresses = internet.here('-6 addr show dev l2w-wan').match(/inet6 \S+/g);
      expect(addresses).toEqual(['inet6 fe80::211:22ff:fe33:4455/64']);
      expect(['accept_ra', 'addr_gen_mode', 'accept_ra_defrtr', 'ra_defrtr_metric'].map(sysctl)).toEqual([
        '2',
        '1',
        '1',
        '511',
      ]);
      const { routes } = await host.call('installed', { name: 'wan' });
      expect(routes.map(short)).toEqual(
        expect.arrayContaining([
          '2001:db8:113::/48 dev l2w-wan metric 1024 (into tunnel)',
          '2001:db8:7::/48 via 2001:db8:2::1 dev wan0 metric 1024 (stays on uplink)',
        ]),
      );
      await host.call('ipv6Down', { name: 'wan' });
      expect(internet.here('-6 addr show dev l2w-wan')).toBe('');
      expect(internet.here('-6 route show table all')).not.toContain('proto 165');
      await hangUp(before);
    });

    it('brings no default route that is not wanted', async () => {
      await dial('10.0.2.72', { defaultRoute: false });
      await host.call('ipv6Up', { name: 'wan', interfaceId });
      expect(sysctl('accept_ra_defrtr')).toBe('0');
    });

    it('is left out below its least MTU', async () => {
      await dial('10.0.2.72', {}, { mtu: 1200 });
      await host.call('ipv6Up', { name: 'wan', interfaceId });
      const { warnings } = await host.call('installed', { name: 'wan' });
      expect(warnings.join()).toContain('1280');
    });
  });

  describe('after kill -9', () => {
    const leave = async () => {
      internet.here('route add default via 10.0.2.1');
      const before = internet.snapshot();
      await host.call('open', { name: 'wan', settings: { ...settings, table: 77, exclude: ['10.0.0.0/8'] } });
      await host.call('pin', { name: 'wan', server: '10.5.1.9' });
      await host.call('remember', { name: 'wan', farewell });
      return before;
    };

    it.each(['pinned', 'up'])('nothing is left of a link that was %s, and its tunnel can be hung up', async (stage) => {
      const before = await leave();
      if (stage === 'up') await host.call('up', { name: 'wan', link: link('10.5.1.9') });
      const [file = ''] = readdirSync(internet.runDir).filter((name) => name.endsWith('.json'));
      expect(statSync(join(internet.runDir, file)).mode & 0o777).toBe(0o600);
      await host.kill();
      expect(internet.snapshot()).not.toBe(before);
      host = internet.host();
      expect(await host.call('recover', {})).toEqual([{ name: 'wan', farewell }]);
      expect(internet.snapshot()).toBe(before);
      expect(internet.onTunnels()).toEqual([]);
      expect(readdirSync(internet.runDir)).toEqual([]);
      expect(existsSync(internet.stateDir) ? readdirSync(internet.stateDir) : []).toEqual([]);
      // A device that outlived its process goes, too.
      if (stage === 'up') expect(internet.here('link show')).not.toContain('l2w-wan');
      expect(await host.call('recover', {})).toEqual([]);
    });

    it('routes of somebody else stay', async () => {
      internet.here('route add 10.5.1.9/32 via 10.0.2.1');
      const before = await leave();
      await host.call('up', { name: 'wan', link: link('10.5.1.9') });
      await host.kill();
      host = internet.host();
      await host.call('recover', {});
      expect(internet.snapshot()).toBe(before);
    });

    it('a daemon that still runs is left alone', async () => {
      await leave();
      await host.call('up', { name: 'wan', link: link('10.5.1.9') });
      const during = internet.snapshot();
      expect(await internet.host().call('recover', {})).toEqual([]);
      expect(internet.snapshot()).toBe(during);
    });

    it('the state directory alone is enough for the farewell; it is written once a dial', async () => {
      await leave();
      const kept = join(internet.stateDir, 'wan.journal.json');
      expect(existsSync(kept)).toBe(false);
      await host.call('up', { name: 'wan', link: link('10.5.1.9') });
      const { ino, mtimeMs } = statSync(kept);
      await host.call('remember', { name: 'wan', farewell: { ...farewell, ns: 9 } });
      await host.call('setMtu', { name: 'wan', mtu: 1400 });
      expect(statSync(kept)).toMatchObject({ ino, mtimeMs });
      expect(statSync(kept).mode & 0o777).toBe(0o600);
      await host.kill();
      internet.run('rm', join(internet.runDir, 'wan.journal.json'));
      host = internet.host();
      expect(await host.call('recover', {})).toEqual([{ name: 'wan', farewell }]);
    });

    it('a journal that cannot be read is put away', async () => {
      writeFileSync(join(internet.runDir, 'wan.journal.json'), '{"version":1,"conn');
      expect(await host.call('recover', {})).toEqual([]);
      expect(readdirSync(internet.runDir)).toEqual([]);
    });
  });

  it('tolerates a device that is gone before it is told to go', async () => {
    internet.here('route add default via 10.0.2.1');
    const before = internet.snapshot();
    await dial('10.5.1.9', { routes: ['10.9.0.0/16'] });
    internet.here('link del l2w-wan');
    await hangUp(before);
  });

  it('gives another address another rule when the link comes up anew', async () => {
    internet.here('route add default via 10.0.2.1');
    const before = internet.snapshot();
    await dial('10.5.1.9', { table: 77 });
    await host.call('up', { name: 'wan', link: link('10.5.1.9', { localAddress: '10.64.0.99' }) });
    expect((await host.call('installed', { name: 'wan' })).rules).toEqual(['from 10.64.0.99 lookup 77']);
    expect(internet.here('-4 addr show dev l2w-wan').match(/inet \S+/g)).toEqual(['inet 10.64.0.99/32']);
    await hangUp(before);
  });

  it('fails with what was run and what it said', async () => {
    await host.call('open', { name: 'wan', settings: { ...settings, device: 'l2w-none' } });
    await host.call('pin', { name: 'wan', server: '10.0.2.72' });
    await expect(host.call('up', { name: 'wan', link: link('10.0.2.72') })).rejects.toMatchObject({
      code: 'network-failed',
      message: expect.stringMatching(/^`ip addr add 10\.64\.0\.10\/32 dev l2w-none` failed: .*device.*l2w-none/),
    });
    await host.call('down', { name: 'wan' });
    host = internet.host(['ip']);
    await host.call('open', { name: 'wan', settings });
    const failing = host.call('pin', { name: 'wan', server: '10.0.2.72' });
    await expect(failing).rejects.toMatchObject({ message: expect.stringContaining('ip is not installed') });
  });

  it('writes the name servers down and hands everything to the scripts', async () => {
    const before = internet.snapshot();
    const script = join(internet.runDir, '../script');
    const record = join(internet.runDir, '../record');
    writeFileSync(script, `#!/bin/sh\nexport -p >>${record}\necho out; echo err >&2\nexit 3\n`, { mode: 0o755 });
    const { installed } = await dial('10.0.2.72', { upScript: script, downScript: script });
    expect(readFileSync(installed.resolvFile ?? '', 'utf8')).toMatch(
      /nameserver 203\.0\.113\.53\nnameserver 203\.0\.113\.54\n$/,
    );
    expect(installed.warnings).toEqual([expect.stringContaining('the up script')]); // a failed script is no failed link
    expect(host.log).toEqual(expect.arrayContaining(['info: up script: out', 'info: up script: err']));
    await hangUp(before);
    expect(await within(LONG, () => /EVENT='down'/.test(readFileSync(record, 'utf8')))).toBe(true);
    const [up = '', down = ''] = readFileSync(record, 'utf8').split(/(?<=export USEPEERDNS=.*\n)/);
    for (const fact of [
      'DNS1',
      'DNS2',
      'IFNAME',
      'IPLOCAL',
      'IPREMOTE',
      'L2TPWAN_CONNECTION',
      'L2TPWAN_SERVER',
      'MTU',
    ]) {
      expect(up).toContain(`export ${fact}=`);
    }
    expect(up).toContain("EVENT='up'");
    expect(down).toContain("EVENT='down'");
  });
});
