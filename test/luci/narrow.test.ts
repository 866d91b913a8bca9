/** The card on LuCI's overview page, on a telephone. */
import { expect, it } from 'vitest';
import { openPage, shoot } from './page.ts';
import { Router } from './router.ts';

/** Of the card, what sticks out of the window; LuCI's own cards are LuCI's. */
const BEYOND = `
  [...document.querySelectorAll('.cbi-section')]
    .filter((section) => section.textContent.includes('L2TP connections'))
    .flatMap((section) => [section, ...section.querySelectorAll('*')])
    .filter((node) => node.checkVisibility() && node.getBoundingClientRect().right > innerWidth)
    .map((node) => node.outerHTML.slice(0, 120))`;

const LONG = 'a-server-of-a-rather-long-name-that-nobody-types.campus.university.example.net';

const named = (state: string): Router => {
  const router = new Router(state);
  const server = router.l2tpwan.state.status.connections.campus?.server;
  if (server) router.l2tpwan.change('campus', { server: { ...server, name: LONG } });
  return router;
};

it.each([
  ['up', 'Connected'],
  ['two-connections', 'did not accept'],
  ['up-and-refused', 'its settings cannot work'],
  ['no-answer', 'campus'],
  ['hostile', 'campus'],
])('fits 360 pixels: %s', async (state, words) => {
  const page = await openPage({ view: 'overview', router: named(state), width: 360, allow: [/protocol\/dhcpv6/] });
  await page.locator('.l2w-overview').getByText(words).first().waitFor();
  await shoot(page, `overview-360-${state}`);
  expect(await page.evaluate(BEYOND)).toEqual([]);
});

it('fits 360 pixels where the service does not run', async () => {
  const router = new Router('up');
  router.service.crash(1);
  const page = await openPage({ view: 'overview', router, width: 360, allow: [/protocol\/dhcpv6/] });
  await page.getByText('has ended unexpectedly').waitFor();
  expect(await page.evaluate(BEYOND)).toEqual([]);
});
