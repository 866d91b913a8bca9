/** The configuration that a router of the bench comes with: a plain home router, and one connection of ours, `campus`. */
import type { SectionRow } from './uci.ts';

export const CAMPUS: SectionRow = {
  '.type': 'interface',
  '.name': 'campus',
  proto: 'l2tpwan',
  server: ['lns.example.net'],
  username: 'alice',
  password: 's3cret',
};

const zone = (name: string, network: string[], input: string, more: Record<string, string> = {}): SectionRow => ({
  '.type': 'zone',
  name,
  network,
  input,
  output: 'ACCEPT',
  forward: input,
  ...more,
});

export const CONFIGS: Readonly<Record<string, readonly SectionRow[]>> = {
  network: [
    { '.type': 'interface', '.name': 'loopback', device: 'lo', proto: 'static', ipaddr: ['127.0.0.1/8'] },
    { '.type': 'globals', '.name': 'globals', ula_prefix: 'fd00:db8:1::/48' },
    { '.type': 'device', name: 'br-lan', type: 'bridge', ports: ['eth1'] },
    { '.type': 'interface', '.name': 'lan', device: 'br-lan', proto: 'static', ipaddr: ['192.168.1.1/24'] },
    { '.type': 'interface', '.name': 'wan', device: 'eth0', proto: 'dhcp' },
    { '.type': 'interface', '.name': 'wan6', device: 'eth0', proto: 'dhcpv6' },
    CAMPUS,
  ],
  firewall: [
    { '.type': 'defaults', input: 'REJECT', output: 'ACCEPT', forward: 'REJECT' },
    zone('lan', ['lan'], 'ACCEPT'),
    zone('wan', ['wan', 'wan6', 'campus'], 'REJECT', { masq: '1', mtu_fix: '1' }),
    { '.type': 'forwarding', src: 'lan', dest: 'wan' },
  ],
  l2tpwan: [{ '.type': 'l2tpwan', '.name': 'main', log_level: 'info' }],
  luci: [
    { '.type': 'core', '.name': 'main', lang: 'auto', mediaurlbase: '/luci-static/bootstrap' },
    { '.type': 'internal', '.name': 'apply', rollback: '90', holdoff: '4', timeout: '5', display: '1.5' },
  ],
  dhcp: [
    { '.type': 'dnsmasq', domain: 'lan' },
    { '.type': 'dhcp', '.name': 'lan', interface: 'lan', start: '100' },
  ],
  system: [{ '.type': 'system', hostname: 'OpenWrt', timezone: 'UTC', zonename: 'UTC' }],
};
