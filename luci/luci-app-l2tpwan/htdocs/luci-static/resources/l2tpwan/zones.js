'use strict';
'require baseclass';
'require firewall';
'require form';
'require uci';

// The firewall zone of a connection: which it is in, a field to choose another, and one that is made for it.

const TITLE = _('Firewall zone');
const NEW_ZONE = 'vpn';
const LAN = 'lan';

/** Undefined: none. */
const zoneOf = (sid) =>
  uci.get('network', sid, 'zone') ||
  uci.sections('firewall', 'zone').find((zone) => L.toArray(zone.network).includes(sid))?.name;

function badge(sid) {
  const name = zoneOf(sid);
  if (name === undefined) return E('em', _('none'));
  return E('span', { class: 'zonebadge', style: firewall.getZoneColorStyle(name) }, E('strong', [name]));
}

/** Out of the zone that it is in, into the one of that name, which is made where there is none. */
async function moveToZone(sid, name) {
  if (name === (zoneOf(sid) ?? '')) return;
  uci.unset('network', sid, 'zone');
  await leave(sid);
  if (name !== '') ((await firewall.getZone(name)) ?? (await newZone(name))).addNetwork(sid);
}

async function leave(sid) {
  for (const zone of await firewall.getZones()) if (zone.getNetworks().includes(sid)) zone.deleteNetwork(sid);
}

/** As a VPN wants it: nobody comes in, the LAN gets out, under the address of the tunnel. */
async function newZone(name) {
  const zone = await firewall.addZone(name);
  const wanted = { input: 'REJECT', output: 'ACCEPT', forward: 'REJECT', masq: '1', mtu_fix: '1' };
  for (const [option, value] of Object.entries(wanted)) zone.set(option, value);
  zone.addForwardingFrom(LAN);
  return zone;
}

function addField(s, suggestion) {
  const o = s.taboption(
    'general',
    form.ListValue,
    '_zone',
    TITLE,
    _('Decides who may use the tunnel, and who gets in through it. A new one is masqueraded, and the LAN may use it.'),
  );
  const zones = uci.sections('firewall', 'zone').map(({ name }) => name);
  o.value('', _('none'));
  for (const name of zones) o.value(name);
  if (!zones.includes(NEW_ZONE)) o.value(NEW_ZONE, _('%s (new)').format(NEW_ZONE));
  o.load = (sid) => zoneOf(sid) ?? suggestion ?? '';
  o.forcewrite = true;
  o.write = (sid, value) => moveToZone(sid, value);
  o.remove = (sid) => moveToZone(sid, '');
}

return baseclass.extend({ TITLE, zoneOf, badge, leave, addField });
