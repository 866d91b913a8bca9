/** The status page: what it shows of every state, and what its buttons do. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../src/protocol/client-io.ts';
import { FAILURE } from '../../src/protocol/failure.ts';
import { openPage, shoot } from './page.ts';
import { cardOf, eventually, factOf, factsOf, focused, look, see, stateOf } from './parts/card.ts';
import { recorded, recordedNames } from './parts/recorded.ts';
import { Router } from './router.ts';

const open = (router: Router, more: object = {}) => openPage({ view: 'status', router, ...more });
const button = (page: Page, name: string | RegExp) => cardOf(page).getByRole('button', { name, exact: true });
const rates = (page: Page) => cardOf(page).locator('.l2w-figures tbody tr').allInnerTexts();
const modal = (page: Page) => page.locator('#modal_overlay .modal');
const isOpen = (page: Page) => page.evaluate(`document.body.classList.contains('modal-overlay-active')`);
const alerts = (page: Page) => page.locator('.alert-message [role=alert]').allInnerTexts();

describe('every state', () => {
  it('is told in words, and nothing is left unsaid', async () => {
    const router = new Router('up');
    const page = await open(router);
    for (const name of recordedNames()) {
      router.l2tpwan.show(name);
      await look(page);
      const { connections, refused } = recorded(name).status;
      const [text] = await page.locator('.l2w-page').allInnerTexts();
      expect(text, name).not.toMatch(/undefined|null|NaN|\[object|%[sd]/);
      for (const [connection, { state, lastFailure }] of Object.entries(connections)) {
        expect(await stateOf(page, connection), name).toMatch(WORDS[state] as RegExp);
        if (lastFailure) expect(await factOf(page, 'Particulars', connection)).toBe(lastFailure.detail);
      }
      for (const [connection, faults] of Object.entries(refused))
        expect(await cardOf(page, connection).textContent(), name).toContain(faults[0]);
    }
  });

  if (process.env.SCREENSHOTS !== undefined)
    it('has its picture taken', async () => {
      for (const [name, state, dark, width] of PICTURES) {
        const router = new Router(state);
        const page = await open(router, { dark, width });
        let total = 0;
        for (const [at, received] of COURSE.entries()) {
          total += received;
          router.l2tpwan.advance(20_000);
          router.l2tpwan.traffic = { sent: total / (at + 1) / 12, received: total / (at + 1) };
          await look(page);
        }
        await shoot(page, name);
      }
    }, 300_000);

  it('has words for every stage and every failure of the engine', async () => {
    const page = await open(new Router('up'));
    const codes = await page.evaluate(
      `L.require('l2tpwan.failures').then((failures) => failures.netifd().map(([code]) => code))`,
    );
    const ours = Object.keys(FAILURE).map((code) => code.toUpperCase().replaceAll('-', '_'));
    const before = ['WRONG_SETTINGS', 'UNKNOWN_OPTION', 'NO_DAEMON', 'SETTINGS_NOT_WRITTEN'];
    expect(codes).toEqual([...ours, ...before]);
    const stages = await page.evaluate(`L.require('l2tpwan.stages').then((stages) => Object.keys(stages.STAGE))`);
    expect(stages).toEqual([...STAGES]);
  });
});

const PICTURES = [
  ['status-up', 'up', false, 1280],
  ['status-up-dark', 'up-tun-gso', true, 1280],
  ['status-up-narrow', 'up', false, 360],
  ['status-wrong-password', 'wrong-password', false, 1280],
  ['status-authentication', 'authentication', false, 1280],
  ['status-two', 'two-connections', false, 1280],
  ['status-refused', 'up-and-refused', true, 1280],
] as const;

/** Octets a second, every 20 seconds. */
const COURSE = [4, 9, 14, 30, 22, 11, 6, 18, 35, 41, 28, 12, 9, 10, 26].map((part) => part * 100_000);

