/** What there is to install: every package, what it needs, and what is said about it. */

export interface Package {
  readonly name: string;
  /** Of OpenWrt, as its package managers name them; `all` is every one. One package file for each. */
  readonly architectures: readonly string[];
  readonly title: string;
  readonly description: string;
  readonly section: 'net' | 'luci';
  /** No runtime among them: OpenWrt 25.12 has no package of it, and 24.10's is one of several ways. */
  readonly depends: readonly string[];
  /** Files that are the user's, once they are there. */
  readonly configuration: readonly string[];
  /** Folder of a tree that is installed as it is, and what it contributes beside; undefined: nothing. */
  readonly tree: string | undefined;
  /** koffi for this machine, as Node.js names it. */
  readonly koffi?: 'arm64' | 'x64';
  /** The bundle and its version. */
  readonly bundle?: true;
  /** Folder of an app in LuCI's own layout, and what of it: its pages, or what they are called in a language. */
  readonly luci?: { readonly app: string; readonly part: 'pages' | Language };
}

/** A language of LuCI's. */
export interface Language {
  /** As `po` has it. */
  readonly folder: string;
  /** As packages and routers have it. */
  readonly tag: string;
  /** As LuCI's own list has it. */
  readonly name: string;
}

export const LIBRARY = 'usr/lib/l2tpwan';

// aarch64_generic is no superset for opkg: a router accepts its own architecture and `all`, nothing else.
const AARCH64 = ['aarch64_cortex-a53', 'aarch64_cortex-a72', 'aarch64_cortex-a76', 'aarch64_generic'];

const native = (koffi: 'arm64' | 'x64', architectures: readonly string[]): Package => ({
  name: 'l2tpwan-native',
  architectures,
  title: 'Fast data paths for l2tpwan',
  description: "System calls from l2tpwan's runtime: kernel L2TP and segmentation offload. Without it packets are moved one by one.",
  section: 'net',
  depends: ['libc', 'l2tpwan', 'libstdcpp6', 'libgcc1'],
  configuration: [],
  tree: undefined,
  koffi,
});

const LUCI_APP = { name: 'luci-app-l2tpwan', folder: 'luci/luci-app-l2tpwan' } as const;

// Names, texts and dependencies as LuCI's own build makes them.
const translation = (part: Language): Package => ({
  name: `luci-i18n-l2tpwan-${part.tag}`,
  architectures: ['all'],
  title: `${LUCI_APP.name} - ${part.tag} translation`,
  description: `Translation for ${LUCI_APP.name} - ${part.name}`,
  section: 'luci',
  depends: ['libc', LUCI_APP.name],
  configuration: [],
  tree: undefined,
  luci: { app: LUCI_APP.folder, part },
});

export const PACKAGES: readonly Package[] = [
  {
    name: 'l2tpwan',
    architectures: ['all'],
    title: 'L2TPv2 client whose connections are interfaces',
    description: 'Dials L2TP servers itself, with its own PPP: interfaces of protocol l2tpwan. Needs Node.js 20 or newer: a package, or l2tpwan-runtime install.',
    section: 'net',
    // ip is BusyBox's: its routes and addresses are enough. nft comes with fw4; without it the MSS is not clamped.
    depends: ['libc', 'kmod-tun', 'netifd', 'procd', 'ubus', 'jshn', 'jsonfilter'],
    configuration: ['etc/config/l2tpwan'],
    tree: 'openwrt/files',
    bundle: true,
  },
  native('arm64', AARCH64),
  native('x64', ['x86_64']),
  {
    name: LUCI_APP.name,
    architectures: ['all'],
    title: 'LuCI support for l2tpwan',
    description: 'Pages of the web interface: connections, how they are, and what happened.',
    section: 'luci',
    // luci-base brings the rest: rpcd with its file module, LuCI's network and firewall.
    depends: ['libc', 'luci-base', 'l2tpwan'],
    configuration: [],
    tree: undefined,
    luci: { app: LUCI_APP.folder, part: 'pages' },
  },
  translation({ folder: 'zh_Hans', tag: 'zh-cn', name: '简体中文 (Simplified Chinese)' }),
];

export const MAINTAINER = 'the l2tpwan authors';

/** What runs on a router although no name says so, and what nobody else is to read. */
const MODES: readonly [pattern: RegExp, mode: number][] = [
  [/^etc\/init\.d\/|^etc\/uci-defaults\/|^usr\/s?bin\/|^lib\/netifd\/proto\/|^usr\/libexec\//, 0o755],
  [/^etc\/config\//, 0o600],
];

/** Of an installed file, whatever a checkout or a umask made of it. */
export const modeOf = (path: string): number => MODES.find(([pattern]) => pattern.test(path))?.[1] ?? 0o644;
