/** `npm run package`: what is in the packages, and that it is the same every time. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, requiredNames } from '../../scripts/luci/dialect.ts';
import { lmoOf } from '../../scripts/package/lmo.ts';
import { busybox, REPOSITORY, said } from './userland.ts';

const DATE = 1_700_000_000;
const SHELLCHECK = 'shellcheck';
const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };

interface Entry {
  readonly mode: string;
  readonly owner: string;
  readonly seconds: number;
  readonly path: string;
}

/** As tar lists it, in the order of the archive. */
function entriesOf(archive: string): Entry[] {
  const listed = said('tar', ['--numeric-owner', '--full-time', '--utc', '-tvzf', archive], {
    encoding: 'utf8',
  });
  return listed
    .trim()
    .split('\n')
    .map((line) => {
      const [mode = '', owner = '', , day, time, path = ''] = line.split(/\s+/);
      return { mode, owner, seconds: Date.parse(`${day}T${time}Z`) / 1000, path };
    });
}

describe('the packages', () => {
  let scratch: string;
  let out: string;
  const makePackages = (to: string) =>
    said('node', [join(REPOSITORY, '.cache/package/main.cjs'), to], {
      cwd: REPOSITORY,
      env: { ...process.env, SOURCE_DATE_EPOCH: String(DATE) },
      encoding: 'utf8',
    });
  /** The unpacked parts of one. */
  const unpack = (name: string) => {
    const folder = join(scratch, 'unpacked', name);
    if (!existsSync(folder)) {
      for (const part of ['', 'control', 'data']) mkdirSync(join(folder, part), { recursive: true });
      said('tar', ['-xzf', join(out, name), '-C', folder]);
      for (const part of ['control', 'data'])
        said('tar', ['-xzf', join(folder, `${part}.tar.gz`), '-C', join(folder, part)]);
    }
    return folder;
  };
  const controlOf = (name: string) =>
    Object.fromEntries(
      readFileSync(join(unpack(name), 'control/control'), 'utf8')
        .split('\n')
        .filter((line) => /^\S/.test(line))
        .map((line) => line.split(/: (.*)/s).slice(0, 2)),
    ) as Record<string, string>;
  const packages = () => readdirSync(out).filter((name) => name.endsWith('.ipk'));
  const main = `l2tpwan_${version}-r1_all.ipk`;
  const app = `luci-app-l2tpwan_${version}-r1_all.ipk`;
  const translation = `luci-i18n-l2tpwan-zh-cn_${version}-r1_all.ipk`;
  const native = (architecture: string) => `l2tpwan-native_${version}-r1_${architecture}.ipk`;

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'l2tpwan-packages-'));
    out = join(scratch, 'out');
    said('node_modules/.bin/tsup', ['--config', 'scripts/package/tsup.config.ts'], { cwd: REPOSITORY });
    makePackages(out);
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('are all there, with their sums', () => {
    const aarch64 = ['cortex-a53', 'cortex-a72', 'cortex-a76', 'generic'].map((core) => native(`aarch64_${core}`));
    const all = [main, ...aarch64, native('x86_64')].sort();
    expect(packages()).toEqual([...all, app, translation].sort());
    said('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: out });
    expect(readFileSync(join(out, 'SHA256SUMS'), 'utf8').trim().split('\n')).toHaveLength(packages().length);
    said('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: join(out, 'apk') });
    const staged = readdirSync(join(out, 'apk'), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(readFileSync(join(out, 'apk/SHA256SUMS'), 'utf8').trim().split('\n')).toHaveLength(staged.length - 1);
  });

  it('are the same octets when they are made again', () => {
    const again = join(scratch, 'again');
    makePackages(again);
    const sumsOf = (folder: string) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name))
        .map((path) => `${path.slice(folder.length)} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`)
        .sort();
    expect(sumsOf(again)).toEqual(sumsOf(out));
  });

  it('are of one date, files and directories, and so is what apk makes of them', () => {
    for (const path of ['.', ...readdirSync(out, { recursive: true, encoding: 'utf8' })])
      expect(statSync(join(out, path)).mtimeMs, path).toBe(DATE * 1000);
    expect(readFileSync(join(out, 'apk/apk-mkpkg.sh'), 'utf8')).toContain(`\nexport SOURCE_DATE_EPOCH=${DATE}\n`);
  });

  it('are archives as opkg reads them: three members, all of root, of one date, in order', () => {
    for (const name of packages()) {
      expect(entriesOf(join(out, name)).map(({ path }) => path)).toEqual([
        './',
        './control.tar.gz',
        './data.tar.gz',
        './debian-binary',
      ]);
      expect(readFileSync(join(unpack(name), 'debian-binary'), 'utf8')).toBe('2.0\n');
      for (const part of ['control', 'data']) {
        const entries = entriesOf(join(unpack(name), `${part}.tar.gz`));
        expect(new Set(entries.map(({ owner, seconds }) => `${owner} ${seconds}`))).toEqual(new Set([`0/0 ${DATE}`]));
        const paths = entries.map(({ path }) => path);
        expect(paths).toEqual([...paths].sort());
        expect(paths.filter((path) => !path.startsWith('./'))).toEqual([]);
      }
      expect(spawnSync(busybox ?? '', ['tar', '-tzf', join(unpack(name), 'data.tar.gz')]).status).toBe(0);
    }
  });

  it('l2tpwan: every file, with its mode', () => {
    const files = entriesOf(join(unpack(main), 'data.tar.gz')).filter(({ mode }) => !mode.startsWith('d'));
    expect(files.map(({ mode, path }) => `${mode} ${path}`)).toEqual([
      '-rw-r--r-- ./etc/capabilities/l2tpwan.json',
      '-rw------- ./etc/config/l2tpwan',
      '-rwxr-xr-x ./etc/init.d/l2tpwan',
      '-rwxr-xr-x ./etc/uci-defaults/60-l2tpwan',
      '-rwxr-xr-x ./lib/netifd/proto/l2tpwan.sh',
      '-rw-r--r-- ./lib/upgrade/keep.d/l2tpwan',
      '-rwxr-xr-x ./usr/bin/l2tpwan',
      '-rw-r--r-- ./usr/lib/l2tpwan/l2tpwan.cjs',
      '-rw-r--r-- ./usr/lib/l2tpwan/mqtt.sh',
      '-rw-r--r-- ./usr/lib/l2tpwan/runtime.pins',
      '-rw-r--r-- ./usr/lib/l2tpwan/runtime.sh',
      '-rw-r--r-- ./usr/lib/l2tpwan/version',
      '-rwxr-xr-x ./usr/sbin/l2tpwan-runtime',
      '-rw-r--r-- ./usr/share/acl.d/l2tpwan-control.json',
      '-rw-r--r-- ./usr/share/acl.d/l2tpwan.json',
    ]);
    for (const { path } of files.filter(({ path }) => path.endsWith('.json')))
      expect(() => JSON.parse(readFileSync(join(unpack(main), 'data', path), 'utf8')), path).not.toThrow();
    expect(readFileSync(join(unpack(main), 'data/usr/lib/l2tpwan/version'), 'utf8')).toBe(`${version}\n`);
  });

  it('l2tpwan: needs what it runs with, and no runtime by name', () => {
    const control = controlOf(main);
    expect(control).toMatchObject({
      Package: 'l2tpwan',
      Version: `${version}-r1`,
      Architecture: 'all',
      License: 'MIT',
    });
    expect(control.Depends).toBe('libc, kmod-tun, netifd, procd, ubus, jshn, jsonfilter');
    expect(Number(control['Installed-Size'])).toBeGreaterThan(300_000);
    expect(readFileSync(join(unpack(main), 'control/conffiles'), 'utf8')).toBe('/etc/config/l2tpwan\n');
  });

  it('have scripts that BusyBox and shellcheck accept', () => {
    const scripts = packages().flatMap((name) => {
      const control = join(unpack(name), 'control');
      const ofOpkg = readdirSync(control).filter((file) => !['control', 'conffiles'].includes(file));
      expect(ofOpkg).toEqual(expect.arrayContaining(['postinst', 'prerm']));
      return ofOpkg.map((file) => join(control, file));
    });
    const data = join(unpack(main), 'data');
    const installed = entriesOf(join(unpack(main), 'data.tar.gz')).map(({ path }) => join(data, path));
    scripts.push(...installed.filter((path) => /\.sh$|init\.d\/.|uci-defaults\/.|bin\/./.test(path)));
    scripts.push(join(out, 'apk/apk-mkpkg.sh'));
    for (const folder of readdirSync(join(out, 'apk/scripts')))
      for (const file of readdirSync(join(out, 'apk/scripts', folder)))
        scripts.push(join(out, 'apk/scripts', folder, file));
    expect(scripts.length).toBeGreaterThan(20);
    for (const script of scripts)
      expect(spawnSync(busybox ?? '', ['sh', '-n', script], { encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      });
    const { stdout, status } = spawnSync(SHELLCHECK, ['-s', 'dash', '-e', 'SC1090,SC1091', ...scripts], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  it('l2tpwan: runs from where it is unpacked, with nothing beside it', () => {
    const bundle = join(unpack(main), 'data/usr/lib/l2tpwan/l2tpwan.cjs');
    const environment = { PATH: process.env.PATH ?? '' };
    expect(said('node', [bundle, '--version'], { env: environment, cwd: '/' })).toBe(`l2tpwan ${version}\n`);
    const configuration = join(scratch, 'config.json');
    writeFileSync(configuration, '{ "netifd": true, "logLevel": "info", "connections": { } }', { mode: 0o600 });
    expect(said('node', [bundle, 'check', configuration], { env: environment })).toMatch(
      /all right \(no connections\)/,
    );
  });

  it.each([
    ['x86_64', 'x64', 'Advanced Micro Devices X86-64', 'libc.musl-x86_64.so.1'],
    ['aarch64_cortex-a53', 'arm64', 'AArch64', 'libc.musl-aarch64.so.1'],
    ['aarch64_generic', 'arm64', 'AArch64', 'libc.musl-aarch64.so.1'],
  ])(
    'l2tpwan-native for %s: koffi for that machine and musl, and the libraries that it needs',
    (architecture, node, machine, libc) => {
      const folder = join(unpack(native(architecture)), 'data/usr/lib/l2tpwan/node_modules/koffi');
      const binary = join(folder, `build/koffi/musl_${node}/koffi.node`);
      const readelf = (...options: string[]) => said('readelf', [...options, binary]);
      expect(readelf('-h')).toContain(`Machine:                           ${machine}\n`);
      expect([...readelf('-d').matchAll(/NEEDED.*\[(.*)\]/g)].map(([, name]) => name).sort()).toEqual([
        libc,
        'libgcc_s.so.1',
        'libstdc++.so.6',
      ]);
      expect(readdirSync(folder, { recursive: true }).filter((path) => String(path).endsWith('.node'))).toHaveLength(1);
      expect(controlOf(native(architecture))).toMatchObject({
        Architecture: architecture,
        Depends: 'libc, l2tpwan, libstdcpp6, libgcc1',
      });
      expect(existsSync(join(unpack(native(architecture)), 'control/conffiles'))).toBe(false);
      const modes = entriesOf(join(unpack(native(architecture)), 'data.tar.gz')).map(({ mode }) => mode);
      expect(new Set(modes)).toEqual(new Set(['drwxr-xr-x', '-rw-r--r--']));
    },
  );

  it('luci-app-l2tpwan: the app as it is, without what only people read', () => {
    const source = join(REPOSITORY, 'luci/luci-app-l2tpwan');
    const below = (folder: string) =>
      readdirSync(join(source, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(join(source, folder).length + 1));
    const installed = new Map<string, string>([
      ...below('htdocs').map((path) => [`./www/${path}`, join(source, 'htdocs', path)] as const),
      ...below('root').map((path) => [`./${path}`, join(source, 'root', path)] as const),
    ]);
    const files = entriesOf(join(unpack(app), 'data.tar.gz')).filter(({ mode }) => !mode.startsWith('d'));
    expect(files.map(({ path }) => path)).toEqual([...installed.keys()].sort());
    expect(new Set(files.map(({ mode }) => mode))).toEqual(new Set(['-rw-r--r--']));
    for (const { path } of files) {
      const here = readFileSync(installed.get(path) ?? '', 'utf8');
      const there = readFileSync(join(unpack(app), 'data', path), 'utf8');
      if (/\.(js|css)$/.test(path)) expect(there.length, path).toBeLessThan(here.length);
      else expect(there, path).toBe(here);
      if (!path.endsWith('.js')) continue;
      // What LuCI does with it: the modules named at its beginning are what the function is given, and it returns.
      expect(requiredNames(parse(path, there)), path).toEqual(requiredNames(parse(path, here)));
      expect(() => new Function(...requiredNames(parse(path, there)), there), path).not.toThrow();
      expect(there, path).toMatch(/[;}]return /);
    }
    expect(controlOf(app)).toMatchObject({ Architecture: 'all', Section: 'luci', Depends: 'libc, luci-base, l2tpwan' });
    expect(readFileSync(join(unpack(app), 'control/postinst-pkg'), 'utf8')).toMatch(
      /rm -rf \/tmp\/luci-indexcache\.\* \/tmp\/luci-modulecache\/\n\t\/etc\/init\.d\/rpcd reload/,
    );
  });

  it('luci-i18n-l2tpwan-zh-cn: what the pages say in Chinese, and the language in the list of LuCI', () => {
    const data = join(unpack(translation), 'data');
    const files = entriesOf(join(unpack(translation), 'data.tar.gz')).filter(({ mode }) => !mode.startsWith('d'));
    expect(files.map(({ mode, path }) => `${mode} ${path}`)).toEqual([
      '-rwxr-xr-x ./etc/uci-defaults/luci-i18n-l2tpwan-zh-cn',
      '-rw-r--r-- ./usr/lib/lua/luci/i18n/l2tpwan.zh-cn.lmo',
    ]);
    expect(readFileSync(join(data, 'etc/uci-defaults/luci-i18n-l2tpwan-zh-cn'), 'utf8')).toBe(
      "uci set luci.languages.zh_cn='简体中文 (Simplified Chinese)'; uci commit luci\n",
    );
    const catalogue = readFileSync(join(REPOSITORY, 'luci/luci-app-l2tpwan/po/zh_Hans/l2tpwan.po'));
    expect(readFileSync(join(data, 'usr/lib/lua/luci/i18n/l2tpwan.zh-cn.lmo')).equals(lmoOf(catalogue))).toBe(true);
    expect(controlOf(translation)).toMatchObject({ Architecture: 'all', Depends: 'libc, luci-app-l2tpwan' });
  });

  it('are staged for apk with the lists that its scripts look for', () => {
    const root = join(out, 'apk/root/l2tpwan_noarch');
    const data = entriesOf(join(unpack(main), 'data.tar.gz')).filter(({ mode }) => !mode.startsWith('d'));
    const listed = readFileSync(join(root, 'lib/apk/packages/l2tpwan.list'), 'utf8').trim().split('\n');
    expect(listed).toEqual(
      [
        ...data.map(({ path }) => path.slice(1)),
        '/lib/apk/packages/l2tpwan.conffiles',
        '/lib/apk/packages/l2tpwan.conffiles_static',
      ].sort(),
    );
    for (const path of listed) expect(existsSync(join(root, path)), path).toBe(true);
    const configuration = readFileSync(join(root, 'etc/config/l2tpwan'));
    expect(readFileSync(join(root, 'lib/apk/packages/l2tpwan.conffiles_static'), 'utf8')).toBe(
      `/etc/config/l2tpwan ${createHash('sha256').update(configuration).digest('hex')}\n`,
    );
  });

  it('are made by one call of apk mkpkg each', () => {
    const calls = join(scratch, 'calls');
    const apk = join(scratch, 'apk');
    writeFileSync(apk, `#!/bin/sh\nfor each; do echo "$each"; done >>${calls}\necho . >>${calls}\n`, { mode: 0o755 });
    said(join(out, 'apk/apk-mkpkg.sh'), [apk, 'KEY.pem']);
    const made = readFileSync(calls, 'utf8')
      .split('.\n')
      .filter(Boolean)
      .map((call) => call.trim().split('\n'));
    expect(made.map((call) => call.at(-1))).toEqual([
      `l2tpwan-${version}-r1.noarch.apk`,
      ...['cortex-a53', 'cortex-a72', 'cortex-a76', 'generic'].map(
        (core) => `l2tpwan-native-${version}-r1.aarch64_${core}.apk`,
      ),
      `l2tpwan-native-${version}-r1.x86_64.apk`,
      `luci-app-l2tpwan-${version}-r1.noarch.apk`,
      `luci-i18n-l2tpwan-zh-cn-${version}-r1.noarch.apk`,
    ]);
    const [first = []] = made;
    expect(first[0]).toBe('mkpkg');
    expect(first).toEqual(
      expect.arrayContaining([
        'name:l2tpwan',
        `version:${version}-r1`,
        'arch:noarch',
        'depends:libc kmod-tun netifd procd ubus jshn jsonfilter',
        'post-install:scripts/l2tpwan_noarch/post-install',
        'post-upgrade:scripts/l2tpwan_noarch/post-upgrade',
        'pre-deinstall:scripts/l2tpwan_noarch/pre-deinstall',
        '--sign',
        'KEY.pem',
      ]),
    );
    for (const call of made)
      for (const path of call.filter((word) => /^(\S+:)?(scripts|root)\//.test(word)))
        expect(existsSync(join(out, 'apk', path.replace(/^\S+:/, ''))), path).toBe(true);
  });
});
