'use strict';
'require baseclass';
'require l2tpwan.amounts as amounts';
'require l2tpwan.failures as failures';
'require l2tpwan.parts as parts';
'require l2tpwan.stages as stages';

/* What happened to one connection, the last first. */

const LEVEL = {
  error: _('Error'),
  warn: _('Warning'),
  info: _('Info'),
  debug: _('Detail'),
};

/** Names that are the same in every language. */
const METHOD = { 'chap-md5': 'CHAP (MD5)', 'ms-chap-v2': 'MS-CHAPv2', 'ms-chap': 'MS-CHAP', pap: 'PAP' };

const method = (name) => METHOD[name] ?? name;

/** A sentence, and the server's own words where there are some. */
const andSaid = (sentence, text) => (text ? _('%s. The server said: “%s”').format(sentence, text) : sentence);

/** An event in the reader's language where it has a code, and otherwise in the daemon's words. */
function words(event) {
  switch (event.kind) {
    case 'stage': {
      const server = event.server && amounts.server(event.server);
      const text = stages.words({ state: event.stage }, server);
      const more = event.stage === 'up' ? event.words.replace(/^up:? */, '') : '';
      return more === '' ? text : _('%s: %s').format(text, more);
    }
    case 'authenticated': {
      const how = event.method === 'none' ? _('The server asked for no authentication') : _('Authenticated by %s');
      const message = /the server said: "(.*)"$/s.exec(event.words)?.[1];
      const text = how.format(method(event.method));
      return andSaid(text, message);
    }
    case 'failed': {
      const { stage, detail, peer } = event.failure;
      const text = _('Failed %s: %s (%s)').format(stages.during(stage), failures.words(event.failure), detail);
      return andSaid(text, detail.includes(peer?.text) ? '' : peer?.text);
    }
    case 'retry':
      return _('Next attempt in %s').format(amounts.duration(event.retryInMs));
    default:
      return event.words;
  }
}

function row(event) {
  const level = event.level in LEVEL ? event.level : 'info';
  const time = E('time', { datetime: event.at, title: amounts.date(event.at) });
  const children = [time, E('span', { class: 'l2w-level' }, [LEVEL[level]]), E('span', [words(event)])];
  return { at: Date.parse(event.at), time, node: E('li', { 'data-level': level }, children) };
}

/** @param label of the list, for those who cannot see where it stands */
function timeline(label) {
  const list = E('ol', { class: 'l2w-events', tabindex: '0', role: 'list', 'aria-label': label });
  const empty = E('p', { class: 'l2w-dim' }, [_('Nothing has happened yet.')]);
  const node = parts.box('timeline', [empty, list]);
  let rows = new Map();
  return {
    node,
    /** @param events oldest first */
    update(events) {
      const known = rows;
      rows = new Map();
      for (const event of [...events].reverse()) {
        const key = `${event.at} ${event.words}`;
        rows.set(key, known.get(key) ?? row(event));
      }
      const nodes = [...rows.values()].map((each) => each.node);
      if (nodes.length !== list.children.length || nodes[0] !== list.firstChild) list.replaceChildren(...nodes);
      empty.hidden = nodes.length > 0;
    },
    /** @param now of the router's calendar, ms */
    tick(now) {
      for (const { at, time } of rows.values()) parts.put(time, amounts.ago(now - at));
    },
  };
}

return baseclass.extend({ timeline, method, andSaid });
