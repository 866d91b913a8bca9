'use strict';
'require baseclass';
'require dom';

// Panes of which one is seen at a time, with the menu above them.

/** Under which name it is kept, while the session lasts, which pane was looked at last. */
const placeOf = (group) => `tab:${document.body.dataset.page}:${group.dataset.sectionId}`;
const isEmpty = (pane) => dom.isEmpty(pane, (child) => child.classList.contains('cbi-tab-descr'));

function select(menu, group, name) {
  for (const tab of menu.children) {
    tab.classList.toggle('cbi-tab', tab.dataset.tab === name);
    tab.classList.toggle('cbi-tab-disabled', tab.dataset.tab !== name);
  }
  for (const pane of group.children) pane.setAttribute('data-tab-active', pane.dataset.tab === name);
}

return baseclass.extend({
  initTabGroup(nodes) {
    const panes = Array.from(nodes);
    const group = panes[0]?.parentNode;
    if (!group) return;
    const menu = E('ul', { class: 'cbi-tabmenu' });
    for (const { dataset } of panes) {
      const click = (ev) => {
        ev.preventDefault();
        select(menu, group, dataset.tab);
        sessionStorage.setItem(placeOf(group), dataset.tab);
      };
      const link = E('a', { href: '#', click }, [dataset.tabTitle]);
      menu.append(E('li', { class: 'cbi-tab-disabled', 'data-tab': dataset.tab }, [link]));
    }
    group.before(menu);
    const last = sessionStorage.getItem(placeOf(group));
    const filled = panes.filter((pane) => !isEmpty(pane));
    select(menu, group, (filled.find((pane) => pane.dataset.tab === last) ?? filled[0] ?? panes[0]).dataset.tab);
    this.updateTabs(null, group);
  },

  /** A pane without a field in it has no tab; one with something wrong in it says so. */
  updateTabs(_ev, root) {
    for (const pane of root.querySelectorAll('[data-tab-title]')) {
      const tab = pane.parentNode.previousElementSibling?.querySelector(`[data-tab="${pane.dataset.tab}"]`);
      const wrong = pane.querySelectorAll('.cbi-input-invalid').length;
      if (!tab) continue;
      tab.style.display = isEmpty(pane) ? 'none' : '';
      if (wrong) tab.setAttribute('data-errors', wrong);
      else tab.removeAttribute('data-errors');
    }
  },
});
