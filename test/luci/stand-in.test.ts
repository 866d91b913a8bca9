/** What our pages rely on in LuCI: the same expectations hold for the stand-in and, with LUCI_SRC, for LuCI itself. */
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { allow, openPage, type PageOptions } from './page.ts';
import { Router } from './router.ts';

const PROBE = fileURLToPath(new URL('./stand-in/probe', import.meta.url));

const open = (options: Partial<PageOptions> = {}): Promise<Page> =>
  openPage({ view: 'connections', roots: [PROBE], ...options });

/** Runs a function's body in the page; what it returns has to be plain data. */
const run = (page: Page, body: string): Promise<unknown> => page.evaluate(`(async () => { ${body} })()`);

const field = (page: Page, name: string) => page.locator(`.modal [data-name="${name}"]`);

async function edit(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('heading', { name: 'Edit campus' }).waitFor();
}

describe('texts', () => {
  const FORMATS: readonly (readonly [format: string, values: readonly unknown[], text: string])[] = [
    ['%s and %s', ['one', 2], 'one and 2'],
    ['%s|%s', ['only one'], 'only one|'],
    ['%s', [null], 'null'],
    ['100%% of %d', [3.9], '100% of 3'],
    ['%d %d', ['12', 'x'], '12 0'],
    ['%05d|%5d|%-5d|', [42, 42, 42], '00042|   42|42   |'],
    ["%'*6s", ['a'], '*****a'],
    ['%.2f %f', [1.005, 2.5], '1.00 2.5'],
    ['%x %X %b %o %c', [255, 255, 5, 8, 65], 'ff FF 101 10 A'],
    ['%u', [-1], '4294967295'],
    ['%h', ['<a href="x">&\'</a>'], '&#60;a href=&#34;x&#34;&#62;&#38;&#39;&#60;/a&#62;'],
    ['%h', [{}], ''],
    ['%q', ['"\'<'], '&#34;&#39;<'],
    ['%t', [59], '0h 0m 59s'],
    ['%t', [3_661], '1h 1m 1s'],
    ['%t', [90_061], '1d 1h 1m 1s'],
    ['%m', [999], '999 '],
    ['%m', [1000], '1000 '],
    ['%m', [123_456], '123.46 K'],
    ['%1024mB', [5_368_709_120], '5.00 GiB'],
    ['%1024.1mB', [1536], '1.5 KiB'],
    ['%z %s', ['never'], '%z %s'],
  ];

  it('are put together', async () => {
    const page = await open();
    const made = await run(page, `return ${JSON.stringify(FORMATS)}.map(([text, values]) => text.format(...values));`);
    expect(made).toEqual(FORMATS.map(([, , text]) => text));
  });

  it('are found in the table of translations by their hash', async () => {
    const page = await open();
    const table = {
      '219966c7': 'one',
      c4fba554: 'two',
      '7152597d': 'three',
      a744fb1d: 'four',
      '8f08a63c': 'five',
      '0e6c29a0': 'six',
      '589a8d9d': '%d seven',
      '3a1dbb56': '%d eight',
      '00000000': 'plural=(n > 2);',
    };
    const texts = "_('Save'), _(' é '), _('ü日本語'), _('😀  smile'), _('abé'), _('Save', 'verb'), _('unknown')";
    const plurals = "N_(2, 'cat', 'cats'), N_(3, 'cat', 'cats'), N_(3, 'dog', 'dogs')";
    const made = await run(page, `window.TR = ${JSON.stringify(table)}; return [${texts}, ${plurals}];`);
    expect(made).toEqual(['one', 'two', 'three', 'four', 'five', 'six', 'unknown', '%d seven', '%d eight', 'dogs']);
  });

  it('become text in a list, and markup alone', async () => {
    const page = await open();
    const made = await run(
      page,
      `const clicks = [];
      const node = E('p', { class: 'x', title: null, click: () => clicks.push(1) }, ['<b>', 5, null, E('i', 'a<b>c</b>')]);
      node.click();
      return [node.outerHTML, E([], [E('b'), 'x']).childNodes.length, E('<u>v</u>').outerHTML, clicks.length];`,
    );
    expect(made).toEqual(['<p class="x">&lt;b&gt;5<i>a<b>c</b></i></p>', 2, '<u>v</u>', 1]);
  });
});

