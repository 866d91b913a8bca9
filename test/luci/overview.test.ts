/** The card on LuCI's overview page. */
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { openPage, type PageOptions, shoot } from './page.ts';
import { eventually } from './parts/card.ts';
import { Router } from './router.ts';

const open = (router: Router, more: Partial<PageOptions> = {}) =>
  openPage({ view: 'overview', router, allow: [/protocol\/dhcpv6/], ...more });
const section = (page: Page) => page.locator('.cbi-section', { has: page.getByText('L2TP connections') });
const rows = (page: Page) => section(page).locator('tr').allInnerTexts();

it('has a line for each connection, and keeps up with them', async () => {
  const router = new Router('two-connections');
  const page = await open(router);
  await eventually(() => rows(page)).toEqual([
    expect.stringMatching(/^campus\s+Connected for 1 min \d+ s\s+10\.64\.0\.10\s+lns\.example\.net$/),
    expect.stringMatching(
      /^office\s+Waiting for the next attempt for \d+ s\s+The server did not accept user name or password\s+–$/,
    ),
  ]);
  await shoot(page, 'overview');
  router.l2tpwan.show('up-and-refused');
  await eventually(() => rows(page), 9000).toEqual([
    expect.stringMatching(/^campus\s+Connected/),
    expect.stringMatching(/^office\s+Not dialled: its settings cannot work/),
  ]);
  await section(page).getByRole('link', { name: 'campus' }).click();
  await page.waitForURL(/l2tpwan\/status$/);
});

it('asks once each time', async () => {
  const router = new Router('up');
  const page = await open(router);
  await eventually(() => rows(page)).toHaveLength(1);
  expect(router.count('l2tpwan')).toBe(router.count('l2tpwan', 'status'));
  expect(router.count('service', 'list')).toBe(0);
});

it('is not there where there is nothing to tell, or nobody to tell it to', async () => {
  const none = new Router('no-connections');
  const off = new Router('up');
  off.service.stop();
  off.service.isEnabled = false;
  const denied = new Router('up');
  denied.faults.denied.add('l2tpwan.status');
  for (const router of [none, off, denied]) {
    const page = await open(router);
    await page.waitForTimeout(500);
    expect(await section(page).isVisible()).toBe(false);
  }
});

it('says that the service does not run, and is well again when it does', async () => {
  const router = new Router('up');
  router.service.crash(1);
  const page = await open(router);
  await section(page).getByText('The l2tpwan service has ended unexpectedly').waitFor();
  await section(page).getByRole('link', { name: 'More' }).waitFor();
  router.service.start();
  await eventually(() => rows(page), 9000).toHaveLength(1);
  router.service.stop();
  router.service.isEnabled = false;
  await eventually(() => section(page).textContent(), 9000).toContain('The l2tpwan service is switched off');
});

it.each([
  ['runs without connections', 'No connection is switched on', (router: Router) => router.service.start()],
  [
    'is switched off',
    'The l2tpwan service is switched off',
    ({ service }: Router) => {
      service.stop();
      service.isEnabled = false;
    },
  ],
])('does not go on saying so when the service %s', async (_name, words, then) => {
  const router = new Router('no-connections');
  router.service.crash(1);
  const page = await open(router);
  await section(page).getByText('The l2tpwan service has ended unexpectedly').waitFor();
  then(router);
  await eventually(() => section(page).textContent(), 9000).toContain(words);
  expect(await section(page).textContent()).not.toContain('has ended');
});
