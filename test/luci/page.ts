/** One of our pages in a browser: opened, watched for everything that must not happen, closed when its test is over. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, onTestFinished } from 'vitest';
import { menuFor, pathOfView } from './parts/menu.ts';
import { SCRIPT, type Theme } from './parts/shell.ts';
import { Router, type Session, type UserName } from './router.ts';
import { LuciServer, type ServerOptions } from './server.ts';

/** Pages by what they are to our users; anything else is the path of a view. */
const VIEW = {
  status: 'l2tpwan/status',
  connections: 'l2tpwan/connections',
  settings: 'l2tpwan/settings',
  overview: 'status/index',
  interfaces: 'network/interfaces',
} as const;

export interface PageOptions extends Omit<ServerOptions, 'theme'> {
  readonly view: keyof typeof VIEW;
  /** A router of one's own is needed to look at its calls or to change what it says. */
  readonly router?: Router;
  /** `admin` may everything, `viewer` only reads and has no configuration. */
  readonly user?: UserName;
  /** What the browser prefers. */
  readonly dark?: boolean;
  /** The themes with a mode in their name do not ask the browser. */
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
  /** Instead of the view's path. */
  readonly path?: string;
  /** Whether to wait until the view stands there. */
  readonly wait?: boolean;
  /** Troubles that are no surprise to the test. */
  readonly allow?: readonly RegExp[];
}

interface Watched {
  readonly router: Router;
  readonly troubles: string[];
  readonly allowed: RegExp[];
}

const watched = new WeakMap<Page, Watched>();
let browser: Promise<Browser> | undefined;

afterAll(async () => {
  await (await browser)?.close();
  browser = undefined;
});

/**
 * A page of its own context, on a server of its own. The test fails when the page has an error of its own, an error on the
 * console, a request that fails without a fault injected, or a call that the router does not know.
 */
export async function openPage(options: PageOptions): Promise<Page> {
  const { view, router = new Router(), user = 'admin', wait = true } = options;
  const server = await LuciServer.start(router, options);
  const session = router.login(user);
  const context = await contextFor(options, server.url, session);
  const page = await context.newPage();
  const allowed = [...(options.allow ?? [])];
  const watch: Watched = { router, troubles: [], allowed };
  watched.set(page, watch);
  observe(page, watch);
  onTestFinished(async () => {
    await context.close();
    await server.stop();
    const left = troublesOf(page);
    if (left.length > 0) throw new Error(`the page ${view} had troubles:\n  ${left.join('\n  ')}`);
  });
  const path = options.path ?? pathOfView(menuFor(session.grants), VIEW[view]);
  if (path === undefined) throw new Error(`no page of the menu shows ${VIEW[view]}`);
  await page.goto(`${server.url}${SCRIPT}/${path}`);
  if (wait) await viewReady(page);
  return page;
}

/** The view has taken the place of "Loading view…". */
export async function viewReady(page: Page): Promise<void> {
  await page.locator('#view > .spinning').waitFor({ state: 'detached' });
}

/** What went wrong in the page so far and was not allowed. */
export function troublesOf(page: Page): string[] {
  const { troubles, allowed, router } = known(page);
  const unknown = router.unknown.map((call) => `the bench does not know ${call}`);
  return [...troubles, ...unknown].filter((trouble) => !allowed.some((pattern) => pattern.test(trouble)));
}

/** From now on this is no trouble. */
export function allow(page: Page, pattern: RegExp): void {
  known(page).allowed.push(pattern);
}

/** A picture of the whole page, when SCREENSHOTS names a folder for them. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, animations: 'disabled' });
}

async function contextFor(options: PageOptions, url: string, session: Session): Promise<BrowserContext> {
  browser ??= chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  const { width = 1280, height = 900, dark = false } = options;
  const context = await (await browser).newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    locale: 'en-GB',
    timezoneId: 'UTC',
    permissions: ['clipboard-read', 'clipboard-write'],
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(20_000);
  await context.addCookies([{ name: 'sysauth_http', value: session.id, url }]);
  return context;
}

function observe(page: Page, { router, troubles }: Watched): void {
  const { faults } = router;
  page.on('pageerror', (error) => troubles.push(`error: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    // Requests are looked at themselves.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) troubles.push(`console: ${text}`);
  });
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    if (!faults.dead && why !== 'net::ERR_ABORTED') troubles.push(`request failed: ${request.url()}: ${why}`);
  });
  page.on('response', (response) => {
    const isProbe = new URL(response.url()).pathname.startsWith('/ubus');
    const isInjected = faults.busGone || faults.sessionsGone;
    if (response.status() >= 400 && !isProbe && !isInjected)
      troubles.push(`HTTP ${response.status()}: ${response.url()}`);
  });
}

function known(page: Page): Watched {
  const watch = watched.get(page);
  if (watch === undefined) throw new Error('not a page of the bench');
  return watch;
}
