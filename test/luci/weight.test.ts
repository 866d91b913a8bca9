/** What a browser has to load of ours, as the package has it. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PACKAGES } from '../../scripts/package/packages-table.ts';
import { rootOf } from '../../scripts/package/root.ts';

/** Octets of all files together. */
const MOST = { js: 60 * 1024, css: 6 * 1024 };

it.each(Object.entries(MOST))('the pages weigh less than they may: %s', (kind, most) => {
  const [app] = PACKAGES.filter(({ luci }) => luci?.part === 'pages');
  if (app === undefined) throw new Error('no package has the pages');
  const tree = rootOf(app, { top: join(import.meta.dirname, '../..'), version: '', koffi: () => '' });
  const weights = [...tree].flatMap(([path, node]) =>
    path.endsWith(`.${kind}`) && node.type === 'file' ? [[path, node.bytes.length] as const] : [],
  );
  expect(weights).not.toHaveLength(0);
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  const heaviest = weights.toSorted(([, a], [, b]) => b - a).map(([path, weight]) => `${weight} ${path}`);
  expect(sum, heaviest.join('\n')).toBeLessThan(most);
});