const WORDS: Record<string, RegExp> = {
  idle: /^(Not connected|About to dial)$/,
  waiting: /^Waiting for the next attempt$/,
  resolving: /^Looking up the servers$/,
  preparing: /^Looking for the way to lns/,
  tunnel: /^Dialling lns\.example\.net \(203\.0\.113\.72\)$/,
  session: /^Opening the call$/,
  link: /^Negotiating the PPP link$/,
  authentication: /^Authenticating$/,
  network: /^Negotiating addresses$/,
  configuring: /^Configuring device and routes$/,
  up: /^Connected$/,
  'hanging-up': /^Hanging up$/,
};

describe('a connection that is up', () => {
  it('shows everything there is to know', async () => {
    const page = await open(new Router('up'));
    expect(await factsOf(page)).toEqual({
      Server: 'lns.example.net · 203.0.113.72:1701',
      'Calls itself': 'lns1 · lab',
      Uplink: 'eth0 · 192.0.2.10:40000',
      Address: '10.64.0.10',
      "Peer's address": '10.64.0.1',
      IPv6: 'fe80::6dfe:747d:2367:3f27',
      'Name servers': '10.10.0.21, 10.10.0.22',
      Device: 'l2w-campus',
      MTU: '1460',
      'TCP segments': '1420 octets, IPv6 1400',
      'Path MTU': '1500, as the uplink has it',
      'Data path': 'kernel (PPPoL2TP)',
      Authentication: 'CHAP (MD5). The server said: “Access granted”',
      'Echo round trip': '12 ms',
      Packets: '40 received, 40 sent',
      Attempts: '0',
      'Came up': '1',
      'Ignored or lost': '3',
      Warnings: '–',
    });
    expect(await cardOf(page).locator('.l2w-how').textContent()).toMatch(/^Connected for 1 min \d+ s $/);
    expect(await cardOf(page).locator('.l2w-why').textContent()).toBe(
      'Through lns.example.net (203.0.113.72), over eth0.',
    );
    expect(await cardOf(page).locator('.l2w-dot').getAttribute('data-tone')).toBe('good');
    const since = cardOf(page).locator('.l2w-how span').first();
    expect(await since.getAttribute('title')).toMatch(/^22\/11\/2026, 07:/);
    expect(await page.locator('.l2w-version').textContent()).toMatch(/^l2tpwan 1\.0\.0, running for 1 min/);
  });

  it('unfolds what its data path uses, and what it does without, and leaves it so', async () => {
    const router = new Router('up-tun-gso');
    const page = await open(router);
    const summary = cardOf(page).locator('summary', { hasText: 'TUN' });
    expect(await summary.textContent()).toBe('TUN with offloads; it does without: 1');
    await summary.press('Enter');
    const lines = cardOf(page).locator('details[open] li');
    expect(await lines.allInnerTexts()).toEqual([
      expect.stringMatching(/^It uses: vnet-header, .*udp-gro$/),
      'Without uso: the kernel does not have it',
    ]);
    await look(page);
    expect(await lines.count()).toBe(2);
    expect(await focused(page)).toBe('TUN with offloads; it does without: 1');
  });

  it('counts what it ignored or lost, and says why', async () => {
    const page = await open(new Router('up-dropped'));
    expect(await factOf(page, 'Ignored or lost')).toBe('10');
    await cardOf(page).locator('summary', { hasText: '10' }).click();
    expect(await cardOf(page).locator('details[open] li').allInnerTexts()).toEqual(
      expect.arrayContaining([
        'data message from a stranger: 3',
        'packet that the tunnel device did not take: 4',
        'write: invalid argument (EINVAL)',
      ]),
    );
  });

  it('counts what was lost on the way, and what came late only once', async () => {
    const router = new Router('up-dropped');
    const page = await open(router);
    const { counters } = recorded('up-dropped').status.connections.campus ?? {};
    const odd = { looped: 2, notIp: 3, ipv4Blocked: 4, ipv6Blocked: 5, unknownSession: 6, reordered: 7, skipped: 8 };
    const kernel = { backend: 'kernel', features: [], missing: {} };
    router.l2tpwan.change('campus', { counters: { ...counters, ...odd }, dataPath: kernel });
    await eventually(() => factOf(page, 'Ignored or lost')).toBe('32');
    router.l2tpwan.change('campus', { dataPath: { ...kernel, backend: 'tun' } });
    await eventually(() => factOf(page, 'Ignored or lost')).toBe('25');
    await cardOf(page).locator('summary', { hasText: '25' }).click();
    expect((await cardOf(page).locator('details[open] li').allInnerTexts()).slice(0, 5)).toEqual([
      'for the server’s end of the tunnel, since dialled: 2',
      'neither IPv4 nor IPv6, since dialled: 3',
      'IPv4, not carried, since dialled: 4',
      'IPv6, not carried, since dialled: 5',
      'lost on the way, since dialled: 1',
    ]);
  });

  it('warns', async () => {
    const page = await open(new Router('up-warnings'));
    const { warnings = [] } = recorded('up-warnings').status.connections.campus ?? {};
    expect(await factOf(page, 'Warnings')).toBe(warnings.join('; '));
    expect(await cardOf(page).locator('.l2w-why').textContent()).toBe(`Warning: ${warnings[0]}`);
  });

  it('has other words for what is otherwise', async () => {
    const router = new Router('up');
    const page = await open(router);
    for (const [state, label, value] of [
      ['up-mss-off', 'TCP segments', /^not limited$/],
      ['up-mss-unavailable', 'TCP segments', /^cannot be limited: /],
      ['up-small-path-mtu', 'Path MTU', /^\d+, told by the network|^\d+, found by echoes/],
      ['up-ipv4-only', 'IPv6', /^–$/],
      ['up-no-name-servers', 'Name servers', /^–$/],
      ['up-tun', 'Data path', /^TUN, packet by packet/],
      ['up-redialled', 'Came up', /^3$/],
    ] as const) {
      router.l2tpwan.show(state);
      await look(page);
      expect(await factOf(page, label), state).toMatch(value);
    }
  });

  it('remembers its last failure', async () => {
    const page = await open(new Router('up-redialled'));
    expect(await factOf(page, 'When')).toBe('1 h ago, at “Connected”, lns.example.net (203.0.113.72)');
    expect(await factOf(page, 'The server said')).toBe('“closed by the operator”, CDN, result 3, error 0');
  });

  it('shows what the server says as text, whatever it says', async () => {
    const router = new Router('up-hostile');
    const page = await open(router);
    const title = await page.title();
    expect(await factOf(page, 'Calls itself')).toContain('<img src=x onerror=');
    router.l2tpwan.show('hostile');
    await eventually(() => stateOf(page)).toBe('Waiting for the next attempt');
    await button(page, 'Diagnostic report').click();
    await modal(page).locator('textarea').waitFor();
    expect(await page.locator('#maincontent img, #modal_overlay img').count()).toBe(0);
    expect(await page.title()).toBe(title);
  });
});

