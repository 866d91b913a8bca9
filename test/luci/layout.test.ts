/** How the status page looks: wide and narrow, light and dark, for those who cannot see it, and while it changes. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openPage } from './page.ts';
import { cardOf, eventually, look, stateOf } from './parts/card.ts';
import { recordedNames } from './parts/recorded.ts';
import { Router } from './router.ts';

const open = (router: Router, more: object = {}) => openPage({ view: 'status', router, ...more });

describe('360 pixels', () => {
  it('are enough for every state', async () => {
    const router = new Router('up');
    const page = await open(router, { width: 360, height: 740 });
    for (const name of recordedNames()) {
      router.l2tpwan.show(name);
      await look(page);
      expect(await page.evaluate(BEYOND), name).toEqual([]);
    }
  });

  it('are enough for dialogs, and for what is the matter', async () => {
    const router = new Router('up');
    const page = await open(router, { width: 360, height: 740 });
    for (const [name, heading] of [
      ['Negotiated options', 'Negotiated options of campus'],
      ['Diagnostic report', 'Diagnostics of campus'],
    ] as const) {
      await cardOf(page).getByRole('button', { name }).click();
      await page.locator('#modal_overlay').getByRole('heading', { name: heading }).waitFor();
      expect(await page.evaluate(BEYOND)).toEqual([]);
      await page.keyboard.press('Escape');
    }
    router.service.missRuntime(
      'no Node.js 20 or newer: neither /a/rather/long/path/that/somebody/has/set/bin/node nor node',
    );
    await look(page);
    await page.locator('.l2w-notice').waitFor();
    expect(await page.evaluate(BEYOND)).toEqual([]);
  });

  it('are enough for the form on the page of interfaces', async () => {
    const page = await openPage({ view: 'interfaces', width: 360, height: 740, allow: [/protocol\/dhcpv6/] });
    await page.locator('[data-sid="campus"]').getByRole('button', { name: 'Edit' }).click();
    const tabs = page.locator('#modal_overlay .cbi-tabmenu li');
    for (const name of ['General Settings', 'Advanced Settings', 'Routing', 'Data path']) {
      await tabs.getByText(name, { exact: true }).first().click();
      expect(await page.evaluate(BEYOND_OF_FORM), name).toEqual([]);
    }
  });
});

/** Of the fields that are seen in a form of LuCI's own. */
const BEYOND_OF_FORM = `
  [...document.querySelectorAll('#modal_overlay .cbi-value *')]
    .filter((node) => node.checkVisibility() && node.getBoundingClientRect().right > innerWidth)
    .map((node) => node.outerHTML.slice(0, 120))`;

/** Elements of the page that stick out to the right of what is seen of them. */
const BEYOND = `
  [...document.querySelectorAll('.l2w-page *, #modal_overlay *'), document.documentElement].filter((node) => {
    const isFree = node === document.documentElement
      ? node.scrollWidth > innerWidth
      : node.checkVisibility() && !node.closest('svg, .l2w-hidden, .l2w-wide') && node.getBoundingClientRect().right > innerWidth;
    return isFree;
  }).map((node) => node.outerHTML.slice(0, 120))`;

describe('colours', () => {
  it.each([false, true])('are told from what is behind them: dark %s', async (dark) => {
    const router = new Router('up');
    const page = await open(router, { dark });
    await cardOf(page).locator('.l2w-events li').first().waitFor();
    expect(await page.evaluate(PALE)).toEqual([]);
    router.l2tpwan.show('wrong-password');
    await look(page);
    expect(await page.evaluate(PALE)).toEqual([]);
    router.service.crash();
    await look(page);
    await page.locator('.l2w-notice').waitFor();
    expect(await page.evaluate(PALE)).toEqual([]);
  });
});

/** Texts with a contrast below 4.5 (WCAG 2 AA), by the colours that the browser computes. Buttons are the theme's own. */
const PALE = `
  (() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return canvas.getImageData(0, 0, 1, 1).data;
    };
    const light = ([r, g, b]) => [r, g, b]
      .map((part) => part / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
      .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
    const behind = (node) => {
      for (let each = node; each; each = each.parentElement) {
        const colour = rgba(getComputedStyle(each).backgroundColor);
        if (colour[3] === 255) return colour;
      }
      return [255, 255, 255];
    };
    return [...document.querySelectorAll('.l2w-page *')]
      .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest('button, .btn'))
      .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim() !== ''))
      .flatMap((node) => {
        const [a, b] = [light(rgba(getComputedStyle(node).color)), light(behind(node))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        return contrast < 4.5 ? [contrast.toFixed(2) + ' ' + node.outerHTML.slice(0, 100)] : [];
      });
  })()`;

describe('updates', () => {
  it.each([1280, 360])('move nothing: %d pixels', async (width) => {
    const router = new Router('two-connections');
    router.l2tpwan.traffic = { sent: 1_000_000, received: 12_000_000 };
    const page = await open(router, { width });
    await cardOf(page).locator('.l2w-events li').first().waitFor();
    const before = await boxes(page);
    for (const state of ['tunnel', 'authentication', 'waiting', 'up'] as const) {
      router.l2tpwan.advance(2000);
      router.l2tpwan.change('campus', { state });
      await look(page);
      expect(await boxes(page), state).toEqual(before);
    }
  });

  it('keep cards as tall as they are, when a connection fails and comes back', async () => {
    const router = new Router('up');
    const page = await open(router);
    await cardOf(page).locator('.l2w-events li').first().waitFor();
    const before = await boxes(page);
    for (const name of ['tunnel', 'link', 'wrong-password', 'idle', 'up-redialled']) {
      router.l2tpwan.show(name);
      await look(page);
      expect(await boxes(page), name).toEqual(before);
    }
  });
});