describe('modules', () => {
  it('are loaded with what they ask for, minified or not, and made once', async () => {
    const page = await open();
    const head = "'use strict';'require baseclass';/* 'require nothing' */'require rpc as r';";
    const body = `${head}return baseclass.extend({code:n=>r.getStatusText(n)});`;
    await page.route('**/probe/minified.js*', (route) => route.fulfill({ contentType: 'text/javascript', body }));
    const made = await run(
      page,
      `const [first, second] = await Promise.all([L.require('probe.minified'), L.require('probe.minified')]);
      const missing = await L.require('probe.missing').catch((failure) => failure.name);
      return [first.code(6), first === second, missing];`,
    ).finally(() => allow(page, /probe\/missing/));
    expect(made).toEqual(['Permission denied', true, 'NetworkError']);
  });

  it('extend classes, and reach what they have replaced', async () => {
    const page = await open();
    const made = await run(
      page,
      `const base = await L.require('baseclass');
      const A = base.extend({ __init__(...all) { this.all = all; }, f(x) { return 'A' + x; }, word: 'a' });
      const B = A.extend({ f(x) { return 'B' + this.super('f', [x]); }, later(x) { return Promise.resolve().then(() => this.super('f', [x])); } });
      const C = B.extend({ __init__(x) { this.super('__init__', [x, 2]); }, f(x) { return 'C' + this.super('f', arguments); } });
      const c = new C(1);
      c.own = 5;
      return [c.f(7), c.all, await new B().later(8), c.super('word'), Object.keys(c), A.isSubclass(C), c instanceof A, B.instantiate([3]).all];`,
    );
    expect(made).toEqual(['CBA7', [1, 2], 'A8', 'a', ['all', 'own'], true, true, [3]]);
  });

  it('have small tools in L', async () => {
    const page = await open();
    const made = await run(
      page,
      `let raised;
      try { L.raise('OddError', 'at %d', 5); } catch (failure) { raised = [failure.name, failure.message.split('\\n')[0]]; }
      return [L.toArray(' a  b '), L.toArray(null), L.toArray(['x']), L.toArray(''), L.url('admin', 'vpn', 'l2tpwan'), L.resource('x/y.css'),
        L.isObject(null), await L.resolveDefault(Promise.reject(1), 2), L.hasViewPermission(),
        raised];`,
    );
    const url = '/cgi-bin/luci/admin/vpn/l2tpwan';
    const resource = '/luci-static/resources/x/y.css';
    const raised = ['OddError', 'at 5'];
    expect(made).toEqual([['a', 'b'], [], ['x'], [], url, resource, false, 2, true, raised]);
  });
});

