'use strict';
'require baseclass';
'require dom';

// What all parts of a form have: a title, a description, and parts of their own.

return baseclass.extend({
  AbstractElement: baseclass.extend({
    __init__(title, description) {
      this.title = title ?? '';
      this.description = description ?? '';
      this.children = [];
    },

    append(child) {
      this.children.push(child);
    },

    loadChildren(...args) {
      return Promise.all(this.children.map((child) => (child.disable ? null : child.load(...args))));
    },

    renderChildren(tab, ...args) {
      const shown = this.children.filter((child) => !child.disable && (tab === null || child.tab === tab));
      return Promise.all(shown.map((child, index) => child.render(index, ...args)));
    },

    stripTags(words) {
      if (typeof words === 'string' && !/[<>&]/.test(words)) return words;
      return (dom.elem(words) ? words : dom.parse(`<div>${words}</div>`)).textContent;
    },

    /** Words that may be told by a function. */
    titleFn(name, ...args) {
      const given = this[name];
      const words = typeof given === 'function' ? given.call(this, ...args) : given?.format(...args);
      return (words != null && this.stripTags(String(words)).trim()) || null;
    },

    heading(level, node) {
      if (typeof this.title === 'string' && this.title !== '' && !this.hidetitle) node.append(E(level, {}, this.title));
      const style = level === 'h2' ? 'cbi-map-descr' : 'cbi-section-descr';
      if (this.description) node.append(E('div', { class: style }, this.description));
      return node;
    },
  }),

  /** Whether values are the same; a pattern is the same as what it matches. */
  isEqual(value, wanted) {
    if (wanted instanceof RegExp) return value != null && wanted.test(value);
    if (Array.isArray(value) && Array.isArray(wanted))
      return value.length === wanted.length && value.every((one, index) => this.isEqual(one, wanted[index]));
    return value === wanted || (value == null && wanted == null);
  },

  isContained(value, wanted) {
    return Array.isArray(value) || typeof value === 'string' ? value.includes(wanted) : value?.[wanted] != null;
  },
});
