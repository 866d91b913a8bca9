/** The protocol's form and its one table of options: against the daemon's own rules, and as a page of interfaces shows it. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { deviceOf } from '../../src/daemon/device-name.ts';
import { readConnection } from '../../src/daemon/settings.ts';
import { CONNECTION } from '../../src/daemon/settings-schema.ts';
import { connectionOf } from '../../src/host/openwrt/interface-options.ts';
import { INTERFACE_OPTIONS, type InterfaceOption } from '../../src/host/openwrt/interface-options-table.ts';
import { FAILURE } from '../../src/protocol/failure.ts';
import { openPage, shoot } from './page.ts';
import { CAMPUS } from './parts/configs.ts';
import { Router } from './router.ts';

interface Row {
  readonly tab: string;
  readonly name: string;
  readonly field: 'Value' | 'DynamicList' | 'Flag' | 'ListValue';
  readonly help: string;
  readonly placeholder: string | null;
  readonly isOn: boolean;
  readonly isSecret: boolean;
  readonly isNeeded: boolean;
  readonly isNetifds: boolean;
  readonly choices: readonly string[];
}

/** The table as the browser has it. */
async function tableIn(page: Page): Promise<Row[]> {
  return page.evaluate(`L.require('l2tpwan.options').then(({ TABS }) => Object.entries(TABS).flatMap(([tab, [, options]]) =>
    options.map(({ name, field, help, placeholder, isOn, isSecret, isNeeded, isNetifds, values }) => ({
      tab, name, field, help, placeholder: placeholder ?? null, isOn: isOn === true, isSecret: isSecret === true,
      isNeeded: isNeeded === true, isNetifds: isNetifds === true, choices: field === 'ListValue' ? Object.keys(values) : [],
    }))))`);
}

const anyPage = (router = new Router()) => openPage({ view: 'settings', router });

const BASE = { server: ['lns.example.net'], username: 'alice', password: 's3cret' };
const SURROUNDINGS = { hostName: 'OpenWrt', dataPath: 'auto' } as const;

/** What the daemon says to an option of this value, in a section that is right otherwise. */
function daemonTakes(name: string, value: string | string[], others: Record<string, string | string[]>): boolean {
  const raw = connectionOf({ ...BASE, ...others, [name]: value });
  return !('faults' in readConnection('vpn', raw, SURROUNDINGS, []));
}

const long = (length: number) => 'x'.repeat(length);
const SECONDS = [
  '0.1',
  '5',
  '2.5',
  '300',
  '3600',
  '3601',
  '86400',
  '86401',
  '0',
  '0.05',
  '-1',
  '1e3',
  'abc',
  '5s',
  '0x10',
  ' ',
];
const SECONDS_OR_OFF = [...SECONDS, '0.0', 'off', 'no', 'never', 'disabled', 'on'];
const WHOLE = ['0', '1', '3', '100', '101', '65535', '65536', '1.5', '-1', 'abc', '0x64', ''.padEnd(12, '9')];
const TEXTS = ['x', 'with blank', ' ', 'é', long(255), long(256), 'é'.repeat(127), 'é'.repeat(128)];
const PATHS = ['/etc/l2tpwan/up', '/', 'up', './up', '~/up'];
const PREFIXES = [
  ...[
    '10.0.0.0/8',
    '10.0.0.1',
    '10.0.0.1/32',
    '10.0.0.1/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0/8',
    '010.0.0.0/8',
    '10.0.0.0/08',
  ],
  ...[
    '256.0.0.0/8',
    '0.0.0.0/0',
    '::/0',
    '2001:db8::/32',
    '2001:db8::1/32',
    '2001:db8::',
    'fe80::1%eth0',
    '2001:db8::/129',
  ],
  ...[
    '::ffff:10.0.0.0/104',
    '::ffff:10.0.0.1/104',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
    '1:2:3:4:5:6:7:8::',
    '1::2::3',
    'lan',
  ],
  ...[
    '192.168.128.0/17',
    '192.168.128.0/16',
    '2001:db8:8000::/33',
    '2001:db8:8000::/32',
    '10.0.0.0/8/8',
    '/8',
    ':',
    '::1.2.3.4.5',
  ],
];
const PLACES = [
  ...[
    'lns.example.net',
    'LNS',
    'lns.example.net.',
    'a..b',
    '-a.example',
    'a-.example',
    'a_b.example',
    `${long(63)}.net`,
    `${long(64)}.net`,
  ],
  ...[
    'lns.example.net:1701',
    'lns.example.net:0',
    'lns.example.net:65535',
    'lns.example.net:65536',
    'lns.example.net:',
    'host:port',
  ],
  ...[
    '10.0.0.1',
    '10.0.0.1:1701',
    '10.0.0.256',
    '10.0.0',
    '1.2.3.04',
    '2001:db8::1',
    '[2001:db8::1]',
    '[2001:db8::1]:1701',
  ],
  ...[
    '[2001:db8::1]:0',
    '[10.0.0.1]:1701',
    '[2001:db8::1',
    '2001:db8::1]:1701',
    '[::1]:99999',
    '::1:1701',
    'a b',
    'a/b',
    'http://a',
    '1.2.3.4:5:6',
  ],
  ...['::ffff:1.2.3.4', '1.2.3.4::', '::1.2.3.4:5', '[]:1701', '[:]:1701'],
];
const DEVICES = ['l2w-vpn', long(15), long(16), 'a b', 'a/b', 'a:b', '.', '..', 'é'.repeat(8), 'eth0.2', '@wan'];