describe('a connection that failed', () => {
  it('says what, when, whose fault, what the server said, and what to do', async () => {
    const page = await open(new Router('wrong-password'));
    const { lastFailure } = recorded('wrong-password').status.connections.campus ?? {};
    const why = 'The server did not accept user name or password. Correct the user name and the password.';
    expect(await cardOf(page).locator('.l2w-why').textContent()).toBe(why);
    expect(await cardOf(page).locator('.l2w-dot').getAttribute('data-tone')).toBe('bad');
    expect(await factOf(page, 'What')).toBe('The server did not accept user name or password');
    expect(await factOf(page, 'When')).toMatch(/, at “Authenticating”, lns\.example\.net \(203\.0\.113\.72\)$/);
    expect(await factOf(page, 'Whose fault')).toBe('the settings');
    expect(await factOf(page, 'Particulars')).toBe(lastFailure?.detail);
    expect(await factOf(page, 'The server said')).toMatch(/^“Access denied”, /);
    expect(await factOf(page, 'What to do')).toBe('Correct the user name and the password.');
  });

  it('counts down to the next attempt, second by second', async () => {
    const router = new Router('wrong-password');
    router.l2tpwan.ticking = true;
    const page = await open(router);
    const left = async () => {
      const text = (await cardOf(page).locator('.l2w-next').textContent()) ?? '';
      const [, minutes = '0', seconds = '0'] = /next attempt in (?:(\d+) min ?)?(?:(\d+) s)?/.exec(text) ?? [];
      return Number(minutes) * 60 + Number(seconds);
    };
    const seen = new Set<number>();
    for (let i = 0; i < 35; i++) {
      seen.add(await left());
      await page.waitForTimeout(100);
    }
    const [first = 0] = seen;
    expect([...seen].slice(0, 4)).toEqual([first, first - 1, first - 2, first - 3]);
    expect(first).toBeGreaterThan(60);
  });

  it('says what was before while it dials again', async () => {
    const router = new Router('call-closed');
    const page = await open(router);
    const failed = recorded('call-closed').status.connections.campus?.lastFailure ?? null;
    router.l2tpwan.show('session');
    router.l2tpwan.change('campus', { lastFailure: failed });
    await eventually(() => stateOf(page)).toBe('Opening the call');
    expect(await cardOf(page).locator('.l2w-why').textContent()).toBe('Before: The server closed the call.');
  });

  it('is told apart from one whose settings cannot work', async () => {
    const page = await open(new Router('refused'));
    expect(await stateOf(page)).toBe('Not dialled: its settings cannot work');
    expect(await cardOf(page).locator('li').allInnerTexts()).toEqual(recorded('refused').status.refused.campus);
    await cardOf(page).getByRole('link', { name: 'Connections' }).click();
    await page.waitForURL(/l2tpwan\/connections$/);
  });
});

