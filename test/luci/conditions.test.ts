/** The status page where there is nothing to show: what is the matter, told apart, the next step, and getting well by itself. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openPage, shoot } from './page.ts';
import { cardOf, eventually, look, notice, stateOf } from './parts/card.ts';
import { Router } from './router.ts';

const open = (router: Router, more: object = {}) => openPage({ view: 'status', router, ...more });
const title = (page: Page) => notice(page).getByRole('heading').textContent();
const visible = async (page: Page) => (await notice(page).allInnerTexts())[0];
const button = (page: Page) => notice(page).getByRole('button');
const link = (page: Page) => notice(page).getByRole('link');

interface Row {
  readonly name: string;
  readonly breaks: (router: Router) => void;
  readonly mends?: (router: Router) => void;
  readonly title: string;
  readonly says: RegExp;
  readonly label?: string;
  readonly options?: object;
}

const ROWS: readonly Row[] = [
  {
    name: 'no-runtime',
    breaks: ({ service }) => service.missRuntime('no Node.js 20 or newer: neither node nor /usr/lib/l2tpwan/node'),
    mends: ({ service }) => service.start(),
    title: 'There is no Node.js that could run l2tpwan',
    says: /no Node\.js 20 or newer: neither node[\s\S]*l2tpwan-runtime install[\s\S]*opkg install node/,
    label: 'Start the service',
  },
  {
    name: 'not-enabled',
    breaks: ({ service }) => {
      service.stop();
      service.isEnabled = false;
    },
    mends: ({ service }) => service.start(),
    title: 'The l2tpwan service is switched off',
    says: /does not start when the router does/,
    label: 'Start the service',
  },
  {
    name: 'stopped',
    breaks: ({ service }) => service.stop(),
    mends: ({ service }) => service.start(),
    title: 'The l2tpwan service is stopped',
    says: /Nothing is dialled/,
    label: 'Start the service',
  },
  {
    name: 'crashed',
    breaks: ({ service }) => service.crash(134),
    mends: ({ service }) => service.start(),
    title: 'The l2tpwan service has ended unexpectedly',
    says: /exit code was 134\.[\s\S]*logread -e l2tpwan/,
    label: 'Start the service',
  },
  {
    name: 'starting',
    breaks: ({ faults }) => faults.gone.add('l2tpwan'),
    mends: ({ faults }) => faults.gone.clear(),
    title: 'The l2tpwan service is starting',
    says: /does not answer yet/,
  },
  {
    name: 'not-installed',
    breaks: ({ service }) => {
      service.stop();
      service.isInstalled = false;
      service.stateFile = undefined;
    },
    mends: ({ service }) => {
      service.isInstalled = true;
      service.start();
    },
    title: 'The l2tpwan service is not installed',
    says: /opkg install l2tpwan[\s\S]*apk add l2tpwan/,
  },
  {
    name: 'slow',
    breaks: ({ faults }) => faults.refused.set('l2tpwan.status', 7),
    mends: ({ faults }) => faults.refused.clear(),
    title: 'The router takes long to answer',
    says: /keeps waiting/,
  },
  {
    name: 'denied',
    breaks: ({ faults }) => faults.denied.add('l2tpwan.status'),
    mends: ({ faults }) => faults.denied.clear(),
    title: 'Your account may not see this page',
    says: /read access to “luci-app-l2tpwan”/,
  },
];

/** Only while the page is open: without them there is no page. */
const LATER: readonly Row[] = [
  ...ROWS,
  {
    name: 'bus-gone',
    breaks: ({ faults }) => {
      faults.busGone = true;
    },
    mends: ({ faults }) => {
      faults.busGone = false;
    },
    title: 'The programs of the router cannot be asked',
    says: /ubus does not/,
    options: { ubusDoor: true },
  },
  {
    name: 'unreachable',
    breaks: ({ faults }) => {
      faults.dead = true;
    },
    mends: ({ faults }) => {
      faults.dead = false;
    },
    title: 'The router cannot be reached',
    says: /keeps trying/,
  },
];

describe('a page that is opened then', () => {
  it.each(ROWS)('says so: $name', async ({ name, breaks, mends, title: words, says, label, options }) => {
    const router = new Router('up');
    breaks(router);
    const page = await open(router, options);
    expect(await title(page)).toBe(words);
    expect(await visible(page)).toMatch(says);
    expect(await visible(page)).not.toContain('Below is what was known');
    await eventually(() => button(page).allTextContents()).toEqual(label === undefined ? [] : [label]);
    expect(await page.locator('.l2w-card').count()).toBe(0);
    await shoot(page, `condition-${name}`);
    mends?.(router);
    await eventually(() => cardOf(page).count()).toBe(1);
    expect(await notice(page).isVisible()).toBe(false);
  });
});