describe('calls', () => {
  const call = (object: string, method: string, more = '') => `{
    object: '${object}', method: '${method}', ${more}
  }`;
  const outcome = (declared: string, args = '') =>
    `await rpc.declare(${declared})(${args}).then((value) => ['value', value], (failure) => [failure.name, failure.message.split('\\n')[0]])`;
  const rpc = (page: Page, body: string) => run(page, `const rpc = await L.require('rpc'); return ${body};`);

  it('give the part that is expected, and what stands for it where it is missing', async () => {
    const page = await open();
    const made = await rpc(
      page,
      `[
        ${outcome(call('network', 'get_proto_handlers', "expect: { l2tpwan: {} }, filter: (value) => Object.keys(value).includes('no_device')"))},
        ${outcome(call('network', 'get_proto_handlers', 'expect: { nothing: { a: 1 } }'))},
        ${outcome(call('uci', 'get', "params: ['config', 'section', 'option'], expect: { value: [] }"), "'network', 'campus', 'server'")},
        ${outcome(call('uci', 'get', "params: ['config', 'section', 'option'], expect: { value: [] }"), "'network', 'campus', 'username'")},
        ${outcome(call('uci', 'get', "params: ['config'], filter: (value, args, more) => [args, more]"), "'luci', 'spare'")},
      ]`,
    );
    expect(made).toEqual([
      ['value', true],
      ['value', { a: 1 }],
      ['value', ['lns.example.net']],
      ['value', []],
      ['value', [{ config: 'luci' }, 'spare']],
    ]);
  });

  it('tell codes of ubus as values, or reject where that is asked for', async () => {
    const router = new Router();
    router.faults.refused.set('service.list', 7).set('rc.list', 4);
    const page = await open({ router });
    const made = await rpc(
      page,
      `[
        ${outcome(call('service', 'list'))},
        ${outcome(call('service', 'list', "expect: { '': {} }"))},
        ${outcome(call('service', 'list', 'reject: true'))},
        ${outcome(call('rc', 'list', 'reject: true'))},
        rpc.getStatusText(4),
      ]`,
    );
    expect(made).toEqual([
      ['value', 7],
      ['value', {}],
      ['RPCError', 'RPC call to service/list failed with ubus code 7: Request timeout'],
      ['RPCError', 'RPC call to rc/list failed with ubus code 4: Resource not found'],
      'Resource not found',
    ]);
  });

  it('reject with the error of the frame, and when nobody answers', async () => {
    const router = new Router();
    router.faults.denied.add('rc.list');
    router.faults.gone.add('service');
    const page = await open({ router });
    const made = await rpc(page, `[${outcome(call('rc', 'list'))}, ${outcome(call('service', 'list'))}]`);
    expect(made).toEqual([
      ['RPCError', 'RPC call to rc/list failed with error -32002: Access denied'],
      ['RPCError', 'RPC call to service/list failed with error -32000: Object not found'],
    ]);
    router.faults.dead = true;
    expect(await rpc(page, outcome(call('rc', 'list')))).toEqual(['Error', 'XHR request aborted by browser']);
  });

  it('of one moment travel together', async () => {
    const page = await open();
    const posts: string[] = [];
    page.on('request', (request) => posts.push(request.postData() ?? ''));
    await rpc(page, `await Promise.all([1, 2, 3].map(() => rpc.declare(${call('service', 'list')})()))`);
    expect(posts.map((body) => JSON.parse(body).length)).toEqual([3]);
  });

  it('are made again and again, one at a time, until stopped', async () => {
    const page = await open();
    const made = await run(
      page,
      `const poll = await L.require('poll');
      let running = 0, most = 0, runs = 0;
      const work = async () => { runs++; most = Math.max(most, ++running); await new Promise((done) => setTimeout(done, 1500)); running--; };
      const results = [poll.active(), poll.add(work, 1), poll.add(work, 1), poll.active()];
      await new Promise((done) => setTimeout(done, 2600));
      results.push(poll.stop(), poll.stop(), poll.active(), poll.start(), poll.remove(work), poll.remove(work), poll.active());
      return [results, most, runs];`,
    );
    expect(made).toEqual([[false, true, false, true, true, false, false, true, true, false, false], 1, 2]);
  });
});

describe('the configuration', () => {
  const uci = (page: Page, body: string) =>
    run(page, `const uci = await L.require('uci'); await uci.load('network'); ${body}`);

  it('is read as it will be, changes included', async () => {
    const page = await open();
    const made = await uci(
      page,
      `const names = () => uci.sections('network', 'interface').map((section) => section['.name']);
      const before = names();
      uci.set('network', 'campus', 'mtu', '1400');
      uci.set('network', 'campus', 'username', '');
      uci.unset('network', 'campus', 'password');
      uci.set('network', 'nothing', 'mtu', '1');
      const sid = uci.add('network', 'interface', 'office');
      uci.set('network', sid, 'proto', 'none');
      uci.remove('network', 'wan6');
      const section = uci.get('network', 'campus');
      const changed = [uci.get('network', 'campus', 'username') ?? null, uci.get('network', 'wan6'), uci.get('network', 'nothing')];
      uci.set('network', 'campus', 'username', 'bob');
      return [before, names(), section.mtu, section.password ?? null, changed, uci.get('network', 'campus', 'username'),
        uci.get('network', 'office', 'proto'), uci.get('network', '@interface[-1]', 'proto')];`,
    );
    expect(made).toEqual([
      ['loopback', 'lan', 'wan', 'wan6', 'campus'],
      ['loopback', 'lan', 'wan', 'campus', 'office'],
      '1400',
      null,
      [null, null, null],
      'bob',
      'none',
      'none',
    ]);
  });

  it('is saved with a call for each section', async () => {
    const router = new Router();
    const page = await open({ router });
    router.forgetCalls();
    await uci(
      page,
      `uci.set('network', 'campus', 'mtu', '1400');
      uci.set('network', 'campus', 'server', ['a', 'b']);
      uci.unset('network', 'campus', 'username');
      uci.unset('network', 'campus', 'not_there');
      uci.remove('network', 'wan6');
      uci.set('network', uci.add('network', 'interface', 'office'), 'proto', 'none');
      uci.set('network', uci.add('network', 'route'), 'interface', 'office');
      await uci.save();`,
    );
    expect(router.argsOf('uci', 'set')).toEqual([
      { config: 'network', section: 'campus', values: { mtu: '1400', server: ['a', 'b'] } },
    ]);
    expect(router.argsOf('uci', 'delete')).toEqual([
      { config: 'network', section: 'campus', options: ['username'] },
      { config: 'network', section: 'wan6', options: null },
    ]);
    expect(router.argsOf('uci', 'add')).toEqual([
      { config: 'network', type: 'interface', name: 'office', values: { proto: 'none' } },
      { config: 'network', type: 'route', values: { interface: 'office' } },
    ]);
    expect(router.argsOf('uci', 'get').filter(({ config }) => config === 'network')).toHaveLength(1);
    await expect.poll(() => page.locator('#indicators').textContent()).toContain('Unsaved Changes: ');
  });

  it('says so when the router refuses it', async () => {
    const router = new Router();
    router.faults.refused.set('uci.set', 6);
    const page = await open({ router });
    const failure = await uci(
      page,
      "uci.set('network', 'campus', 'mtu', '1'); return uci.save().catch(({ name, message }) => name + message.slice(0, 50));",
    );
    expect(failure).toBe('RPCErrorRPC call to uci/set failed with ubus code 6: Permi');
  });
});

