'use strict';
'require baseclass';

// Elements made from data, and the objects that belong to them.

const kept = new WeakMap();

return baseclass.extend({
  elem: (value) => value != null && typeof value === 'object' && 'nodeType' in value,

  parse: (markup) => new DOMParser().parseFromString(markup, 'text/html').body.firstChild,

  /** A list's words become text; words that stand alone are markup. */
  append(node, children) {
    if (!this.elem(node) || children == null) return null;
    if (typeof children === 'function') return this.append(node, children(node));
    if (this.elem(children)) return node.appendChild(children);
    if (Array.isArray(children))
      for (const child of children.filter((one) => one != null))
        node.appendChild(this.elem(child) ? child : document.createTextNode(`${child}`));
    else node.innerHTML = `${children}`;
    return node.lastChild;
  },

  content(node, children) {
    if (!this.elem(node)) return null;
    while (node.firstChild) node.firstChild.remove();
    return this.append(node, children);
  },

  attr(node, key, value) {
    if (!this.elem(node)) return;
    for (const [name, given] of Object.entries(typeof key === 'string' ? { [key]: value } : (key ?? {}))) {
      if (given == null) continue;
      if (typeof given === 'function') node.addEventListener(name, given);
      else node.setAttribute(name, typeof given === 'object' ? JSON.stringify(given) : given);
    }
  },

  create(what, ...rest) {
    const attributes = rest[0] instanceof Object && !Array.isArray(rest[0]) && !this.elem(rest[0]) ? rest[0] : null;
    const children = attributes || rest.length > 1 ? rest[1] : rest[0];
    let node = what;
    if (Array.isArray(what)) {
      node = document.createDocumentFragment();
      for (const one of what) node.appendChild(this.create(one));
    } else if (!this.elem(what)) node = what.startsWith('<') ? this.parse(what) : document.createElement(what);
    this.attr(node, attributes);
    this.append(node, children);
    return node;
  },

  bindClassInstance(node, instance) {
    kept.set(node, instance);
  },

  /** The object of this element, or of the nearest one around it that has one. */
  findClassInstance(node) {
    for (let at = node; at; at = at.parentNode) if (kept.has(at)) return kept.get(at);
    return null;
  },

  callClassMethod(node, method, ...args) {
    const instance = this.findClassInstance(node);
    return typeof instance?.[method] === 'function' ? instance[method](...args) : null;
  },

  isEmpty: (node, ignored) =>
    !Array.from(node?.children ?? []).some((child) => !child.classList.contains('hidden') && !ignored?.(child)),
});
