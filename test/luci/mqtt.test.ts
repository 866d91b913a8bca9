/** MQTT on the page of settings: its one table of options against the daemon's own rules, its form, and the test of a broker. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MQTT } from '../../src/daemon/mqtt-schema.ts';
import type { MqttView } from '../../src/daemon/mqtt-view.ts';
import { readSettings } from '../../src/daemon/settings.ts';
import { fieldsAt } from '../../src/daemon/settings-schema.ts';
import { LOG_LEVELS } from '../../src/ports/log.ts';
import { MQTT_VERSIONS } from '../../src/ports/mqtt.ts';
import { MqttSection } from '../openwrt/mqtt-section.ts';
import { tried } from '../support/mqtt-trial.ts';
import { allow, openPage, shoot } from './page.ts';
import { eventually } from './parts/card.ts';
import { Router } from './router.ts';

const field = (page: Page, name: string) => page.locator(`.cbi-value[data-name="${name}"]`);
const inputOf = (page: Page, name: string) => field(page, name).locator('input:not([type="hidden"])').first();
const tabs = (page: Page) => page.locator('.cbi-map .cbi-tabmenu');
const tab = (page: Page, name: string) => tabs(page).getByRole('link', { name, exact: true });
const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).click();
const written = (router: Router) =>
  router.argsOf('uci', 'set').map(({ config, section, values }) => ({ config, section, values }));

/** A router whose section is so, and its page. */
async function open(options: Record<string, string>, more: Partial<Parameters<typeof openPage>[0]> = {}) {
  const router = more.router ?? new Router();
  router.uci.write('l2tpwan', [
    { '.type': 'l2tpwan', '.name': 'main' },
    { '.type': 'mqtt', '.name': 'mqtt', ...options },
  ]);
  const page = await openPage({ view: 'settings', router, ...more });
  await tab(page, 'MQTT').click();
  return { page, router };
}

const OPTIONS = fieldsAt(['mqtt']).map((name) => ({
  field: name,
  option: name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
}));
const DEFAULTS: Readonly<Record<string, unknown>> = MQTT.parse({});

interface Row {
  readonly name: string;
  readonly field: 'Value' | 'Flag' | 'ListValue';
  readonly help: string;
  readonly placeholder?: string;
  readonly isOn?: boolean;
  readonly isSecret?: boolean;
  readonly choices: readonly string[];
  readonly usual?: string;
}

const tableIn = (page: Page): Promise<Row[]> =>
  page.evaluate(`L.require('l2tpwan.mqtt').then(({ TABS }) => Object.values(TABS).flatMap(([, options]) =>
    options.map(({ name, field, help, placeholder, isOn, isSecret, values, usual }) => ({
      name, field, help, placeholder: placeholder ?? undefined, isOn, isSecret, usual,
      choices: field === 'ListValue' ? Object.keys(values) : [],
    }))))`);

const long = (length: number) => 'x'.repeat(length);
const TEXTS = ['x', 'with blank', 'é', long(255), long(256), 'é'.repeat(127), 'é'.repeat(128)];
const PATHS = ['/etc/l2tpwan/mqtt', '/', 'mqtt', './mqtt', '~/mqtt'];
const NUMBERS = [
  '1',
  '5',
  '4',
  '60',
  '0',
  '-1',
  '1.5',
  '300',
  '300.5',
  '301',
  '3600',
  '3601',
  '65535',
  '65536',
  '1e1',
].concat(['0x10', 'abc', '.', '.5', '5.', '1.2.3', '0.9', '10s', ''.padEnd(12, '9')]);
const TOPICS = [
  'l2tpwan',
  'home/l2tp',
  'a b',
  'ü',
  '/a',
  'a/',
  'a//b',
  'a/+',
  '#',
  '$SYS',
  'a$',
  'a\u0007',
  long(200),
].concat([long(201), 'é'.repeat(101), '+', '/']);
const SERVERS = ['mqtt://a', 'mqtts://a', 'ws://a', 'wss://a/mqtt', 'mqtt://a/', 'mqtt://a/b', 'mqtt://a?b', 'MQTT://a']
  .concat(['mqtt://a:1', 'mqtt://a:0', 'mqtt://a:65536', 'mqtt://[::1]:1883', 'mqtt://::1', 'mqtt://', 'mqtt:a', 'a'])
  .concat(['a:1883', 'tcp://a', 'http://a', 'mqtt://u:p@a', 'mqtt://u@a', 'wss://a/b?c=d', 'wss://a/#b', 'mqtt://a b'])
  .concat(['ws://a:0/', 'wss://', 'mqtts://192.0.2.1:8883', '192.0.2.1']);

