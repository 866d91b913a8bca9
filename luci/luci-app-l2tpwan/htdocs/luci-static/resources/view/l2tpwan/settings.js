'use strict';
'require view';
'require form';
'require uci';
'require l2tpwan.fields as fields';
'require l2tpwan.mqtt as mqtt';
'require l2tpwan.trial as trials';
'require l2tpwan.values as values';

// What concerns all connections: /etc/config/l2tpwan. Each section of it is a tab of the page.

const { text, flag, choice, add } = fields;
const { path } = values;

// biome-ignore format: a table
const SERVICE = [
  choice('log_level', _('Log level'), _('What is logged: this and what is graver. Read it with logread -e l2tpwan.'), values.LOG_LEVELS, 'info'),
  text('runtime', _('Runtime'), _('Path of Node.js, 20 or newer. Without it: node on the path, then what l2tpwan-runtime has installed.'), '/usr/bin/node', path),
  choice('data_path', _('Data path'), _('How packets are moved, for connections that do not say themselves.'), values.DATA_PATHS),
  text('state_dir', _('State directory'), _('Where the journal is kept that cleans up after a crash. Without it, in memory; on the flash it outlives a power failure, for one write per dial.'), '/var/run/l2tpwan', path),
  flag('jail', _('Jail'), _('Runs the service with few rights where procd-ujail is installed. Off for scripts of connections, and for source ports below 1024.'), true),
];

const SECTIONS = [
  {
    name: 'main',
    type: 'l2tpwan',
    title: _('Service'),
    help: _(
      'Another runtime, jail or state directory starts the service anew: connections are hung up and dialled again.',
    ),
    fill(s) {
      for (const option of SERVICE) add(s, option);
    },
  },
  {
    name: 'mqtt',
    type: 'mqtt',
    title: 'MQTT',
    help: _('Publishes connections to a broker, for Home Assistant and others. Tunnels stay up when this is changed.'),
    fill(s) {
      for (const [tab, [title, options]] of Object.entries(mqtt.TABS)) {
        s.tab(tab, title);
        for (const option of options) add(s, option, tab);
      }
      const help = _('The test connects with the settings in force, publishes, and reads back, enabled or not.');
      const o = s.taboption('general', form.DummyValue, '_trial', _('State'), help);
      o.renderWidget = () => trials.trial(s);
    },
  },
];

return view.extend({
  load: () => uci.load('l2tpwan'),

  render() {
    const m = new form.Map('l2tpwan', _('L2TP settings'), _('What concerns all connections.'));
    m.tabbed = true;
    for (const { name, type, title, help, fill } of SECTIONS) {
      if (!uci.get('l2tpwan', name)) uci.add('l2tpwan', type, name);
      const s = m.section(form.NamedSection, name, type, title, help);
      s.hidetitle = true;
      fill(s);
    }
    return m.render();
  },
});