/** Values of each option that can have others than a few, right ones and wrong ones: which is which the daemon says. */
const VALUES: readonly [option: string, values: readonly string[], others?: Record<string, string | string[]>][] = [
  ['server', PLACES],
  ['username', TEXTS],
  ['password', TEXTS],
  ['uplink', [...DEVICES, long(64), long(65)]],
  ['auth', ['chap-md5', 'ms-chap-v2', 'ms-chap', 'pap', 'chap', 'eap', 'PAP']],
  ['tunnel_secret', TEXTS],
  ['mtu', [...WHOLE, '127', '128', '1460', '9000', '9001']],
  ['mss', [...WHOLE, '87', '88', '1420', '1421', '8960', 'auto', 'off', 'Auto', 'clamp']],
  ['mss', ['1460', '1461', '1420'], { mtu: '1500' }],
  ['mss', ['8960', '8961'], { mtu: '9000' }],
  ['mss', ['88', '89', '160', '161'], { mtu: '128' }],
  ['host_name', TEXTS],
  ['vendor_name', TEXTS],
  ['source_port', WHOLE],
  ['connect_timeout', [...SECONDS, '301']],
  ['hello', SECONDS_OR_OFF],
  ['echo_interval', SECONDS_OR_OFF],
  ['echo_failures', WHOLE],
  ['redial_first', SECONDS],
  ['redial_first', ['5', '6', '20'], { redial_max: '5.5' }],
  ['redial_max', SECONDS],
  ['redial_max', ['5', '6', '20'], { redial_first: '6' }],
  ['redial_busy', SECONDS],
  ['redial_slow', SECONDS],
  ['redial_reset_after', SECONDS],
  ['resolver', PLACES],
  ['device', DEVICES],
  ['up_script', PATHS],
  ['down_script', PATHS],
  ['route', PREFIXES],
  ['route', ['10.0.0.0/8', '10.0.0.0/9', '2001:DB8:0::/32'], { exclude: ['10.0.0.0/8', '2001:db8::/32'] }],
  ['exclude', PREFIXES],
  ['exclude', ['10.1.0.0/16', '10.1.2.0/24', '10.1.2.3'], { route: ['10.1.0.0/16', '10.1.2.3/32'] }],
  ['mark', [...WHOLE, '0x3f00', '0xffffffff', '0x100000000', '4294967295', '4294967296', '0x', 'f00']],
];