/** Values of each option that takes others than a few, right ones and wrong ones: which is which the daemon says. */
const VALUES: readonly [option: string, values: readonly string[], others?: Record<string, string>][] = [
  ['server', SERVERS],
  ['username', TEXTS],
  ['username', ['', 'x'], { password: 'y' }],
  ['password', TEXTS, { username: 'x' }],
  ['credentials_file', PATHS],
  ['credentials_file', ['', '/x'], { username: 'x' }],
  ['credentials_file', ['', '/x'], { username: 'x', password: 'y' }],
  ['client_id', TEXTS],
  ['id', ['a', 'A-b_9', long(32), long(33), 'a b', 'ü', 'a/b']],
  ['keepalive', NUMBERS],
  ['connect_timeout', NUMBERS],
  ['interval', NUMBERS],
  ['base_topic', TOPICS],
  ['base_topic', ['ha', 'ha/x', 'hah', ''], { discovery_prefix: 'ha' }],
  ['base_topic', ['', 'l2tpwan', 'x'], { discovery_prefix: 'l2tpwan' }],
  ['base_topic', ['homeassistant', 'homeassistant/x', 'homeassistants']],
  ['discovery_prefix', TOPICS, { base_topic: 'b' }],
  ['discovery_status_topic', TOPICS],
  ['ca', PATHS],
  ['certificate', PATHS, { key: '/x' }],
  ['certificate', ['', '/x'], { key: '/y' }],
  ['key', PATHS, { certificate: '/x' }],
  ['key', ['', '/x'], { certificate: '/y' }],
  ['server_name', ['a', 'a.b', 'A_b', '-a', 'a-', 'a..b', '.a', 'a b', '192.0.2.1', 'a:1', long(253), long(254), 'ü']],
];

describe('the table of options', () => {
  let section: MqttSection;
  beforeAll(() => {
    section = new MqttSection();
  });
  afterAll(() => section.remove());

  /** Whether nothing is wrong with it, by the way of the init script. */
  const daemonTakes = (options: Record<string, string>): boolean => {
    section.run('start_service', options);
    const reading = readSettings({ connections: {}, netifd: true, mqtt: section.mqtt }, { hostName: 'router' });
    return 'settings' in reading && reading.settings.mqttFaults.length === 0;
  };

  it('has every option that the daemon has, as it is, with help, and no other', async () => {
    const rows = await tableIn((await open({})).page);
    expect(rows.map(({ name }) => name).sort()).toEqual(OPTIONS.map(({ option }) => option).sort());
    expect(rows.filter(({ help }) => !/\w+ \w+/.test(help)).map(({ name }) => name)).toEqual([]);
    expect(rows.filter(({ isSecret }) => isSecret).map(({ name }) => name)).toEqual(['password']);
  });

  it('says of each what holds without it', async () => {
    const rows = await tableIn((await open({})).page);
    for (const { field: name, option } of OPTIONS) {
      const value = DEFAULTS[name];
      const row = rows.find((each) => each.name === option);
      const shown = row?.field === 'Flag' ? row.isOn : row?.field === 'ListValue' ? row.usual : row?.placeholder;
      if (value !== undefined)
        expect([option, shown]).toEqual([option, typeof value === 'number' ? String(value) : value]);
    }
  });

  it('offers the choices that the daemon takes, all of them', async () => {
    const rows = await tableIn((await open({})).page);
    const choices = Object.fromEntries(
      rows.filter(({ field: kind }) => kind === 'ListValue').map(({ name, choices: all }) => [name, all.toSorted()]),
    );
    expect(choices).toEqual({
      version: MQTT_VERSIONS.toSorted(),
      logging: ['off', ...LOG_LEVELS].toSorted(),
    });
  });

  it('takes what the daemon takes, and refuses what it refuses', async () => {
    const { page } = await open({});
    const asked = VALUES.flatMap(([name, values, others = {}]) => values.map((value) => ({ name, value, others })));
    const said: (true | string)[] = await page.evaluate(`L.require('l2tpwan.mqtt').then(({ TABS }) => {
      const checks = Object.fromEntries(Object.values(TABS).flatMap(([, options]) => options.map(({ name, check }) => [name, check])));
      return ${JSON.stringify(asked)}.map(({ name, value, others }) => checks[name](value, (other) => others[other] ?? null));
    })`);
    const table = asked.map(({ name, value, others }, at) => ({
      name,
      value,
      others,
      form: said[at] === true,
      daemon: daemonTakes({ ...others, [name]: value }),
    }));
    expect(table.filter(({ form, daemon }) => form !== daemon)).toEqual([]);
    for (const [name] of VALUES)
      expect([name, new Set(table.filter((row) => row.name === name).map(({ form }) => form)).size]).toEqual([name, 2]);
    expect(said.filter((words) => words !== true && !/\w/.test(String(words)))).toEqual([]);
  });
});