describe('forms', () => {
  it('show a section in a row, and all its options in tabs of a dialog', async () => {
    const page = await open();
    const row = page.locator('tr[data-section-id="campus"]');
    expect(await row.locator('.td').allTextContents()).toEqual(['alice', '', 'EditDelete']);
    expect(await page.locator('.rows').textContent()).toBe('campus');
    await edit(page);
    expect(await page.locator('.modal .cbi-tabmenu > li').allTextContents()).toEqual(['First', 'Second']);
    expect(await field(page, 'server').locator('.item').allTextContents()).toEqual(['lns.example.net']);
    expect(await page.getByLabel('User name').inputValue()).toBe('alice');
    expect(await field(page, 'server').locator('.cbi-value-description').textContent()).toBe('Some words');
    expect(await field(page, 'username').getAttribute('data-field')).toBe('cbid.network.campus.username');
    await page.getByRole('link', { name: 'Second' }).click();
    expect(await page.locator('.modal .cbi-tab').textContent()).toBe('Second');
    expect(await field(page, 'auto').locator('input[type=checkbox]').isChecked()).toBe(true);
    await page.keyboard.press('Escape');
    await page.locator('.modal').waitFor({ state: 'hidden' });
  });

  it('reveal a password', async () => {
    const page = await open();
    await edit(page);
    const input = page.getByLabel('Password', { exact: true });
    await expect.poll(() => input.getAttribute('type')).toBe('password');
    await page.getByRole('button', { name: 'Reveal/hide password' }).click();
    expect(await input.getAttribute('type')).toBe('text');
    expect(await input.inputValue()).toBe('s3cret');
  });

  it('have options that depend on others', async () => {
    const page = await open();
    await edit(page);
    const level = field(page, 'level');
    await expect.poll(() => level.isVisible()).toBe(false);
    await page.getByLabel('Mode').selectOption('odd');
    await expect.poll(() => level.isVisible()).toBe(true);
    expect(await page.locator('body').getAttribute('data-onchange')).toBe('campus odd');
    await page.getByLabel('Mode').selectOption('hard');
    await expect.poll(() => level.isVisible()).toBe(false);
    await page.getByRole('link', { name: 'Second' }).click();
    await page.locator('.modal label', { hasText: 'Extra' }).click();
    await page.getByRole('link', { name: 'First' }).click();
    await expect.poll(() => level.isVisible()).toBe(true);
  });

  it('do not save what is wrong', async () => {
    const router = new Router();
    const page = await open({ router });
    await edit(page);
    const [name, save] = [page.getByLabel('User name'), page.locator('.modal .cbi-button-positive')];
    const isInvalid = () => name.evaluate((node) => node.classList.contains('cbi-input-invalid'));
    for (const wrong of ['', 'nobody']) {
      await name.fill(wrong);
      await name.press('End');
      expect(await isInvalid()).toBe(true);
      await save.click();
      await expect.poll(() => save.isEnabled()).toBe(true);
      expect(await page.locator('.modal [data-errors]').getAttribute('data-errors')).toBe('1');
    }
    expect(await name.getAttribute('data-tooltip')).toBe('Not this one');
    await name.fill('bob');
    await name.press('End');
    expect(await isInvalid()).toBe(false);
    expect(router.count('uci', 'set')).toBe(0);
  });

  it('save what was changed, and nothing else', async () => {
    const router = new Router();
    const page = await open({ router });
    await edit(page);
    const servers = field(page, 'server');
    await servers.getByRole('textbox').fill('two.example.net');
    await servers.locator('.cbi-button-add').click();
    await servers.getByRole('textbox').fill('two.example.net');
    await servers.getByRole('textbox').press('Enter');
    await servers.getByRole('textbox').pressSequentially('not good');
    await servers.getByRole('textbox').press('Enter');
    expect(await servers.locator('.item').allTextContents()).toEqual(['lns.example.net', 'two.example.net']);
    await servers.getByRole('textbox').fill('three.example.net');
    await servers.locator('.item').first().press('Delete');
    await page.getByLabel('Password', { exact: true }).fill('');
    await page.getByRole('link', { name: 'Second' }).click();
    await field(page, 'auto').locator('input[type=checkbox]').uncheck();
    await field(page, 'uplink').locator('.cbi-dropdown').click();
    await field(page, 'uplink').locator('ul.dropdown li', { hasText: 'The WAN' }).click();
    await page.locator('.modal .cbi-button-positive').click();
    await page.locator('.modal').waitFor({ state: 'hidden' });
    const server = ['two.example.net', 'three.example.net'];
    expect(router.argsOf('uci', 'set')).toEqual([
      { config: 'network', section: 'campus', values: { server, auto: '0', uplink: 'wan' } },
    ]);
    expect(router.argsOf('uci', 'delete')).toEqual([{ config: 'network', section: 'campus', options: ['password'] }]);
  });

  it('remove a list item with a click at its end', async () => {
    const page = await open();
    await edit(page);
    const item = field(page, 'server').locator('.item');
    const box = await item.boundingBox();
    await item.click({ position: { x: (box?.width ?? 0) - 6, y: (box?.height ?? 0) / 2 } });
    expect(await item.count()).toBe(0);
  });

  it('add and remove sections', async () => {
    const router = new Router();
    const page = await open({ router });
    await page.getByRole('button', { name: 'Add one' }).click();
    await page.getByRole('heading', { name: 'Edit new' }).waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.locator('.modal').waitFor({ state: 'hidden' });
    await page.locator('tr[data-section-id="campus"]').getByRole('button', { name: 'Delete' }).click();
    await page.locator('tr.placeholder').waitFor();
    expect(router.argsOf('uci', 'delete')).toEqual([{ config: 'network', section: 'campus', options: null }]);
    expect(router.count('uci', 'add')).toBe(0);
  });

  it('save what was changed in a row', async () => {
    const router = new Router();
    const page = await open({ router });
    await page.locator('tr[data-section-id="campus"] input[type=checkbox]').check();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect
      .poll(() => router.argsOf('uci', 'set'))
      .toEqual([{ config: 'network', section: 'campus', values: { disabled: '1' } }]);
  });

  it('can only be looked at by who may not write', async () => {
    const router = new Router();
    router.addUser('reader', { read: ['*'], write: [] });
    const page = await open({ router, user: 'reader' });
    expect(await page.getByRole('button', { name: 'Save', exact: true }).isEnabled()).toBe(false);
    expect(await page.getByRole('button', { name: 'Delete' }).isEnabled()).toBe(false);
    await edit(page);
    expect(await page.getByLabel('User name').isEnabled()).toBe(false);
    expect(await page.locator('.modal .cbi-button-positive').isEnabled()).toBe(false);
  });
});

