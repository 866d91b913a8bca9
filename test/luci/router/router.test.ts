/** The pages on a router: its own LuCI, rpcd and netifd, and the daemon behind them. What it has to have stands in target.ts. */
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { cardOf, eventually, factsOf, notice, stateOf } from '../parts/card.ts';
import { apply, go, login, open, shoot, statusOf } from './browser.ts';
import { Given, refusal } from './given.ts';
import { BROKER, HAS_SHELL, left, shell, VIEWER } from './target.ts';

const LONG = 60_000;

let given: Given;

beforeAll(async () => {
  given = await Given.find();
});
beforeEach(() => given.bringUp());

const press = (page: Page, name: string) => cardOf(page, given.name).getByRole('button', { name, exact: true }).click();
const isShown = (page: Page, state: string) => eventually(() => stateOf(page, given.name), LONG).toBe(state);
const dialog = (page: Page) => page.locator('#modal_overlay .modal');

describe('status', () => {
  it('says of a connection what the daemon says of it', async () => {
    const page = await open('status');
    await isShown(page, 'Connected');
    await cardOf(page, given.name).locator('.l2w-events li').first().waitFor();
    const { server, path, tunnel, address, dns, device, mtu, timesUp, authentication } =
      (await given.connection()) ?? fail();
    const facts = await factsOf(page, given.name);
    expect(facts).toMatchObject({
      Server: expect.stringContaining(`${server?.address}:${server?.port}`),
      'Calls itself': expect.stringContaining(tunnel?.peerHostName ?? ''),
      Uplink: `${path?.uplink} · ${path?.local.address}:${path?.local.port}`,
      Address: address?.local,
      'Name servers': dns.join(', ') || '–',
      Device: device,
      MTU: String(mtu),
      'Came up': String(timesUp),
    });
    expect(facts.Authentication).toContain(authentication?.message);
    await shoot(page, 'status');
  });

  it('disconnects and connects, by way of netifd', async () => {
    const page = await open('status');
    await isShown(page, 'Connected');
    await press(page, 'Disconnect');
    await isShown(page, 'Not connected');
    await eventually(() => given.interface()).toMatchObject({ up: false, pending: false, autostart: false });
    await shoot(page, 'status-disconnected');
    await press(page, 'Connect');
    await isShown(page, 'Connected');
    await given.isUp();
    expect(await given.interface()).toMatchObject({ autostart: true });
  });

  it('redials, and tells the course of it', async () => {
    const page = await open('status');
    await isShown(page, 'Connected');
    const before = await given.connection();
    await press(page, 'Redial');
    await expect
      .poll(async () => (await given.connection())?.timesUp, { timeout: LONG })
      .toBe((before?.timesUp ?? 0) + 1);
    await isShown(page, 'Connected');
    expect((await given.connection())?.tunnel?.localId).not.toBe(before?.tunnel?.localId);
    const { events } = await given.bus.call<{ events: unknown[] }>('l2tpwan', 'events', {
      interface: given.name,
      limit: 50,
    });
    const shown = cardOf(page, given.name).locator('.l2w-events li');
    await eventually(() => shown.count()).toBe(events.length);
    expect(await shown.first().textContent()).toContain(`Connected: ${(await given.connection())?.address?.local}`);
  });

  it('counts what goes through', async (test) => {
    if (!HAS_SHELL) return test.skip('it wants LUCI_COMMAND');
    const page = await open('status');
    await isShown(page, 'Connected');
    const sent = async () => Number(/, (\d+) sent/.exec((await factsOf(page, given.name)).Packets ?? '')?.[1]);
    const before = await sent();
    const { device, dns, address } = (await given.connection()) ?? fail();
    await shell(`ping -c 5 -s 1000 -I ${device} ${dns[0] ?? address?.peer} || true`);
    await eventually(sent).toBeGreaterThanOrEqual(before + 5);
    await shoot(page, 'status-traffic');
  });

  it('shows what was negotiated', async () => {
    const page = await open('status');
    await isShown(page, 'Connected');
    await press(page, 'Negotiated options');
    await dialog(page).getByRole('rowheader', { name: 'IPCP' }).waitFor();
    const { negotiated, address } = (await given.connection()) ?? fail();
    const items = await dialog(page).locator('li').allTextContents();
    const wanted = Object.values(negotiated ?? {}).flatMap(({ ours, theirs }) => [...ours, ...theirs]);
    expect(items).toEqual(wanted);
    expect(items.join('\n')).toContain(address?.local);
    await shoot(page, 'negotiated');
  });

  it('has diagnostics for others, and no secret in them', async () => {
    const page = await open('status');
    await isShown(page, 'Connected');
    await press(page, 'Diagnostic report');
    const text = await dialog(page).getByRole('textbox').inputValue();
    for (const part of ['info', 'status', 'events', 'negotiated'])
      expect(text).toMatch(new RegExp(`^== ${part} ==\\n[^(]`, 'm'));
    expect(text).toContain((await given.connection())?.address?.local);
    expect(text).not.toContain(given.settings.password);
    await shoot(page, 'diagnostics');
  });
});