it('cards stand in the order of names, whichever way each of them goes', async () => {
  const router = new Router('two-connections');
  const page = await open(router);
  const names = () => page.locator('.l2w-card h3').allTextContents();
  const { state } = router.l2tpwan;
  const { campus: _campus, ...connections } = state.status.connections;
  for (let i = 0; i < 2; i++) {
    const refused = { campus: ['user name is missing'] };
    router.l2tpwan.show({ ...state, status: { ...state.status, connections, refused } });
    await eventually(() => stateOf(page)).toBe('Not dialled: its settings cannot work');
    expect(await names()).toEqual(['campus', 'office']);
    router.l2tpwan.show(state);
    await eventually(() => stateOf(page)).toBe('Connected');
    expect(await names()).toEqual(['campus', 'office']);
  }
});

/** Where everything stands that has a place of its own. */
const boxes = (page: Page) =>
  page.evaluate(`
    [...document.querySelectorAll('.l2w-card, .l2w-body, .l2w-graph, .l2w-foot, .l2w-events, .l2w-card h3')].map((node) => {
      const { top, left, width, height } = node.getBoundingClientRect();
      return (node.classList[0] ?? node.id) + ' ' + [top + scrollY, left, width, height].map(Math.round).join(' ');
    })`);

describe('without a mouse', () => {
  it('everything is reached in the order it stands in', async () => {
    const page = await open(new Router('up-tun-gso'));
    await cardOf(page).locator('.l2w-events li').first().waitFor();
    await page.evaluate(
      `document.querySelector('.l2w-page').tabIndex = -1, document.querySelector('.l2w-page').focus()`,
    );
    const order: unknown[] = [];
    for (let i = 0; i < 7; i++) {
      await page.keyboard.press('Tab');
      order.push(
        await page.evaluate(`document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent`),
      );
    }
    expect(order).toEqual([
      'Redial',
      'Disconnect',
      'TUN with offloads; it does without: 1',
      '3',
      'Negotiated options',
      'Diagnostic report',
      'Events of campus',
    ]);
  });

  it('where the focus is can be seen', async () => {
    const page = await open(new Router('up'));
    await cardOf(page).locator('.l2w-events li').first().waitFor();
    await cardOf(page).getByRole('button', { name: 'Diagnostic report' }).focus();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle`)).toBe('solid');
  });
});

describe('without eyes', () => {
  it('everything has a name and a role', async () => {
    const page = await open(new Router('two-connections'));
    await cardOf(page).locator('.l2w-events li').first().waitFor();
    expect(await page.evaluate(NAMELESS)).toEqual([]);
    await page.getByRole('region', { name: 'campus' }).waitFor();
    await page
      .getByRole('region', { name: 'campus' })
      .getByRole('img', { name: /^Traffic of the last 5 minutes/ })
      .waitFor();
    await page.getByRole('region', { name: 'campus' }).getByRole('list', { name: 'Events of campus' }).waitFor();
    await page.getByRole('heading', { level: 2, name: 'L2TP connections' }).waitFor();
    expect(await page.getByRole('region', { name: 'office' }).getByRole('rowheader').allTextContents()).toEqual([
      'Received',
      'Sent',
    ]);
  });

  it('changes of state are said, and the seconds that pass are not', async () => {
    const router = new Router('up');
    router.l2tpwan.ticking = true;
    const page = await open(router);
    await page.evaluate(`
      window.said = [];
      new MutationObserver((changes) => changes.forEach(({ target }) => {
        const live = (target.nodeType === 1 ? target : target.parentElement)?.closest('[aria-live]');
        if (live && live.getAttribute('aria-live') !== 'off') window.said.push(live.textContent);
      })).observe(document.querySelector('.l2w-page'), { subtree: true, childList: true, characterData: true })`);
    await page.waitForTimeout(2500);
    expect(await page.evaluate('window.said')).toEqual([]);
    router.l2tpwan.show('wrong-password');
    await eventually(() => stateOf(page)).toBe('Waiting for the next attempt');
    await page.waitForTimeout(1500);
    expect(await page.evaluate('window.said')).toEqual(['campus: Waiting for the next attempt']);
  });
});

const NAMELESS = `
  (() => {
    const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
    const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
    const nameless = [...document.querySelectorAll('.l2w-page :is(button, a, textarea, input, [tabindex], section, [role=img])')]
      .filter((node) => node.checkVisibility() && !(node.getAttribute('aria-label') || document.getElementById(node.getAttribute('aria-labelledby'))?.textContent || node.textContent.trim()));
    const pictures = [...document.querySelectorAll('.l2w-page :is(i, svg)')].filter((node) => !node.hasAttribute('aria-hidden') && !node.hasAttribute('aria-label'));
    return [...twice, ...[...nameless, ...pictures].map((node) => node.outerHTML.slice(0, 100))];
  })()`;