it('knows a broker in browsers that find no host in the URL of a scheme that they do not know', async () => {
  const { page } = await open({});
  const said = await page.evaluate(`(() => {
    const isKnown = (url) => /^(https?|wss?):/.test(url.protocol);
    window.URL = class extends URL {
      get hostname() { return isKnown(this) ? super.hostname : ''; }
      get port() { return isKnown(this) ? super.port : ''; }
      get pathname() { return isKnown(this) ? super.pathname : this.href.slice(this.protocol.length); }
    };
    return L.require('l2tpwan.mqtt').then(({ TABS }) => {
      const { check } = TABS.general[1].find(({ name }) => name === 'server');
      return ['mqtt://a', 'mqtts://192.0.2.1:8883', 'wss://a/mqtt', 'mqtt://a/b', 'mqtt://'].map((url) => check(url) === true);
    });
  })()`);
  expect(said).toEqual([true, true, true, false, false]);
});

describe('the form', () => {
  const SET = {
    enabled: '1',
    server: 'mqtts://broker.example.net',
    username: 'router',
    password: 's3cret',
    ca: '/etc/l2tpwan/ca.pem',
    version: '5',
    interval: '30',
    discovery: 'no',
  };

  it('shows what is set, a part at a time', async () => {
    const { page } = await open(SET);
    expect(await field(page, 'enabled').getByRole('checkbox').isChecked()).toBe(true);
    expect(await inputOf(page, 'server').inputValue()).toBe(SET.server);
    expect(await inputOf(page, 'password').getAttribute('type')).toBe('password');
    await shoot(page, 'settings-mqtt');
    await tab(page, 'TLS').click();
    expect(await inputOf(page, 'ca').inputValue()).toBe(SET.ca);
    expect(await field(page, 'reject_unauthorized').getByRole('checkbox').isChecked()).toBe(true);
    await tab(page, 'Home Assistant').click();
    expect(await field(page, 'discovery').getByRole('checkbox').isChecked()).toBe(false);
    expect(await field(page, 'discovery_prefix').isVisible()).toBe(false);
    await tab(page, 'Advanced').click();
    expect(await field(page, 'version').locator('select').inputValue()).toBe('5');
  });

  it('has TLS only where the broker does', async () => {
    const { page } = await open({});
    await tab(page, 'Topics').waitFor();
    expect(await tab(page, 'TLS').isVisible()).toBe(false);
    for (const [server, isThere] of [
      ['mqtts://a', true],
      ['mqtt://a', false],
      ['wss://a/mqtt', true],
    ] as const) {
      await inputOf(page, 'server').fill(server);
      await inputOf(page, 'server').press('Tab');
      await expect.poll(() => tab(page, 'TLS').isVisible()).toBe(isThere);
    }
  });

  it('keeps what is not to be seen just now', async () => {
    const { page, router } = await open({ ...SET, discovery: '1', discovery_prefix: 'ha' });
    await inputOf(page, 'server').fill('mqtt://a');
    await inputOf(page, 'server').press('Tab');
    await tab(page, 'Home Assistant').click();
    await field(page, 'discovery').getByRole('checkbox').uncheck({ force: true });
    await save(page);
    await expect.poll(() => router.count('uci', 'set')).toBe(1);
    expect(router.argsOf('uci', 'delete')).toEqual([]);
  });

  it('saves what was changed, and only that', async () => {
    const { page, router } = await open({ enabled: '0', retain: 'yes' });
    await field(page, 'enabled').getByRole('checkbox').check({ force: true });
    await inputOf(page, 'server').fill('mqtt://192.168.1.2');
    await tab(page, 'Topics').click();
    await inputOf(page, 'base_topic').fill('home/wan');
    await field(page, 'logging').locator('select').selectOption('off');
    await save(page);
    const values = { enabled: '1', server: 'mqtt://192.168.1.2', base_topic: 'home/wan', logging: 'off' };
    await expect.poll(() => written(router)).toEqual([{ config: 'l2tpwan', section: 'mqtt', values }]);
  });

  it('makes the section where it is missing', async () => {
    const router = new Router();
    const page = await openPage({ view: 'settings', router });
    await tab(page, 'MQTT').click();
    await field(page, 'enabled').getByRole('checkbox').check({ force: true });
    await save(page);
    await expect
      .poll(() => router.argsOf('uci', 'add'))
      .toMatchObject([{ config: 'l2tpwan', type: 'mqtt', name: 'mqtt', values: { enabled: '1' } }]);
  });

  it.each([
    ['server', 'broker', 'mqtt://HOST'],
    ['credentials_file', 'mqtt', 'an absolute path'],
  ])('refuses what cannot work: %s %s', async (name, value, words) => {
    const { page, router } = await open({});
    allow(page, /invalid input value/);
    await inputOf(page, name).fill(value);
    await inputOf(page, name).press('Tab');
    expect(await inputOf(page, name).getAttribute('data-tooltip')).toContain(words);
    await save(page);
    await expect.poll(() => page.locator('#modal_overlay').textContent()).toContain(words);
    expect(router.count('uci', 'set')).toBe(0);
  });

  it('refuses a password without a user name', async () => {
    const { page, router } = await open({});
    allow(page, /invalid input value/);
    await inputOf(page, 'password').fill('s3cret');
    await save(page);
    await expect.poll(() => page.locator('#modal_overlay').textContent()).toContain('a user name beside the password');
    expect(router.count('uci', 'set')).toBe(0);
  });

  it.each([
    [360, false],
    [1280, true],
  ])('fits %i pixels, dark: %s', async (width, dark) => {
    const { page } = await open(SET, { width, dark });
    for (const name of ['General', 'TLS', 'Topics', 'Home Assistant', 'Advanced']) {
      await tab(page, name).click();
      await shoot(page, `settings-mqtt-${name.replace(' ', '-').toLowerCase()}-${width}-${dark ? 'dark' : 'light'}`);
      const over = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect([name, over]).toEqual([name, 0]);
    }
  });
});