describe('the table of options', () => {
  it('has every option that the daemon has, as it is, and no other', async () => {
    const rows = await tableIn(await anyPage());
    const ours = rows.filter(({ isNetifds }) => !isNetifds);
    expect(ours.map(({ name }) => name).sort()).toEqual(INTERFACE_OPTIONS.map(({ name }) => name).sort());
    const fieldOf = ({ kind }: InterfaceOption) =>
      kind === 'list' ? ['DynamicList'] : kind === 'bool' || kind === 'split' ? ['Flag'] : ['Value', 'ListValue'];
    for (const option of INTERFACE_OPTIONS) {
      const row = ours.find(({ name }) => name === option.name);
      expect([option.name, fieldOf(option)]).toEqual([option.name, expect.arrayContaining([row?.field])]);
      expect([option.name, row?.isSecret]).toEqual([option.name, option.kind === 'secret']);
    }
    expect(ours.filter(({ isNeeded }) => isNeeded).map(({ name }) => name)).toEqual(Object.keys(BASE));
  });

  it('has help for each', async () => {
    const rows = await tableIn(await anyPage());
    expect(rows.filter(({ help }) => !/\w+ \w+/.test(help)).map(({ name }) => name)).toEqual([]);
  });

  it('says of each what holds without it', async () => {
    const rows = await tableIn(await anyPage());
    const defaults = CONNECTION.parse({ servers: ['a'], username: 'b', password: 'c' }) as Record<string, unknown>;
    for (const { name, field, kind } of INTERFACE_OPTIONS) {
      const row = rows.find((each) => each.name === name);
      const [outer = '', inner] = field.split('.');
      const whole = defaults[outer] as Record<string, unknown>;
      const value = inner === undefined ? defaults[outer] : whole[inner];
      if (kind === 'bool') expect([name, row?.isOn]).toEqual([name, value]);
      else if (typeof value === 'number') expect([name, row?.placeholder]).toEqual([name, String(value)]);
      else if (row?.field === 'ListValue') expect([name, row.choices[0] || undefined]).toEqual([name, value]);
    }
  });

  it('takes what the daemon takes, and refuses what it refuses', async () => {
    const page = await anyPage();
    const asked = VALUES.flatMap(([name, values, others = {}]) => values.map((value) => ({ name, value, others })));
    const said: (true | string)[] = await page.evaluate(`L.require('l2tpwan.options').then(({ TABS }) => {
      const checks = Object.fromEntries(Object.values(TABS).flatMap(([, options]) => options.map(({ name, check }) => [name, check])));
      return ${JSON.stringify(asked)}.map(({ name, value, others }) => checks[name](value, (other) => others[other] ?? null));
    })`);
    const table = asked.map(({ name, value, others }, at) => {
      const isList = INTERFACE_OPTIONS.some((option) => option.name === name && option.kind === 'list');
      return {
        name,
        value,
        others,
        form: said[at] === true,
        daemon: daemonTakes(name, isList ? [value] : value, others),
      };
    });
    expect(table.filter(({ form, daemon }) => form !== daemon)).toEqual([]);
    for (const [name, values] of VALUES) {
      const verdicts = table.filter((row) => row.name === name && values.includes(row.value)).map(({ form }) => form);
      expect([name, new Set(verdicts).size]).toEqual([name, 2]);
    }
    expect(said.filter((words) => words !== true && !/\w/.test(String(words)))).toEqual([]);
  });

  it('holds a wait against another only where that one can be', async () => {
    const page = await anyPage();
    const said = (option: string, value: string, other: string | null) =>
      page.evaluate(`L.require('l2tpwan.values').then((values) =>
        values.${option}(${JSON.stringify(value)}, () => ${JSON.stringify(other)}))`);
    for (const other of ['abc', '0', '0.05', '86401', '', null]) {
      expect([other, await said('redialFirst', '300', other)]).toEqual([other, true]);
      expect([other, await said('redialFirst', '301', other)]).toEqual([other, 'seconds from 0.1 to 300']);
    }
    for (const other of ['abc', '0', '0.05', '3601', '', null]) {
      expect([other, await said('redialMax', '1', other)]).toEqual([other, true]);
      expect([other, await said('redialMax', '0.5', other)]).toEqual([other, 'seconds from 1 to 86400']);
    }
  });

  it('offers the choices that the daemon takes, all of them', async () => {
    const rows = await tableIn(await anyPage());
    const lists = rows.filter(({ field }) => field === 'ListValue');
    expect(lists.map(({ name }) => name).sort()).toEqual(['accept_reply_from', 'data_path', 'server_order']);
    for (const { name, choices } of lists) {
      expect(choices.filter((value) => !daemonTakes(name, value, {}))).toEqual([]);
      const { field = '' } = INTERFACE_OPTIONS.find((option) => option.name === name) ?? {};
      const faults = readConnection(
        'vpn',
        { servers: ['a'], username: 'b', password: 'c', [field]: '?' },
        SURROUNDINGS,
        [],
      );
      const allowed =
        'faults' in faults ? [...(faults.faults[0]?.words ?? '').matchAll(/"([\w-]+)"/g)].map(([, word]) => word) : [];
      expect(choices.filter((value) => value !== '')).toEqual(allowed);
    }
  });

  it('names devices as the daemon does', async () => {
    const page = await anyPage();
    const names = ['vpn', 'campus_12345', 'campus_123456', 'a_rather_long_name', 'a_rather_long_nome'];
    const said = await page.evaluate(
      `L.require('l2tpwan.values').then(({ deviceOf }) => ${JSON.stringify(names)}.map((name) => deviceOf(name)))`,
    );
    expect(said).toEqual(names.map((name) => deviceOf(name, undefined)));
  });
});

