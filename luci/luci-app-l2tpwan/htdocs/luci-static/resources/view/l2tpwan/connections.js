'use strict';
'require view';
'require dom';
'require form';
'require ui';
'require uci';
'require l2tpwan.cautions as cautions';
'require l2tpwan.options as options';
'require l2tpwan.presets as presets';
'require l2tpwan.values as values';
'require l2tpwan.zones as zones';

// Every connection, to add, change and remove. Each is an interface in /etc/config/network, and a member of a zone in
// /etc/config/firewall; LuCI's own Save & Apply puts them in force.

const titleOf = (option) => options.titleOf(option) ?? zones.TITLE;

/** Where its packets go, in words. */
function routesOf(sid) {
  const [route, exclude] = ['route', 'exclude'].map((option) => L.toArray(uci.get('network', sid, option)).join(', '));
  if (values.flagOf(uci.get('network', sid, 'defaultroute')) !== '0')
    return exclude === '' ? _('everything') : _('everything but %s').format(exclude);
  return route === '' ? _('nothing') : _('only %s').format(route);
}

/** Texts stand in lists: LuCI takes a lone one for HTML. */
const failure = (error) => E('p', [error.message ?? String(error)]);

const nameWords = (name) => {
  if (!/^[a-z0-9]\w*$/i.test(name)) return _('Letters, digits and _, but no _ first.');
  if (name.length > 15) return _('15 characters at most.');
  return uci.get('network', name) ? _('There is something of this name already.') : '';
};

/** A question in a dialog. @param act what is done when it is answered */
function ask(title, content, style, words, act) {
  const button = (kind, click, text) => E('button', { class: `btn cbi-button ${kind}`, click }, text);
  ui.showModal(
    [title],
    [
      ...content,
      E('div', { class: 'button-row' }, [
        button('', ui.hideModal, _('Dismiss')),
        ' ',
        button(`cbi-button-${style} important`, act, words),
      ]),
    ],
  );
}

/** Asks for name and preset. */
function askForNew(create) {
  const words = E('div', { id: 'l2tpwan-words', role: 'alert', style: 'color: var(--error-color-high, #c44)' });
  const name = E('input', { id: 'l2tpwan-name', type: 'text', placeholder: 'vpn', 'aria-describedby': words.id });
  const choices = presets.PRESETS.map(({ title, help }, at) =>
    E('label', { style: 'display: block; margin-bottom: .5em' }, [
      E('input', { type: 'radio', name: 'l2tpwan-preset', checked: at === 0 ? '' : null }),
      ' ',
      title,
      E('div', { class: 'cbi-value-description' }, help),
    ]),
  );
  const answer = () => {
    const wrong = nameWords(name.value);
    dom.content(words, wrong);
    name.classList.toggle('cbi-input-invalid', wrong !== '');
    if (wrong !== '') return name.focus();
    create(name.value, presets.PRESETS[choices.findIndex((choice) => choice.querySelector('input').checked)]);
  };
  name.addEventListener('keydown', (event) => event.key === 'Enter' && answer());
  const row = (label, ...content) =>
    E('div', { class: 'cbi-value' }, [label, E('div', { class: 'cbi-value-field' }, content)]);
  const content = [
    row(E('label', { class: 'cbi-value-title', for: name.id }, _('Name')), name, words),
    row(E('label', { class: 'cbi-value-title' }, _('Begin with')), ...choices),
  ];
  ask(_('Add connection'), content, 'positive', _('Continue'), answer);
  name.focus();
}

function askToRemove(sid, act) {
  const words = _(
    'It is hung up once this is applied. It leaves its firewall zone, and routes and rules that name it go with it.',
  );
  ask(_('Remove connection %s?').format(sid), [E('p', words)], 'negative', _('Remove'), ui.createHandlerFn(null, act));
}

async function remove(sid) {
  for (const section of uci.sections('network'))
    if (/^(route|rule|alias)/.test(section['.type']) && [section.interface, section.in, section.out].includes(sid))
      uci.remove('network', section['.name']);
  await zones.leave(sid);
  uci.remove('network', sid);
}

