/** How the service starts Node.js on a router: what is measured is started like that. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export function flagsOfTheService(): readonly string[] {
  const path = fileURLToPath(new URL('../../openwrt/files/usr/lib/l2tpwan/runtime.sh', import.meta.url));
  const [, flags = ''] = /^L2TPWAN_FLAGS='(.*)'$/m.exec(readFileSync(path, 'utf8')) ?? [];
  if (flags === '') throw new Error(`${path} does not say how Node.js is started`);
  return flags.split(' ');
}
