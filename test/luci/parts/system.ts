/** What the rest of the router answers, as far as LuCI's own modules ask while our pages are open: made up, and always the same. */
import type { SectionView } from './uci.ts';
import type { Table } from './values.ts';

const device = (name: string, ifindex: number, devtype: string, more: Table = {}): Table => ({
  name,
  type: 1,
  devtype,
  mtu: 1500,
  qlen: 1000,
  ifindex,
  wireless: false,
  up: true,
  mac: `02:00:00:00:00:0${ifindex}`,
  flags: {
    up: true,
    broadcast: true,
    promisc: false,
    loopback: false,
    noarp: false,
    multicast: true,
    pointtopoint: false,
  },
  link: { speed: 1000, duplex: 'full', carrier: true, changes: 2, up_count: 1, down_count: 1 },
  stats: { rx_bytes: 123456, tx_bytes: 654321, rx_packets: 1234, tx_packets: 2345, rx_errors: 0, tx_errors: 0 },
  ipaddrs: [],
  ip6addrs: [],
  ...more,
});

export const NETWORK_DEVICES: Table = {
  lo: device('lo', 1, 'ethernet', {
    type: 772,
    ipaddrs: [{ address: '127.0.0.1', netmask: '255.0.0.0' }],
    flags: { up: true, loopback: true },
  }),
  eth0: device('eth0', 2, 'ethernet', { ipaddrs: [{ address: '192.0.2.10', netmask: '255.255.255.0' }] }),
  eth1: device('eth1', 3, 'ethernet', { master: 'br-lan' }),
  'br-lan': device('br-lan', 4, 'bridge', {
    bridge: true,
    stp: false,
    id: '7fff.020000000003',
    ports: ['eth1'],
    ipaddrs: [{ address: '192.168.1.1', netmask: '255.255.255.0' }],
  }),
};

export const BOARD_JSON: Table = {
  model: { id: 'bench', name: 'Bench' },
  network: { lan: { ports: ['eth1'], protocol: 'static' }, wan: { device: 'eth0', protocol: 'dhcp' } },
};

/** Files that LuCI's modules read. */
export const FILES: Readonly<Record<string, string>> = {
  '/etc/board.json': JSON.stringify(BOARD_JSON),
  '/etc/iproute2/rt_tables': '254\tmain\n',
  '/proc/sys/net/netfilter/nf_conntrack_count': '120\n',
  '/proc/sys/net/netfilter/nf_conntrack_max': '16384\n',
};

export const FEATURES: Table = {
  firewall: false,
  firewall4: true,
  opkg: false,
  apk: true,
  offloading: true,
  ipv6: true,
  dropbear: true,
  sysntpd: true,
  wifi: false,
  netifd_vrf: false,
};

export const SYSTEM_BOARD: Table = {
  kernel: '6.12.0',
  hostname: 'OpenWrt',
  system: 'x86',
  model: 'Bench',
  board_name: 'bench',
  rootfs_type: 'squashfs',
  release: {
    distribution: 'OpenWrt',
    version: '25.12.0',
    revision: 'r1',
    target: 'x86/64',
    description: 'OpenWrt 25.12.0',
  },
};

export const SYSTEM_INFO: Table = {
  localtime: 1_767_225_600,
  uptime: 86_400,
  load: [6553, 3276, 1638],
  memory: {
    total: 268_435_456,
    free: 134_217_728,
    shared: 1_048_576,
    buffered: 4_194_304,
    available: 150_000_000,
    cached: 33_554_432,
  },
  root: { total: 102_400, free: 51_200, used: 51_200, avail: 51_200 },
  tmp: { total: 131_072, free: 130_000, used: 1072, avail: 130_000 },
  swap: { total: 0, free: 0 },
};

/** As `network.device status` gives one. */
export const DEVICE_STATUS: Table = {
  external: false,
  present: true,
  type: 'Network device',
  up: true,
  carrier: true,
  mtu: 1500,
  macaddr: '02:00:00:00:00:02',
  statistics: { rx_bytes: 123456, tx_bytes: 654321, rx_packets: 1234, tx_packets: 2345 },
};

/** As netifd dumps one interface of the configuration that is up, or that is not. */
export function interfaceOf(
  section: SectionView,
  state: { readonly up: boolean; readonly device: string | null },
): Table {
  const { up, device: l3 } = state;
  const address = String([section.ipaddr ?? []].flat()[0] ?? '').split('/');
  return {
    interface: section['.name'],
    up,
    pending: !up,
    available: true,
    autostart: section.auto !== '0',
    dynamic: false,
    proto: section.proto,
    ...(up && { uptime: 3600 }),
    ...(up && l3 !== null && { l3_device: l3 }),
    ...(section.device !== undefined && { device: section.device }),
    metric: 0,
    dns_metric: 0,
    delegation: true,
    'ipv4-address': up && address.length === 2 ? [{ address: address[0], mask: Number(address[1]) }] : [],
    'ipv6-address': [],
    'ipv6-prefix': [],
    'ipv6-prefix-assignment': [],
    route: [],
    'dns-server': [],
    'dns-search': [],
    neighbors: [],
    inactive: { 'ipv4-address': [], 'ipv6-address': [], route: [], 'dns-server': [], 'dns-search': [] },
    data: {},
  };
}
