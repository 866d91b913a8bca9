'use strict';
'require baseclass';
'require dom';
'require ui.fields as fields';
'require ui.dropdown as dropdown';
'require ui.dynamic-list as lists';
'require ui.tabs as tabs';
'require ui.changes as changes';

// Dialogs, notifications, and buttons that are off while what they started is under way.

let overlay = null;

return baseclass.extend({
  tabs,
  changes,
  AbstractElement: fields.AbstractElement,
  Textfield: fields.Textfield,
  Checkbox: fields.Checkbox,
  Select: fields.Select,
  Combobox: dropdown.Combobox,
  ComboButton: dropdown.ComboButton,
  DynamicList: lists.DynamicList,

  __init__() {
    const keydown = (ev) => {
      if (ev.key === 'Escape') overlay.querySelector('.right > button, .right > .btn, .button-row > .btn')?.click();
    };
    const dialog = E('div', { class: 'modal', role: 'dialog', 'aria-modal': true });
    overlay = document.body.appendChild(E('div', { id: 'modal_overlay', tabindex: -1, keydown }, [dialog]));
    for (const event of ['luci-loaded', 'uci-loaded']) document.addEventListener(event, () => changes.init());
    document.addEventListener('poll-start', () =>
      this.showIndicator('poll-status', _('Refreshing'), () => (L.poll.active() ? L.poll.stop() : L.poll.start())),
    );
    document.addEventListener('poll-stop', () => this.showIndicator('poll-status', _('Paused'), null, 'inactive'));
  },

  showModal(title, children, ...classes) {
    const dialog = overlay.firstElementChild;
    dialog.className = ['modal', ...classes].join(' ');
    dom.content(dialog, E('h4', {}, title));
    dom.append(dialog, children);
    document.body.classList.add('modal-overlay-active');
    overlay.focus();
    return dialog;
  },

  /** What it held stays in the document, unseen. */
  hideModal() {
    document.body.classList.remove('modal-overlay-active');
    overlay.blur();
  },

  addNotification(title, children, ...classes) {
    const message = E('div', { class: ['alert-message', 'fade-in', ...classes].join(' '), style: 'display:flex' }, [
      E('div', { style: 'flex:10' }, title == null ? [] : [E('h4', {}, title)]),
      E('div', { style: 'flex:1 1 auto; display:flex' }, [
        E(
          'button',
          {
            class: 'btn',
            style: 'margin-left:auto; margin-top:auto',
            click: () => message.remove(),
          },
          [_('Dismiss')],
        ),
      ]),
    ]);
    dom.append(message.firstElementChild, children);
    (document.querySelector('#maincontent') ?? document.body).prepend(message);
    return message;
  },

  /** What a click on it does is settled when it first appears. */
  showIndicator(id, label, click, style = 'active') {
    const place = document.querySelector('#indicators');
    let node = place.querySelector(`[data-indicator="${id}"]`);
    if (!node) {
      node = E('span', { 'data-indicator': id, 'data-clickable': click ? true : null, click });
      place.append(node);
    }
    node.textContent = label;
    node.dataset.style = style;
  },

  hideIndicator(id) {
    document.querySelector(`#indicators > [data-indicator="${id}"]`)?.remove();
  },

  createHandlerFn(self, method, ...args) {
    const handler = typeof method === 'string' ? self[method] : method;
    if (typeof handler !== 'function') return null;
    return (...given) => {
      const button = given[0].currentTarget;
      button.classList.add('spinning');
      button.disabled = true;
      button.blur?.();
      Promise.resolve(handler.apply(self, [...args, ...given])).finally(() => {
        button.classList.remove('spinning');
        button.disabled = false;
      });
    };
  },

  /** Save & Apply, which can also go without the check that the router is still there. */
  applyButton(style, click, disabled) {
    const looks = (name) => `btn cbi-button cbi-button-${name} important`;
    const choices = { 0: _('Save & Apply'), 1: _('Apply unchecked') };
    return new this.ComboButton('0', choices, { classes: { 0: looks(style), 1: looks('negative') }, click, disabled });
  },

  async instantiateView(path) {
    try {
      return await L.require(`view.${path.replaceAll('/', '.')}`);
    } catch (failure) {
      dom.content(document.querySelector('#view'), null);
      return L.error(failure);
    }
  },
});
