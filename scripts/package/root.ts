/** What each package puts on a router. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { LIBRARY, modeOf, type Package } from './packages-table.ts';
import type { Node, Tree } from './tar.ts';

export interface Sources {
  /** Top of the checkout. */
  readonly top: string;
  /** `0.1.0` */
  readonly version: string;
  /** Folder with koffi as a machine needs it, JavaScript and the one binary. */
  readonly koffi: (architecture: 'arm64' | 'x64') => string;
}

/** Empty: there is nothing to install yet. */
export function rootOf(one: Package, { top, version, koffi }: Sources): Tree {
  return new Map([
    ...(one.tree === undefined ? [] : filesBelow(join(top, one.tree), '')),
    ...(one.koffi === undefined ? [] : filesBelow(koffi(one.koffi), `${LIBRARY}/node_modules/koffi/`)),
    ...(one.bundle === undefined
      ? []
      : ([
          [`${LIBRARY}/l2tpwan.cjs`, fileOf(readFileSync(join(top, 'dist/l2tpwan.cjs')))],
          [`${LIBRARY}/version`, fileOf(Buffer.from(`${version}\n`))],
        ] as const)),
  ]);
}

const fileOf = (bytes: Uint8Array, mode = 0o644): Node => ({ type: 'file', mode, bytes });

function filesBelow(folder: string, prefix: string): [string, Node][] {
  let entries: ReturnType<typeof list>;
  try {
    entries = list(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => {
      const path = prefix + relative(folder, join(parentPath, name));
      return [path, fileOf(readFileSync(join(parentPath, name)), modeOf(path))];
    });
}

const list = (folder: string) => readdirSync(folder, { recursive: true, withFileTypes: true });
