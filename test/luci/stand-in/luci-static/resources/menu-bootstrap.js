'use strict';
'require baseclass';
'require request';

// The menu of the theme: what is below the first two levels of the path is tabs.

const childrenOf = (node) =>
  Object.entries(node?.children ?? {})
    .map(([name, child]) => ({ name, ...child }))
    .filter((child) => child.title && child.satisfied)
    .sort((a, b) => (a.order ?? 9999) - (b.order ?? 9999));

return baseclass.extend({
  __init__() {
    request.get(L.url('admin/menu')).then((reply) => this.render(reply.json()));
  },

  render(tree) {
    const [mode, ...path] = L.env.dispatchpath;
    const entries = (node, below, active) =>
      childrenOf(node).map((child) =>
        E('li', { class: `tabmenu-item-${child.name}${child.name === active ? ' active' : ''}` }, [
          E('a', { href: L.url(...below, child.name) }, [_(child.title)]),
        ]),
      );
    const top = document.querySelector('#topmenu');
    top.append(...entries(tree.children[mode], [mode], path[0]));
    top.style.display = '';
    const page = tree.children[mode]?.children?.[path[0]]?.children?.[path[1]];
    const tabs = entries(page, [mode, path[0], path[1]], path[2]);
    if (tabs.length === 0) return;
    const menu = document.querySelector('#tabmenu');
    menu.append(E('ul', { class: 'tabs' }, tabs));
    menu.style.display = '';
  },
});
