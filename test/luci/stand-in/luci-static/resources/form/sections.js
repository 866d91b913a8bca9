'use strict';
'require baseclass';
'require dom';
'require form.element as element';

// A section of a configuration in a form.

const AbstractSection = element.AbstractElement.extend({
  __name__: 'CBI.AbstractSection',

  __init__(map, type, ...args) {
    this.super('__init__', args);
    Object.assign(this, { map, sectiontype: type, config: map.config, addremove: false });
  },

  async load() {
    await Promise.all(
      this.cfgsections().map(async (sid) => {
        const values = await this.loadChildren(sid);
        values.forEach((value, index) => {
          this.children[index].cfgvalue(sid, value);
        });
      }),
    );
  },

  parse() {
    return Promise.all(this.cfgsections().flatMap((sid) => this.children.map((option) => option.parse(sid))));
  },

  tab(name, title, description) {
    if (this.tabs?.[name]) throw new Error('There is such a tab');
    this.tabs = { ...this.tabs, [name]: { name, title, description } };
  },

  option(kind, ...args) {
    const option = new kind(this.map, this, ...args);
    this.append(option);
    return option;
  },

  taboption(tab, ...args) {
    if (!this.tabs?.[tab]) throw new ReferenceError('There is no such tab');
    return Object.assign(this.option(...args), { tab });
  },

  /** The fields, in one pane for each tab. */
  async renderUCISection(sid) {
    if (!this.tabs) return E([], await this.renderChildren(null, sid));
    const panes = Object.values(this.tabs).map(async ({ name, title, description }) => {
      const pane = { id: `container.${this.config}.${sid}.${name}`, 'data-tab': name, 'data-tab-title': title };
      const words = description ? E('div', { class: 'cbi-tab-descr' }, description) : null;
      return E('div', pane, [words, ...(await this.renderChildren(name, sid))]);
    });
    return E([], await Promise.all(panes));
  },

  checkDepends(round) {
    let changed = false;
    for (const sid of this.cfgsections().filter((name) => this.map.findElement('data-section-id', name)))
      for (const option of this.children) {
        const wanted = option.checkDepends(sid);
        if (option.isActive(sid) !== wanted) {
          option.setActive(sid, wanted);
          changed = true;
        }
        if (round === 0 && wanted) option.triggerValidation(sid);
      }
    return changed;
  },
});

const NamedSection = AbstractSection.extend({
  __name__: 'CBI.NamedSection',

  __init__(map, sid, ...args) {
    this.super('__init__', [map, ...args]);
    this.section = sid;
  },

  cfgsections() {
    return [this.section];
  },

  async render() {
    const sid = this.section;
    const fields = await this.renderUCISection(sid);
    const pane = this.map.tabbed
      ? { 'data-tab': this.sectiontype, 'data-tab-title': this.title || this.sectiontype }
      : {};
    const node = this.heading('h3', E('div', { class: 'cbi-section', ...pane }));
    const style = this.tabs ? 'cbi-section-node cbi-section-node-tabbed' : 'cbi-section-node';
    const frame = { id: `cbi-${this.config}-${sid}`, class: style, 'data-section-id': sid };
    if (this.map.data.get(this.config, sid)) node.append(E('div', frame, [fields]));
    dom.bindClassInstance(node, this);
    return node;
  },
});

return baseclass.extend({ AbstractSection, NamedSection });