describe('traffic', () => {
  it('is what was counted between two looks, by the clock of the daemon', async () => {
    const router = new Router('up');
    router.l2tpwan.traffic = { sent: 125_000, received: 1_500_000 };
    const page = await open(router);
    expect(await rates(page)).toEqual([
      expect.stringMatching(/^Received\s+–\s+–\s+–\s+48 kB$/),
      expect.stringMatching(/^Sent\s+–\s+–\s+–\s+48 kB$/),
    ]);
    router.l2tpwan.advance(2000);
    await look(page);
    expect(await rates(page)).toEqual([
      expect.stringMatching(/^Received\s+12 Mbit\/s\s+12 Mbit\/s\s+12 Mbit\/s\s+3 MB$/),
      expect.stringMatching(/^Sent\s+1 Mbit\/s\s+1 Mbit\/s\s+1 Mbit\/s\s+298 kB$/),
    ]);
    router.l2tpwan.traffic = { sent: 125_000, received: 1_250_000 }; // since the beginning: 5 MB in all
    router.l2tpwan.advance(2000);
    await look(page);
    expect((await rates(page))[0]).toMatch(/^Received\s+8 Mbit\/s\s+10 Mbit\/s\s+12 Mbit\/s/);
    const graph = cardOf(page).locator('svg');
    expect(await graph.getAttribute('aria-label')).toBe(
      'Traffic of the last 5 minutes: received 10 Mbit/s on average, 12 Mbit/s at most; sent 1 Mbit/s on average, 1 Mbit/s at most',
    );
    expect(await graph.locator('path.l2w-down').getAttribute('d')).toMatch(
      /^M296\.\d [\d.]+L298\.0 40\.0L300\.0 60\.0$/,
    );
    expect(await cardOf(page).locator('.l2w-scale span').allInnerTexts()).toEqual(['20 Mbit/s', '10 Mbit/s']);
  });

  it('is not measured from one dial to another', async () => {
    const router = new Router('up');
    const page = await open(router);
    router.l2tpwan.show('up-redialled');
    await look(page);
    expect((await rates(page))[0]).toMatch(/^Received\s+–\s+–\s+–\s+48 kB$/);
    router.l2tpwan.show('wrong-password');
    await look(page);
    expect((await rates(page))[0]).toMatch(/^Received\s+–\s+–\s+–\s+–$/);
  });

  it('is forgotten after five minutes', async () => {
    const router = new Router('up');
    router.l2tpwan.traffic = { sent: 0, received: 5_000_000 };
    const page = await open(router);
    router.l2tpwan.advance(10_000);
    await look(page);
    router.l2tpwan.advance(290_000);
    await look(page);
    expect((await rates(page))[0]).toMatch(/^Received\s+40 Mbit\/s\s+40 Mbit\/s\s+40 Mbit\/s/);
    expect(await cardOf(page).locator('path.l2w-down').getAttribute('d')).not.toContain('-');
  });
});

