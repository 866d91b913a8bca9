'use strict';
'require baseclass';
'require dom';
'require validation';

// The simple fields of a form. An element knows its node, its value, and whether that is good.

/** Judges now and after each of the events; gives what judges. */
function addValidator(field, type, optional, check, ...events) {
  const validator = validation.create(field, type, optional, check);
  for (const event of events) field.addEventListener(event, validator.validate);
  validator.validate();
  return validator.validate;
}

const AbstractElement = baseclass.extend({
  __init__(value, options) {
    this.value = value;
    this.options = { ...options };
  },

  getValue() {
    return this.input().value;
  },

  input() {
    return this.node.querySelector('input, select');
  },

  isValid() {
    return !this.problem;
  },

  getValidationError() {
    return this.problem ?? '';
  },

  triggerValidation() {
    const before = this.isValid();
    this.judge?.();
    return this.judge ? before !== this.isValid() : false;
  },

  /** Frames `input`, and tells the form when its value may have changed (`update`) and when it has (`change`). */
  bind(node, input, update, change) {
    this.node = node;
    const { optional = true, validate } = this.options;
    const tell = (name) => node.dispatchEvent(new CustomEvent(name, { bubbles: true }));
    for (const event of update) input.addEventListener(event, () => tell('widget-update'));
    if (validate) {
      this.judge = addValidator(input, 'string', optional, validate, ...update);
      node.addEventListener('validation-success', () => {
        this.problem = null;
      });
      node.addEventListener('validation-failure', (ev) => {
        this.problem = ev.detail.message;
      });
    }
    for (const event of change) input.addEventListener(event, () => tell('widget-change'));
    dom.bindClassInstance(node, this);
    return node;
  },

  attributes(more) {
    const { id, placeholder, disabled } = this.options;
    return { id: id ? `widget.${id}` : null, placeholder, disabled: disabled ? '' : null, ...more };
  },
});

const Textfield = AbstractElement.extend({
  render() {
    const { id, password } = this.options;
    const type = password ? 'password' : 'text';
    const style = `cbi-input-${type}`;
    const input = E('input', this.attributes({ type, class: style, value: this.value }));
    const reveal = E(
      'button',
      {
        class: 'cbi-button cbi-button-neutral',
        title: _('Reveal/hide password'),
        'aria-label': _('Reveal/hide password'),
        click: (ev) => {
          input.type = input.type === 'password' ? 'text' : 'password';
          ev.preventDefault();
        },
      },
      ['∗'],
    );
    const inner = password ? E('div', { class: 'control-group' }, [input, reveal]) : input;
    return this.bind(E('div', { id }, [inner]), input, ['keyup', 'blur'], ['change']);
  },
});

const Checkbox = AbstractElement.extend({
  __init__(value, options) {
    this.super('__init__', [value, { value_enabled: '1', value_disabled: '0', ...options }]);
  },

  /** Its id is its own, not that of the title's label: a click on that is passed on by the form. */
  render() {
    const { id, value_enabled, disabled } = this.options;
    const own = 'cb%08x'.format(Math.random() * 0xffffffff);
    const input = E('input', {
      id: own,
      type: 'checkbox',
      value: value_enabled,
      checked: String(this.value) === value_enabled ? '' : null,
      disabled: disabled ? '' : null,
      'data-widget-id': id ? `widget.${id}` : null,
    });
    const frame = E('div', { id, class: 'cbi-checkbox' }, [input, E('label', { for: own })]);
    return this.bind(frame, input, ['click', 'blur'], ['change']);
  },

  isChecked() {
    return this.input().checked;
  },

  getValue() {
    return this.isChecked() ? this.options.value_enabled : this.options.value_disabled;
  },
});

const Select = AbstractElement.extend({
  __init__(value, choices, options) {
    this.super('__init__', [[value].flat()[0] ?? '', options]);
    this.choices = choices ?? {};
    if ('' in this.choices) this.options.optional = true;
  },

  render() {
    const { id, sort, optional, placeholder } = this.options;
    const keys = Array.isArray(sort) ? sort : Object.keys(this.choices);
    const option = (value, words) => E('option', { value, selected: this.value === value ? '' : null }, [words]);
    const input = E('select', this.attributes({ class: 'cbi-input-select', placeholder: null }));
    if (optional) input.append(option('', this.choices[''] ?? placeholder ?? _('-- Please choose --')));
    for (const key of keys.filter((one) => one != null && one !== ''))
      input.append(option(key, this.choices[key] ?? key));
    return this.bind(E('div', { id }, [input]), input, ['change', 'click', 'blur'], ['change']);
  },
});

return baseclass.extend({ addValidator, AbstractElement, Textfield, Checkbox, Select });