describe('pages', () => {
  it('apply what was saved, and are loaded anew', async () => {
    const router = new Router();
    const page = await open({ router });
    await edit(page);
    await page.getByLabel('User name').fill('bob');
    await page.locator('.modal .cbi-button-positive').click();
    await page.locator('.modal').waitFor({ state: 'hidden' });
    await page.locator('.cbi-page-actions').getByText('Save & Apply').click();
    await page.getByText('Configuration changes applied.').waitFor();
    expect(router.applied).toEqual([['network']]);
    await page.getByText('Unsaved Changes').waitFor({ state: 'detached' });
    expect(await page.locator('tr[data-section-id="campus"]').textContent()).toContain('bob');
  });

  it('stop refreshing, and go on, by their indicator', async () => {
    const page = await open();
    await run(page, "(await L.require('poll')).add(() => Promise.resolve(), 1);");
    const indicator = page.locator('[data-indicator="poll-status"]');
    for (const state of ['active', 'inactive', 'active']) {
      await expect.poll(() => indicator.getAttribute('data-style')).toBe(state);
      await indicator.click();
    }
  });

  it('have no buttons that they do not want', async () => {
    const page = await open();
    await run(
      page,
      `const view = await L.require('view');
      new (view.extend({ render: () => E('h2', 'Mine'), handleSaveApply: null, handleReset: null }))();`,
    );
    await page.getByRole('heading', { name: 'Mine' }).waitFor();
    expect(await page.locator('.cbi-page-actions button').allTextContents()).toEqual(['Save']);
  });

  it('notify, and have buttons that wait', async () => {
    const page = await open();
    await run(
      page,
      `const ui = await L.require('ui');
      const handler = ui.createHandlerFn({ word: 'mine' }, function (more, ev) {
        return new Promise((done) => { window.finish = () => { ui.addNotification(null, E('p', [this.word, more, ev.type]), 'info'); done(); }; });
      }, '+');
      document.querySelector('#view').append(E('button', { click: handler }, 'Press'));`,
    );
    const button = page.getByRole('button', { name: 'Press' });
    await button.click();
    expect(await button.isEnabled()).toBe(false);
    await page.evaluate('finish()');
    await expect.poll(() => button.isEnabled()).toBe(true);
    expect(await page.locator('.alert-message.info p').textContent()).toBe('mine+click');
    await page.locator('.alert-message').getByRole('button', { name: 'Dismiss' }).click();
    await page.locator('.alert-message').waitFor({ state: 'detached' });
  });

  it('ask for a new login when the session is over', async () => {
    const router = new Router();
    const page = await open({ router });
    router.faults.sessionsGone = true;
    await run(
      page,
      "const rpc = await L.require('rpc'); rpc.declare({ object: 'rc', method: 'list' })().catch(() => 0);",
    );
    await page.getByRole('heading', { name: 'Session expired' }).waitFor();
  });
});

