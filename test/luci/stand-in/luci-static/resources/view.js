'use strict';
'require baseclass';
'require dom';

// A page: loads, renders into #view, and has the buttons that save what its forms hold.

const maps = () => Array.from(document.querySelectorAll('#maincontent .cbi-map'));

return baseclass.extend({
  async __init__() {
    try {
      const place = document.getElementById('view');
      dom.content(place, E('div', { class: 'spinning' }, [_('Loading view…')]));
      if (!L.loaded) await new Promise((resolve) => document.addEventListener('luci-loaded', resolve, { once: true }));
      dom.content(place, await this.render(await this.load()));
      dom.append(place, this.addFooter());
    } catch (failure) {
      L.error(failure);
    }
  },

  load() {},
  render() {},

  handleSave() {
    return Promise.all(maps().map((map) => dom.callClassMethod(map, 'save')));
  },

  async handleSaveApply(ev, mode) {
    await this.handleSave(ev);
    L.ui.changes.apply(mode === '0');
  },

  handleReset() {
    return Promise.all(maps().map((map) => dom.callClassMethod(map, 'reset')));
  },

  /** A button whose handler is null is not there; for who may not write they are off. */
  addFooter() {
    if (!this.handleSaveApply && !this.handleSave && !this.handleReset) return E([]);
    const found = Array.from(document.querySelectorAll('#view .cbi-map'), (map) => dom.findClassInstance(map));
    const readonly = found.length ? found.every((map) => map.readonly) : !L.hasViewPermission();
    const button = (method, style, words) =>
      this[method] &&
      E(
        'button',
        {
          class: `cbi-button cbi-button-${style}`,
          click: L.ui.createHandlerFn(this, method),
          disabled: readonly || null,
        },
        [words],
      );
    const apply =
      this.handleSaveApply &&
      L.ui.applyButton('apply', L.ui.createHandlerFn(this, 'handleSaveApply'), readonly).render();
    return E('div', { class: 'cbi-page-actions' }, [
      apply,
      ' ',
      button('handleSave', 'save', _('Save')),
      ' ',
      button('handleReset', 'reset', _('Reset')),
    ]);
  },
});
