/**
 * npm run package: writes dist/packages, for opkg ready to install, for apk a staged root and the calls that make packages of it.
 * The same input gives the same octets: dates are those of the last commit, or SOURCE_DATE_EPOCH.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { apkTree, mkpkgCall, mkpkgHead, stagedName } from './apk.ts';
import { ipkName, type Release, writeIpk } from './ipk.ts';
import { apkScripts } from './maintainer-scripts.ts';
import { PACKAGES } from './packages-table.ts';
import { rootOf } from './root.ts';
import type { Tree } from './tar.ts';

/** Of the packages, where the version stays the same. */
const PACKAGE_RELEASE = 1;

const top = process.cwd();
const out = resolve(top, process.argv[2] ?? 'dist/packages');

function dateOfThis(): number {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined && /^\d+$/.test(given)) return Number(given);
  try {
    return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: top, encoding: 'utf8', stdio: 'pipe' }));
  } catch {
    throw new Error('this is no git checkout: set SOURCE_DATE_EPOCH to the date of the release, in seconds since 1970');
  }
}

function main(): void {
  if (!existsSync(join(top, 'dist/l2tpwan.cjs'))) throw new Error('dist/l2tpwan.cjs is missing: npm run build');
  const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as { version: string };
  const release: Release = { version: `${version}-r${PACKAGE_RELEASE}`, seconds: dateOfThis() };
  const scratch = mkdtempSync(join(tmpdir(), 'l2tpwan-package-'));
  const koffi = (architecture: string): string => {
    const staged = join(scratch, architecture);
    if (!existsSync(staged))
      execFileSync(join(top, 'scripts/stage'), ['--target', `linux-${architecture}-musl`, staged], { stdio: 'pipe' });
    return join(staged, 'node_modules/koffi');
  };
  const written = new Map<string, Uint8Array>();
  const calls: string[] = [];
  rmSync(out, { recursive: true, force: true });
  try {
    for (const one of PACKAGES) {
      const tree = rootOf(one, { top, version, koffi });
      if (tree.size === 0) {
        say(`${one.name}: nothing to install yet, left out`);
        continue;
      }
      for (const architecture of one.architectures) {
        written.set(ipkName(one, architecture, release), writeIpk(one, architecture, tree, release));
        stage(apkTree(one, tree), join('apk/root', stagedName(one, architecture)));
        for (const [script, words] of apkScripts(one.name))
          put(join('apk/scripts', stagedName(one, architecture), script), Buffer.from(words), 0o755);
        calls.push(mkpkgCall(one, architecture, release));
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  put('apk/apk-mkpkg.sh', Buffer.from(`${mkpkgHead(release)}\n${calls.join('\n\n')}\n`), 0o755);
  for (const [name, bytes] of written) {
    put(name, bytes, 0o644);
    say(`${String(bytes.length).padStart(9)} octets  ${name}`);
  }
  putSums('.', [...written.keys()]);
  putSums('apk', below('apk'));
  for (const path of ['.', ...below('.')]) utimesSync(join(out, path), release.seconds, release.seconds);
}

const say = (words: string): boolean => process.stdout.write(`package: ${words}\n`);

function stage(tree: Tree, folder: string): void {
  for (const [path, node] of tree) if (node.type === 'file') put(join(folder, path), node.bytes, node.mode);
}

const below = (folder: string): string[] => readdirSync(join(out, folder), { recursive: true, encoding: 'utf8' });

/** For `sha256sum --check` in that folder. @param paths directories among them are passed over */
function putSums(folder: string, paths: readonly string[]): void {
  const hashOf = (path: string) =>
    createHash('sha256')
      .update(readFileSync(join(out, folder, path)))
      .digest('hex');
  const files = paths.filter((path) => statSync(join(out, folder, path)).isFile()).sort();
  put(join(folder, 'SHA256SUMS'), Buffer.from(files.map((path) => `${hashOf(path)}  ${path}\n`).join('')), 0o644);
}

function put(path: string, bytes: Uint8Array, mode: number): void {
  const whole = join(out, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, bytes, { mode });
}

try {
  process.umask(0o022);
  main();
} catch (error) {
  process.stderr.write(`package: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
