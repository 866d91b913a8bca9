/** What each package puts on a router. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { lmoOf } from './lmo.ts';
import { minified } from './minified.ts';
import { type Language, LIBRARY, modeOf, type Package } from './packages-table.ts';
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
    ...(one.luci === undefined ? [] : luciFiles(join(top, one.luci.app), one.luci.part)),
  ]);
}

/** As LuCI's own build installs them. */
function luciFiles(app: string, part: 'pages' | Language): [string, Node][] {
  if (part !== 'pages') return translationFiles(join(app, 'po', part.folder), part);
  const pages = filesBelow(join(app, 'htdocs'), 'www/').map(([path, node]): [string, Node] => [
    path,
    node.type === 'file' ? { ...node, bytes: minified(path, node.bytes) } : node,
  ]);
  return [...pages, ...filesBelow(join(app, 'root'), '')];
}

/** The catalogues, and what makes LuCI offer the language. */
function translationFiles(folder: string, { tag, name }: Language): [string, Node][] {
  return filesBelow(folder, '').flatMap(([path, node]): [string, Node][] => {
    if (node.type !== 'file') return [];
    const catalogue = basename(path, '.po');
    const defaults = `etc/uci-defaults/luci-i18n-${catalogue}-${tag}`;
    const command = `uci set luci.languages.${tag.replaceAll('-', '_')}='${name}'; uci commit luci\n`;
    return [
      [`usr/lib/lua/luci/i18n/${catalogue}.${tag}.lmo`, fileOf(lmoOf(node.bytes))],
      [defaults, fileOf(Buffer.from(command), modeOf(defaults))],
    ];
  });
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
