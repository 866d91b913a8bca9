'use strict';
'require baseclass';
'require dom';
'require ui';
'require form.map as map';
'require form.sections as sections';

// All sections of a type as the rows of a table, each edited in a dialog of its own.

const button = (style, title, click, disabled) =>
  E('button', { class: `cbi-button ${style}`, title, click, disabled: disabled || null }, [title]);

const GridSection = sections.AbstractSection.extend({
  __name__: 'CBI.GridSection',

  filter: () => true,

  cfgsections() {
    const names = this.map.data.sections(this.config, this.sectiontype).map((section) => section['.name']);
    return names.filter((sid) => this.filter(sid));
  },

  columns() {
    return this.children.filter((option) => !option.modalonly);
  },

  /** Of what stands in the rows, that which can be edited there. */
  parse() {
    const editable = this.columns().filter((option) => option.editable);
    return Promise.all(this.cfgsections().flatMap((sid) => editable.map((option) => option.parse(sid))));
  },

  async render() {
    const sids = this.cfgsections();
    return this.renderContents(sids, await Promise.all(sids.map((sid) => this.renderUCISection(sid))));
  },

  async renderUCISection(sid) {
    const shown = this.columns().map((option, index) =>
      option.editable ? option.render(index, sid, true) : this.renderTextValue(sid, option),
    );
    return E([], await Promise.all(shown));
  },

  renderTextValue(sid, option) {
    const title = this.stripTags(option.title).trim();
    const cell = { class: 'td cbi-value-field', 'data-title': title || null, 'data-name': option.option };
    return E('td', { ...cell, 'data-widget': 'CBI.DummyValue' }, option.textvalue(sid) ?? E('em', {}, [_('none')]));
  },

  /** Only for anonymous sections: others would have their names in front, and be asked for one. */
  renderContents(sids, contents) {
    const node = E('div', { id: `cbi-${this.config}-${this.sectiontype}`, class: 'cbi-section cbi-tblsection' });
    const th = (words, more = '') => E('th', { class: `th cbi-section-table-cell ${more}` }, words);
    const titles = [...this.columns().map((option) => th(option.title)), th(null, 'cbi-section-actions')];
    const row = (sid, index) => {
      const more = { 'data-sid': sid, 'data-section-id': sid };
      const frame = { id: `cbi-${this.config}-${sid}`, class: 'tr cbi-section-table-row', ...more };
      return E('tr', frame, [contents[index], this.renderRowActions(sid)]);
    };
    const empty = E('td', { class: 'td' }, [this.renderSectionPlaceholder()]);
    const placeholder = E('tr', { class: 'tr cbi-section-table-row placeholder' }, [empty]);
    const table = E('table', { class: 'table cbi-section-table' }, [
      E('thead', { class: 'thead' }, [E('tr', { class: 'tr cbi-section-table-titles' }, titles)]),
      E('tbody', { class: 'tbody' }, sids.length > 0 ? sids.map(row) : [placeholder]),
    ]);
    dom.append(this.heading('h3', node), [table, this.renderSectionAdd()]);
    dom.bindClassInstance(node, this);
    return node;
  },

  renderSectionPlaceholder: () => E('em', {}, [_('nothing yet')]),

  /** Looking at it is for everybody. */
  renderRowActions(sid) {
    const edit = ui.createHandlerFn(this, 'renderMoreOptionsModal', sid);
    const remove = ui.createHandlerFn(this, 'handleRemove', sid);
    const buttons = [button('btn cbi-button-edit', _('Edit'), edit)];
    if (this.addremove) buttons.push(button('btn cbi-button-remove', _('Delete'), remove, this.map.readonly));
    return E('td', { class: 'td cbi-section-table-cell nowrap cbi-section-actions' }, [E('div', {}, buttons)]);
  },

  renderSectionAdd() {
    if (!this.addremove) return null;
    const title = this.titleFn('addbtntitle') ?? _('Add');
    const add = button('cbi-button-add', title, ui.createHandlerFn(this, 'handleAdd'), this.map.readonly);
    return E('div', { class: 'cbi-section-create cbi-tblsection-create' }, [add]);
  },

  handleAdd() {
    this.map.addedSection = this.map.data.add(this.config, this.sectiontype);
    return this.renderMoreOptionsModal(this.map.addedSection);
  },

  handleRemove(sid) {
    this.map.data.remove(this.config, sid);
    return this.map.save(null, true);
  },

  addModalOptions() {},

  /** The same options for one section, in a form of their own. */
  async renderMoreOptionsModal(sid, ev) {
    const modal = new map.Map(this.map.config, null, null);
    const section = modal.section(sections.NamedSection, sid, this.sectiontype);
    Object.assign(modal, { parent: this.map, section: sid, readonly: this.map.readonly });
    section.tabs = this.tabs && { ...this.tabs };
    const apart = ['map', 'section', 'option', 'title', 'description'];
    for (const option of this.children.filter((one) => one.modalonly !== false)) {
      const copy = section.option(option.constructor, option.option, option.title, option.description);
      for (const key of Object.keys(option)) if (!apart.includes(key)) copy[key] = option[key];
    }
    await this.addModalOptions(section, sid, ev);
    const nodes = await modal.render();
    const handler = (name) => ui.createHandlerFn(this, name, modal);
    const buttons = [
      button('btn', _('Dismiss'), handler('handleModalCancel')),
      ' ',
      button('btn cbi-button-positive important', _('Save'), handler('handleModalSave'), modal.readonly),
    ];
    const title = this.titleFn('modaltitle', sid) ?? this.map.title;
    ui.showModal(title, [nodes, E('div', { class: 'button-row' }, buttons)], 'cbi-modal');
  },

  /** What was added and not saved is gone. */
  handleModalCancel(_modal, _ev, isSaving) {
    if (this.map.addedSection != null && !isSaving) this.map.data.remove(this.config, this.map.addedSection);
    delete this.map.addedSection;
    ui.hideModal();
    return Promise.resolve();
  },

  /** With something wrong in it the dialog stays. */
  async handleModalSave(modal, ev) {
    try {
      await modal.save(null, true);
      await this.map.load();
      await this.map.reset();
    } catch {
      return;
    }
    await this.handleModalCancel(modal, ev, true);
  },
});

return baseclass.extend({ GridSection });
