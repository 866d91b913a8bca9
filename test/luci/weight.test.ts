/** What a browser has to load of ours, as the package has it: not much, and what LuCI can run. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PACKAGES } from '../../scripts/package/packages-table.ts';
import { rootOf } from '../../scripts/package/root.ts';

/** Octets of all files together; of the scripts 60 KiB, and 7 for MQTT. */
const MOST = { js: 67 * 1024, css: 6 * 1024 };

const files = () => {
  const [app] = PACKAGES.filter(({ luci }) => luci?.part === 'pages');
  if (app === undefined) throw new Error('no package has the pages');
  const tree = rootOf(app, { top: join(import.meta.dirname, '../..'), version: '', koffi: () => '' });
  return [...tree].flatMap(([path, node]) => (node.type === 'file' ? [[path, node.bytes] as const] : []));
};

it.each(Object.entries(MOST))('the pages weigh less than they may: %s', (kind, most) => {
  const weights = files().flatMap(([path, bytes]) =>
    path.endsWith(`.${kind}`) ? [[path, bytes.length] as const] : [],
  );
  expect(weights).not.toHaveLength(0);
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  const heaviest = weights.toSorted(([, a], [, b]) => b - a).map(([path, weight]) => `${weight} ${path}`);
  expect(sum, heaviest.join('\n')).toBeLessThan(most);
});

it('minified scripts are bodies of the function that LuCI makes of them', () => {
  const scripts = files().filter(([path]) => path.endsWith('.js'));
  expect(scripts).not.toHaveLength(0);
  for (const [path, bytes] of scripts) {
    const text = Buffer.from(bytes).toString();
    const modules = [...text.matchAll(/"require ([\w.]+)(?: as (\w+))?"/g)].map(([, name = '', as]) => as ?? name);
    // As parameters: what the script declares must not have one of these names.
    expect(() => new Function('window', 'document', 'L', ...modules, text), path).not.toThrow();
  }
});