describe('the state', () => {
  const view = (state: MqttView['state'], more: Partial<MqttView> = {}): MqttView => ({
    ...{ state, server: 'mqtt://192.168.1.2', base: 'l2tpwan', failure: null },
    ...more,
  });
  const PORT = '192.168.1.2 port 1883 refuses: no broker listens there';

  it.each<[MqttView | null, string, string]>([
    [view('disabled', { server: null, base: null }), 'off', 'Switched off.'],
    [view('connected'), 'good', 'Connected to mqtt://192.168.1.2; topics begin with l2tpwan.'],
    [view('connecting'), 'busy', 'Connecting to mqtt://192.168.1.2…'],
    [view('waiting', { failure: PORT }), 'bad', `Not connected to mqtt://192.168.1.2: ${PORT}`],
    [
      view('wrong', { failure: 'mqtt.id: found "a b"' }),
      'bad',
      'Left out, for its settings cannot work: mqtt.id: found "a b"',
    ],
    [null, 'off', 'The service does not answer.'],
  ])('is told: %j', async (mqtt, tone, words) => {
    const router = new Router();
    router.l2tpwan.mqtt = mqtt;
    const { page } = await open({}, { router });
    await field(page, '_trial').getByText(words, { exact: true }).waitFor();
    expect(await field(page, '_trial').locator('.l2w-dot').first().getAttribute('data-tone')).toBe(tone);
  });

  it('is looked at again', async () => {
    const { page, router } = await open({});
    await field(page, '_trial').getByText('Switched off.').waitFor();
    router.l2tpwan.mqtt = view('connected');
    await field(page, '_trial').getByText('Connected to').waitFor();
  });

  it('is that nobody answers, where the service does not run', async () => {
    const router = new Router();
    router.service.stop();
    const { page } = await open({}, { router });
    await field(page, '_trial').getByText('The service does not answer.').waitFor();
  });
});

