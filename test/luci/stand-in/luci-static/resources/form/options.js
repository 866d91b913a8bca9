'use strict';
'require baseclass';
'require dom';
'require ui';
'require form.element as element';
'require form.option as option';

// The kinds of options: which field shows each, and how it stands in the page.

const Value = option.AbstractValue.extend({
  __name__: 'CBI.Value',

  value(key, words) {
    this.keylist = [...(this.keylist ?? []), String(key)];
    this.vallist = [...(this.vallist ?? []), dom.elem(words) ? words : String(words ?? key)];
  },

  transformChoices() {
    return this.keylist?.length
      ? Object.fromEntries(this.keylist.map((key, index) => [key, this.vallist[index]]))
      : null;
  },

  async render(index, sid, inTable) {
    if (this.datatype) throw new TypeError('The stand-in knows no data types');
    return this.renderFrame(sid, inTable, index, await this.renderWidget(sid, index, await this.cfgvalue(sid)));
  },

  renderFrame(sid, inTable, index, nodes) {
    const [config] = this.place(sid);
    const identity = { id: `cbi-${config}-${sid}-${this.option}`, 'data-index': index, 'data-field': this.cbid(sid) };
    const names = { 'data-name': this.option, 'data-widget': this.__name__ };
    const description = this.description ? E('div', { class: 'cbi-value-description' }, this.description.trim()) : null;
    const hidden = this.deps.length > 0 ? ' hidden' : '';
    let node;
    if (inTable) {
      const cell = { class: 'td cbi-value-field', 'data-title': this.stripTags(this.title).trim() || null };
      node = E('td', { ...cell, ...names }, [E('div', { ...identity, class: hidden }, [nodes])]);
    } else {
      const target = `widget.${this.cbid(sid)}`;
      const passOn = () => node.querySelector(`[data-widget-id="${target}"]`)?.click();
      const title = this.title
        ? E('label', { class: 'cbi-value-title', for: target, click: passOn }, this.title)
        : null;
      const inside = title
        ? [title, E('div', { class: 'cbi-value-field' }, [nodes, description])]
        : [nodes, description];
      node = E('div', { class: `cbi-value${hidden}`, ...identity, ...names }, inside);
    }
    let previous;
    node.addEventListener('widget-change', () => this.map.checkDepends());
    node.addEventListener('widget-change', (ev) => {
      const value = this.formvalue(sid);
      if (typeof this.onchange !== 'function' || element.isEqual(value, previous)) return;
      previous = value;
      this.onchange(ev, sid, value);
    });
    dom.bindClassInstance(node, this);
    return node;
  },

  /** What every field is told. */
  settings(sid, more) {
    return {
      id: this.cbid(sid),
      sort: this.keylist,
      optional: this.optional || this.rmempty,
      placeholder: this.placeholder,
      validate: (value) => this.validate(sid, value),
      disabled: this.readonly ?? this.map.readonly,
      ...more,
    };
  },

  renderWidget(sid, _index, value) {
    const text = [value ?? this.default].flat().join(' ');
    const choices = this.transformChoices();
    const words = this.placeholder ?? E('em', {}, [_('unspecified')]);
    if (choices) return new ui.Combobox(text, choices, this.settings(sid, { select_placeholder: words })).render();
    return new ui.Textfield(text, this.settings(sid, { password: this.password })).render();
  },
});

const DynamicList = Value.extend({
  __name__: 'CBI.DynamicList',

  renderWidget(sid, _index, value) {
    return new ui.DynamicList(L.toArray(value ?? this.default), this.transformChoices(), this.settings(sid)).render();
  },
});

const ListValue = Value.extend({
  __name__: 'CBI.ListValue',

  renderWidget(sid, _index, value) {
    const settings = this.settings(sid, { optional: this.optional, size: this.size });
    return new ui.Select(value ?? this.default, this.transformChoices(), settings).render();
  },
});

const Flag = Value.extend({
  __name__: 'CBI.FlagValue',

  __init__(...args) {
    this.super('__init__', args);
    Object.assign(this, { enabled: '1', disabled: '0', default: '0' });
  },

  renderWidget(sid, _index, value) {
    const states = { value_enabled: this.enabled, value_disabled: this.disabled };
    const { optional, ...settings } = this.settings(sid, states);
    return new ui.Checkbox(value ?? this.default, settings).render();
  },

  formvalue(sid) {
    return this.getUIElement(sid)?.isChecked() ? this.enabled : this.disabled;
  },

  textvalue(sid) {
    return (this.cfgvalue(sid) ?? this.default) === this.enabled ? _('Yes') : _('No');
  },

  save(sid, value) {
    return this.write(sid, value);
  },
});

const DummyValue = Value.extend({
  __name__: 'CBI.DummyValue',

  renderWidget(sid, _index, value) {
    const given = value ?? this.default;
    return E('output', { for: this.cbid(sid) }, this.rawhtml ? given : [given]);
  },

  remove() {},
  write() {},
});

return baseclass.extend({ Value, DynamicList, ListValue, Flag, DummyValue });
