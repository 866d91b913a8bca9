'use strict';
'require baseclass';
'require uci';
'require l2tpwan.fields as fields';
'require l2tpwan.values as values';

// Every option of an interface: where it stands in the form, what it is called, what it does, what holds without it, and what
// it may be. The page of interfaces and the page of connections are made of this one table.

const { text, list, flag, choice } = fields;
const { DATA_PATHS, whole, seconds, secondsOrOff, words } = values;

const AUTH = ['chap-md5', 'ms-chap-v2', 'ms-chap', 'pap'];
const HAS_ECHOES = /^(?!(0+(\.0*)?|off|no|false|disabled)$)/i;

// `isNetifds`: any interface has it. LuCI's page of interfaces has fields of its own for those, but none for `peerdns`.

const ENABLED = flag('disabled', _('Enabled'), _('Off: as if it were not there.'), true, {
  set: '0',
  unset: '1',
  isNetifds: true,
});

// biome-ignore format: a table
const TABS = {
  general: [_('General'), [
    ENABLED,
    list('server', _('Servers'), _('HOST, HOST:PORT or [IPV6]:PORT; all addresses of each are tried.'), 'lns.example.net', values.server, { isNeeded: true }),
    text('username', _('User name'), _('Given to the server as it is, with its domain if it has one.'), 'alice@example.net', words(255), { isNeeded: true }),
    text('password', _('Password'), _('Stored as plain text.'), null, words(255), { isNeeded: true, isSecret: true }),
    text('uplink', _('Uplink'), _('The interface or device that the tunnel goes through.'), _('by the route to the server'), values.device(64), { values: interfaces }),
    flag('auto', _('Bring up at boot'), _('Off: dialled by hand only.'), true, { isNetifds: true }),
  ]],
  advanced: [_('Advanced'), [
    list('auth', _('Authentication'), _('Methods that may be used, most wanted first; none listed: all.'), _('all'), values.oneOf(AUTH), { values: () => AUTH }),
    text('tunnel_secret', _('Tunnel secret'), _('Shared secret of the tunnel, not the password. Few servers have one.'), null, words(255), { isSecret: true }),
    flag('hide_avps', _('Hide AVPs'), _('Hides parts of messages with the tunnel secret. xl2tpd and l2tpns cannot read them.'), false, { needs: { tunnel_secret: /./ } }),
    flag('tolerate_unknown_avps', _('Tolerate unknown AVPs'), _('Goes on when the server demands an unknown extension.'), false),
    text('mtu', _('MTU'), _('The largest: the tunnel takes the smallest of it, what the server wants and what fits the path.'), '1460', whole(128, 9000)),
    flag('mtu_probe', _('Probe the MTU'), _('Tries out whether full packets get through: for paths where ICMP is filtered.'), false),
    text('mss', _('TCP segment size'), _('auto: as the MTU allows. Otherwise off, or octets.'), 'auto', values.mss, { values: () => ['auto', 'off'] }),
    flag('ipv6', _('IPv6 in the tunnel'), _('Where the server offers it, as interface NAME_6.'), true),
    text('host_name', _('Host name'), _('What we call ourselves in the tunnel.'), _('that of the router'), words(255)),
    text('vendor_name', _('Vendor name'), _('Our make, for the server.'), 'l2tpwan', words(255)),
    text('source_port', _('Source port'), _('UDP port we call from; 0: any. One below 1024 needs the jail off.'), '0', whole(0, 65535)),
    choice('server_order', _('Order of servers'), _('Those that failed lately go last.'), { listed: _('as listed'), random: _('random') }),
    choice('accept_reply_from', _('Accept answers from'), _('Whose answer counts when it comes from another address than was called.'), { listed: _('any of the listed servers'), any: _('anybody'), strict: _('nobody else') }),
    text('connect_timeout', _('Connect timeout'), _('Seconds of silence after which the next address is tried.'), '5', seconds(0.1, 300)),
    text('hello', _('Hello'), _('Seconds of silence before the server is asked whether it is there; 0: never.'), '60', secondsOrOff(0.1, 3600)),
    text('echo_interval', _('Echo interval'), _('Seconds between LCP echoes; 0: none.'), '10', secondsOrOff(0.1, 3600)),
    text('echo_failures', _('Echo failures'), _('How many echoes without an answer, and without any data, end the link.'), '3', whole(1, 100), { needs: { echo_interval: HAS_ECHOES } }),
    text('redial_first', _('First redial'), _('Seconds; each wait after it is twice as long.'), '1', values.redialFirst),
    text('redial_max', _('Longest wait'), _('Seconds between redials at most.'), '300', values.redialMax),
    text('redial_busy', _('Wait when busy'), _('Seconds at least, after the server said that it is full.'), '60', seconds(0, 86400)),
    text('redial_slow', _('Wait when refused'), _('Seconds at least where only a person can help: a wrong password.'), '120', seconds(0, 86400)),
    text('redial_reset_after', _('Redial anew after'), _('Seconds of being up that make the next wait a first one again.'), '60', seconds(0, 86400)),
    list('resolver', _('Name servers to ask'), _('For the addresses of the servers; ADDRESS or ADDRESS:PORT.'), _('those of the uplink'), values.nameServer),
    flag('peerdns', _('Use name servers of the peer'), _('Off: only those that you name.'), true, { isNetifds: true, isMissing: true }),
    list('dns', _('Name servers'), _('Besides those of the peer, or instead of them; while the tunnel is up.'), null, values.address, { isNetifds: true }),
    text('device', _('Tunnel device'), _('Its name; at most 15 characters.'), 'l2w-NAME', values.device(15)),
    text('up_script', _('Script when up'), _('A program that is run with the variables of pppd; it needs the jail off.'), '/etc/l2tpwan/up', values.path),
    text('down_script', _('Script when down'), _('The same, at the end.'), '/etc/l2tpwan/down', values.path),
  ]],
  routing: [_('Routing'), [
    flag('defaultroute', _('Default route'), _('Everything goes into the tunnel that nothing below keeps out.'), true, { isNetifds: true }),
    flag('split_default', _('Default route in halves'), _('Two halves win over any other default route, whatever its metric.'), false, { needs: { defaultroute: '1' } }),
    text('metric', _('Metric'), _('Of default routes the one with the smallest metric wins: give each its own.'), '0', whole(0, 4294967295), { isNetifds: true }),
    list('route', _('Networks in the tunnel'), _('Prefixes, beside the default route or instead of it.'), '10.20.0.0/16', values.route),
    list('exclude', _('Networks outside'), _('Prefixes that stay on the uplink, whatever else goes into the tunnel.'), '10.0.0.0/8', values.exclude),
  ]],
  datapath: [_('Data path'), [
    choice('data_path', _('Data path'), _('How packets are moved.'), { '': _('as set for all connections'), ...DATA_PATHS }),
    flag('udp_checksums', _('UDP checksums'), _('Of data messages. Only the data path kernel can spare them.'), true, { needs: { data_path: /^(auto|kernel)?$/ } }),
    text('mark', _('Firewall mark'), _('Of what goes to the server, 0x… or decimal; for mwan3 0x3f00.'), null, whole(1, 4294967295), { needs: { data_path: /^(?!tun$)/ } }),
  ]],
};

/** Interfaces that may be an uplink. */
function interfaces() {
  const names = uci.sections('network', 'interface').map(({ '.name': name, proto }) => proto !== 'l2tpwan' && name);
  return names.filter((name) => name && name !== 'loopback');
}

return baseclass.extend({
  TABS,

  /**
   * Adds the fields to the section of one interface.
   * @param {boolean} isWhole with those that any interface has
   */
  add(s, isWhole) {
    for (const [tab, [title, options]] of Object.entries(TABS)) {
      if (!s.tabs?.[tab]) s.tab(tab, title);
      for (const option of options.filter((each) => isWhole || !each.isNetifds || each.isMissing)) {
        const o = fields.add(s, option, tab);
        // LuCI's page of interfaces has a field for the same option of UCI, hidden, that would remove what this one holds.
        if (option.name === 'device') o.ucioption = 'device';
      }
    }
  },

  titleOf: (name) =>
    Object.values(TABS)
      .flatMap(([, options]) => options)
      .find((option) => option.name === name)?.title,

  /** Makes a checkbox for whether an interface is enabled. */
  asEnabled: (o) => fields.asFlag(o, ENABLED),
});
