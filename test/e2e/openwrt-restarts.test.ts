/** What goes away under an interface of OpenWrt, and comes back: it works again without a hand. See openwrt.test.ts for the router. */
import { describe, expect, it } from 'vitest';
import { pause } from './daemon.ts';
import { LNS_ADDRESS } from './openwrt/outside.ts';
import { UPLINK, WAN } from './openwrt/router.ts';
import { campus, World } from './openwrt/world.ts';

describe('nobody has to lend a hand', () => {
  it('an orderly stop of the daemon hangs up and leaves nothing; its start dials again', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.configure({ campus: campus() });
      await world.up();
      const { StopCCN, CDN } = await world.during(() => world.router.stopDaemon());
      expect(StopCCN + CDN).toBeGreaterThan(0);
      expect((await world.routes()).filter((route) => /l2w-|198\.51/.test(route))).toEqual([]);
      await world.until(
        async () => world.outside.log,
        (log) => log.includes('alice is out'),
      );
      expect(await world.status('campus')).toMatchObject({ up: false, autostart: true });
      const { SCCRQ } = await world.during(async () => {
        await world.router.startDaemon();
        await world.up();
      });
      expect(SCCRQ).toBeLessThanOrEqual(2);
      await world.ping();
    }));

  it('a crash of the daemon: the next one cleans up and dials again', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.configure({ campus: campus(), lab: campus({ defaultroute: '0' }) });
      const [before] = [await world.up(), await world.up('lab')];
      const { SCCRQ } = await world.during(async () => {
        await world.router.crashDaemon();
        await world.until(
          () => world.connection(),
          ({ state, tunnel }) => state === 'up' && tunnel?.peerId !== before.tunnel?.peerId,
          20_000,
        );
        await world.up();
        await world.up('lab');
      });
      expect(SCCRQ).toBeLessThanOrEqual(4);
      await world.ping();
    }));

  it('a restart of netifd: the tunnel stays, and netifd hears of it again', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.configure({ campus: campus() });
      const before = await world.up();
      const { SCCRQ } = await world.during(async () => {
        await world.router.restart('netifd');
        await world.up();
        await pause(2500); // the daemon has had its look
      });
      expect(await world.up()).toMatchObject({ tunnel: before.tunnel, timesUp: 1 });
      expect(SCCRQ).toBe(0);
      expect(await world.wayTo(LNS_ADDRESS)).toBe(`via ${UPLINK.gateway} dev ${UPLINK.device}`);
      await world.ping();
    }));

  it('a restart of ubusd: the tunnel stays, and everybody finds everybody again', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.configure({ campus: campus() });
      const before = await world.up();
      await world.router.restart('ubusd');
      await world.until(
        () => world.router.ubus('l2tpwan', 'info'),
        () => true,
      );
      await pause(2500);
      expect(await world.up()).toMatchObject({ tunnel: before.tunnel, timesUp: 1 });
      await world.ping();
      await world.ifdown('campus'); // heard over the new one
      await world.until(
        () => world.status('campus'),
        ({ up, pending }) => !up && !pending,
      );
      await world.ifup('campus');
      await world.up();
    }));

  it('the uplink goes down and comes back', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.configure({ campus: campus({ uplink: 'wan' }) });
      await world.up();
      await world.ifdown('wan');
      await world.until(
        () => world.status('campus'),
        ({ up, pending }) => !up && pending,
      );
      await pause(2000);
      const { SCCRQ } = await world.during(async () => {
        await world.ifup('wan');
        await world.up('campus', 10_000);
      });
      expect(SCCRQ).toBeLessThanOrEqual(2);
      await world.ping();
    }));

  it('the cable of the uplink is pulled out and put back', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.configure({ campus: campus({ uplink: 'wan' }) });
      await world.up();
      await world.outside.plug('out');
      await world.until(
        () => world.status('campus'),
        ({ up, pending }) => !up && pending,
      );
      await pause(2000);
      const { SCCRQ } = await world.during(async () => {
        await world.outside.plug('in');
        await world.up('campus', 20_000);
      });
      expect(SCCRQ).toBeLessThanOrEqual(3);
      await world.ping();
    }));

  it('the uplink gets another address', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.configure({ campus: campus() });
      await world.up();
      const { SCCRQ } = await world.during(async () => {
        await world.configure({ wan: { ...WAN, ipaddr: '192.0.2.9' } });
        await world.until(
          () => world.connection(),
          ({ state, path }) => state === 'up' && path?.local.address === '192.0.2.9',
          20_000,
        );
      });
      expect(SCCRQ).toBeLessThanOrEqual(3);
      await world.up();
      await world.ping();
    }));

  it('the LNS dies and comes back: not too many dials, and up again', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.configure({ campus: campus() });
      await world.up();
      const { SCCRQ } = await world.during(async () => {
        await world.outside.killLns();
        await world.until(
          () => world.status('campus'),
          ({ up, pending, errors = [] }) => !up && pending && errors.length > 0,
          30_000,
        );
        await pause(3000);
      });
      expect(SCCRQ).toBeLessThanOrEqual(12); // retransmissions among them
      await world.outside.startLns();
      await world.up('campus', 20_000);
      await world.ping();
    }));
});