describe('the service', () => {
  if (!HAS_SHELL) left('stopping the service', 'LUCI_COMMAND');

  it.runIf(HAS_SHELL)('is stopped while the page is open, and started from there', async () => {
    const page = await open('status');
    await isShown(page, 'Connected');
    await shell('/etc/init.d/l2tpwan stop');
    await notice(page).getByText('The l2tpwan service is stopped').waitFor({ timeout: LONG });
    await notice(page)
      .getByText(/^Below is what was known/)
      .waitFor();
    await shoot(page, 'stopped');
    await notice(page).getByRole('button', { name: 'Start the service' }).click();
    await notice(page).waitFor({ state: 'hidden', timeout: LONG });
    await isShown(page, 'Connected');
  });

  it.runIf(HAS_SHELL)('is switched off, and switched on from there', async () => {
    await shell('/etc/init.d/l2tpwan disable; /etc/init.d/l2tpwan stop');
    const page = await open('status');
    await notice(page).getByText('The l2tpwan service is switched off').waitFor({ timeout: LONG });
    await shoot(page, 'switched-off');
    await notice(page).getByRole('button', { name: 'Start the service' }).click();
    await isShown(page, 'Connected');
    expect(await shell('/etc/init.d/l2tpwan enabled && echo enabled')).toBe('enabled\n');
  });

  it.runIf(HAS_SHELL)('is killed, and the page tells it and recovers', async () => {
    const page = await open('status');
    await isShown(page, 'Connected');
    await shell('kill -9 "$(cat /var/run/l2tpwan.pid)"');
    await notice(page).getByText('The l2tpwan service has ended unexpectedly').waitFor({ timeout: LONG });
    await shoot(page, 'killed');
    await notice(page).waitFor({ state: 'hidden', timeout: LONG });
    await isShown(page, 'Connected');
  });
});

describe('settings', () => {
  it('saves the log level, and it is in force', async () => {
    const level = () => given.section('l2tpwan', 'main').then((main) => main?.log_level ?? 'info');
    const inForce = async () => JSON.parse(await shell('cat /var/run/l2tpwan/config.json')).logLevel;
    const before = await level();
    const wanted = before === 'debug' ? 'info' : 'debug';
    const page = await open('settings');
    const choice = page.locator('.cbi-value[data-name=log_level] select');
    await choice.selectOption(wanted);
    await apply(page);
    expect(await level()).toBe(wanted);
    if (HAS_SHELL) await expect.poll(inForce, { timeout: 15_000 }).toBe(wanted);
    expect((await given.connection())?.state).toBe('up'); // not dialled anew for that
    await choice.selectOption(String(before));
    await apply(page);
    expect(await level()).toBe(before);
    if (HAS_SHELL) await expect.poll(inForce, { timeout: 15_000 }).toBe(before);
    await shoot(page, 'settings');
  });
});