const Connections = form.GridSection.extend({
  suggestions: {},

  filter: (sid) => uci.get('network', sid, 'proto') === 'l2tpwan',

  load(...args) {
    return Promise.all([cautions.now(), this.super('load', args)]).then(([found]) => {
      this.found = found;
    });
  },

  /** LuCI makes a text without tags of it, whatever it is given; UCI allows no more than a word as a name. */
  modaltitle: (sid) => _('Connection %s').format(sid),

  renderSectionPlaceholder: () => E('em', _('There is no connection yet.')),

  addModalOptions(s, sid) {
    options.add(s, true);
    if (uci.sections('firewall', 'zone').length > 0) zones.addField(s, this.suggestions[sid]);
    cautions.watch(s);
  },

  /** Below the row of each connection what is known to hurt there. */
  renderContents(...args) {
    const node = this.super('renderContents', args);
    for (const tr of node.querySelectorAll('tr[data-sid]')) {
      const found = this.found.filter(({ section }) => section === tr.getAttribute('data-sid'));
      const shown = found.map((caution) => cautions.show(caution, [E('strong', [titleOf(caution.option)]), ': ']));
      if (found.length > 0) tr.after(E('tr', { class: 'tr' }, E('td', { class: 'td', colspan: 6 }, shown)));
    }
    return node;
  },

  handleAdd() {
    askForNew((name, preset) => {
      uci.add('network', 'interface', name);
      uci.set('network', name, 'proto', 'l2tpwan');
      for (const [option, value] of Object.entries(preset.options)) uci.set('network', name, option, value);
      this.suggestions = { [name]: preset.zone };
      this.map.addedSection = name;
      ui.hideModal();
      return this.renderMoreOptionsModal(name);
    });
  },

  handleRemove(sid) {
    askToRemove(sid, () =>
      remove(sid)
        .then(() => this.map.save(null, true))
        .catch((error) => {
          ui.addNotification(_('It is not saved'), failure(error), 'error');
          return this.giveUp();
        })
        .then(() => ui.hideModal()),
    );
  },

  handleModalSave(modal, event) {
    return this.map
      .parse() // what was changed in the rows meanwhile is not lost
      .then(() => modal.save(null, true))
      .then(() => this.map.load())
      .then(() => this.map.reset())
      .then(() => this.handleModalCancel(modal, event, true))
      .catch((error) => {
        this.hasFailed = true;
        const words = E('div', { class: 'alert-message error l2tpwan-failure', role: 'alert' }, [
          E('strong', _('It is not saved')),
          failure(error),
        ]);
        modal.root.parentNode.querySelector('.l2tpwan-failure')?.remove();
        modal.root.after(words);
      });
  },

  handleModalCancel(modal, event, isSaving) {
    const closed = Promise.resolve(this.super('handleModalCancel', [modal, event, isSaving]));
    return isSaving || !this.hasFailed ? closed : closed.then(() => this.giveUp());
  },

  /** Forgets what a failed attempt to save has left in hand. */
  giveUp() {
    this.hasFailed = false;
    uci.unload(['network', 'firewall']);
    return this.map.load().then(() => this.map.reset());
  },
});

return view.extend({
  render() {
    const m = new form.Map(
      'network',
      _('L2TP connections'),
      _('Each is a network interface as well; Network, Interfaces has it too.'),
    );
    m.chain('firewall');
    const s = m.section(Connections, 'interface');
    s.anonymous = true;
    s.addremove = true;
    s.addbtntitle = _('Add connection');

    const column = (name, title, textvalue) => {
      const o = s.option(form.DummyValue, name, title);
      o.modalonly = false;
      o.textvalue = textvalue;
    };
    column('_name', _('Name'), (sid) => E('strong', [sid]));
    column('_server', _('Servers'), (sid) => [
      ...L.toArray(uci.get('network', sid, 'server')).map((server) => E('div', [server])),
      E('small', [uci.get('network', sid, 'username') ?? '']),
    ]);
    column('_zone', zones.TITLE, zones.badge);
    column('_routes', _('Into the tunnel'), (sid) => E('span', [routesOf(sid)]));

    const o = s.option(form.Flag, 'disabled', _('Enabled'));
    o.modalonly = false;
    o.editable = true;
    options.asEnabled(o);
    return m.render();
  },
});
