'use strict';
'require baseclass';
'require dom';
'require rpc';
'require uci';
'require ui';
'require form.element as element';

// A form over one configuration.

const mayWrite = rpc.declare({
  object: 'session',
  method: 'access',
  params: ['scope', 'object', 'function'],
  expect: { access: false },
});

return baseclass.extend({
  Map: element.AbstractElement.extend({
    __name__: 'CBI.Map',

    __init__(config, ...args) {
      this.super('__init__', args);
      Object.assign(this, { config, parsechain: [config], data: uci });
    },

    /** One more configuration that is loaded with it; not having it is no failure. */
    chain(config) {
      if (!this.parsechain.includes(config)) this.parsechain.push(config);
    },

    section(kind, ...args) {
      const section = new kind(this, ...args);
      this.append(section);
      return section;
    },

    findElements(...args) {
      return this.root.querySelectorAll(args.length === 1 ? args[0] : `[${args[0]}="${args[1]}"]`);
    },

    findElement(...args) {
      return this.findElements(...args)[0] ?? null;
    },

    async load() {
      const [allowed] = await Promise.all([
        this.readonly == null ? mayWrite('uci', this.config, 'write') : true,
        ...this.parsechain.map((config, index) => {
          const task = this.data.load(config);
          return index > 0 ? L.resolveDefault(task) : task;
        }),
      ]);
      if (allowed === false) this.readonly = true;
      return this.loadChildren();
    },

    parse() {
      return Promise.all(this.children.map((section) => section.parse()));
    },

    /** What the fields hold goes into the configuration, that to the router, and the form is made anew. */
    async save(before, silent) {
      try {
        this.checkDepends();
        await this.parse();
        await before?.();
        await this.data.save();
        await this.load();
      } catch (failure) {
        if (!silent)
          ui.showModal(_('Save error'), [
            E('p', {}, [_('It is not saved:')]),
            E('p', {}, [E('em', { style: 'white-space:pre-wrap' }, [failure.message])]),
            E('div', { class: 'right' }, [
              E('button', { class: 'cbi-button', click: () => ui.hideModal() }, [_('Dismiss')]),
            ]),
          ]);
        throw failure;
      }
      return this.renderContents();
    },

    reset() {
      return this.renderContents();
    },

    async render() {
      await this.load();
      return this.renderContents();
    },

    async renderContents() {
      this.root ??= E('div', { id: `cbi-${this.config}`, class: 'cbi-map' });
      dom.bindClassInstance(this.root, this);
      const nodes = await this.renderChildren(null);
      dom.content(this.root, null);
      this.heading('h2', this.root);
      dom.append(this.root, this.tabbed ? E('div', { class: 'cbi-map-tabbed' }, nodes) : nodes);
      this.checkDepends();
      for (const group of this.root.querySelectorAll('.cbi-map-tabbed, .cbi-section-node-tabbed'))
        ui.tabs.initTabGroup(group.children);
      return this.root;
    },

    /** The option behind a name, which may be of another section, and that section. */
    lookupOption(name, sid, config) {
      const id = name.includes('.') ? `cbid.${name}` : `cbid.${config ?? this.config}.${sid}.${name}`;
      const node = this.findElement('data-field', id);
      const option = node && dom.findClassInstance(node);
      return option?.cbid ? [option, id.split('.')[2]] : null;
    },

    /** Options appear and disappear until none does any more. */
    checkDepends(_ev, round = 0) {
      const changed = this.children.map((section) => section.checkDepends(round)).includes(true);
      if (changed && round < 10) this.checkDepends(null, round + 1);
      else ui.tabs.updateTabs(null, this.root);
    },

    /** One set of values is enough; an option that is not there has none. */
    isDependencySatisfied(sets, config, sid) {
      const holds = ({ '!reverse': reverse, '!contains': contains, ...wanted }) => {
        const same = Object.entries(wanted).every(([name, value]) => {
          if (name === '!default') return false;
          const [option, at] = this.lookupOption(name, sid, config) ?? [];
          const now = option?.isActive(at) ? option.formvalue(at) : null;
          return contains ? element.isContained(now, value) : element.isEqual(now, value);
        });
        return same !== Boolean(reverse);
      };
      return sets.length === 0 || sets.some(holds) || sets.some((set) => '!default' in set);
    },
  }),
});