describe('MQTT', () => {
  const field = (page: Page, name: string) => page.locator(`.cbi-value[data-name="${name}"]`);
  const openMqtt = async () => {
    onTestFinished(await given.keep('l2tpwan', 'mqtt'));
    const page = await open('settings');
    await page.getByRole('link', { name: 'MQTT', exact: true }).click();
    return page;
  };
  const enable = async (page: Page, server: string) => {
    await field(page, 'enabled').getByRole('checkbox').check({ force: true });
    await field(page, 'server').getByRole('textbox').fill(server);
    await apply(page);
  };
  const says = (page: Page, words: string | RegExp) => field(page, '_trial').getByText(words).first().waitFor();
  const test = (page: Page) => field(page, '_trial').getByRole('button', { name: 'Test' }).click();

  it('says why there is no broker, and lets the tunnel be', async () => {
    const page = await openMqtt();
    await enable(page, 'mqtt://127.0.0.1:9');
    await says(page, /^Not connected to mqtt:\/\/127.0.0.1:9: .*no broker listens there/);
    await test(page);
    await says(page, /^Failed: .*no broker listens there/);
    expect((await given.connection())?.state).toBe('up');
    await shoot(page, 'mqtt-without');
  });

  it('connects, and tries the broker out', async (context) => {
    if (BROKER === undefined) return context.skip('it wants LUCI_BROKER');
    const page = await openMqtt();
    await enable(page, BROKER);
    await says(page, `Connected to ${BROKER}; topics begin with l2tpwan`);
    await test(page);
    await says(page, `${BROKER}: all of it works.`);
    await shoot(page, 'mqtt');
  });
});

describe('elsewhere in LuCI', () => {
  it('has a line on the overview', async () => {
    const page = await open('overview');
    const line = page.locator('.l2w-overview tr').filter({ hasText: given.name });
    await line.filter({ hasText: 'Connected' }).waitFor({ timeout: LONG });
    expect(await line.textContent()).toContain((await given.connection())?.address?.local);
    await line.getByRole('link', { name: given.name }).click();
    await isShown(page, 'Connected');
  });

  it('has its name on the page of interfaces', async () => {
    const page = await open('interfaces');
    await page.locator(`[id="${given.name}-ifc-description"]`).getByText('L2TP (l2tpwan)').waitFor();
  });

  it('speaks Chinese to a browser that does', async (test) => {
    const name = (await given.section('luci', 'languages'))?.zh_cn;
    if (name === undefined) return test.skip('it wants luci-i18n-l2tpwan-zh-cn');
    const page = await open('status', { locale: 'zh-CN' });
    await page.getByRole('heading', { name: 'L2TP 连接' }).waitFor();
    await isShown(page, '已连接');
    await shoot(page, 'status-zh');
    for (const [where, heading] of [
      ['connections', 'L2TP 连接'],
      ['settings', 'L2TP 设置'],
    ] as const) {
      await go(page, where);
      await page.getByRole('heading', { name: heading }).waitFor();
    }
  });
});

describe('who may only look', () => {
  const account = VIEWER;
  if (account === undefined) {
    left('an account that may only look', 'LUCI_VIEWER');
    return;
  }

  it('sees all of it, and has nothing to press', async () => {
    const page = await open('status', { account });
    await isShown(page, 'Connected');
    await page.getByText('Your account may look at connections, but not act on them.').waitFor();
    await cardOf(page, given.name).locator('.l2w-events li').first().waitFor();
    expect(await cardOf(page, given.name).locator('.l2w-buttons button').count()).toBe(0);
    expect(await page.locator('#tabmenu li').allTextContents()).toEqual(['Status']);
    await shoot(page, 'viewer');
  });

  it.each(['connections', 'settings'] as const)('is not let into %s', async (name) => {
    const page = await login({ account });
    expect(await statusOf(page, name)).toBe(403);
  });

  it.each([
    ['uci', 'get', { config: 'network' }],
    ['uci', 'get', { config: 'l2tpwan' }],
    ['uci', 'set', { config: 'network', section: 'wan', values: { disabled: '1' } }],
    ['l2tpwan', 'connect', { interface: 'wan' }],
    ['l2tpwan', 'disconnect', { interface: 'wan' }],
    ['l2tpwan', 'redial', { interface: 'wan' }],
    ['rc', 'init', { name: 'l2tpwan', action: 'stop' }],
    ['file', 'read', { path: '/etc/config/network' }],
    ['file', 'read', { path: '/var/run/l2tpwan/config.json' }],
  ])('is refused by the router itself: %s %s %j', async (object, method, args) => {
    expect(await refusal(account, object, method, args)).toMatch(/Access denied|status 6$/);
  });
});

function fail(): never {
  throw new Error('the connection is gone');
}
