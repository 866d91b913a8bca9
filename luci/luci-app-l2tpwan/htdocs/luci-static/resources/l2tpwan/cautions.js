'use strict';
'require baseclass';
'require network';
'require uci';
'require l2tpwan.values as values';
'require l2tpwan.zones as zones';

// Settings that are allowed and known to hurt, in words, each with its cure. They warn; what cannot work the fields refuse.

const nameOf = (section) => section['.name'];
const isNo = (flag) => values.isOff(String(flag ?? ''));
const isYes = (flag) => values.flagOf(flag) === '1';
const isPort = (port) => values.numberOf(port ?? '') > 0;
const metricOf = ({ metric }) => Number(metric || 0);
const deviceOf = (section) => values.deviceOf(nameOf(section), section.device);
const wantsDefault = ({ defaultroute, ip4table }) => !isNo(defaultroute) && !ip4table;
const hasBlanks = (text) => /^\s|\s$/.test(text ?? '');
const hostOf = (server) => server.toLowerCase().replace(/^\[(.*)\](:\d+)?$|^([^:]*):\d+$/, '$1$3');

/** Whether one of the other connections is such, and its name. */
const amongst = (others, isSuch) => others.filter(isSuch).map((other) => [nameOf(other)])[0];

const NO_ROOM = _('That or less; or leave it empty.');
const BLANKS = [
  _('It begins or ends with a blank, which goes to the server as well.'),
  _('Take the blank away, unless it belongs there.'),
];
const JAILED = [
  _('Where procd-ujail is installed, the jail forbids it.'),
  _('Turn the jail off in VPN, L2TP, Settings.'),
];

// The option, whether it hurts (perhaps with what the words are about), the words, the cure. IPv4, UDP, L2TP and PPP take 40
// octets of what an uplink carries. Of two default routes with one metric, the tunnel's goes in as halves, and wins.
// biome-ignore format: a table
const CAUTIONS = [
  ['mtu', ({ mtu }, { uplink }) => uplink?.mtu && mtu > uplink.mtu - 40 && [mtu, uplink.name, uplink.mtu - 40],
    _('%d octets do not fit: interface %s leaves room for %d.'), NO_ROOM],
  ['mtu', ({ mtu }, { uplink }) => !uplink?.mtu && mtu > 1460 && [mtu],
    _('%d octets do not fit: most uplinks leave room for 1460.'), NO_ROOM],
  ['mtu', ({ mtu, ipv6 }) => mtu && mtu < 1280 && !isNo(ipv6),
    _('IPv6 needs 1280 octets at least.'), _('A larger MTU, or IPv6 off.')],
  ['metric', (own, { uplinks }) => wantsDefault(own) && !isYes(own.split_default) &&
      uplinks.filter(({ hasDefault, metric }) => hasDefault && metric < metricOf(own)).map(({ name, metric }) => [name, metric])[0],
    _('The default route of interface %s wins: its metric is %d.'), _('A smaller metric here, a larger one there, or the default route in halves.')],
  ['metric', (own, { others }) => wantsDefault(own) && amongst(others, (other) => wantsDefault(other) && metricOf(other) === metricOf(own)),
    _('Connection %s has a default route of the same metric: only one of them is used.'), _('Give each a metric of its own.')],
  ['route', (own, { routed }) => isNo(own.defaultroute) && !L.toArray(own.route).length && !routed.includes(nameOf(own)),
    _('Nothing goes into this tunnel: it has no default route, and no networks.'), _('Name the networks that it leads to.')],
  ['exclude', ({ route, exclude }) => L.toArray(route).some((each) => values.isNamedBy(each, exclude)),
    _('The same network goes into the tunnel and stays outside.'), _('Take it out of one of the two.')],
  ['device', (own, { others }) => amongst(others, (other) => deviceOf(other) === deviceOf(own)),
    _('Connection %s has the same device: only one of the two comes up.'), _('Another name, or none.')],
  ['uplink', (own, { others }) => own.uplink && amongst(others, ({ uplink, server }) => uplink && uplink !== own.uplink && meets(server, own.server)),
    _('Connection %s reaches the same server over another uplink: there is one route to it.'), _('The same uplink for both, or another server.')],
  ['source_port', (own, { others }) => isPort(own.source_port) && amongst(others, (other) => values.numberOf(other.source_port ?? '') === values.numberOf(own.source_port)),
    _('Connection %s calls from the same port.'), _('Another port, or 0.')],
  ['tunnel_secret', ({ tunnel_secret: secret, password }) => secret && secret === password,
    _('It is the same as the password; most servers have no tunnel secret.'), _('Empty, unless the server has one.')],
  ['username', ({ username }) => hasBlanks(username), ...BLANKS],
  ['password', ({ password }) => hasBlanks(password), ...BLANKS],
  ['up_script', (own, { isJailed }) => own.up_script && isJailed, ...JAILED],
  ['down_script', (own, { isJailed }) => own.down_script && isJailed, ...JAILED],
  ['mark', ({ mark, data_path: own }, { dataPath }) => mark && !own && dataPath === 'tun',
    _('The data path tun, which is set for all connections, cannot set any.'), _('Another data path, or no mark.')],
  ['_zone', ({ zone }, { hasFirewall }) => hasFirewall && !zone,
    _('None: the LAN gets nowhere through this tunnel.'), _('Choose one; wan does for most.')],
];

