/** A browser that is logged in at the router, watched for what must not happen. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, onTestFinished } from 'vitest';
import { viewReady } from '../page.ts';
import { type Account, ADMIN, URL_OF_ROUTER } from './target.ts';

const SCRIPT = `${URL_OF_ROUTER}/cgi-bin/luci`;

const PATH = {
  status: 'admin/vpn/l2tpwan/status',
  connections: 'admin/vpn/l2tpwan/connections',
  settings: 'admin/vpn/l2tpwan/settings',
  overview: 'admin/status/overview',
  interfaces: 'admin/network/network',
} as const;

export interface Look {
  readonly account?: Account;
  readonly dark?: boolean;
  readonly width?: number;
  readonly locale?: string;
  /** Troubles that are no surprise. */
  readonly allow?: readonly RegExp[];
}

/** What LuCI's own pages ask for and not every router has. */
const NOT_OURS = /cgi-exec|cgi-download|luci-rpc|iwinfo/;

let browser: Promise<Browser> | undefined;

afterAll(async () => {
  await (await browser)?.close();
  browser = undefined;
});

/** Logs in by LuCI's form, and opens a page. The test fails on errors of the page, of the console, and of requests. */
export async function open(page: keyof typeof PATH, look: Look = {}): Promise<Page> {
  const opened = await login(look);
  await go(opened, page);
  return opened;
}

export async function go(page: Page, where: keyof typeof PATH): Promise<void> {
  await page.goto(`${SCRIPT}/${PATH[where]}`);
  await viewReady(page);
}

/** Logged in, wherever LuCI leads then. */
export async function login({ account = ADMIN, dark = false, width = 1280, locale = 'en-GB', allow = [] }: Look = {}) {
  browser ??= chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--no-proxy-server', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  const context = await (await browser).newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
    locale,
    reducedMotion: 'reduce',
    ignoreHTTPSErrors: true,
  });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const troubles: string[] = [];
  observe(page, troubles);
  onTestFinished(async () => {
    await context.close();
    const bad = troubles.filter((trouble) => ![NOT_OURS, ...allow].some((pattern) => pattern.test(trouble)));
    if (bad.length > 0) throw new Error(`the page had troubles:\n  ${bad.join('\n  ')}`);
  });
  await page.goto(SCRIPT, { waitUntil: 'load' });
  await page.locator('input[name=luci_username]').fill(account.user);
  await page.locator('input[name=luci_password]').fill(account.password);
  const accepted = page.waitForResponse(
    (response) => response.request().method() === 'POST' && response.status() === 302,
  );
  await page.locator('input[name=luci_password]').press('Enter');
  await accepted;
  await page.waitForLoadState('networkidle');
  troubles.length = 0; // the form itself comes with 403, and LuCI leads to the overview, whoever may see that
  return page;
}

/** The HTTP status of a page, for whoever is logged in there. */
export async function statusOf(page: Page, where: keyof typeof PATH): Promise<number> {
  return (await page.request.get(`${SCRIPT}/${PATH[where]}`)).status();
}

/** Presses "Save & Apply", and waits until the router has it and the page has told it so. */
export async function apply(page: Page): Promise<void> {
  await page.locator('.cbi-page-actions .cbi-button-apply').first().click();
  await page.getByText('Configuration changes applied.').waitFor({ timeout: 90_000 });
  await page.locator('body.modal-overlay-active, body.apply-overlay-active').waitFor({ state: 'detached' });
}

/** A picture of the whole page, when SCREENSHOTS names a folder for them. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, animations: 'disabled' });
}

function observe(page: Page, troubles: string[]): void {
  page.on('pageerror', (error) => troubles.push(`error: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) troubles.push(`console: ${text}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) troubles.push(`HTTP ${response.status()}: ${response.url()}`);
  });
}
