'use strict';
'require baseclass';
'require dom';
'require request';
'require uci';

// What was saved and is not in force yet: says so, and applies it.

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const post = (what, query = { sid: L.env.sessionid, token: L.env.token }) =>
  request.post(L.url('admin/uci', what), null, { query }).catch(() => ({ status: 0 }));

const show = (style, words) => {
  const dialog = L.ui.showModal(null, [E('p', {}, [words])]);
  dialog.firstElementChild.remove();
  dialog.classList.add('alert-message', ...style.split(' '));
};

async function reload(words) {
  L.ui.changes.setIndicator(0);
  show('notice', words);
  await pause(L.env.apply_display ?? 1);
  location.reload();
}

async function sayAndLeave(words) {
  show('warning', words);
  await pause(L.env.apply_display ?? 1);
  L.ui.hideModal();
}

return baseclass.extend({
  async init() {
    if (L.env.sessionid) this.renderChangeIndicator(await uci.changes());
  },

  renderChangeIndicator(changes) {
    this.setIndicator(Object.values(changes).flat().length);
  },

  setIndicator(count) {
    if (count > 0) L.ui.showIndicator('uci-changes', `${_('Unsaved Changes')}: ${count}`);
    else L.ui.hideIndicator('uci-changes');
  },

  /** Checked: the router takes it back unless the page reaches it afterwards and confirms. */
  async apply(checked) {
    L.poll.stop();
    show('notice spinning', _('Applying…'));
    const reply = await post(checked ? 'apply_rollback' : 'apply_unchecked');
    if (checked && reply.status === 204) return sayAndLeave(_('Nothing to apply'));
    if (reply.status !== (checked ? 200 : 204)) return sayAndLeave(_('It cannot be applied'));
    const query = checked ? reply.json() : undefined;
    show('notice spinning', _('Applying…'));
    const deadline = Date.now() + (L.env.apply_rollback ?? 90) * 1000;
    await pause(L.env.apply_holdoff ?? 4);
    while (Date.now() < deadline) {
      const { status } = await post('confirm', query);
      if (status === 200 || status === 204) {
        document.dispatchEvent(new CustomEvent('uci-applied'));
        return reload(_('Configuration changes applied.'));
      }
      await pause(1);
    }
    return sayAndLeave(_('The router took it back'));
  },
});
