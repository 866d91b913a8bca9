'use strict';
'require baseclass';
'require rpc';
'require uci';

// Interfaces and devices as netifd has them, and the protocols that an interface can have.

const declare = (object, method, expect) => rpc.declare({ object, method, expect });
const callInterfaces = declare('network.interface', 'dump', { interface: [] });
const callDevices = declare('luci-rpc', 'getNetworkDevices', { '': {} });
const callProtocols = declare('network', 'get_proto_handlers', { '': {} });

const protocols = {};
const errorWords = {};
const virtual = [];
let state = null;

/** Loads a module for each protocol that netifd knows; there need not be one. */
async function loadProtocols() {
  const known = Object.keys(await L.resolveDefault(callProtocols(), {}));
  const wanted = known.filter((name) => !protocols[name]);
  await Promise.all(
    wanted.map((name) =>
      L.require(`protocol.${name}`).catch((failure) => failure.name === 'NetworkError' || L.error(failure)),
    ),
  );
}

async function look() {
  const [interfaces, devices] = await Promise.all([
    L.resolveDefault(callInterfaces(), []),
    L.resolveDefault(callDevices(), {}),
    loadProtocols(),
    L.resolveDefault(uci.load('network')),
  ]);
  return { interfaces, devices };
}

let seen = null;
async function ready() {
  state ??= look();
  seen = await state;
  return seen;
}

class Device {
  constructor(name, network, more) {
    Object.assign(this, { name, network, known: seen.devices[name] ?? {} }, more);
  }

  getName() {
    return this.name;
  }

  getMTU() {
    return this.known.mtu;
  }

  getType() {
    return virtual.some((pattern) => pattern.test(this.name)) ? 'tunnel' : (this.known.devtype ?? 'ethernet');
  }
}

const Protocol = baseclass.extend({
  __init__(name) {
    this.sid = name;
  },

  _get(option) {
    return [this.get(option) ?? ''].flat().join(' ');
  },

  _ubus(field) {
    const found = seen.interfaces.find((one) => one.interface === this.sid);
    return field == null ? found : found?.[field];
  },

  get(option) {
    return uci.get('network', this.sid, option);
  },

  set(option, value) {
    return uci.set('network', this.sid, option, value);
  },

  getName() {
    return this.sid;
  },

  getProtocol: () => null,
  getI18n: () => _('Unknown'),
  isVirtual: () => false,
  isFloating: () => false,

  isUp() {
    return this._ubus('up') === true;
  },

  getIfname() {
    return (!this.isFloating() && this._ubus('device')) || this._ubus('l3_device') || null;
  },

  getL3Device() {
    const name = this._ubus('l3_device');
    return name == null ? null : new Device(name, this);
  },

  /** In words, where the protocol has registered some. */
  getErrors() {
    const errors = this._ubus('errors');
    return errors?.length ? errors.map(({ code }) => errorWords[code] ?? _('Unknown error (%s)').format(code)) : null;
  },
});

const networkOf = (name) => new (protocols[uci.get('network', name, 'proto')] ?? Protocol)(name);

const network = baseclass.extend({
  registerProtocol(name, methods) {
    const own = { getI18n: () => name, isFloating: () => false, isVirtual: () => false, renderFormOptions() {} };
    const fixed = {
      __init__(sid) {
        this.sid = sid;
      },
      getProtocol: () => name,
    };
    protocols[name] = Protocol.extend({ ...own, ...methods, ...fixed });
    return protocols[name];
  },

  registerErrorCode(code, words) {
    if (errorWords[code]) return false;
    errorWords[code] = words;
    return true;
  },

  registerPatternVirtual(pattern) {
    virtual.push(pattern);
  },

  getProtocol: (name, sid) => (protocols[name] ? new protocols[name](sid ?? '__dummy__') : null),
  getProtocols: () => Object.values(protocols).map((kind) => new kind('__dummy__')),
  getIfnameOf: (thing) =>
    typeof thing === 'string' ? thing.replace(/:.+$/, '') : (thing?.getIfname?.() ?? thing?.getName()),
  instantiateDevice: (name, net, more) => new Device(name, net, more),

  flushCache() {
    state = look();
    return ready();
  },

  async getNetworks() {
    await ready();
    const names = uci.sections('network', 'interface').map((section) => section['.name']);
    return [...new Set([...names, ...seen.interfaces.map((one) => one.interface)])]
      .sort(L.naturalCompare)
      .map(networkOf);
  },

  /** The interfaces with a default route. */
  async getWANNetworks() {
    await ready();
    const isDefault = ({ target, mask, table }) => target === '0.0.0.0' && mask === 0 && !table;
    const found = seen.interfaces.filter((one) => (one.route ?? []).some(isDefault));
    return found.sort((a, b) => a.metric - b.metric).map((one) => networkOf(one.interface));
  },
});

// What every router has.
for (const name of ['none', 'static', 'dhcp', 'dhcpv6']) network.prototype.registerProtocol(name, {});

return network;
