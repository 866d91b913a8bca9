/** The page of settings that concern all connections. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { DATA_PATHS } from '../../src/ports/data-path.ts';
import { LOG_LEVELS } from '../../src/ports/log.ts';
import { allow, openPage, shoot } from './page.ts';
import { Router } from './router.ts';

const field = (page: Page, name: string) => page.locator(`.cbi-value[data-name="${name}"]`);
const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).click();
const set = (router: Router) => router.argsOf('uci', 'set').map(({ ubus_rpc_session: _session, ...args }) => args);

/** LuCI tells it in a dialog, and leaves the rejection to the browser as well. */
const REJECTED = /invalid input value|Permission denied/;

/** A router whose service is set so. */
function routerWith(options: Record<string, string>): Router {
  const router = new Router();
  router.uci.write('l2tpwan', [{ '.type': 'l2tpwan', '.name': 'main', ...options }]);
  return router;
}

describe('the settings', () => {
  it('are shown as they are', async () => {
    const options = {
      log_level: 'debug',
      runtime: '/opt/node',
      data_path: 'tun',
      state_dir: '/etc/l2tpwan/state',
      jail: '0',
    };
    const page = await openPage({ view: 'settings', router: routerWith(options) });
    for (const name of ['log_level', 'data_path', 'runtime', 'state_dir'] as const)
      expect(await field(page, name).locator('select, input').inputValue()).toBe(options[name]);
    expect(await field(page, 'jail').getByRole('checkbox').isChecked()).toBe(false);
    await shoot(page, 'settings');
  });

  it('show what holds where nothing is set', async () => {
    const page = await openPage({ view: 'settings', router: routerWith({}) });
    expect(await field(page, 'log_level').locator('select').inputValue()).toBe('info');
    expect(await field(page, 'data_path').locator('select').inputValue()).toBe('auto');
    expect(await field(page, 'jail').getByRole('checkbox').isChecked()).toBe(true);
  });

  it('offer the levels and data paths that the daemon has', async () => {
    const page = await openPage({ view: 'settings' });
    const values = (name: string) =>
      field(page, name)
        .locator('option')
        .evaluateAll((options) => options.map((option) => option.getAttribute('value')));
    expect((await values('log_level')).toSorted()).toEqual([...LOG_LEVELS].toSorted());
    expect(await values('data_path')).toEqual([...DATA_PATHS]);
  });

  it('are saved, and only what was changed', async () => {
    const router = routerWith({ log_level: 'info', jail: 'yes' });
    const page = await openPage({ view: 'settings', router });
    await field(page, 'log_level').locator('select').selectOption('debug');
    await field(page, 'state_dir').locator('input').fill('/etc/l2tpwan/state');
    await save(page);
    await expect
      .poll(() => set(router))
      .toEqual([
        { config: 'l2tpwan', section: 'main', values: { log_level: 'debug', state_dir: '/etc/l2tpwan/state' } },
      ]);
  });

  it('turn the jail off', async () => {
    const router = routerWith({ jail: 'yes' });
    const page = await openPage({ view: 'settings', router });
    await field(page, 'jail').getByRole('checkbox').uncheck({ force: true });
    await save(page);
    await expect.poll(() => set(router).at(-1)).toEqual({ config: 'l2tpwan', section: 'main', values: { jail: '0' } });
  });

  it('refuse a path that is none', async () => {
    const router = routerWith({});
    const page = await openPage({ view: 'settings', router });
    allow(page, REJECTED);
    for (const name of ['runtime', 'state_dir']) {
      const input = field(page, name).locator('input');
      await input.fill('node');
      await input.press('Tab');
      expect(await input.getAttribute('data-tooltip')).toContain('an absolute path');
      await save(page);
      await expect.poll(() => page.locator('#modal_overlay').textContent()).toContain('an absolute path');
      await page.getByRole('button', { name: 'Dismiss' }).click();
      await input.fill('');
      await input.press('Tab');
    }
    expect(router.count('uci', 'set')).toBe(0);
  });

  it('can be made where the sections are missing', async () => {
    const router = new Router();
    router.uci.write('l2tpwan', []);
    const page = await openPage({ view: 'settings', router });
    await field(page, 'log_level').locator('select').selectOption('warn');
    await save(page);
    await expect
      .poll(() => router.argsOf('uci', 'add'))
      .toMatchObject([
        { config: 'l2tpwan', type: 'l2tpwan', name: 'main', values: { log_level: 'warn' } },
        { config: 'l2tpwan', type: 'mqtt', name: 'mqtt', values: {} },
      ]);
  });

  it('tell when saving fails', async () => {
    const router = routerWith({});
    const page = await openPage({ view: 'settings', router });
    allow(page, REJECTED);
    router.faults.refused.set('uci.set', 6);
    await field(page, 'log_level').locator('select').selectOption('warn');
    await save(page);
    await expect.poll(() => page.locator('#modal_overlay').textContent()).toMatch(/[Pp]ermission/);
  });

  it('can be looked at without the right to change them', async () => {
    const router = routerWith({});
    router.addUser('reader', { read: ['*'], write: ['luci-base'] });
    const page = await openPage({ view: 'settings', router, user: 'reader' });
    expect(await field(page, 'log_level').locator('select').isDisabled()).toBe(true);
  });

  it.each([
    [360, false],
    [1280, true],
  ])('fit %i pixels, dark: %s', async (width, dark) => {
    const page = await openPage({ view: 'settings', router: routerWith({}), width, dark });
    await shoot(page, `settings-${width}-${dark ? 'dark' : 'light'}`);
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(overflow).toBeLessThanOrEqual(0);
  });
});