describe('events', () => {
  const events = (page: Page) => cardOf(page).locator('.l2w-events li');

  it('stand below each other, the last first, with level and time', async () => {
    const page = await open(new Router('wrong-password'));
    await events(page).first().waitFor();
    const texts = await events(page).allInnerTexts();
    expect(texts[0]).toMatch(/^(just now|\d+ s ago)\s+Info\s+Next attempt in 2 min/);
    expect(texts.find((text) => text.includes('Failed'))).toMatch(
      /Warning\s+Failed at “Authenticating”: The server did not accept user name or password \(.*\)\. The server said: “Access denied”$/,
    );
    expect(await events(page).first().locator('time').getAttribute('title')).toMatch(/^22\/11\/2026, 07:00:0/);
    expect(texts).toHaveLength(recorded('wrong-password').events.length);
  });

  it('are asked for again at once when something has happened, and not with every look; those of each connection by itself', async () => {
    const router = new Router('two-connections');
    const page = await open(router);
    await eventually(() => router.count('l2tpwan', 'events')).toBe(2);
    await look(page);
    await look(page);
    expect(router.argsOf('l2tpwan', 'events').map((args) => [args.interface, args.limit])).toEqual([
      ['campus', 50],
      ['office', 50],
    ]);
    router.l2tpwan.change('office', { state: 'tunnel' });
    await eventually(() => router.argsOf('l2tpwan', 'events').map((args) => args.interface)).toEqual([
      'campus',
      'office',
      'office',
    ]);
  });

  it('are asked for again after some looks, for what is not to be seen in the status', async () => {
    const router = new Router('up');
    const page = await open(router);
    await eventually(() => events(page).count()).toBeGreaterThan(3);
    const { state } = router.l2tpwan;
    const notice = { ...state.events[0], kind: 'notice', at: '2026-11-22T07:59:00.000Z', words: 'something to know' };
    router.l2tpwan.state = { ...state, events: [...state.events, notice as (typeof state.events)[number]] };
    for (let i = 0; i < 15; i++) await look(page);
    await eventually(() => events(page).first().textContent()).toContain('something to know');
    expect(router.count('l2tpwan', 'events')).toBe(2);
  });

  it('are those of the last question, whichever answer comes last', async () => {
    const router = new Router('up');
    router.faults.slow.set('l2tpwan.events', 3000);
    const page = await open(router);
    await page.waitForTimeout(300);
    router.faults.slow.clear();
    router.l2tpwan.show('up-redialled');
    const { length } = recorded('up-redialled').events;
    await eventually(() => events(page).count(), 2500).toBe(length);
    expect(router.count('l2tpwan', 'events')).toBe(1);
    router.l2tpwan.state = { ...router.l2tpwan.state, events: [] };
    await eventually(() => router.count('l2tpwan', 'events')).toBe(2);
    await page.waitForTimeout(200);
    expect(await events(page).count()).toBe(length);
  });

  it('are asked for again after they could not be had', async () => {
    const router = new Router('up');
    router.faults.refused.set('l2tpwan.events', 9);
    const page = await open(router);
    await page.waitForTimeout(500);
    router.faults.refused.clear();
    await eventually(() => events(page).count()).toBeGreaterThan(3);
  });
});

