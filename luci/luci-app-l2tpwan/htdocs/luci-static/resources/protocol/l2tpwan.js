'use strict';
'require network';
'require uci';
'require l2tpwan.cautions as cautions';
'require l2tpwan.failures as failures';
'require l2tpwan.options as options';
'require l2tpwan.values as values';

// The protocol `l2tpwan` on LuCI's page of interfaces, beside xl2tpd's `l2tp`.

network.registerPatternVirtual(/^l2w-/);

for (const [code, words] of failures.netifd()) network.registerErrorCode(code, words);

return network.registerProtocol('l2tpwan', {
  getI18n: () => _('L2TP (l2tpwan)'),

  getPackageName: () => 'l2tpwan',

  getIfname() {
    return this._ubus('l3_device') || values.deviceOf(this.sid, uci.get('network', this.sid, 'device'));
  },

  isFloating: () => true,

  isVirtual: () => true,

  /** Before it is up, LuCI would make a name of the protocol's that no device ever has. */
  getDevice() {
    return network.instantiateDevice(this.getIfname(), this, { getType: () => 'tunnel' });
  },

  getDevices: () => null,

  containsDevice(device) {
    return network.getIfnameOf(device) === this.getIfname();
  },

  renderFormOptions(s) {
    options.add(s, false);
    cautions.watch(s);
  },
});
