/** A connection from nothing to nothing: added with a wrong password, corrected, removed; all by the pages, on a router. */
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cardOf, eventually, factOf, stateOf } from '../parts/card.ts';
import { apply, open, shoot } from './browser.ts';
import { Given, TRIAL } from './given.ts';

const LONG = 60_000;
const WRONG = 'Not-The-Password-7';
const ZONE = 'vpn';
/** A network for documentation: nobody misses it meanwhile. */
const ROUTED = '203.0.113.0/24';

let given: Given;
let hadZone: boolean;

beforeAll(async () => {
  given = await Given.find();
  if (await given.section('network', TRIAL)) throw new Error(`the router has an interface ${TRIAL} of its own`);
  hadZone = (await given.zone(ZONE)) !== undefined;
});
beforeEach(() => given.bringUp());
afterAll(async () => {
  await given.bringUp();
  await given.remove(
    'network',
    (await given.sections('network')).filter((each) => each['.name'] === TRIAL),
  );
  if (hadZone) return;
  const isMine = ({ '.type': type, name, src, dest }: Record<string, unknown>) =>
    (type === 'zone' && name === ZONE) || (type === 'forwarding' && (src === ZONE || dest === ZONE));
  await given.remove('firewall', (await given.sections('firewall')).filter(isMine));
});

const modal = (page: Page): Locator => page.locator('#modal_overlay .modal');
const field = (page: Page, name: string): Locator => modal(page).locator(`.cbi-value[data-name="${name}"]`);
const row = (page: Page, name: string): Locator => page.locator(`tr[data-sid="${name}"]`);
const tab = (page: Page, name: string) => modal(page).getByRole('link', { name, exact: true }).click();

async function fill(page: Page, name: string, value: string): Promise<void> {
  const input = field(page, name).locator('input[type=text], input[type=password]').last();
  await input.fill(value);
  await input.press('Tab');
}

async function add(page: Page, name: string, value: string): Promise<void> {
  await field(page, name).locator('.add-item input').fill(value);
  await field(page, name).locator('.add-item .cbi-button-add').click();
}

async function save(page: Page): Promise<void> {
  await modal(page).getByRole('button', { name: 'Save' }).click();
  await page.locator('body.modal-overlay-active').waitFor({ state: 'detached' });
}

const text = (value: unknown): string => (Array.isArray(value) ? String(value[0]) : String(value));

