/** What can be wrong with an interface of OpenWrt, and how it is said. See openwrt.test.ts for what the router is. */
import { describe, expect, it } from 'vitest';
import { campus, World } from './openwrt/world.ts';

describe('an interface that cannot come up says why', () => {
  it('a wrong password: AUTH_REJECTED, dialled again with patience, and up once it is mended', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      const { SCCRQ } = await world.during(async () => {
        await world.configure({ campus: campus({ password: 'wrong' }) });
        const { errors } = await world.failed('AUTH_REJECTED');
        expect(errors).toEqual([expect.objectContaining({ subsystem: 'l2tpwan', code: 'AUTH_REJECTED' })]);
        expect(errors?.[0]?.data?.join(' ')).toMatch(/\w/);
        await new Promise((resolve) => setTimeout(resolve, 3000));
      });
      expect(SCCRQ).toBeLessThanOrEqual(4);
      expect(await world.status('campus')).toMatchObject({ up: false, pending: true, autostart: true });
      await world.configure({ campus: campus() });
      await world.up();
      expect((await world.status('campus')).errors ?? []).toEqual([]);
      await world.ping();
    }));

  it('settings that cannot work: WRONG_SETTINGS with the option, no dial, and nothing again before they are mended', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.configure({ good: campus({ defaultroute: '0', ipv6: '0' }) });
      const good = await world.up('good');
      const cases: readonly (readonly [Parameters<typeof campus>[0], RegExp])[] = [
        [{ mtu: '70000' }, /option mtu: .*70000/],
        [{ server: [] }, /option server/],
        [{ auth: ['magic'] }, /option auth.*magic/],
      ];
      const { SCCRQ } = await world.during(async () => {
        for (const [options, words] of cases) {
          await world.configure({ campus: campus(options) });
          const { errors } = await world.until(
            () => world.status('campus'),
            ({ errors = [] }) =>
              errors.some(({ code, data = [] }) => code === 'WRONG_SETTINGS' && words.test(data.join(' '))),
          );
          expect(errors).toHaveLength(1);
          expect(await world.status('campus')).toMatchObject({ up: false });
          await world.until(
            () => world.router.log(),
            (log) => words.test(log),
          );
        }
      });
      expect(SCCRQ).toBe(0);
      expect(await world.connection('good')).toMatchObject({ state: 'up', tunnel: good.tunnel, timesUp: 1 });
      await world.configure({ campus: campus() });
      await world.up();
    }));

  it('an option that does not exist: UNKNOWN_OPTION, and up all the same', () =>
    World.run(async (world) => {
      await world.router.startDaemon();
      await world.configure({ campus: campus({ usernam: 'bob' }) });
      await world.up();
      const { errors } = await world.failed('UNKNOWN_OPTION');
      expect(errors?.[0]?.data?.join(' ')).toContain('usernam');
      expect(await world.router.log()).toMatch(/campus.*usernam/);
      await world.configure({ campus: campus() }); // for netifd nothing has changed
      await world.ifup('campus');
      await world.until(
        () => world.status('campus'),
        ({ up, errors: left = [] }) => up && left.length === 0,
      );
    }));

  it('no daemon: NO_DAEMON after a while, and up as soon as there is one', () =>
    World.run(async (world) => {
      await world.configure({ campus: campus() });
      expect(await world.status('campus')).toMatchObject({ up: false, pending: true });
      await world.failed('NO_DAEMON', 'campus', 25_000);
      expect(await world.status('campus')).toMatchObject({ up: false, pending: true, autostart: true });
      await world.router.startDaemon();
      await world.up();
      expect((await world.status('campus')).errors ?? []).toEqual([]);
    }));

  it('a daemon that is late: netifd is kept waiting, and nothing is left of a wait that is given up', () =>
    World.run(async (world) => {
      await world.configure({ campus: campus(), lab: campus() });
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await world.configure({ lab: undefined });
      await world.router.startDaemon();
      const { SCCRQ } = await world.during(() => world.up());
      expect(SCCRQ).toBeLessThanOrEqual(2);
      expect(await world.interfaces()).not.toContain('lab');
    }));

  it('a name server that is late at boot', () =>
    World.run(async (world) => {
      await world.configure({ campus: campus({ server: ['lns.example.net'] }) });
      await world.router.startDaemon();
      await world.failed('RESOLVE_FAILED', 'campus', 25_000);
      await world.outside.startNameServer();
      await world.up('campus', 20_000);
      await world.ping();
    }));
});