function meets(servers, others) {
  const hosts = L.toArray(servers).map(hostOf);
  return L.toArray(others).some((server) => hosts.includes(hostOf(server)));
}

/** @returns for each caution the name of the section, the option that it is about, what is wrong and what helps */
function cautionsOf(sections, facts) {
  const enabled = sections.filter(({ disabled }) => !isYes(disabled));
  return enabled.flatMap((own) => {
    const others = enabled.filter((other) => other !== own);
    const isUplink = ({ name, device, hasDefault }) => (own.uplink ? [name, device].includes(own.uplink) : hasDefault);
    const known = { ...facts, others, uplink: facts.uplinks.find(isUplink) };
    return CAUTIONS.flatMap(([option, hurts, words, cure]) => {
      const about = hurts(own, known);
      return about ? [{ section: nameOf(own), option, words: words.format(...L.toArray(about)), cure }] : [];
    });
  });
}

/** All connections as they are set, with the name of their zone. */
const sectionsNow = () =>
  uci
    .sections('network', 'interface')
    .filter(({ proto }) => proto === 'l2tpwan')
    .map((section) => ({ ...section, zone: zones.zoneOf(nameOf(section)) }));

/** What the cautions have to know of the rest of the router. */
async function factsNow() {
  const configs = ['network', 'firewall', 'l2tpwan'].map((config) => L.resolveDefault(uci.load(config)));
  const [networks, wans] = await Promise.all([network.getNetworks(), network.getWANNetworks(), ...configs]);
  const withDefault = wans.map((wan) => wan.getName());
  const uplinks = networks.map((each) => {
    const name = each.getName();
    const device = each.getL3Device();
    const metric = metricOf(uci.get('network', name) ?? {});
    const hasDefault = each.getProtocol() !== 'l2tpwan' && withDefault.includes(name);
    return { name, device: device?.getName(), mtu: device?.getMTU(), metric, hasDefault };
  });
  return {
    uplinks: uplinks.sort((a, b) => a.metric - b.metric),
    routed: uci.sections('network').map((each) => /^route/.test(each['.type']) && each.interface),
    hasFirewall: uci.sections('firewall', 'zone').length > 0,
    dataPath: uci.get('l2tpwan', 'main', 'data_path'),
    isJailed: !isNo(uci.get('l2tpwan', 'main', 'jail')),
  };
}

/** A connection as a form has it now. */
function sectionIn(s) {
  const heldBy = (child) => (child.isActive(s.section) ? child.formvalue(s.section) : undefined);
  const fields = Object.fromEntries(s.children.map((child) => [child.option, heldBy(child)]));
  return { ...uci.get('network', s.section), ...fields, zone: fields._zone ?? zones.zoneOf(s.section) };
}

/** @param about what the caution is about, where it does not stand by it */
const show = ({ words, cure }, about = []) =>
  E('div', { class: 'alert-message warning l2tpwan-caution', role: 'note' }, [...about, `${words} `, E('em', [cure])]);

return baseclass.extend({
  of: cautionsOf,
  show,

  /** As everything is set now. */
  now: () => factsNow().then((facts) => cautionsOf(sectionsNow(), facts)),

  /** Shows those of one connection in its form, each below the field that it is about, as they are while it is edited. */
  watch(s) {
    const { render } = s;
    s.render = async () => {
      const [node, facts] = await Promise.all([render.call(s), factsNow()]);
      const look = () => {
        const others = sectionsNow().filter((other) => nameOf(other) !== s.section);
        for (const shown of node.querySelectorAll('.l2tpwan-caution')) shown.remove();
        for (const caution of cautionsOf([sectionIn(s), ...others], facts))
          if (caution.section === s.section)
            node.querySelector(`[data-name="${caution.option}"] .cbi-value-field`)?.append(show(caution));
      };
      node.addEventListener('widget-change', look);
      window.requestAnimationFrame(look);
      return node;
    };
  },
});