describe('buttons', () => {
  it('are those that make sense', async () => {
    const router = new Router('up');
    const page = await open(router);
    for (const [state, names] of Object.entries({
      up: ['Redial', 'Disconnect'],
      'wrong-password': ['Redial', 'Disconnect'],
      tunnel: ['Redial', 'Disconnect'],
      idle: ['Connect'],
    })) {
      router.l2tpwan.show(state);
      await look(page);
      expect(await cardOf(page).locator('.l2w-buttons button:visible').allInnerTexts(), state).toEqual(names);
    }
  });

  it('act, are under way meanwhile, and keep the focus', async () => {
    const router = new Router('up');
    router.l2tpwan.after.disconnect = 'idle';
    router.faults.slow.set('l2tpwan.disconnect', 800);
    const page = await open(router);
    const disconnect = button(page, 'Disconnect');
    await disconnect.press('Enter');
    const waiting = button(page, 'Disconnecting…');
    await waiting.waitFor();
    expect(await waiting.getAttribute('aria-disabled')).toBe('true');
    expect(await button(page, 'Redial').getAttribute('aria-disabled')).toBe('true');
    await waiting.press('Enter');
    await button(page, 'Redial').click({ force: true });
    await button(page, 'Connect').waitFor();
    expect(await stateOf(page)).toBe('Not connected');
    expect(await page.locator('.l2w-hidden').textContent()).toBe('campus: Not connected');
    expect(router.argsOf('l2tpwan', 'disconnect')).toMatchObject([{ interface: 'campus' }]);
    expect(router.count('l2tpwan', 'redial')).toBe(0);
    expect(await button(page, 'Connect').getAttribute('aria-disabled')).toBe('false');
    router.l2tpwan.after.connect = 'up';
    await button(page, 'Connect').press('Enter');
    await eventually(() => stateOf(page)).toBe('Connected');
    await button(page, 'Disconnect').waitFor();
    expect(await focused(page)).toBe('Disconnect');
  });

  it('redial', async () => {
    const router = new Router('wrong-password');
    router.l2tpwan.after.redial = 'tunnel';
    const page = await open(router);
    await button(page, 'Redial').click();
    await eventually(() => stateOf(page)).toMatch(/^Dialling/);
    expect(router.argsOf('l2tpwan', 'redial')).toMatchObject([{ interface: 'campus' }]);
    await eventually(() => button(page, 'Redial').getAttribute('aria-disabled')).toBe('false');
  });

  it('tell why they failed', async () => {
    const router = new Router('idle');
    const page = await open(router);
    const told: string[] = [];
    for (const [code, words] of [
      [2, 'The settings of this interface cannot work, or it is switched off.'],
      [4, 'There is no such interface any more, or the service has just ended.'],
      [6, 'Your account may not do this.'],
      [7, 'The router did not answer in time.'],
      [9, 'The router could not do it. The system log says why.'],
    ] as const) {
      router.faults.refused.set('l2tpwan.connect', code);
      await button(page, 'Connect').click();
      told.unshift(`campus: ${words}`);
      await eventually(() => alerts(page)).toEqual(told);
      await eventually(() => button(page, 'Connect').getAttribute('aria-disabled')).toBe('false');
    }
  });

  it('connect an interface that the daemon has never heard of', async () => {
    const router = new Router('no-connections');
    const page = await open(router);
    await cardOf(page).waitFor();
    expect(await stateOf(page)).toBe('Not connected');
    router.l2tpwan.after.connect = 'up';
    await button(page, 'Connect').click();
    await eventually(() => stateOf(page)).toBe('Connected');
    expect(await cardOf(page).count()).toBe(1);
  });
});

