'use strict';
'require baseclass';

// What a new connection begins with: options of its interface, and the firewall zone that is suggested for it.

const PRESETS = [
  {
    title: _('Campus: several servers, 10.0.0.0/8 stays on the WAN'),
    help: _('Everything else goes into the tunnel.'),
    options: { exclude: ['10.0.0.0/8'] },
    zone: 'wan',
  },
  {
    title: _('Internet provider: L2TP is the WAN'),
    help: _('Everything goes into the tunnel.'),
    options: {},
    zone: 'wan',
  },
  {
    title: _('Company VPN: only these networks'),
    help: _('You name the networks; a firewall zone of its own, which the LAN may use.'),
    options: { defaultroute: '0', peerdns: '0' },
    zone: 'vpn',
  },
  {
    title: _('Empty'),
    help: _('Nothing is set yet.'),
    options: {},
    zone: '',
  },
];

return baseclass.extend({ PRESETS });
