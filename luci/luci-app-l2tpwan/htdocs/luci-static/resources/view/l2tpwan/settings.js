'use strict';
'require view';
'require form';
'require uci';
'require l2tpwan.values as values';

// What concerns all connections: /etc/config/l2tpwan. Each section of it is a part of the page; with more than one they are tabs.

const path = values.validator(values.path);

const SECTIONS = [
  {
    name: 'main',
    title: _('Service'),
    help: _(
      'Another runtime, jail or state directory starts the service anew: connections are hung up and dialled again.',
    ),
    fields: (s) => {
      let o = s.option(
        form.ListValue,
        'log_level',
        _('Log level'),
        _('What is logged: this and what is graver. Read it with logread -e l2tpwan.'),
      );
      o.value('error', _('error'));
      o.value('warn', _('warning'));
      o.value('info', _('info'));
      o.value('debug', _('debug'));
      o.default = 'info';

      o = s.option(
        form.Value,
        'runtime',
        _('Runtime'),
        _('Path of Node.js, 20 or newer. Without it: node on the path, then what l2tpwan-runtime has installed.'),
      );
      o.placeholder = '/usr/bin/node';
      o.validate = path;

      o = s.option(
        form.ListValue,
        'data_path',
        _('Data path'),
        _('How packets are moved, for connections that do not say themselves.'),
      );
      for (const [value, title] of Object.entries(values.DATA_PATHS)) o.value(value, title);
      o.default = 'auto';

      o = s.option(
        form.Value,
        'state_dir',
        _('State directory'),
        _(
          'Where the journal is kept that cleans up after a crash. Without it, in memory; on the flash it outlives a power failure, for one write per dial.',
        ),
      );
      o.placeholder = '/var/run/l2tpwan';
      o.validate = path;

      o = s.option(
        form.Flag,
        'jail',
        _('Jail'),
        _(
          'Runs the service with few rights where procd-ujail is installed. Off for scripts of connections, and for source ports below 1024.',
        ),
      );
      o.default = o.enabled;
      o.load = (sid) => values.flagOf(uci.get('l2tpwan', sid, 'jail'));
    },
  },
];

return view.extend({
  load: () => uci.load('l2tpwan'),

  render() {
    const m = new form.Map('l2tpwan', _('L2TP settings'), _('What concerns all connections.'));
    m.tabbed = SECTIONS.length > 1;
    for (const { name, title, help, fields } of SECTIONS) {
      if (!uci.get('l2tpwan', name)) uci.add('l2tpwan', 'l2tpwan', name);
      const s = m.section(form.NamedSection, name, 'l2tpwan', title, help);
      fields(s);
    }
    return m.render();
  },
});