describe('a page that is open', () => {
  it.each(LATER)('keeps what it knows, as old as it is, and recovers: $name', async (row) => {
    const router = new Router('up');
    const page = await open(router, row.options);
    await page.waitForTimeout(300);
    row.breaks(router);
    await eventually(() => title(page)).toBe(row.title);
    expect(await visible(page)).toMatch(row.says);
    expect(await stateOf(page)).toBe('Connected');
    expect(await page.locator('.l2w-stale').count()).toBe(1);
    await eventually(() => visible(page)).toMatch(/Below is what was known [2-9] s ago\./);
    if (row.name === 'crashed') await shoot(page, 'condition-while-open');
    row.mends?.(router);
    await eventually(() => notice(page).isVisible(), 9000).toBe(false);
    expect(await page.locator('.l2w-stale').count()).toBe(0);
  });

  it('asks only once for the reason each time', async () => {
    const router = new Router('up');
    const page = await open(router);
    router.service.stop();
    await look(page);
    await eventually(() => title(page)).toBe('The l2tpwan service is stopped');
    const looks = router.count('l2tpwan', 'status') - 1;
    expect(router.count('service', 'list')).toBeLessThanOrEqual(looks);
    expect(router.count('rc', 'list')).toBe(router.count('service', 'list'));
    expect(router.argsOf('file', 'read')[0]).toMatchObject({ path: '/var/run/l2tpwan/service.json' });
  });

  it('tells a service that has ended without the note of the init script', async () => {
    const router = new Router('up');
    router.service.crash(1);
    router.service.file = (path) => (path.endsWith('/service.json') ? 'null' : undefined);
    const page = await open(router);
    expect(await title(page)).toBe('The l2tpwan service has ended unexpectedly');
  });

  it('says when answers take long, and when refreshing is paused', async () => {
    const router = new Router('up');
    const page = await open(router);
    router.faults.slow.set('l2tpwan.status', 9000);
    await eventually(() => title(page), 12_000).toBe('The router takes long to answer');
    expect(await visible(page)).toMatch(/Below is what was known \d+ s ago/);
    router.faults.slow.clear();
    await eventually(() => notice(page).isVisible(), 9000).toBe(false);
    await page.getByText('Refreshing').click();
    await eventually(() => title(page), 12_000).toBe('Refreshing is paused');
    await page.locator('[data-indicator="poll-status"]').click();
    await eventually(() => notice(page).isVisible()).toBe(false);
  });
});

describe('the next step', () => {
  it.each([
    ['stopped', ['start']],
    ['not-enabled', ['enable', 'start']],
    ['crashed', ['start']],
  ])('is taken where there is one: %s', async (name, actions) => {
    const router = new Router('up');
    ROWS.find((row) => row.name === name)?.breaks(router);
    const page = await open(router);
    await button(page).press('Enter');
    await eventually(() => stateOf(page)).toBe('Connected');
    expect(router.argsOf('rc', 'init').map((args) => [args.name, args.action])).toEqual(
      actions.map((action) => ['l2tpwan', action]),
    );
  });

  it('is told to have failed', async () => {
    const router = new Router('up');
    router.service.stop();
    router.faults.denied.add('rc.init');
    const page = await open(router);
    await button(page).click();
    await page.getByRole('alert').getByText('Your account may not do this.').waitFor();
    expect(await button(page).textContent()).toBe('Start the service');
    expect(await button(page).getAttribute('aria-disabled')).toBe('false');
  });

  it.each(['none', 'disabled'])('is to set up a connection where there is none to be dialled: %s', async (which) => {
    const router = new Router('no-connections');
    const disabled = { '.name': 'campus', '.type': 'interface', proto: 'l2tpwan', disabled: '1' };
    router.uci.write('network', which === 'none' ? [] : [disabled]);
    const page = await open(router);
    await eventually(() => title(page)).toBe('No connection is switched on');
    await shoot(page, 'condition-no-connection');
    await link(page).click();
    await page.waitForURL(/l2tpwan\/connections$/);
  });

  it('is none while nobody knows which connections there are', async () => {
    const router = new Router('no-connections');
    router.faults.refused.set('network.interface.dump', 9);
    const page = await open(router);
    await eventually(() => router.count('network.interface', 'dump')).toBeGreaterThan(1);
    expect(await notice(page).isVisible()).toBe(false);
    router.faults.refused.clear();
    await eventually(() => stateOf(page)).toBe('Not connected');
  });

  it('is a restart of the network where netifd does not know the protocol', async () => {
    const router = new Router('no-connections');
    router.uci.write('network', []);
    router.protocols.delete('l2tpwan');
    const page = await open(router);
    await eventually(() => title(page)).toBe('netifd does not know the protocol yet');
    expect(await visible(page)).toContain('service network restart');
    expect(await link(page).count()).toBe(0);
  });
});