describe('a connection', () => {
  it('is added by a preset, and dialled once that is applied', async () => {
    const { server, username } = given.settings;
    const page = await open('connections');
    await page.getByRole('button', { name: 'Add connection' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill(TRIAL);
    await page.getByRole('radio', { name: /^Company VPN/ }).check();
    await shoot(page, 'add');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: `Connection ${TRIAL}` }).waitFor();
    await add(page, 'server', text(server));
    await fill(page, 'username', text(username));
    await fill(page, 'password', WRONG);
    await shoot(page, 'add-general');
    await tab(page, 'Routing');
    await add(page, 'route', ROUTED);
    await shoot(page, 'add-routing');
    await save(page);
    expect(await given.section('network', TRIAL)).toBeUndefined(); // saved is not applied
    await apply(page);
    expect(await given.section('network', TRIAL)).toMatchObject({
      proto: 'l2tpwan',
      server: [text(server)],
      username,
      password: WRONG,
      defaultroute: '0',
      peerdns: '0',
      route: [ROUTED],
    });
    expect(await given.zone(ZONE)).toMatchObject({ network: expect.arrayContaining([TRIAL]) });
    await row(page, TRIAL).getByText(`only ${ROUTED}`).waitFor();
    await shoot(page, 'added');
    expect((await given.connection())?.state).toBe('up'); // the other one is not touched
  });

  it('says in words that the password is wrong', async () => {
    const page = await open('status');
    await eventually(() => factOf(page, 'What', TRIAL), LONG).toBe('The server did not accept user name or password');
    await eventually(() => stateOf(page, TRIAL), LONG).toBe('Waiting for the next attempt');
    expect(await factOf(page, 'Whose fault', TRIAL)).toBe('the settings');
    await cardOf(page, TRIAL)
      .locator('.l2w-next')
      .getByText(/^next attempt in/)
      .waitFor();
    await shoot(page, 'auth-rejected');
  });

  it('says so on the page of interfaces as well', async () => {
    const page = await open('interfaces');
    const words = page.locator(`[id="${TRIAL}-ifc-description"]`);
    await words.getByText('L2TP (l2tpwan)').waitFor();
    await words
      .getByText('The server did not accept user name or password. Correct the user name')
      .waitFor({ timeout: LONG });
    await shoot(page, 'interfaces-auth-rejected');
  });

  it('and on the overview', async () => {
    const page = await open('overview');
    const line = page.locator('.l2w-overview tr').filter({ hasText: TRIAL });
    await line.getByText('The server did not accept user name or password').waitFor({ timeout: LONG });
    await shoot(page, 'overview-auth-rejected');
  });

  it('comes up with the right one', async () => {
    const page = await open('connections');
    await row(page, TRIAL).getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('heading', { name: `Connection ${TRIAL}` }).waitFor();
    await fill(page, 'password', text(given.settings.password));
    await save(page);
    await apply(page);
    await given.isUp(TRIAL);
    expect((await given.connection(TRIAL))?.device).toBe(`l2w-${TRIAL}`);
  });

  it('is changed on the page of interfaces, and nothing else of it', async () => {
    const before = await given.section('network', TRIAL);
    const page = await open('interfaces');
    await row(page, TRIAL).getByRole('button', { name: 'Edit' }).click();
    await field(page, 'server').waitFor();
    await tab(page, 'Advanced Settings');
    await fill(page, 'host_name', 'trial-host');
    await shoot(page, 'interfaces-edit');
    await save(page);
    await apply(page);
    expect(await given.section('network', TRIAL)).toEqual({ ...before, host_name: 'trial-host' });
    await given.isUp(TRIAL);
  });

  it('is seen beside the other one, and only it is hung up when somebody says so', async () => {
    const page = await open('status');
    await eventually(() => stateOf(page, TRIAL), LONG).toBe('Connected');
    await shoot(page, 'status-two');
    await cardOf(page, TRIAL).getByRole('button', { name: 'Disconnect' }).click();
    await eventually(() => stateOf(page, TRIAL), LONG).toBe('Not connected');
    expect(await stateOf(page, given.name)).toBe('Connected');
    await cardOf(page, TRIAL).getByRole('button', { name: 'Connect', exact: true }).click();
    await eventually(() => stateOf(page, TRIAL), LONG).toBe('Connected');
  });

  it('is switched off in the list, and on again', async () => {
    const page = await open('connections');
    const box = row(page, TRIAL).getByRole('checkbox');
    await box.uncheck({ force: true });
    await apply(page);
    expect(await given.section('network', TRIAL)).toMatchObject({ disabled: '1' });
    await eventually(async () => (await given.connection(TRIAL))?.state ?? 'idle', LONG).toBe('idle');
    await box.check({ force: true });
    await apply(page);
    await given.isUp(TRIAL);
  });

  it('is removed with all that is of it', async () => {
    const page = await open('connections');
    await row(page, TRIAL)
      .getByRole('button', { name: /Delete|Remove/ })
      .click();
    await modal(page).getByText(`Remove connection ${TRIAL}?`).waitFor();
    await shoot(page, 'remove');
    await modal(page).getByRole('button', { name: 'Remove' }).click();
    await row(page, TRIAL).waitFor({ state: 'detached' });
    await apply(page);
    expect(await given.section('network', TRIAL)).toBeUndefined();
    expect((await given.zone(ZONE))?.network ?? []).not.toContain(TRIAL);
    await eventually(async () => (await given.connection(TRIAL))?.state, LONG).toBeUndefined();
    expect((await given.connection())?.state).toBe('up');
  });
});