describe('on demand', () => {
  it('negotiated options open in a dialog, which Escape closes', async () => {
    const router = new Router('up');
    const page = await open(router);
    await button(page, 'Negotiated options').press('Enter');
    await modal(page).getByRole('heading', { name: 'Negotiated options of campus' }).waitFor();
    expect(await modal(page).locator('tbody tr').allInnerTexts()).toEqual([
      expect.stringMatching(/^LCP\s+MRU 1460/),
      expect.stringMatching(/^IPCP\s+address 10\.64\.0\.10/),
      expect.stringMatching(/^IPV6CP\s+interface identifier/),
    ]);
    expect(await focused(page)).toBe('Close');
    await shoot(page, 'status-negotiated');
    await page.keyboard.press('Escape');
    expect(await isOpen(page)).toBe(false);
    expect(await focused(page)).toBe('Negotiated options');
    expect(router.argsOf('l2tpwan', 'negotiated')).toMatchObject([{ interface: 'campus' }]);
  });

  it('says so when nothing is negotiated, or cannot be had', async () => {
    const router = new Router('wrong-password');
    const page = await open(router);
    await button(page, 'Negotiated options').click();
    await modal(page).getByText('Nothing is agreed on yet.').waitFor();
    await page.keyboard.press('Escape');
    router.faults.refused.set('l2tpwan.negotiated', 7);
    await button(page, 'Negotiated options').click();
    await eventually(() => alerts(page)).toEqual(['The router did not answer in time.']);
  });

  it.each([true, false])('diagnostics can be copied, with a clipboard for pages or without: %s', async (has) => {
    const page = await open(new Router('wrong-password'));
    if (!has) await page.evaluate(`Object.defineProperty(navigator, 'clipboard', { value: undefined })`);
    await button(page, 'Diagnostic report').click();
    const area = modal(page).locator('textarea');
    const text = await area.inputValue();
    expect(text).toMatch(/^l2tpwan diagnostics of campus, 20/);
    for (const part of ['== info ==', '== status ==', '== events ==', '== negotiated ==']) expect(text).toContain(part);
    expect(text).toContain('l2tpwan 1.0.0');
    expect(text).toContain('auth-rejected');
    expect(text).not.toContain('s3cret');
    await modal(page).getByRole('button', { name: 'Copy' }).click();
    await modal(page).getByText('Copied.').waitFor();
    await area.fill('').catch(() => undefined);
    await page.keyboard.press('Escape');
    expect(await focused(page)).toBe('Diagnostic report');
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('textarea'), { id: 'paste' })), document.getElementById('paste').focus()`,
    );
    await page.keyboard.press('Control+V');
    expect(await page.locator('#paste').inputValue()).toBe(text);
  });

  it('diagnostics can be downloaded, and are had in part when not all of it answers', async () => {
    const router = new Router('up');
    router.faults.refused.set('l2tpwan.events', 7);
    const page = await open(router);
    await button(page, 'Diagnostic report').click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      modal(page).getByRole('button', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^l2tpwan-campus-20\d\d-\d\d-\d\d\.txt$/);
    const text = readFileSync(await download.path(), 'utf8');
    expect(text).toContain('campus: up');
    expect(text).toContain('== events ==\n(The router did not answer in time.)');
  });
});

describe('what it asks', () => {
  it('is one call for the first paint', async () => {
    const router = new Router('up');
    for (const call of OTHERS) router.faults.slow.set(call, 4000);
    const page = await open(router);
    expect(await stateOf(page)).toBe('Connected');
    expect(await factOf(page, 'Server')).toContain('lns.example.net');
    const answered = router.calls.map(({ object, method }) => `${object}.${method}`);
    expect(answered.filter((call) => call === 'l2tpwan.status' || OTHERS.includes(call))).toEqual(['l2tpwan.status']);
  });

  /** Everything else that the page may ask. */
  const OTHERS = [
    ...['l2tpwan.events', 'l2tpwan.negotiated', 'l2tpwan.info', 'network.interface.dump'],
    ...['network.get_proto_handlers', 'service.list', 'rc.list', 'file.read', 'session.access'],
  ];

  it('is asked every two seconds, only while somebody looks, and at once on return', async () => {
    const router = new Router('up');
    const page = await open(router);
    await page.waitForTimeout(4500);
    expect(router.count('l2tpwan', 'status')).toBeGreaterThanOrEqual(2);
    expect(router.count('l2tpwan', 'status')).toBeLessThanOrEqual(4);
    await see(page, false);
    await page.waitForTimeout(500);
    router.forgetCalls();
    await page.waitForTimeout(4500);
    expect(router.count()).toBe(0);
    router.l2tpwan.show('idle');
    await see(page, true);
    await eventually(() => stateOf(page), 900).toBe('Not connected');
    await page.waitForTimeout(2500);
    expect(router.count('l2tpwan', 'status')).toBeGreaterThanOrEqual(2);
  });

  it('leaves the focus, what is unfolded and what is scrolled as they are', async () => {
    const router = new Router('up');
    const page = await open(router);
    const list = cardOf(page).locator('.l2w-events');
    await list.locator('li').first().waitFor();
    await list.focus();
    await page.evaluate(`document.querySelector('.l2w-events').scrollTop = 20`);
    router.l2tpwan.show('up-redialled');
    await look(page);
    await eventually(() => list.locator('li').count()).toBe(recorded('up-redialled').events.length);
    expect(await page.evaluate('document.activeElement.className')).toBe('l2w-events');
    expect(await page.evaluate(`document.querySelector('.l2w-events').scrollTop`)).toBeGreaterThanOrEqual(20);
  });
});
