/**
 * The options of an interface in /etc/config/network: what each is called, which field of a connection it sets, how it is
 * written, and what it does, in a line. The protocol handler declares them, LuCI shows them, the documentation lists them.
 *
 * What netifd itself does for every interface (`metric`, `defaultroute`, `ip4table`, `peerdns`, `dns`, `auto`, `zone` …) is not
 * in here: it is netifd's.
 */

/**
 * How a value is written: `list` is a type of UCI; all others are text to netifd, which drops without a word what does not fit
 * a type, so that what is wrong with them is for us to say. `bool` is 1 or 0, or any other word that UCI has for them, `seconds` may have a fraction, `seconds-or-off` is 0 for never, `mss` is `auto`, `off` or a number.
 */
export type Kind = 'text' | 'secret' | 'list' | 'bool' | 'number' | 'seconds' | 'seconds-or-off' | 'mss' | 'split';

export interface InterfaceOption {
  readonly name: string;
  /** Path in a connection of the file. */
  readonly field: string;
  readonly kind: Kind;
  readonly help: string;
}

export const INTERFACE_OPTIONS: readonly InterfaceOption[] = [
  { name: 'server',                field: 'servers',             kind: 'list',           help: 'servers, HOST, HOST:PORT or [IPV6]:PORT; all addresses of each are used' },
  { name: 'username',              field: 'username',            kind: 'text',           help: 'user name, given to the server as it is' },
  { name: 'password',              field: 'password',            kind: 'secret',         help: 'password' },
  { name: 'tunnel_secret',         field: 'tunnelSecret',        kind: 'secret',         help: 'shared secret of the tunnel, not the password; few servers have one' },
  { name: 'hide_avps',             field: 'hideAvps',            kind: 'bool',           help: 'hides AVPs with the tunnel secret' },
  { name: 'tolerate_unknown_avps', field: 'tolerateUnknownAvps', kind: 'bool',           help: 'goes on when the server demands an extension that we do not know' },
  { name: 'host_name',             field: 'hostName',            kind: 'text',           help: 'what we call ourselves in the tunnel; the host name of the router' },
  { name: 'vendor_name',           field: 'vendorName',          kind: 'text',           help: 'vendor name sent in the tunnel; l2tpwan' },
  { name: 'auth',                  field: 'auth',                kind: 'list',           help: 'authentication methods that may be used: chap-md5, ms-chap-v2, ms-chap, pap' },
  { name: 'device',                field: 'device',              kind: 'text',           help: 'name of the tunnel device; l2w-INTERFACE' },
  { name: 'uplink',                field: 'uplink',              kind: 'text',           help: 'the interface to dial through; the one with the best default route' },
  { name: 'data_path',             field: 'dataPath',            kind: 'text',           help: 'how packets are moved: auto, kernel, tun-gso or tun' },
  { name: 'udp_checksums',         field: 'udpChecksums',        kind: 'bool',           help: 'UDP checksums of data messages; 1' },
  { name: 'mark',                  field: 'mark',                kind: 'number',         help: 'firewall mark of everything that goes to the server' },
  { name: 'mtu',                   field: 'mtu',                 kind: 'number',         help: 'the largest MTU, octets; 1460' },
  { name: 'mtu_probe',             field: 'mtuProbe',            kind: 'bool',           help: 'tries out whether full packets get through' },
  { name: 'mss',                   field: 'mss',                 kind: 'mss',            help: 'TCP segment size: auto, off or octets' },
  { name: 'ipv6',                  field: 'ipv6',                kind: 'bool',           help: 'IPv6 inside the tunnel, as interface INTERFACE_6; 1' },
  { name: 'source_port',           field: 'sourcePort',          kind: 'number',         help: 'UDP port we call from; 0, any' },
  { name: 'split_default',         field: 'defaultRoute',        kind: 'split',          help: 'two halves instead of one default route' },
  { name: 'route',                 field: 'routes',              kind: 'list',           help: 'prefixes into the tunnel' },
  { name: 'exclude',               field: 'exclude',             kind: 'list',           help: 'prefixes that stay on the uplink' },
  { name: 'resolver',              field: 'resolver',            kind: 'list',           help: 'name servers that are asked for the servers; those of the uplink' },
  { name: 'up_script',             field: 'upScript',            kind: 'text',           help: 'run once the tunnel is up' },
  { name: 'down_script',           field: 'downScript',          kind: 'text',           help: 'run before the tunnel goes down' },
  { name: 'hello',                 field: 'hello',               kind: 'seconds-or-off', help: 'seconds of silence before the server is asked whether it is there; 60' },
  { name: 'echo_interval',         field: 'echo.interval',       kind: 'seconds-or-off', help: 'seconds between LCP echoes; 10' },
  { name: 'echo_failures',         field: 'echo.failures',       kind: 'number',         help: 'echoes without an answer that end the link; 3' },
  { name: 'redial_first',          field: 'redial.first',        kind: 'seconds',        help: 'seconds before the first redial; each one after it waits twice as long; 1' },
  { name: 'redial_max',            field: 'redial.max',          kind: 'seconds',        help: 'the longest wait, seconds; 300' },
  { name: 'redial_busy',           field: 'redial.busy',         kind: 'seconds',        help: 'the least wait after the server said that it is full, seconds; 60' },
  { name: 'redial_slow',           field: 'redial.slow',         kind: 'seconds',        help: 'the least wait where only a person can help, seconds; 120' },
  { name: 'redial_reset_after',    field: 'redial.resetAfter',   kind: 'seconds',        help: 'seconds of being up that make the next wait a first one again; 60' },
  { name: 'connect_timeout',       field: 'connectTimeout',      kind: 'seconds',        help: 'seconds of silence before another address is tried; 5' },
  { name: 'server_order',          field: 'serverOrder',         kind: 'text',           help: 'listed or random' },
  { name: 'accept_reply_from',     field: 'acceptReplyFrom',     kind: 'text',           help: 'whose answer counts when it comes from another address: listed, any or strict' },
];

/** How the protocol handler of netifd declares an option: the end of `proto_config_add_…`, and what stands behind the name. */
export const declarationOf = ({ name, kind }: InterfaceOption): string => {
  return kind === 'list' ? `proto_config_add_array '${name}:list(string)'` : `proto_config_add_string ${name}`;
};

/**
 * Options of an interface of any protocol: those of netifd (`iface_attrs` in its interface.c, what its config.c looks at, and the
 * attributes of a device in its device.c, which a section may have for historical reasons), and those that other programs of
 * OpenWrt keep there. Whatever else netifd hands over it knows, too.
 */
export const GENERIC_OPTIONS: readonly string[] = (
  'auto defaultroute delegate device disabled dns dns_metric dns_search force_link host_device ifname interface ip4table ip6assign ' +
  'ip6class ip6hint ip6ifaceid ip6table ip6weight jail jail_device jail_ifname metric peerdns proto renew tags type zone ' +
  'acceptlocal arp_accept auth auth_vlan autoneg dadtransmits enabled gro igmpversion ipv6 isolate macaddr mldversion mtu mtu6 ' +
  'multicast promisc rpfilter sendredirects txqueuelen ' +
  'label multipath'
).split(' ');
