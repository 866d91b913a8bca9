/**
 * The feed's Makefile, read by make with stand-ins for OpenWrt's: it installs what `npm run package` packs, byte for byte, and has
 * the same scripts. What the SDK makes of it cannot be seen here.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { opkgScripts } from '../../scripts/package/maintainer-scripts.ts';
import { MAINTAINER, PACKAGES } from '../../scripts/package/packages-table.ts';
import { rootOf } from '../../scripts/package/root.ts';
import { REPOSITORY, said } from './userland.ts';

const RULES = `
INCLUDE_DIR:=$(TOPDIR)/include
INSTALL_DIR:=install -d -m0755
INSTALL_BIN:=install -m0755
INSTALL_DATA:=install -m0644
INSTALL_CONF:=install -m0600
CP:=cp -fpR
`;

// Of each package: what it installs, and the scripts and lists that belong to it.
const PACKAGE = `
define BuildPackage
$(1)-install:
	$(call Package/$(1)/install,$(DESTINATION))
ifeq ($(1),l2tpwan)
compile:
	$(call Build/Compile)
endif
$(1)-postinst $(1)-prerm $(1)-conffiles: $(1)-%:
	$$(file >$(DESTINATION)/$$*,$$(Package/$(1)/$$*))
endef
`;

describe('the feed', () => {
  let scratch: string;
  const make = (target: string, more: readonly string[] = []) => {
    const destination = join(scratch, target);
    mkdirSync(destination, { recursive: true });
    const words = [
      ...['-s', '-f', join(REPOSITORY, 'openwrt/l2tpwan/Makefile'), `TOPDIR=${scratch}`, 'ARCH=aarch64'],
      ...[`PKG_BUILD_DIR=${join(scratch, 'build')}`, `DESTINATION=${destination}`, ...more, target],
    ];
    return { destination, said: said('make', words) };
  };

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'l2tpwan-feed-'));
    for (const folder of ['include', 'build', 'build/staged/node_modules/koffi'])
      mkdirSync(join(scratch, folder), { recursive: true });
    writeFileSync(join(scratch, 'rules.mk'), RULES);
    writeFileSync(join(scratch, 'include/package.mk'), PACKAGE);
    for (const name of ['openwrt', 'dist']) symlinkSync(join(REPOSITORY, name), join(scratch, 'build', name));
    writeFileSync(join(scratch, 'build/staged/node_modules/koffi/package.json'), '{}');
  });
  afterAll(() => rmSync(scratch, { recursive: true }));

  it('compiles only what is asked for', () => {
    const commands = (...more: string[]) => make('compile', ['-n', ...more]).said.replace(/\S+=\S+ /g, '');
    expect(commands()).toMatch(/^cd \S+ && +npm run build\n$/);
    expect(commands('CONFIG_PACKAGE_l2tpwan-native=m')).toMatch(/stage --target linux-arm64-musl \S+\/staged\n$/);
    expect(commands('CONFIG_PACKAGE_l2tpwan-tuntap2=m')).toMatch(/node-gyp rebuild --release --arch=arm64\n$/);
  });

  it('has the version of the project', () => {
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
    expect(readFileSync(join(REPOSITORY, 'openwrt/l2tpwan/Makefile'), 'utf8')).toContain(`\nPKG_VERSION:=${version}\n`);
  });

  it('installs the same files with the same modes', () => {
    const [one] = PACKAGES;
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
    const wanted = rootOf(one as (typeof PACKAGES)[number], { top: REPOSITORY, version, koffi: () => '' });
    const { destination } = make('l2tpwan-install');
    const found = readdirSync(destination, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    expect(found.map((path) => path.slice(destination.length + 1)).sort()).toEqual([...wanted.keys()].sort());
    for (const [path, node] of wanted) {
      expect(statSync(join(destination, path)).mode & 0o777, path).toBe(node.mode);
      if (node.type === 'file') expect(readFileSync(join(destination, path)).equals(node.bytes), path).toBe(true);
    }
  });

  it('puts koffi where the bundle looks for it', () => {
    const { destination } = make('l2tpwan-native-install');
    expect(existsSync(join(destination, 'usr/lib/l2tpwan/node_modules/koffi/package.json'))).toBe(true);
  });

  it.each(['postinst', 'prerm'])('has the same %s', (script) => {
    const { destination } = make(`l2tpwan-${script}`);
    expect(readFileSync(join(destination, script), 'utf8')).toBe(opkgScripts('l2tpwan').get(`${script}-pkg`));
  });

  it('has the same configuration files', () => {
    const { destination } = make('l2tpwan-conffiles');
    expect(readFileSync(join(destination, 'conffiles'), 'utf8')).toBe('/etc/config/l2tpwan\n');
  });

  it("gives LuCI's build the same words and the same dependencies", () => {
    const [app] = PACKAGES.filter(({ name }) => name === 'luci-app-l2tpwan');
    mkdirSync(join(scratch, 'feeds/luci'), { recursive: true });
    const told = ['PKG_VERSION', 'LUCI_TITLE', 'LUCI_DESCRIPTION', 'LUCI_DEPENDS', 'LUCI_PKGARCH', 'LUCI_MAINTAINER'];
    const lines = told.map((name) => `\t@echo '$(${name})'\n`).join('');
    writeFileSync(join(scratch, 'feeds/luci/luci.mk'), `told:\n${lines}`);
    const makefile = join(REPOSITORY, 'luci/luci-app-l2tpwan/Makefile');
    const heard = said('make', ['-s', '-f', makefile, `TOPDIR=${scratch}`, 'told'])
      .trim()
      .split('\n');
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
    const needs = app?.depends.filter((name) => name !== 'libc').map((name) => `+${name}`);
    expect(heard).toEqual([version, app?.title, app?.description, needs?.join(' '), 'all', MAINTAINER]);
    // By this line the SDK knows a Makefile that makes a package.
    expect(readFileSync(makefile, 'utf8')).toMatch(/\n# call BuildPackage - OpenWrt buildroot signature\n$/);
  });

  it('offers the addon only where there is a Node.js for the router', () => {
    expect(() => make('l2tpwan-tuntap2-install')).toThrow(/No rule to make target/);
    mkdirSync(join(scratch, 'feeds/packages/lang/node'), { recursive: true });
    const makefile = join(scratch, 'feeds/packages/lang/node/Makefile');
    writeFileSync(makefile, 'PKG_NAME:=node\nPKG_HOST_ONLY:=1\n');
    expect(() => make('l2tpwan-tuntap2-install')).toThrow(/No rule to make target/);
    writeFileSync(makefile, 'PKG_NAME:=node\n');
    mkdirSync(join(scratch, 'build'), { recursive: true });
    symlinkSync(join(REPOSITORY, 'node_modules'), join(scratch, 'build/node_modules'));
    if (!existsSync(join(REPOSITORY, 'node_modules/node-tuntap2/build/Release/tuntap2Addon.node'))) return;
    expect(
      existsSync(join(make('l2tpwan-tuntap2-install').destination, 'usr/lib/l2tpwan/node_modules/node-tuntap2')),
    ).toBe(true);
  });
});
