/**
 * At home on OpenWrt: interfaces of proto l2tpwan from the protocol handler on, as their router sees them.
 *
 * Run as it is, the router is a network namespace with our own broker, our own netifd and the protocol handler under BusyBox. With
 * L2TPWAN_OPENWRT_RIG it is OpenWrt's userland: that variable names a directory with the commands `enter`, `exec` and `leave`, which
 * boot one in namespaces, run a program in it, and end it:
 *
 *     enter -n NAME -w NETNS -a ADDRESS -g GATEWAY [-c SOURCE:DESTINATION]…   eth0 is wired to NETNS, files are copied in before it boots
 *     exec -n NAME PROGRAM ARGUMENT…                                          in the network namespace PREFIX + NAME
 *     leave -k NAME
 *
 * PREFIX is L2TPWAN_OPENWRT_NETNS_PREFIX, or else `router-`.
 */
import { describe, expect, it } from 'vitest';
import { DNS_BEHIND, FAR_ADDRESS, LNS_ADDRESS } from './openwrt/outside.ts';
import { type UbusFailed, UPLINK, WAN } from './openwrt/router.ts';
import { campus, RIG, World } from './openwrt/world.ts';

describe('an interface', () => {
  it('comes up with all that it has, carries packets, and goes without a trace', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.configure({ campus: campus() });
      await world.up();
      const status = await world.status('campus');
      expect(status).toMatchObject({ proto: 'l2tpwan', l3_device: 'l2w-campus', autostart: true });
      expect(status['ipv4-address']).toEqual([{ address: '10.64.0.2', mask: 32 }]); // no point-to-point address
      expect(status.route).toEqual([expect.objectContaining({ target: '0.0.0.0', mask: 0, nexthop: '0.0.0.0' })]);
      expect(status['dns-server']).toEqual([DNS_BEHIND]);
      expect(status.data).toMatchObject({ server: LNS_ADDRESS, mtu: 1460, auth: 'chap-md5' });
      expect(status.errors ?? []).toEqual([]);
      expect(await world.status('campus_6')).toMatchObject({ proto: 'dhcpv6', dynamic: true });
      expect(await world.routes()).toContainEqual(expect.stringMatching(/^default dev l2w-campus .*metric 10$/));
      expect(await world.wayTo(LNS_ADDRESS)).toBe(`via ${UPLINK.gateway} dev ${UPLINK.device}`);
      expect(await world.router.exec('ip', 'link', 'show', 'l2w-campus')).toContain('mtu 1460');
      await world.ping();

      const { StopCCN, CDN } = await world.during(async () => {
        await world.ifdown('campus');
        await world.until(
          () => world.routes(),
          (routes) => !routes.some((route) => /l2w-|198\.51/.test(route)),
          5000, // netifd waits no longer
        );
      });
      expect(StopCCN + CDN).toBeGreaterThan(0);
      await world.until(
        async () => world.outside.log,
        (log) => log.includes('alice is out'),
      );
      expect(await world.status('campus')).toMatchObject({ up: false, pending: false });
      expect(await world.interfaces()).not.toContain('campus_6');

      await world.ifup('campus');
      await world.up();
      await world.ping();
    }));

  it("takes netifd's options, and those of its own routes", () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      const options = { defaultroute: '0', uplink: 'wan', ipv6: '0', mtu: '1300', zone: 'wan', metric: '7' };
      const lists = { route: [`${FAR_ADDRESS}/32`], exclude: ['10.99.0.0/16'] };
      await world.configure({ campus: campus({ ...options, ...lists }) });
      await world.up();
      const routes = await world.routes();
      expect(routes).toContainEqual(expect.stringMatching(/^203\.0\.113\.1 dev l2w-campus .*metric 7$/));
      expect(routes).toContainEqual(expect.stringMatching(/^10\.99\.0\.0\/16 via 192\.0\.2\.1 dev eth0/));
      expect(routes.filter((route) => /^default dev l2w/.test(route))).toEqual([]);
      expect(await world.interfaces()).not.toContain('campus_6');
      expect((await world.status('campus')).data).toMatchObject({ mtu: 1300, zone: 'wan' });
      await world.ping();
      // another value of one option: netifd sets it up anew, by itself
      await world.configure({ campus: campus({ ...options, ...lists, ip4table: '77' }) });
      await world.until(
        () => world.routes(),
        (all) => all.some((route) => /^203\.0\.113\.1 dev l2w-campus table 77/.test(route)),
      );
    }));

  it("does not take the uplink's default route away, though both have one metric", () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.configure({ wan: { ...WAN, metric: '10' }, campus: campus({ metric: '10' }) });
      await world.up();
      const uplinks = /^default via 192\.0\.2\.1 dev eth0 .*metric 10$/;
      const routes = await world.routes();
      expect(routes).toContainEqual(expect.stringMatching(uplinks));
      expect(routes).toContainEqual(expect.stringMatching(/^0\.0\.0\.0\/1 dev l2w-campus/));
      expect(routes).toContainEqual(expect.stringMatching(/^128\.0\.0\.0\/1 dev l2w-campus/));
      await world.ping();
      await world.ifdown('campus');
      await world.until(
        () => world.routes(),
        (all) => !all.some((route) => route.includes('l2w-campus')),
      );
      expect(await world.routes()).toContainEqual(expect.stringMatching(uplinks));
    }));

  it('is not touched when another one is restarted', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      const other = campus({ defaultroute: '0', route: [`${FAR_ADDRESS}/32`] });
      await world.configure({ campus: campus({ ipv6: '0' }), lab: other });
      const [before] = [await world.up(), await world.up('lab')];
      await world.ifup('lab');
      await world.up('lab');
      await world.configure({ lab: { ...other, mtu: '1200' } });
      await world.until(
        () => world.connection('lab'),
        ({ mtu, state }) => state === 'up' && mtu === 1200,
      );
      await world.router.ubus('l2tpwan', 'redial', { interface: 'lab' });
      await world.until(
        () => world.connection('lab'),
        ({ timesUp, state }) => timesUp > 1 && state === 'up',
      );
      await world.configure({ lab: undefined });
      await world.until(
        () => world.interfaces(),
        (all) => !all.includes('lab'),
      );
      const after = await world.connection();
      expect(after).toMatchObject({ state: 'up', tunnel: before.tunnel, timesUp: 1 });
      await world.ping();
    }));

  it('obeys whoever asks: the ubus object, through netifd', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.configure({ campus: campus({ auto: '0' }) });
      await world.until(
        () => world.router.ubus('l2tpwan', 'info'),
        () => true,
      );
      expect(await world.status('campus')).toMatchObject({ up: false, autostart: false });
      await world.router.ubus('l2tpwan', 'connect', { interface: 'campus' });
      await world.up();
      await world.router.ubus('l2tpwan', 'disconnect', { interface: 'campus' });
      await world.until(
        () => world.status('campus'),
        ({ up, pending }) => !up && !pending,
      );
      expect(await world.status('campus')).toMatchObject({ autostart: false });
    }));

  it('a call that makes no sense is refused, and the log says why', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.until(
        () => world.router.ubus('l2tpwan', 'info'),
        () => true,
      );
      const refused = (method: string, args: object) =>
        world.router.ubus('l2tpwan', method, args).then(
          () => 0,
          (error: UbusFailed) => error.status,
        );
      expect(await refused('connect', { interface: 5 })).toBe(2);
      expect(await refused('connect', {})).toBe(2);
      expect(await refused('status', { colour: 'red' })).toBe(2);
      expect(await refused('negotiated', { interface: 'nobody' })).toBe(4);
      await world.until(
        () => world.router.log(),
        (log) => /connect.*argument interface: the name of an interface/.test(log),
      );
    }));

  // Only OpenWrt's own userland has a firewall.
  if (RIG)
    it('is in its zone, and masqueraded', () =>
      World.run(async (world) => {
        await world.router.startDaemon();
        await world.router.exec('uci', 'add_list', 'firewall.@zone[1].network=campus');
        await world.router.exec('uci', 'commit', 'firewall');
        await world.router.exec('/etc/init.d/firewall', 'reload');
        await world.configure({ campus: campus() });
        await world.up();
        const rules = await world.until(
          () => world.router.exec('nft', 'list', 'ruleset'),
          (text) => /oifname (\{.*)?"l2w-campus".* jump srcnat_wan/.test(text),
        );
        expect(rules).toMatch(/iifname (\{.*)?"l2w-campus".* jump input_wan/);
        expect(rules).toMatch(/chain srcnat_wan \{[^}]*masquerade/);
        await world.ping();
      }));
});
