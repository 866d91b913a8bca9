'use strict';
'require view';
'require form';
'require uci';

// A page with a field of each kind that our pages have, for the tests of the stand-in.

function fields(s) {
  s.tab('one', 'First');
  s.tab('two', 'Second', 'What it is about');
  let o = s.taboption('one', form.DynamicList, 'server', 'Servers', 'Some words');
  o.placeholder = 'a host';
  o.rmempty = false;
  o.validate = (_sid, value) => !value.includes(' ') || 'No blanks';

  o = s.taboption('one', form.Value, 'username', 'User name');
  o.rmempty = false;
  o.validate = (_sid, value) => value !== 'nobody' || 'Not this one';

  o = s.taboption('one', form.Value, 'password', 'Password');
  o.password = true;

  o = s.taboption('one', form.ListValue, 'mode', 'Mode');
  for (const mode of ['easy', 'hard', 'odd']) o.value(mode, mode.toUpperCase());
  o.default = 'easy';
  o.onchange = (_ev, sid, value) => document.body.setAttribute('data-onchange', `${sid} ${value}`);

  o = s.taboption('one', form.Value, 'level', 'Level');
  o.depends({ mode: 'hard', extra: '1' });
  o.depends('mode', /^o/);

  o = s.taboption('two', form.Flag, 'extra', 'Extra');
  o = s.taboption('two', form.Flag, 'auto', 'Auto');
  o.default = o.enabled;
  o = s.taboption('two', form.Value, 'uplink', 'Uplink');
  o.value('wan', 'The WAN');
  o.value('lan');
}

const Grid = form.GridSection.extend({
  filter: (sid) => uci.get('network', sid, 'proto') === 'l2tpwan',
  addModalOptions: (s) => fields(s),
  modaltitle: (sid) => `Edit ${sid}`,

  renderContents(...args) {
    const node = this.super('renderContents', args);
    node.append(E('p', { class: 'rows' }, [args[0].join(' ')]));
    return node;
  },
});

return view.extend({
  load: () => uci.load('network'),

  render() {
    const m = new form.Map('network', 'Probe', 'What it is for');
    const s = m.section(Grid, 'interface', 'Connections');
    s.addremove = true;
    s.anonymous = true;
    s.addbtntitle = 'Add one';
    let o = s.option(form.DummyValue, 'username', 'User name');
    o.modalonly = false;
    o = s.option(form.Flag, 'disabled', 'Disabled');
    o.modalonly = false;
    o.editable = true;
    o = s.option(form.Value, 'mtu', 'MTU');
    o.modalonly = true;
    return m.render();
  },
});
