/** Who may see what, and who may act. */
import { describe, expect, it } from 'vitest';
import { openPage, shoot } from './page.ts';
import { cardOf, eventually, notice, stateOf } from './parts/card.ts';
import { Router } from './router.ts';

const tabs = '#tabmenu li';

/** What a call of the page's own session comes to. */
const call = (object: string, method: string, args: object) => `
  L.require('rpc').then((rpc) =>
    rpc.declare({ object: '${object}', method: '${method}', params: ${JSON.stringify(Object.keys(args))}, reject: true })(
      ...${JSON.stringify(Object.values(args))}),
  ).then(() => 'done', (error) => error.message.split('\\n')[0])`;

describe('who may only look', () => {
  it('sees connections, events and options, and no buttons', async () => {
    const page = await openPage({ view: 'status', router: new Router('up'), user: 'viewer' });
    expect(await stateOf(page)).toBe('Connected');
    await page.getByText('Your account may look at connections, but not act on them.').waitFor();
    expect(await cardOf(page).locator('.l2w-buttons button').count()).toBe(0);
    await cardOf(page).locator('.l2w-events li').first().waitFor();
    await cardOf(page).getByRole('button', { name: 'Negotiated options' }).click();
    await page.locator('#modal_overlay').getByText('MRU 1460').waitFor();
    await shoot(page, 'access-viewer');
  });

  it('has no tabs but this one', async () => {
    const page = await openPage({ view: 'status', router: new Router('up'), user: 'viewer' });
    await page.locator(tabs).first().waitFor();
    expect(await page.locator(tabs).allTextContents()).toEqual(['Status']);
  });

  it('is told what is wrong with settings, without a way to them', async () => {
    const page = await openPage({ view: 'status', router: new Router('refused'), user: 'viewer' });
    expect(await cardOf(page).locator('li').count()).toBe(3);
    expect(await cardOf(page).getByRole('link').count()).toBe(0);
  });

  it('is told what is the matter, without a way to mend it', async () => {
    const router = new Router('up');
    router.service.stop();
    const page = await openPage({ view: 'status', router, user: 'viewer' });
    expect(await notice(page).getByRole('heading').textContent()).toBe('The l2tpwan service is stopped');
    expect(await notice(page).getByRole('button').count()).toBe(0);
  });

  it.each([
    ['l2tpwan', 'connect', { interface: 'campus' }],
    ['l2tpwan', 'disconnect', { interface: 'campus' }],
    ['l2tpwan', 'redial', { interface: 'campus' }],
    ['l2tpwan', 'reload', {}],
    ['rc', 'init', { name: 'l2tpwan', action: 'stop' }],
    ['uci', 'get', { config: 'network' }],
    ['uci', 'get', { config: 'l2tpwan' }],
    ['uci', 'set', { config: 'network', section: 'campus', values: { password: 'x' } }],
    ['file', 'read', { path: '/etc/config/network' }],
    ['file', 'read', { path: '/var/run/l2tpwan/config.json' }],
  ])('is refused by the router itself: %s %s %j', async (object, method, args) => {
    const router = new Router('up');
    const page = await openPage({ view: 'status', router, user: 'viewer' });
    expect(await page.evaluate(call(object, method, args))).toMatch(/-32002|ubus code 6/);
  });
});

describe('who may act and not configure', () => {
  const routerFor = (state: string) => {
    const router = new Router(state);
    router.addUser('operator', { read: ['unauthenticated', 'luci-base'], write: ['luci-app-l2tpwan'] });
    return router;
  };

  it('is not offered to start a service', async () => {
    const router = routerFor('up');
    router.service.stop();
    const page = await openPage({ view: 'status', router, user: 'operator' });
    expect(await notice(page).getByRole('heading').textContent()).toBe('The l2tpwan service is stopped');
    await eventually(() => router.count('session', 'access')).toBe(1);
    await page.waitForTimeout(1200);
    expect(await notice(page).getByRole('button').count()).toBe(0);
    expect(router.count('session', 'access')).toBe(1);
  });

  it.each(['refused', 'no-connections'])('is not led to settings: %s', async (state) => {
    const router = routerFor(state);
    if (state === 'no-connections') router.uci.write('network', []);
    const page = await openPage({ view: 'status', router, user: 'operator' });
    await eventually(() => router.count('session', 'access')).toBe(1);
    await page.waitForTimeout(300);
    expect(await page.locator('.l2w-page').getByRole('link').count()).toBe(0);
  });

  it('has the buttons, and no other tabs', async () => {
    const router = routerFor('up');
    router.l2tpwan.after.redial = 'tunnel';
    const page = await openPage({ view: 'status', router, user: 'operator' });
    await cardOf(page).getByRole('button', { name: 'Redial' }).click();
    await eventually(() => stateOf(page)).toMatch(/^Dialling/);
    await page.locator(tabs).first().waitFor();
    expect(await page.locator(tabs).allTextContents()).toEqual(['Status']);
    expect(await page.evaluate(call('uci', 'get', { config: 'network' }))).toMatch(/-32002|ubus code 6/);
  });
});

describe('who may read the settings and not change them', () => {
  it('has all tabs, and acts on nothing', async () => {
    const router = new Router('up');
    const read = ['unauthenticated', 'luci-base', 'luci-app-l2tpwan', 'luci-app-l2tpwan-settings'];
    router.addUser('auditor', { read, write: [] });
    const page = await openPage({ view: 'status', router, user: 'auditor' });
    await page.locator(tabs).first().waitFor();
    expect(await page.locator(tabs).allTextContents()).toEqual(['Status', 'Connections', 'Settings']);
    expect(await cardOf(page).locator('.l2w-buttons button').count()).toBe(0);
  });
});