/** netifd tells of it. */
function withDefaultRoute(router: Router, name: string): void {
  const netifd = router.objects['network.interface'];
  const dump = netifd?.dump;
  if (netifd === undefined || dump === undefined) throw new Error('the bench has no netifd');
  const route = [{ target: '0.0.0.0', mask: 0, nexthop: '192.0.2.1' }];
  netifd.dump = (args, session) => {
    const { interface: interfaces } = dump(args, session) as { interface: { interface: string }[] };
    return { interface: interfaces.map((one) => (one.interface === name ? { ...one, route } : one)) };
  };
}

describe('networks and zones', () => {
  it("are told by LuCI's models", async () => {
    const router = new Router();
    withDefaultRoute(router, 'wan');
    const page = await open({ router, allow: [/protocol/] });
    const made = await run(
      page,
      `const [network, firewall, uci] = await Promise.all(['network', 'firewall', 'uci'].map((name) => L.require(name)));
      const names = (list) => list.map((one) => one.getName());
      const networks = await network.getNetworks();
      const lan = networks.find((one) => one.getName() === 'lan');
      const zones = await firewall.getZones();
      const vpn = await firewall.addZone('vpn');
      const results = [
        names(networks), names(await network.getWANNetworks()), lan.getProtocol(), lan.isUp(), lan.getL3Device().getName(), lan.getL3Device().getMTU(),
        network.getProtocol('l2tpwan').getProtocol(), network.registerErrorCode('PROBE', 'probed'), network.registerErrorCode('PROBE', 'again'),
        names(zones), await firewall.addZone('vpn'), vpn.addNetwork('campus'),
        vpn.addNetwork('campus'), vpn.addNetwork('nothing'), vpn.getNetworks(), (await firewall.getZone('wan')).deleteNetwork('campus'),
        vpn.addForwardingFrom('lan') != null, vpn.addForwardingFrom('lan'), vpn.get('input'),
      ];
      await uci.save();
      return results;`,
    );
    expect(made).toEqual([
      ['campus', 'lan', 'loopback', 'wan', 'wan6'],
      ['wan'],
      'static',
      true,
      'br-lan',
      1500,
      'l2tpwan',
      true,
      false,
      ['lan', 'wan'],
      null,
      true,
      false,
      false,
      ['campus'],
      true,
      true,
      null,
      'REJECT',
    ]);
    expect(router.argsOf('uci', 'add').map(({ values }) => values)).toEqual([
      { name: 'vpn', input: 'REJECT', output: 'ACCEPT', forward: 'REJECT', network: ['campus'] },
      { src: 'lan', dest: 'vpn' },
    ]);
  });
});
