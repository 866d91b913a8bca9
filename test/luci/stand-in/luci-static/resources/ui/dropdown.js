'use strict';
'require baseclass';
'require dom';
'require ui.fields as fields';

// The drop-down: one of several, or something else; and the button with a second thing that it could do.

const closeAll = () => {
  for (const node of document.querySelectorAll('.cbi-dropdown[open]')) dom.callClassMethod(node, 'close');
};
window.addEventListener('click', closeAll);

const Dropdown = fields.AbstractElement.extend({
  __init__(value, choices, options) {
    this.super('__init__', [value ?? '', options]);
    this.choices = choices;
  },

  render() {
    const { id, optional, disabled, create, sort = Object.keys(this.choices) } = this.options;
    const keys = create && this.value !== '' && !(this.value in this.choices) ? [...sort, this.value] : sort;
    const flag = (on) => (on ? '' : null);
    const state = { optional: flag(optional), disabled: flag(disabled), tabindex: 0 };
    this.list = E(
      'ul',
      { tabindex: -1 },
      keys.map((key) => this.item(key, this.choices[key] ?? key)),
    );
    if (optional) this.list.prepend(E('li', { placeholder: '' }, [this.options.select_placeholder]));
    if (create) this.list.append(this.inputItem());
    const open = E('span', { class: 'open', tabindex: -1 }, ['▾']);
    this.node = E('div', { id, class: 'cbi-dropdown', ...state }, [this.list, open, E('div')]);
    this.select(this.find(this.value));
    this.node.addEventListener('click', (ev) => this.handleClick(ev));
    this.node.addEventListener('keydown', (ev) => this.handleKeydown(ev));
    const closing = ['cbi-dropdown-change', 'cbi-dropdown-close'];
    return this.bind(this.node, this.node, ['cbi-dropdown-open', 'cbi-dropdown-close'], closing);
  },

  item: (key, words) => E('li', { 'data-value': key }, [dom.elem(words) ? words.cloneNode(true) : words]),

  inputItem() {
    const input = E('input', {
      type: 'text',
      class: 'create-item-input',
      placeholder: _('-- custom --'),
      keydown: (ev) => {
        if (ev.key !== 'Enter') return;
        ev.preventDefault();
        if (input.classList.contains('cbi-input-invalid') || !input.value.trim()) return;
        this.choose(this.find(input.value.trim()) ?? this.added(input.value.trim()));
        input.value = '';
      },
    });
    fields.addValidator(input, 'string', true, this.options.validate, 'blur', 'keyup');
    return E('li', { 'data-value': '-', unselectable: '' }, [input]);
  },

  find(value) {
    return Array.from(this.list.children).find((li) => li.getAttribute('data-value') === value);
  },

  added(value) {
    return this.list.insertBefore(this.item(value, value), this.list.lastElementChild);
  },

  /** Without an item: the first one, which says that there is none. */
  select(item) {
    const chosen = item ?? this.list.firstElementChild;
    for (const li of this.list.children)
      for (const mark of ['selected', 'display']) {
        if (li === chosen) li.setAttribute(mark, mark === 'display' ? 0 : '');
        else li.removeAttribute(mark);
      }
    const value = chosen.getAttribute('data-value');
    this.node.value = value ?? '';
    dom.content(this.node.lastElementChild, value === null ? [] : [E('input', { type: 'hidden', value })]);
    const detail = { instance: this, element: this.node, value: value === null ? null : { value } };
    this.node.dispatchEvent(new CustomEvent('cbi-dropdown-change', { bubbles: true, detail }));
  },

  choose(li) {
    this.select(li);
    this.close();
  },

  open() {
    closeAll();
    this.node.setAttribute('open', '');
    this.list.classList.add('dropdown');
    for (const li of this.list.children) if (!li.hasAttribute('unselectable')) li.setAttribute('tabindex', 0);
    this.list.querySelector('[selected]').focus();
  },

  close() {
    if (!this.node.hasAttribute('open')) return;
    this.node.removeAttribute('open');
    this.list.classList.remove('dropdown');
    this.node.dispatchEvent(new CustomEvent('cbi-dropdown-close', { bubbles: true }));
  },

  handleClick(ev) {
    ev.stopPropagation();
    if (this.node.hasAttribute('disabled') || ev.target.matches('.create-item-input')) return;
    ev.preventDefault();
    const li = ev.target.closest('li:not([unselectable])');
    if (!this.node.hasAttribute('open')) this.open();
    else if (li) this.choose(li);
    else if (ev.target.matches('.open')) this.close();
  },

  handleKeydown(ev) {
    if (ev.target.matches('input')) return;
    const at = document.activeElement.closest('li');
    const next = { ArrowUp: at?.previousElementSibling, ArrowDown: at?.nextElementSibling }[ev.key];
    if (!this.node.hasAttribute('open')) {
      if (!ev.key.startsWith('Arrow')) return;
      this.open();
    } else if (ev.key === 'Escape') this.close();
    else if ((ev.key === 'Enter' || ev.key === ' ') && at) this.choose(at);
    else if (next) (next.querySelector('input') ?? next).focus();
    else return;
    ev.preventDefault();
    ev.stopPropagation();
  },

  getValue() {
    return this.node.querySelector(':scope > div > input')?.value;
  },
});

const Combobox = Dropdown.extend({
  __init__(value, choices, options) {
    this.super('__init__', [value, choices, { ...options, create: true, optional: true }]);
  },
});

const ComboButton = Dropdown.extend({
  select(item) {
    this.super('select', [item]);
    this.node.className = `cbi-dropdown ${this.options.classes[this.getValue()]}`;
  },

  handleClick(ev) {
    if (this.node.hasAttribute('open') || ev.target.matches('.open')) this.super('handleClick', [ev]);
    else if (!this.node.hasAttribute('disabled')) this.options.click.call(this.node, ev, this.getValue());
  },
});

return baseclass.extend({ Combobox, ComboButton });
