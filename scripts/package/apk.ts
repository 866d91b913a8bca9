/** What OpenWrt 25.12 and later want: a staged root, and the call of `apk mkpkg` that makes a package of it. */
import { createHash } from 'node:crypto';
import type { Release } from './ipk.ts';
import { apkScripts } from './maintainer-scripts.ts';
import { MAINTAINER, type Package } from './packages-table.ts';
import type { Node, Tree } from './tar.ts';

/** opkg says `all`. */
const architectureOf = (architecture: string): string => (architecture === 'all' ? 'noarch' : architecture);

/** The tree with what apk's scripts on a router look for: its own list, and which files are the user's. */
export function apkTree(one: Package, tree: Tree): Tree {
  const file = (words: string): Node => ({ type: 'file', mode: 0o644, bytes: Buffer.from(words) });
  const folder = `lib/apk/packages/${one.name}`;
  const isFile = (path: string) => tree.get(path)?.type === 'file';
  const lines = (paths: readonly string[], line = (path: string) => `/${path}`) => `${paths.map(line).join('\n')}\n`;
  const extra: [string, Node][] = [];
  if (one.configuration.length > 0) {
    extra.push([`${folder}.conffiles`, file(lines(one.configuration))]);
    extra.push([
      `${folder}.conffiles_static`,
      file(lines(one.configuration, (path) => `/${path} ${hashIn(tree, path)}`)),
    ]);
  }
  const listed = [...[...tree.keys()].filter(isFile), ...extra.map(([path]) => path)].sort();
  return new Map([...tree, ...extra, [`${folder}.list`, file(lines(listed))]]);
}

const hashIn = (tree: Tree, path: string): string => {
  const node = tree.get(path);
  if (node?.type !== 'file') throw new Error(`${path} is said to be configuration, and is not there`);
  return createHash('sha256').update(node.bytes).digest('hex');
};

/** Where things are, relative to the script. */
export const stagedName = ({ name }: Package, architecture: string): string =>
  `${name}_${architectureOf(architecture)}`;

const apkName = ({ name }: Package, architecture: string, { version }: Release): string =>
  `${name}-${version}.${architectureOf(architecture)}.apk`;

/** One call of `apk mkpkg`, in shell. */
export function mkpkgCall(one: Package, architecture: string, release: Release): string {
  const staged = stagedName(one, architecture);
  const info: Record<string, string> = {
    name: one.name,
    version: release.version,
    description: one.title,
    arch: architectureOf(architecture),
    license: 'MIT',
    origin: 'feeds/l2tpwan/l2tpwan',
    maintainer: MAINTAINER,
    depends: one.depends.join(' '),
  };
  return [
    '"$apk" mkpkg',
    ...Object.entries(info).map(([key, value]) => `--info ${quoted(`${key}:${value}`)}`),
    ...[...apkScripts(one.name).keys()].map((script) => `--script ${quoted(`${script}:scripts/${staged}/${script}`)}`),
    `--files ${quoted(`root/${staged}`)}`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
    '${key:+--sign "$key"}',
    `--output ${quoted(apkName(one, architecture, release))}`,
  ].join(' \\\n  ');
}

const quoted = (words: string): string => `'${words.replaceAll("'", "'\\''")}'`;

export const mkpkgHead = ({ seconds }: Release): string => `#!/bin/sh
# Makes packages of what is staged here, with apk-tools 3: from the SDK of OpenWrt 25.12 or later (staging_dir/host/bin/apk), or
# Alpine's (apk add apk-tools). As root, or under fakeroot, so that files are root's.
#
#   ./apk-mkpkg.sh [APK [PRIVATE-KEY]]      without a key: install them with 'apk add --allow-untrusted'
set -eu
cd "$(dirname "$0")"
apk=\${1:-apk}
key=\${2:-}
export SOURCE_DATE_EPOCH=${seconds}
`;
