/** What is granted on a router besides our own: the ACL groups of LuCI's modules that our pages load, as far as they ask. */
import type { Table } from './values.ts';

export const BASE_ACL: Table = {
  unauthenticated: { read: { ubus: { luci: ['getFeatures'], session: ['access', 'login'] } } },
  'luci-base': {
    read: {
      file: { '/': ['list'], '/*': ['list'] },
      ubus: { file: ['list'], uci: ['changes', 'get'] },
      uci: ['system', 'luci'],
    },
    write: { ubus: { file: ['remove'], uci: ['add', 'apply', 'confirm', 'delete', 'order', 'rename', 'set'] } },
  },
  'luci-base-network-status': {
    read: {
      ubus: {
        'luci-rpc': ['getBoardJSON', 'getHostHints', 'getNetworkDevices', 'getWirelessDevices'],
        network: ['get_proto_handlers'],
        'network.device': ['status'],
        'network.interface': ['dump'],
      },
      uci: ['luci', 'network', 'wireless'],
    },
  },
  'luci-mod-network-config': {
    read: {
      'cgi-io': ['exec'],
      file: { '/etc/iproute2/rt_tables': ['read'], '/usr/libexec/luci-peeraddr': ['exec'] },
      ubus: { luci: ['getSwconfigFeatures', 'getSwconfigPortState'], 'network.device': ['status'] },
      uci: ['dhcp', 'firewall', 'luci', 'network', 'wireless', 'system'],
    },
    write: { 'cgi-io': ['exec'], uci: ['dhcp', 'firewall', 'luci', 'network', 'wireless'] },
  },
  'luci-mod-status-index': {
    read: {
      file: {
        '/etc/board.json': ['read'],
        '/proc/sys/net/netfilter/*': ['read'],
        '/www/luci-static/resources/view/status/include': ['list'],
      },
      ubus: {
        luci: ['getVersion', 'getUnixtime', 'getOdhcp6cStats', 'getMountPoints', 'getBuiltinEthernetPorts'],
        'luci-rpc': ['getDHCPLeases'],
        fingerprint: ['fingerprint'],
        file: ['list', 'read'],
        system: ['board', 'info'],
      },
      uci: ['dhcp'],
    },
  },
};
