'use strict';
'require baseclass';
'require dom';
'require ui';
'require form.element as element';

// An option of a section: where its value is kept, when it is there, and what is written of it.

const AbstractValue = element.AbstractElement.extend({
  __name__: 'CBI.AbstractValue',

  __init__(map, section, option, ...args) {
    this.super('__init__', args);
    Object.assign(this, { map, section, option, config: map.config, deps: [] });
    Object.assign(this, { rmempty: true, default: null, optional: false, retain: false });
  },

  /** One more set of values of others with which this option is there; one set is enough. */
  depends(field, value) {
    this.deps.push(typeof field === 'string' ? { [field]: value } : field);
  },

  /** Where its value is kept. */
  place(sid) {
    const config = this.uciconfig ?? this.section.uciconfig ?? this.map.config;
    return [config, this.ucisection ?? sid, this.ucioption ?? this.option];
  },

  cbid(sid) {
    return `cbid.${this.place(sid)[0]}.${sid}.${this.option}`;
  },

  checkDepends(sid) {
    return this.map.isDependencySatisfied(this.deps, this.place(sid)[0], sid);
  },

  load(sid) {
    return this.map.data.get(...this.place(sid));
  },

  cfgvalue(sid, ...set) {
    if (set.length > 0) this.data = { ...this.data, [sid]: set[0] };
    return this.data?.[sid];
  },

  getUIElement(sid) {
    const node = this.map.findElement('id', this.cbid(sid));
    const field = node && dom.findClassInstance(node);
    return field instanceof ui.AbstractElement ? field : null;
  },

  formvalue(sid) {
    return this.getUIElement(sid)?.getValue() ?? null;
  },

  textvalue(sid) {
    const value = this.cfgvalue(sid) ?? this.default;
    return value == null ? null : '%h'.format([value].flat().join(' '));
  },

  validate: () => true,

  isValid(sid) {
    return this.getUIElement(sid)?.isValid() ?? true;
  },

  getValidationError(sid) {
    return this.getUIElement(sid)?.getValidationError() ?? '';
  },

  triggerValidation(sid) {
    return this.getUIElement(sid)?.triggerValidation() ?? true;
  },

  frame(sid) {
    return this.map.findElement('data-field', this.cbid(sid));
  },

  isActive(sid) {
    return this.frame(sid)?.classList.contains('hidden') === false;
  },

  setActive(sid, active) {
    this.frame(sid)?.classList.toggle('hidden', !active);
  },

  /** Good: written if it is another, removed if it is empty or the default. Not there: removed unless retained. */
  async parse(sid) {
    if (!this.isActive(sid)) return this.retain ? null : this.remove(sid);
    const name = this.stripTags(this.title).trim() || this.option;
    if (!this.isValid(sid)) {
      const words = _('"%s" has an invalid input value.').format(name);
      throw new TypeError(`${words} ${this.getValidationError(sid)}`);
    }
    const value = this.formvalue(sid);
    const removable = this.optional || this.rmempty;
    const empty = value == null || value === '' || (Array.isArray(value) && value.length === 0);
    if (!empty && !(this.isDefault(value) && removable)) return this.save(sid, value);
    if (!removable) throw new TypeError(_('"%s" is empty.').format(name));
    return this.remove(sid);
  },

  isDefault(value) {
    return this.default != null && String(value) === String(this.default);
  },

  save(sid, value) {
    return this.forcewrite || !element.isEqual(this.cfgvalue(sid), value) ? this.write(sid, value) : null;
  },

  write(sid, value) {
    return this.map.data.set(...this.place(sid), value);
  },

  /** Not when another option, that is there, keeps its value in the same place. */
  remove(sid) {
    const place = String(this.place(sid));
    const shares = (other) => other !== this && other.ucioption != null && String(other.place(sid)) === place;
    if (this.section.children.some((other) => shares(other) && other.isActive(sid))) return;
    this.map.data.unset(...this.place(sid));
  },
});

return baseclass.extend({ AbstractValue });
