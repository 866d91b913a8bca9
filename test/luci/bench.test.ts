/** Whether the bench shows pages as LuCI does, and notices what must not happen: with a small view of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allow, openPage, type PageOptions, shoot, troublesOf, viewReady } from './page.ts';
import { Router } from './router.ts';

const VIEW = `'use strict';
'require view';
'require rpc';

window.call = (object, method, args = {}) =>
  rpc.declare({ object, method, params: Object.keys(args), reject: true })(...Object.values(args)).catch((error) => error.message.split('\\n')[0]);

return view.extend({
  load() {
    return window.call('l2tpwan', 'status');
  },
  render(status) {
    return E('h2', Object.keys(status.connections ?? {}).join(' '));
  },
  handleSave: null,
  handleSaveApply: null,
  handleReset: null,
});
`;

const root = mkdtempSync(join(tmpdir(), 'luci-bench-'));

beforeAll(() => {
  const folder = join(root, 'luci-static/resources/view/l2tpwan');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'status.js'), VIEW);
});
afterAll(() => rmSync(root, { recursive: true }));

const open = (router: Router, options: Partial<PageOptions> = {}): Promise<Page> =>
  openPage({ view: 'status', router, roots: [root], ...options });

/** A call that the page makes; a failure is its first line. */
const call = (page: Page, object: string, method: string, args: object = {}): Promise<unknown> =>
  page.evaluate(`window.call('${object}', '${method}', ${JSON.stringify(args)})`);

describe('a page', () => {
  it('shows what the router answers, in the frame of LuCI', async () => {
    const router = new Router();
    const page = await open(router);
    expect(await page.locator('#view h2').textContent()).toBe('campus');
    expect(router.count('l2tpwan')).toBe(1);
    await page.locator('#tabmenu li').nth(2).waitFor();
    expect(await page.locator('#tabmenu li').allTextContents()).toEqual(['Status', 'Connections', 'Settings']);
    await shoot(page, 'bench');
  });

  it('has no tabs that its user may not see', async () => {
    const page = await open(new Router(), { user: 'viewer' });
    await page.locator('#tabmenu li').first().waitFor();
    expect(await page.locator('#tabmenu li').allTextContents()).toEqual(['Status']);
    expect(await page.evaluate('L.hasViewPermission()')).toBe(false);
    allow(page, /HTTP 403/);
    const refused = await page.goto(`${page.url().replace(/status$/, 'connections')}`);
    expect(refused?.status()).toBe(403);
  });

  it.each<[Partial<PageOptions>, string]>([
    [{}, 'false'],
    [{ dark: true }, 'true'],
    [{ dark: true, theme: 'bootstrap-light' }, 'false'],
    [{ theme: 'bootstrap-dark' }, 'true'],
  ])('with %j is as dark as its theme and the browser want it', async (options, expected) => {
    const page = await open(new Router(), options);
    expect(await page.locator('html').getAttribute('data-darkmode')).toBe(expected);
  });

  it('applies what it has changed, confirms it, and is loaded anew', async () => {
    const router = new Router();
    const page = await open(router);
    await call(page, 'uci', 'set', { config: 'network', section: 'campus', values: { mtu: '1400' } });
    expect(router.uci.section('network', 'campus')?.mtu).toBeUndefined();
    const reloaded = page.waitForEvent('load');
    await page.evaluate('L.ui.changes.apply(true)');
    await reloaded;
    await viewReady(page);
    expect(router.applied).toEqual([['network']]);
    expect(router.uci.section('network', 'campus')?.mtu).toBe('1400');
    expect(() => router.uci.rollback()).toThrow(); // it is confirmed
  });

  it('speaks the language that it is asked for', async () => {
    const page = await open(new Router(), { lang: 'zh-cn' });
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-cn');
    expect(await page.evaluate("window._('no such text')")).toBe('no such text');
  });
});

describe('what must not happen', () => {
  it('is noticed', async () => {
    const router = new Router();
    const page = await open(router);
    expect(troublesOf(page)).toEqual([]);
    await page.evaluate(
      "console.error('spilt'); setTimeout(() => { throw new Error('thrown') }); Promise.reject(new Error('left')); 0;",
    );
    await call(page, 'l2tpwan', 'obey');
    await call(page, 'nobody', 'knows');
    await page.evaluate("fetch('/luci-static/nothing').then(() => undefined)");
    await expect.poll(() => troublesOf(page)).toHaveLength(6);
    expect(troublesOf(page).map((trouble) => trouble.split('\n')[0])).toEqual(
      expect.arrayContaining([
        'console: spilt',
        'error: Error: thrown',
        'error: Error: left',
        expect.stringMatching(/^HTTP 404: .*nothing$/),
        'the bench does not know l2tpwan.obey',
        'the bench does not know nobody.knows',
      ]),
    );
    allow(page, /./);
  });
});

describe('a fault', () => {
  it.each([
    [true, 'RPC call to l2tpwan/status failed with error -32000: Object not found'],
    [false, 'RPC call to l2tpwan/status failed with ubus code 4: Resource not found'],
  ])('of an object that is gone is told by each door its own way (uhttpd: %s)', async (ubusDoor, words) => {
    const router = new Router();
    const page = await open(router, { ubusDoor });
    router.faults.gone.add('l2tpwan');
    expect(await call(page, 'l2tpwan', 'status')).toBe(words);
  });

  it('of a bus that is gone leaves the web server without anything to say', async () => {
    const router = new Router();
    const page = await open(router);
    router.faults.busGone = true;
    expect(await call(page, 'l2tpwan', 'status')).toContain('-32000');
    expect(await call(page, 'session', 'access', { scope: 'uci', object: 'luci', function: 'read' })).toContain(
      '-32000',
    );
  });

  it('of a router that is off answers nothing at all', async () => {
    const router = new Router();
    const page = await open(router);
    router.faults.dead = true;
    expect(await call(page, 'l2tpwan', 'status')).toContain('XHR request aborted');
  });

  it('makes an answer late, or another one', async () => {
    const router = new Router();
    const page = await open(router);
    router.faults.slow.set('l2tpwan.info', 300);
    router.faults.refused.set('l2tpwan.redial', 9);
    router.faults.denied.add('l2tpwan.connect');
    const began = Date.now();
    await call(page, 'l2tpwan', 'info');
    expect(Date.now() - began).toBeGreaterThanOrEqual(300);
    expect(await call(page, 'l2tpwan', 'redial', { interface: 'campus' })).toContain('ubus code 9');
    expect(await call(page, 'l2tpwan', 'connect', { interface: 'campus' })).toContain('-32002: Access denied');
  });
});
