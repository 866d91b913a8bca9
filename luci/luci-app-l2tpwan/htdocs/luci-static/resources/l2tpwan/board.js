'use strict';
'require baseclass';
'require l2tpwan.amounts as amounts';
'require l2tpwan.api as api';
'require l2tpwan.card as cards';
'require l2tpwan.details as details';
'require l2tpwan.parts as parts';

/* All connections below each other: one card for each, made once, and one for each interface whose settings cannot work. */

const { box } = parts;

const EVENTS = 50;
/** Interfaces that the daemon has not heard of are looked for again after so many looks. */
const LOOKS = 15;
/** netifd passes orders on; what comes of them is looked for so often, and so long, ms. */
const PATIENCE = 5;
const PAUSE_MS = 500;

/** An interface that netifd has and the daemon has not heard of since it started: nobody has wanted it up. */
const UNHEARD = {
  state: 'idle',
  enabled: false,
  attempts: 0,
  timesUp: 0,
  dns: [],
  dropped: {},
  refusals: {},
  warnings: [],
};
const NULL =
  'since server path tunnel session device dataPath address mtu pathMtu mss authentication negotiated echoRoundTripMs counters lastFailure nextAttempt';
for (const field of NULL.split(' ')) UNHEARD[field] = null;

/** When this changes, something has happened. */
const gist = ({ state, since, lastFailure, attempts, timesUp, warnings, mtu, address }) =>
  JSON.stringify([state, since, lastFailure?.at, attempts, timesUp, warnings, mtu, address]);

function refusedCard(name, mayAct) {
  const list = E('ul');
  const why = E('p', { class: 'l2w-why' }, [_('Correct these options, on the tab Connections.')]);
  const how = [E('strong', { class: 'l2w-state' }, [_('Not dialled: its settings cannot work')])];
  const href = L.url('admin/vpn/l2tpwan/connections');
  const link = E('a', { class: 'btn cbi-button', href, hidden: '' }, [_('Connections')]);
  if (mayAct) api.mayConfigure().then((may) => (link.hidden = !may));
  const { node, light } = parts.frame(name, how, why, [link], [box('refused', [list])]);
  light.dataset.tone = 'bad';
  return {
    node,
    update: (faults) => list.replaceChildren(...faults.map((fault) => E('li', [fault]))),
    tick() {},
  };
}

/** @param look looks at the router again @param changed what is to be said of all of them may be something else now */
function board(mayAct, look, changed) {
  const live = box('hidden', [], { role: 'status', 'aria-live': 'polite' });
  const list = box('cards', []);
  const shown = new Map();
  let gists = new Map();
  /** How often each one's events were asked for: only the last answer counts. */
  const asked = new Map();
  let unheard = [];
  /** netifd did not say which interfaces there are: it is asked again. */
  let isUnsure = false;
  /** Whether netifd knows the protocol; undefined: nobody has asked. */
  let isKnown;
  let looks = 0;
  let last;

  /** One card for each name, in the order of names. */
  function keep(key, name, make) {
    const card = shown.get(key) ?? make(name);
    if (!shown.has(key)) {
      const next = [...list.children].find((each) => each.dataset.name > name);
      list.insertBefore(card.node, next ?? null);
    }
    shown.set(key, card);
    return card;
  }

  function drop(isWanted) {
    for (const [key, card] of shown) {
      if (isWanted(key)) continue;
      card.node.remove();
      shown.delete(key);
      gists.delete(key);
    }
  }

  async function act(name, method) {
    const before = gists.get(name);
    try {
      await api[method](name);
      for (let left = PATIENCE; left > 0 && gists.get(name) === before; left--) {
        await look();
        if (gists.get(name) === before) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    } catch (error) {
      details.tell(_('%s: %s').format(name, error.message));
    }
  }

  const makeCard = (name) => {
    const { negotiated, diagnostics } = details;
    return cards.card(name, { act: mayAct ? act : null, negotiated, diagnostics });
  };

  function showConnection(name, connection) {
    const card = keep(name, name, makeCard);
    const words = card.update(connection, last.status.daemon.ageMs, last.at);
    if (card.words !== undefined && card.words !== words) parts.put(live, _('%s: %s').format(name, words));
    card.words = words;
  }

  /** What is worth a question, asked once the cards stand. */
  function ask() {
    const { connections } = last.status;
    const isDue = looks % LOOKS === 0;
    const news = Object.entries(connections).filter(([name, each]) => gists.get(name) !== gist(each));
    gists = new Map(Object.entries(connections).map(([name, each]) => [name, gist(each)]));
    looks += 1;
    // Some events, such as notices, are not to be seen in the status.
    for (const [name] of isDue ? Object.entries(connections) : news) askEvents(name);
    if (isDue || isUnsure || news.length > 0) askInterfaces();
  }

  async function askEvents(name) {
    const number = (asked.get(name) ?? 0) + 1;
    asked.set(name, number);
    try {
      const events = await api.events(EVENTS, name);
      if (asked.get(name) !== number) return;
      shown.get(name)?.timeline.update(events);
      tick(performance.now());
    } catch {
      gists.delete(name); // again with the next look
    }
  }

  async function askInterfaces() {
    const isEmpty = shown.size === 0;
    const [names, known] = await Promise.all([api.interfaces(), isEmpty ? api.protocolIsKnown() : true]);
    isUnsure = names === undefined;
    if (isUnsure) return;
    isKnown = known;
    unheard = names;
    show(last.status, last.at);
    changed();
  }

  function show(status, at) {
    last = { status, at };
    const { connections, refused } = status;
    const isRefused = (name) => name in refused && (connections[name]?.state ?? 'idle') === 'idle';
    const others = unheard.filter((name) => !(name in connections) && !(name in refused));
    drop((key) =>
      key.startsWith('!') ? isRefused(key.slice(1)) : (key in connections && !isRefused(key)) || others.includes(key),
    );
    for (const [name, connection] of Object.entries(connections))
      if (!isRefused(name)) showConnection(name, connection);
    for (const [name, faults] of Object.entries(refused))
      if (isRefused(name)) keep(`!${name}`, name, (each) => refusedCard(each, mayAct)).update(faults);
    for (const name of others) showConnection(name, UNHEARD);
  }

  function tick(now) {
    if (last === undefined) return;
    const { daemon } = last.status;
    const routerNow = Date.parse(daemon.since) + daemon.ageMs + now - last.at;
    for (const card of shown.values()) {
      card.tick(now);
      card.timeline?.tick(routerNow);
    }
  }

  return {
    nodes: [list, live],
    show,
    ask,
    tick,
    /** Why there is no card, if there is none. */
    get condition() {
      if (shown.size > 0 || isKnown === undefined) return null;
      return { kind: isKnown ? 'no-connection' : 'protocol-unknown' };
    },
    /** What runs on the router. */
    words(now) {
      const { daemon } = last.status;
      const age = amounts.duration(daemon.ageMs + now - last.at);
      return _('l2tpwan %s, running for %s').format(daemon.version, age);
    },
  };
}

return baseclass.extend({ board });
