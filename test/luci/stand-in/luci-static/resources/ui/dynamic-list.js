'use strict';
'require baseclass';
'require ui.fields as fields';
'require ui.dropdown as dropdown';

// A list of values of one's own.

const DynamicList = fields.AbstractElement.extend({
  __init__(values, choices, options) {
    this.super('__init__', [values, { ...options, optional: true }]);
    this.choices = choices;
  },

  render() {
    const { id, disabled, validate } = this.options;
    const add = E('div', { class: 'add-item control-group' });
    this.node = E('div', { id, class: 'cbi-dynlist', disabled: disabled ? '' : null }, [add]);
    if (this.choices) add.append(this.chooser());
    else {
      const input = E('input', this.attributes({ type: 'text', class: 'cbi-input-text' }));
      add.append(input, E('div', { class: 'btn cbi-button cbi-button-add' }, ['+']));
      fields.addValidator(input, 'string', true, validate, 'blur', 'keyup');
    }
    for (const value of this.value) this.addItem(value);
    this.node.addEventListener('click', (ev) => this.handleClick(ev));
    this.node.addEventListener('keydown', (ev) => this.handleKeydown(ev));
    return this.bind(this.node, this.node, ['cbi-dynlist-change'], ['cbi-dynlist-change']);
  },

  /** What is chosen goes into the list, and the drop-down is empty again. */
  chooser() {
    const box = new dropdown.Combobox(null, this.choices, {
      ...this.options,
      id: null,
      select_placeholder: this.options.placeholder ?? _('-- Please choose --'),
    });
    const node = box.render();
    node.addEventListener('cbi-dropdown-change', (ev) => {
      ev.stopPropagation();
      if (!ev.detail.value) return;
      box.select();
      this.addItem(ev.detail.value.value);
    });
    return node;
  },

  items() {
    return Array.from(this.node.querySelectorAll('.item'));
  },

  changed() {
    this.node.dispatchEvent(new CustomEvent('cbi-dynlist-change', { bubbles: true }));
  },

  addItem(value) {
    const shown = E('span', {}, [this.choices?.[value] ?? value]);
    const item = E('div', { class: 'item', tabindex: 0 }, [shown, E('input', { type: 'hidden', value })]);
    const isNew = !this.items().some((other) => other.lastElementChild.value === value);
    if (isNew) this.node.insertBefore(item, this.node.querySelector('.add-item'));
    this.changed();
  },

  removeItem(item) {
    item.remove();
    this.changed();
  },

  /** Takes over what has been typed, if it is good. */
  take(input) {
    if (!input.value || input.classList.contains('cbi-input-invalid')) return;
    this.addItem(input.value);
    input.value = '';
  },

  /** The sign at an item's end, which removes it, is not an element but drawn by the theme. */
  handleClick(ev) {
    const item = ev.target.closest('.item');
    if (this.options.disabled) return;
    if (item) {
      const width = Number.parseFloat(getComputedStyle(item, '::after').width) || 0;
      if (item.getBoundingClientRect().right - ev.clientX <= width) this.removeItem(item);
    } else if (ev.target.matches('.cbi-button-add')) this.take(ev.target.previousElementSibling);
  },

  handleKeydown(ev) {
    const item = ev.target.closest('.item');
    if (item && ['Backspace', 'Delete'].includes(ev.key)) {
      (ev.key === 'Delete' ? item.nextElementSibling : item.previousElementSibling)?.focus();
      this.removeItem(item);
    } else if (ev.key === 'Enter' && ev.target.matches('.cbi-input-text')) {
      this.take(ev.target);
      ev.preventDefault();
    }
  },

  /** What has been typed and not been added counts as well. */
  getValue() {
    const values = this.items().map((item) => item.lastElementChild.value);
    const input = this.node.querySelector('.add-item > input');
    const isGood = input?.value.trim() && !input.classList.contains('cbi-input-invalid');
    return isGood && !values.includes(input.value) ? [...values, input.value] : values;
  },
});

return baseclass.extend({ DynamicList });
