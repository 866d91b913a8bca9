'use strict';
'require baseclass';
'require uci';

// The zones of the firewall and the interfaces in them.

const ready = () => L.resolveDefault(uci.load('firewall'));

const policyOf = (words, otherwise) =>
  ['DROP', 'REJECT', 'ACCEPT'].find((policy) => words && policy.startsWith(words.toUpperCase())) ?? otherwise;

const zoneSections = () => uci.sections('firewall', 'zone');

class Zone {
  constructor(sid) {
    this.sid = sid;
  }

  get(option) {
    return uci.get('firewall', this.sid, option);
  }

  set(option, value) {
    return uci.set('firewall', this.sid, option, value);
  }

  getName() {
    return this.get('name');
  }

  getNetworks() {
    return L.toArray(this.get('network'));
  }

  /** Only an interface that there is, and only once. */
  addNetwork(name) {
    const isInterface = uci.get('network', name)?.['.type'] === 'interface';
    if (!isInterface || this.getNetworks().includes(name)) return false;
    this.set('network', [...this.getNetworks(), name]);
    return true;
  }

  deleteNetwork(name) {
    const before = this.getNetworks();
    const after = before.filter((one) => one !== name);
    this.set('network', after.length > 0 ? after : null);
    return after.length < before.length;
  }

  addForwardingFrom(name) {
    const mine = this.getName();
    const exists = uci.sections('firewall', 'forwarding').some(({ src, dest }) => src === name && dest === mine);
    if (exists || name === mine || !zoneSections().some((zone) => zone.name === name)) return null;
    const sid = uci.add('firewall', 'forwarding');
    uci.set('firewall', sid, 'src', name);
    uci.set('firewall', sid, 'dest', mine);
    return { sid };
  }
}

const find = (test) => {
  const section = zoneSections().find(test);
  return section ? new Zone(section['.name']) : null;
};

return baseclass.extend({
  async getZones() {
    await ready();
    const zones = zoneSections().map((section) => new Zone(section['.name']));
    return zones.sort((a, b) => L.naturalCompare(a.getName() ?? '', b.getName() ?? ''));
  },

  async getZone(name) {
    await ready();
    return find((zone) => zone['.name'] === name || zone.name === name);
  },

  /** With the policies that hold for all; null where the name is taken or cannot be one. */
  async addZone(name) {
    await ready();
    if (!/^\w+$/.test(name) || find((zone) => zone.name === name)) return null;
    const sid = uci.add('firewall', 'zone');
    const [defaults = {}] = uci.sections('firewall', 'defaults');
    uci.set('firewall', sid, 'name', name);
    for (const which of ['input', 'output', 'forward'])
      uci.set('firewall', sid, which, policyOf(defaults[which], 'DROP'));
    return new Zone(sid);
  },

  /** A colour for each name, always the same: not LuCI's own, but for lan and wan. */
  getZoneColorStyle(zone) {
    const name = zone instanceof Zone ? zone.getName() : zone;
    const known = { lan: [144, 240, 144], wan: [240, 144, 144] }[name];
    const letters = [...(name ?? '')].map((letter) => letter.charCodeAt(0));
    const made = [0, 1, 2].map((part) => 160 + (letters.reduce((sum, code) => sum * 7 + code + part * 31, 0) % 90));
    const rgb = known ?? (name == null || name === '*' ? [238, 238, 238] : made);
    return `--zone-color-rgb:${rgb.join(', ')}; background-color:rgb(var(--zone-color-rgb))`;
  },
});
