'use strict';
'require view';
'require form';
'require network';
'require uci';

// The interfaces, each with the form of its protocol in a dialog.

const Interfaces = form.GridSection.extend({
  filter: (sid) => sid !== 'loopback',

  addModalOptions(s, sid) {
    const proto = network.getProtocol(uci.get('network', sid, 'proto'), sid);
    const choice = s.taboption('general', form.ListValue, 'proto', _('Protocol'));
    for (const each of network.getProtocols()) choice.value(each.getProtocol(), each.getI18n());
    s.taboption('general', form.Flag, 'auto', _('Bring up on boot')).default = '1';
    proto?.renderFormOptions(s);
    s.taboption('advanced', form.Value, 'metric', _('Use gateway metric'));
  },
});

return view.extend({
  load: () => Promise.all([network.getNetworks(), uci.load('network')]),

  render([networks]) {
    const m = new form.Map('network', _('Interfaces'));
    const s = m.section(Interfaces, 'interface');
    s.anonymous = true;
    s.tab('general', _('General Settings'));
    s.tab('advanced', _('Advanced Settings'));
    s.modaltitle = (sid) => `${_('Interfaces')} » ${sid}`;
    const o = s.option(form.DummyValue, '_errors', _('Status'));
    o.modalonly = false;
    o.textvalue = (sid) => {
      const found = networks.find((one) => one.getName() === sid);
      return E('div', {}, [`${sid}: `, found?.getI18n(), ' ', (found?.getErrors() ?? []).join(', ')]);
    };
    return m.render();
  },
});