/** Parts of the form that stick out of the window. */
const BEYOND = `
  [...document.querySelectorAll('#modal_overlay .cbi-value, #modal_overlay .cbi-value *')]
    .filter((node) => node.checkVisibility() && node.getBoundingClientRect().right > innerWidth)
    .map((node) => node.outerHTML.slice(0, 120))`;

describe('on a page of interfaces', () => {
  const edit = async (router: Router, name = 'campus', width = 1280) => {
    const page = await openPage({ view: 'interfaces', router, width, allow: [/protocol\/dhcpv6/] });
    await page.locator(`[data-sid="${name}"]`).getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('heading', { name: `Interfaces » ${name}` }).waitFor();
    return { page, modal: page.locator('#modal_overlay') };
  };
  const sets = (router: Router) =>
    router.argsOf('uci', 'set').map(({ config, section, values }) => ({ config, section, values }));
  const deletes = (router: Router) =>
    router.argsOf('uci', 'delete').map(({ section, options }) => ({ section, options }));
  const save = async (page: Page) => {
    await page.locator('#modal_overlay').getByRole('button', { name: 'Save' }).click();
    await page.locator('body.modal-overlay-active').waitFor({ state: 'detached' });
  };
  const write = (router: Router, more: Record<string, string | string[]>) => {
    const rows = router.uci.committed('network')?.filter((section) => section['.name'] !== 'campus') ?? [];
    router.uci.write('network', [...(rows as (typeof CAMPUS)[]), { ...CAMPUS, ...more }]);
  };

  it('has its tabs and all its fields, and each field of the router only once', async () => {
    const { page, modal } = await edit(new Router());
    await expect
      .poll(() => modal.locator('.cbi-tabmenu li').allTextContents())
      .toEqual(expect.arrayContaining(['General Settings', 'Advanced Settings', 'Routing', 'Data path']));
    const names = await modal
      .locator('.cbi-value')
      .evaluateAll((fields) => fields.map((field) => field.getAttribute('data-name')));
    for (const { name } of INTERFACE_OPTIONS)
      expect([name, names.filter((each) => each === name).length]).toEqual([name, 1]);
    for (const name of ['proto', 'auto', 'metric', 'peerdns'])
      expect([name, names.filter((each) => each === name).length]).toEqual([name, 1]);
    await shoot(page, 'interfaces-form');
  });

  it('fits 360 pixels, on each tab', async () => {
    const router = new Router();
    write(router, { exclude: ['10.0.0.0/8'], tunnel_secret: 'x', mtu: '1500' }); // with the field, and the caution, that follow
    const { page, modal } = await edit(router, 'campus', 360);
    for (const tab of ['general', 'advanced', 'routing', 'datapath']) {
      await modal.locator(`.cbi-tabmenu li[data-tab="${tab}"] a`).click();
      expect(await modal.locator('.cbi-value:visible').count()).toBeGreaterThan(2);
      await shoot(page, `interfaces-form-360-${tab}`);
      expect([tab, await page.evaluate(BEYOND)]).toEqual([tab, []]);
    }
  });

  it('saves what was changed, and nothing else', async () => {
    const router = new Router();
    const { page, modal } = await edit(router);
    await modal.getByLabel('User name').fill('bob');
    await page.getByRole('link', { name: 'Data path' }).click();
    await modal.getByLabel('Data path').selectOption('tun');
    await save(page);
    expect(sets(router)).toEqual([
      { config: 'network', section: 'campus', values: { username: 'bob', data_path: 'tun' } },
    ]);
    expect(deletes(router)).toEqual([]);
  });

  it('keeps a device of its own name, which the page has a hidden field for', async () => {
    const router = new Router();
    write(router, { device: 'campus0' });
    const { page, modal } = await edit(router);
    await modal.getByLabel('User name').fill('bob');
    await save(page);
    expect(sets(router)).toEqual([{ config: 'network', section: 'campus', values: { username: 'bob' } }]);
    expect(deletes(router)).toEqual([]);
  });

  it('understands the words of UCI for yes and no', async () => {
    const router = new Router();
    write(router, { ipv6: 'off', mtu_probe: 'yes' });
    const { page, modal } = await edit(router);
    await page.getByRole('link', { name: 'Advanced' }).click();
    const checked = (name: string) => modal.locator(`[data-name="${name}"] input[type=checkbox]`).isChecked();
    expect([await checked('ipv6'), await checked('mtu_probe')]).toEqual([false, true]);
    await save(page);
    expect(deletes(router)).toEqual([]);
  });

  it('warns there as well', async () => {
    const { page, modal } = await edit(new Router());
    await page.getByRole('link', { name: 'Advanced' }).click();
    await modal.getByLabel('MTU', { exact: true }).fill('1500');
    await modal.getByLabel('MTU', { exact: true }).blur();
    await expect.poll(() => modal.locator('[data-name="mtu"]').textContent()).toContain('leave room for 1460');
  });

  it('can be opened again, and for another interface', async () => {
    const { page, modal } = await edit(new Router());
    for (const name of ['campus', 'lan']) {
      await modal.getByRole('button', { name: 'Dismiss' }).click();
      await page.locator(`[data-sid="${name}"]`).getByRole('button', { name: 'Edit' }).click();
      await page.getByRole('heading', { name: `Interfaces » ${name}` }).waitFor();
    }
  });

  it('has words for every error of the daemon', async () => {
    const router = new Router();
    const codes = [...Object.keys(FAILURE).map((code) => code.toUpperCase().replaceAll('-', '_'))];
    const all = [...codes, 'WRONG_SETTINGS', 'UNKNOWN_OPTION', 'NO_DAEMON', 'SETTINGS_NOT_WRITTEN'];
    const { 'network.interface': bus = {} } = router.objects;
    const dump = bus.dump as () => { interface: { interface: string }[] };
    bus.dump = () => ({
      interface: dump().interface.map((each) =>
        each.interface === 'campus'
          ? { ...each, up: false, errors: all.map((code) => ({ subsystem: 'l2tpwan', code })) }
          : each,
      ),
    });
    const page = await openPage({ view: 'interfaces', router, allow: [/protocol\/dhcpv6/] });
    const row = page.locator('[data-sid="campus"]');
    const words: string[] = await page.evaluate(
      `L.require('l2tpwan.failures').then((failures) => failures.netifd().map(([, words]) => words))`,
    );
    expect(words.length).toBe(all.length);
    for (const each of words) await expect.poll(() => row.textContent()).toContain(each);
    expect(await row.textContent()).not.toMatch(/Unknown error|[A-Z]+_[A-Z]+/);
    expect(await row.textContent()).toContain('L2TP (l2tpwan)');
  });
});
