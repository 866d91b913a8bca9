/** A package for opkg, OpenWrt 24.10 and before: three members in a compressed tar archive. */
import { gzipSync } from 'node:zlib';
import { opkgScripts } from './maintainer-scripts.ts';
import { MAINTAINER, type Package } from './packages-table.ts';
import { type Tree, writeTar } from './tar.ts';

export interface Release {
  /** `0.1.0-r1` */
  readonly version: string;
  /** Date of everything in it, seconds since 1970. */
  readonly seconds: number;
}

export const ipkName = ({ name }: Package, architecture: string, { version }: Release): string =>
  `${name}_${version}_${architecture}.ipk`;

export function writeIpk(one: Package, architecture: string, tree: Tree, release: Release): Uint8Array {
  const data = writeTar(tree, release.seconds);
  const control = new Map([
    ['control', control_(one, architecture, data.length, release)],
    ...(one.configuration.length > 0 ? [['conffiles', conffiles(one)] as const] : []),
  ]);
  const members = new Map([
    ['debian-binary', text('2.0\n')],
    ['data.tar.gz', file(compress(data))],
    ['control.tar.gz', file(compress(writeTar(filesOf(control, opkgScripts(one.name)), release.seconds)))],
  ]);
  return compress(writeTar(members, release.seconds));
}

const file = (bytes: Uint8Array, mode = 0o644) => ({ type: 'file', mode, bytes }) as const;
const text = (words: string, mode?: number) => file(Buffer.from(words), mode);

const filesOf = (texts: ReadonlyMap<string, string>, scripts: ReadonlyMap<string, string>): Tree =>
  new Map([
    ...[...texts].map(([name, words]) => [name, text(words)] as const),
    ...[...scripts].map(([name, words]) => [name, text(words, 0o755)] as const),
  ]);

/** Without a date or a name of its own. */
const compress = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 9 });

const conffiles = ({ configuration }: Package): string => configuration.map((path) => `/${path}\n`).join('');

const control_ = (one: Package, architecture: string, size: number, { version, seconds }: Release): string =>
  Object.entries({
    Package: one.name,
    Version: version,
    Depends: one.depends.join(', '),
    Source: 'feeds/l2tpwan/l2tpwan',
    SourceName: 'l2tpwan',
    License: 'MIT',
    LicenseFiles: 'LICENSE',
    Section: one.section,
    SourceDateEpoch: String(seconds),
    Maintainer: MAINTAINER,
    Architecture: architecture,
    'Installed-Size': String(size),
    Description: `${one.title}\n ${one.description}`,
  })
    .map(([field, value]) => `${field}: ${value}\n`)
    .join('');