describe('the test of the broker', () => {
  const press = (page: Page) => field(page, '_trial').getByRole('button', { name: 'Test' }).click();
  const lines = (page: Page) => field(page, '_trial').locator('li').allTextContents();
  const tones = (page: Page) =>
    field(page, '_trial')
      .locator('li .l2w-dot')
      .evaluateAll((dots) => dots.map((dot) => dot.getAttribute('data-tone')));

  it('tells each step', async () => {
    const router = new Router();
    router.l2tpwan.verdict = (await tried()).verdict;
    const server = 'mqtt://192.168.1.2';
    router.l2tpwan.mqtt = { state: 'connected', server, base: 'l2tpwan', failure: null };
    const { page } = await open({ enabled: '1', server, username: 'router', password: 's3cret' }, { router });
    await press(page);
    await field(page, '_trial').getByText('mqtt://192.168.1.2: all of it works.').waitFor();
    expect((await lines(page)).map((line) => line.trim().split(':')[0])).toEqual([
      'Load',
      'Connect',
      'Subscribe',
      'Publish',
      'Read back',
    ]);
    expect(new Set(await tones(page))).toEqual(new Set(['good']));
    await shoot(page, 'settings-mqtt-tested');
  });

  it('tells what fails', async () => {
    const router = new Router();
    const words = 'the broker refuses the user name or password';
    ({ verdict: router.l2tpwan.verdict } = await tried((broker) => {
      broker.refusal = { stage: 'connack', words, detail: '' };
    }));
    const { page } = await open({}, { router });
    await press(page);
    await field(page, '_trial').getByText(`Failed: ${words}`).waitFor();
    expect(await tones(page)).toEqual(['good', 'bad']);
    expect(await field(page, '_trial').textContent()).not.toContain('s3cret');
    await shoot(page, 'settings-mqtt-failed');
  });

  it('says when what was tried is not what stands here', async () => {
    const NOTE = 'is not, until it is saved and applied';
    const { page, router } = await open({ server: 'mqtt://a' });
    await press(page);
    await field(page, '_trial').getByText('all of it works').waitFor();
    expect(await field(page, '_trial').textContent()).not.toContain(NOTE);
    await inputOf(page, 'server').fill('mqtt://b');
    await press(page);
    await field(page, '_trial').getByText(NOTE).waitFor();
    await save(page);
    await expect.poll(() => router.count('uci', 'set')).toBe(1);
    await press(page);
    await field(page, '_trial').getByText(NOTE).waitFor();
  });

  it('tells that there was no answer', async () => {
    const { page, router } = await open({});
    router.service.stop();
    await press(page);
    await eventually(() => field(page, '_trial').getByText('The service does not answer.').count()).toBe(2);
    expect(await field(page, '_trial').getByRole('button', { name: 'Test' }).isEnabled()).toBe(true);
  });

  it('is asked for once at a time', async () => {
    const { page, router } = await open({});
    router.faults.slow.set('l2tpwan.mqtt_test', 1500);
    await press(page);
    await field(page, '_trial').getByRole('button', { name: 'Testing…' }).click({ force: true });
    await field(page, '_trial').getByRole('button', { name: 'Test', exact: true }).waitFor();
    expect(router.count('l2tpwan', 'mqtt_test')).toBe(1);
  });

  it('is not offered to those who may only read the settings', async () => {
    const router = new Router();
    router.addUser('reader', { read: ['*'], write: ['luci-base'] });
    const { page } = await open({}, { router, user: 'reader' });
    await field(page, '_trial').getByText('Switched off.').waitFor();
    await eventually(() => router.count('session', 'access')).toBeGreaterThan(0);
    expect(await field(page, '_trial').getByRole('button').count()).toBe(0);
  });
});
