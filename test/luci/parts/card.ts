/** What tests look at on the status page. */
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

export const cardOf = (page: Page, name = 'campus'): Locator => page.locator(`.l2w-card[data-name="${name}"]`);

export const stateOf = (page: Page, name = 'campus'): Promise<string | null> =>
  cardOf(page, name).locator('.l2w-state').textContent();

/** The value beside a label, of a card or of its last failure. */
export async function factOf(page: Page, label: string, name = 'campus'): Promise<string | undefined> {
  const row = cardOf(page, name)
    .locator('.l2w-facts > div')
    .filter({ has: page.locator('dt').getByText(label, { exact: true }) });
  return (await row.locator('dd').allInnerTexts())[0]?.trim();
}

/** All of them, of the connection itself. */
export async function factsOf(page: Page, name = 'campus'): Promise<Record<string, string>> {
  const rows = cardOf(page, name).locator('.l2w-body > .l2w-facts > div');
  const labels = await rows.locator('dt').allInnerTexts();
  const values = await rows.locator('dd').allInnerTexts();
  return Object.fromEntries(labels.map((label, at) => [label, values[at]?.trim() ?? '']));
}

/** Until it is so. */
export const eventually = <Value>(value: () => Promise<Value> | Value, timeout = 6000) =>
  expect.poll(value, { timeout, interval: 50 });

export const see = (page: Page, isSeen: boolean): Promise<unknown> =>
  page.evaluate(`
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => '${isSeen ? 'visible' : 'hidden'}' });
    document.dispatchEvent(new Event('visibilitychange'));
  `);

/** Whoever returns to the page has it look at once, unless it just did. */
export async function look(page: Page): Promise<void> {
  await page.waitForTimeout(550);
  const answered = page.waitForResponse((response) => (response.request().postData() ?? '').includes('"status"'));
  await see(page, true);
  await answered;
  await page.waitForTimeout(50);
}

export const notice = (page: Page): Locator => page.locator('.l2w-notice');
export const focused = (page: Page): Promise<unknown> =>
  page.evaluate('document.activeElement.textContent.trim() || document.activeElement.className');
