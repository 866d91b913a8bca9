'use strict';
'require baseclass';

/* What the pages are made of. Everything is made once and changed in place: nothing jumps, and no focus is lost. */

const NOTHING = '–';

/** Text, and what is shown while the pointer rests on it; touched only where they differ. */
function put(node, text, title) {
  if (node.textContent !== text) node.textContent = text;
  if (title !== undefined && node.title !== title) node.title = title;
}

const box = (name, children, attributes) => E('div', { class: `l2w-${name}`, ...attributes }, children);

const dot = (tone) => E('i', { class: 'l2w-dot', 'data-tone': tone, 'aria-hidden': 'true' });

/** What a card of either kind begins with: a name, how it is and why, and what can be done; then what is below. */
function frame(name, how, why, buttons, below) {
  const id = `l2w-${name}`;
  const light = dot('off');
  const head = box('head', [light, E('h3', { id }, [name]), box('how', how), why, box('buttons', buttons)]);
  const node = E('section', { class: 'l2w-card', 'data-name': name, 'aria-labelledby': id }, [head, ...below]);
  return { node, light };
}

/** A list of labels and values. @param rows [key, label] @returns its node, and the node of each value by its key */
function facts(rows) {
  const values = {};
  const node = E(
    'dl',
    { class: 'l2w-facts' },
    rows.map(([key, label]) => {
      values[key] = E('dd', [NOTHING]);
      return E('div', [E('dt', [label]), values[key]]);
    }),
  );
  return { node, values };
}

/** A value that there is not keeps its place. */
const putFact = (node, text, title) => put(node, text || NOTHING, title);

/** A value with particulars below it. @returns puts a line and those in, or null for none */
function fold(value) {
  const summary = E('summary');
  const list = E('ul');
  const details = E('details', [summary, list]);
  const none = E('span', [NOTHING]);
  value.replaceChildren(none, details);
  let shown;
  return (lines) => {
    none.hidden = lines !== null;
    details.hidden = lines === null;
    const text = lines?.join('\n');
    if (lines === null || text === shown) return;
    shown = text;
    const [first, ...others] = lines;
    put(summary, first);
    list.replaceChildren(...others.map((line) => E('li', [line])));
  };
}

const button = (label, style, click) =>
  E('button', { type: 'button', class: `btn cbi-button ${style}`, click }, [label]);

/** Not `disabled`: that would take the focus away. */
function hold(node, isHeld, words) {
  node.classList.toggle('disabled', isHeld);
  node.classList.toggle('spinning', isHeld && words !== undefined);
  node.setAttribute('aria-disabled', String(isHeld));
  if (words !== undefined) put(node, words);
}

const isHeld = (node) => node.getAttribute('aria-disabled') === 'true';

let sheet;

return baseclass.extend({
  put,
  box,
  dot,
  frame,
  facts,
  putFact,
  fold,
  button,
  hold,
  isHeld,

  /** Our style sheet is there, whatever the theme does with what the menu says of it. */
  sheet() {
    const href = L.resource('l2tpwan/l2tpwan.css');
    const isThere = () => [...document.styleSheets].some((each) => each.href?.includes(href));
    sheet ??= new Promise((resolve) => {
      if (isThere()) resolve();
      else document.head.append(E('link', { rel: 'stylesheet', href, load: resolve, error: resolve }));
    });
    return sheet;
  },
});
