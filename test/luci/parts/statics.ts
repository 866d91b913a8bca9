/** Where the files of the web server come from: ours, LuCI's own (LUCI_SRC) or the stand-in for it. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { APP } from './acls.ts';

const STAND_IN = fileURLToPath(new URL('../stand-in', import.meta.url));

/** A checkout of LuCI; undefined: the stand-in takes its place. */
const LUCI_SRC = process.env.LUCI_SRC || undefined;

/** What a router has that was given LuCI and nothing more. */
const PACKAGES = [
  ...['base', 'mod-status', 'mod-network', 'mod-system'].map((name) => `modules/luci-${name}`),
  ...['ipv6', 'ppp'].map((name) => `protocols/luci-proto-${name}`),
  'themes/luci-theme-bootstrap',
];

/** Folders laid over one another, first one first: each holds a `luci-static`. */
const ROOTS: readonly string[] = [
  join(fileURLToPath(APP), 'htdocs'),
  ...(LUCI_SRC === undefined ? [STAND_IN] : luciRoots(LUCI_SRC)),
];

/** In the stand-in a theme is one file. */
const ALIASES: Readonly<Record<string, string>> =
  LUCI_SRC === undefined ? { 'luci-static/bootstrap/cascade.css': join(STAND_IN, 'theme.css') } : {};

function luciRoots(source: string): string[] {
  return PACKAGES.map((name) => join(source, name, 'htdocs'));
}

/** The file for a path below `/www`; undefined: there is none. */
export function fileAt(path: string, more: readonly string[] = []): string | undefined {
  if (path.includes('..')) return undefined;
  const candidates = [
    ...[...more, ...ROOTS].map((root) => join(root, path)),
    ...(ALIASES[path] ? [ALIASES[path]] : []),
  ];
  return candidates.find((file) => existsSync(file) && statSync(file).isFile());
}

/** The names of all files in a folder below `/www`. */
export function filesUnder(path: string): string[] {
  const names = ROOTS.map((root) => join(root, path))
    .filter((folder) => existsSync(folder) && statSync(folder).isDirectory())
    .flatMap((folder) => readdirSync(folder));
  return [...new Set(names)].sort();
}
