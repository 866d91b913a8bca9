'use strict';
'require baseclass';
'require l2tpwan.amounts as amounts';
'require l2tpwan.facts as facts';
'require l2tpwan.parts as parts';
'require l2tpwan.stages as stages';
'require l2tpwan.timeline as timelines';
'require l2tpwan.traffic as traffics';

/* One connection: how it is and why, with whom, through what, how fast, and what happened. */

const { ago, date, duration } = amounts;

const { box, button, put, putFact, hold, isHeld } = parts;

const UNDER_WAY = {
  connect: _('Connecting…'),
  disconnect: _('Disconnecting…'),
  redial: _('Redialling…'),
};

/**
 * @param name of the interface
 * @param actions `act(name, method)`, null for those who may only look; `negotiated` and `diagnostics` with name and button
 */
function card(name, { act, negotiated, diagnostics }) {
  const state = E('strong', { class: 'l2w-state' });
  const since = E('span', { class: 'l2w-dim' });
  const next = E('span', { class: 'l2w-next' });
  const why = E('p', { class: 'l2w-why' });
  const main = button('', '', () => press(main));
  const redial = button(_('Redial'), 'cbi-button-neutral', () => press(redial));
  redial.title = _('Hang up, and dial at once');
  redial.dataset.method = 'redial';
  const values = parts.facts(facts.FACTS);
  const folds = Object.keys(facts.FOLDED).map((key) => [facts.FOLDED[key], parts.fold(values.values[key])]);
  const failure = parts.facts(facts.FAILURE);
  const noFailure = E('p', { class: 'l2w-dim' }, [_('None since the service knows this connection.')]);
  const failureBox = box('failure', [E('h4', [_('Last failure')]), noFailure, failure.node]);
  const graph = traffics.graph();
  const table = traffics.figures();
  const traffic = new traffics.Traffic();
  const timeline = timelines.timeline(_('Events of %s').format(name));
  const buttons = act ? [redial, main] : [];
  const { node, light } = parts.frame(name, [state, ' ', since, ' ', next], why, buttons, [
    box('body', [values.node, box('side', [graph.node, table.node, failureBox])]),
    box('foot', [
      E('h4', [_('Events')]),
      button(_('Negotiated options'), 'cbi-button-neutral', (event) => negotiated(name, event.currentTarget)),
      button(_('Diagnostic report'), 'cbi-button-neutral', (event) => diagnostics(name, event.currentTarget)),
    ]),
    timeline.node,
  ]);
  let shown;

  /** Both are under way until it is seen what came of it. */
  async function press(pressed) {
    if (isHeld(pressed)) return;
    const { method } = pressed.dataset;
    for (const each of [main, redial]) hold(each, true);
    hold(pressed, true, UNDER_WAY[method]);
    await act(name, method);
    for (const each of [main, redial]) hold(each, false);
    putButtons(shown.connection);
  }

  function putButtons({ enabled }) {
    if (!isHeld(main)) {
      main.dataset.method = enabled ? 'disconnect' : 'connect';
      put(main, enabled ? _('Disconnect') : _('Connect'));
      main.classList.toggle('cbi-button-neutral', enabled);
      main.classList.toggle('cbi-button-action', !enabled);
      put(redial, _('Redial'));
    }
    if (!enabled && document.activeElement === redial) main.focus();
    redial.hidden = !enabled;
  }

  function putFailure(last) {
    noFailure.hidden = Boolean(last);
    failureBox.classList.toggle('l2w-none', !last);
    if (last) for (const [key, , words] of facts.FAILURE) if (words) putFact(failure.values[key], words(last));
  }

  return {
    node,
    timeline,
    /** @param ageMs of the daemon @param at when the answer came, on the page's own clock */
    update(connection, ageMs, at) {
      shown = { connection, at };
      light.dataset.tone = stages.tone(connection);
      node.dataset.state = connection.state;
      put(state, stages.words(connection, connection.server && amounts.server(connection.server)));
      put(why, facts.whyWords(connection));
      for (const [key, , words] of facts.FACTS) if (words) putFact(values.values[key], words(connection));
      for (const [lines, fill] of folds) fill(lines(connection));
      putFailure(connection.lastFailure);
      putButtons(connection);
      traffic.look(connection, ageMs);
      graph.update(traffic);
      table.update(traffic, connection.counters);
      this.tick(at);
      return state.textContent;
    },
    /** The countdown, and how long everything has been. */
    tick(now) {
      const { connection, at } = shown;
      const { since: began, nextAttempt, lastFailure } = connection;
      const passed = now - at;
      if (began) put(since, _('for %s').format(duration(connection.ageMs + passed)), date(began));
      else put(since, '', '');
      if (nextAttempt) {
        const left = Math.ceil((nextAttempt.inMs - passed) / 1000) * 1000; // below zero it is none
        put(next, _('next attempt in %s').format(duration(left)), date(nextAttempt.at));
      } else put(next, '', '');
      if (!lastFailure) return;
      const when = ago(lastFailure.ageMs + passed);
      const where = lastFailure.server ? `, ${amounts.server(lastFailure.server)}` : '';
      put(failure.values.when, `${when}, ${stages.during(lastFailure.stage)}${where}`, date(lastFailure.at));
    },
  };
}

return baseclass.extend({ card });
