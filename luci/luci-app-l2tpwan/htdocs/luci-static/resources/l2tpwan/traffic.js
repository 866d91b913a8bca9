'use strict';
'require baseclass';
'require l2tpwan.amounts as amounts';
'require l2tpwan.parts as parts';

/* How fast a connection is: rates out of two looks at its counters, those of the last five minutes, and their graph. */

const { box } = parts;

const { rate } = amounts;

const WINDOW_MS = 5 * 60 * 1000;
/** The time between two looks is the poll's, give or take; more than that, and the rate is an average that is drawn as one. */
const USUAL_MS = 5000;

/** The graph's own units. */
const WIDTH = 300;
const HEIGHT = 100;

const BITS = 8;

/** What a graph goes up to: the next of 1, 2, 5, 10 …, and never less than lets idle chatter look idle. */
function ceiling(peak) {
  const least = Math.max(peak, 10_000);
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((digit) => digit * power).find((top) => top >= least);
}

class Traffic {
  constructor() {
    this.samples = [];
    this.last = null;
  }

  /** @param ageMs of the daemon: its own clock, which no answer's delay distorts */
  look({ counters, tunnel }, ageMs) {
    const { last } = this;
    if (ageMs === last?.ageMs) return; // no time has passed
    const dial = tunnel?.localId;
    if (last !== null && ageMs < last.ageMs) this.samples = []; // another daemon
    this.last = { ageMs, dial, counters };
    this.samples = this.samples.filter(({ at }) => at > ageMs - WINDOW_MS);
    this.rate = last === null ? null : rateBetween(last, this.last);
    if (this.rate !== null) this.samples.push(this.rate);
  }

  /** Current, average and peak of one direction, bits per second; null where nothing is known. */
  figures(direction) {
    const { samples, rate: last } = this;
    if (samples.length === 0) return { now: null, average: null, peak: null };
    const time = samples.reduce((sum, { span }) => sum + span, 0);
    const amount = samples.reduce((sum, sample) => sum + sample[direction] * sample.span, 0);
    return {
      now: last === null ? null : last[direction],
      average: amount / time,
      peak: Math.max(...samples.map((sample) => sample[direction])),
    };
  }

  get top() {
    return ceiling(Math.max(0, ...this.samples.flatMap(({ down, up }) => [down, up])));
  }

  /** The course of one direction, as the data of two SVG paths: the line, and the area below it. */
  path(direction) {
    const { samples, top, last } = this;
    const x = (at) => Math.max(0, WIDTH * (1 - (last.ageMs - at) / WINDOW_MS)).toFixed(1);
    const y = (value) => (HEIGHT * (1 - value / top)).toFixed(1);
    const runs = [];
    samples.forEach(({ at, span, [direction]: value }, index) => {
      const isNew = at - span !== samples[index - 1]?.at;
      if (isNew) runs.push({ from: x(at - span), points: [] });
      const { points } = runs.at(-1);
      if (isNew || span > USUAL_MS) points.push(`${x(at - span)} ${y(value)}`);
      points.push(`${x(at)} ${y(value)}`);
    });
    const lines = runs.map(({ points }) => `M${points.join('L')}`);
    return [lines.join(''), lines.map((line, at) => `${line}V${HEIGHT}H${runs[at].from}Z`).join('')];
  }
}

/** null: nothing counts, or it is another dial that counts. */
function rateBetween(before, now) {
  const span = now.ageMs - before.ageMs;
  if (!before.counters || !now.counters || before.dial !== now.dial || span <= 0) return null;
  const rate = (name) => ((now.counters[name] - before.counters[name]) * BITS * 1000) / span;
  const [down, up] = [rate('receivedOctets'), rate('sentOctets')];
  return down < 0 || up < 0 ? null : { at: now.ageMs, span, down, up };
}

const svg = (name, attributes, children = []) => {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};

/** Said by the description of the picture. */
const HIDDEN = { 'aria-hidden': 'true' };

/** A graph, made once; `update` draws what is known by then. */
function graph() {
  const area = svg('path', { class: 'l2w-area' });
  const down = svg('path', { class: 'l2w-down' });
  const up = svg('path', { class: 'l2w-up' });
  const grid = svg('path', { d: [0, 25, 50, 75, 100].map((y) => `M0 ${y}H${WIDTH}`).join('') });
  const frame = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' };
  const picture = svg('svg', frame, [grid, area, up, down]);
  const top = E('span');
  const middle = E('span');
  const node = box('graph', [
    box('scale', [top, middle], HIDDEN),
    picture,
    box('times', [E('span', [_('5 minutes ago')]), E('span', [_('now')])], HIDDEN),
  ]);
  return {
    node,
    update(traffic) {
      const [line, below] = traffic.path('down');
      down.setAttribute('d', line);
      area.setAttribute('d', below);
      up.setAttribute('d', traffic.path('up')[0]);
      top.textContent = rate(traffic.top);
      middle.textContent = rate(traffic.top / 2);
      picture.setAttribute('aria-label', described(traffic));
    },
  };
}

function described(traffic) {
  const [down, up] = [traffic.figures('down'), traffic.figures('up')];
  if (down.peak === null) return _('Traffic of the last 5 minutes: nothing is known yet');
  return _('Traffic of the last 5 minutes: received %s on average, %s at most; sent %s on average, %s at most').format(
    ...[down.average, down.peak, up.average, up.peak].map(rate),
  );
}

/** Rates and totals, as a table below the graph: which colour is which, too. */
function figures() {
  const cells = {};
  const line = (direction, label) => {
    cells[direction] = ['now', 'average', 'peak', 'total'].map(() => E('td', ['–']));
    return E('tr', [
      E('th', { scope: 'row' }, [E('i', { class: `l2w-key l2w-${direction}`, 'aria-hidden': 'true' }), label]),
      ...cells[direction],
    ]);
  };
  const heads = [_('Now'), _('Average'), _('Peak'), _('Total')].map((head) => E('th', { scope: 'col' }, [head]));
  const node = E('table', { class: 'l2w-figures' }, [
    E('thead', [E('tr', [E('td'), ...heads])]),
    E('tbody', [line('down', _('Received')), line('up', _('Sent'))]),
  ]);
  const put = (direction, traffic, octets) => {
    const { now, average, peak } = traffic.figures(direction);
    const texts = [
      ...[now, average, peak].map((each) => (each === null ? null : rate(each))),
      octets === undefined ? null : amounts.octets(octets),
    ];
    cells[direction].forEach((cell, at) => {
      parts.putFact(cell, texts[at]);
    });
  };
  return {
    node,
    update(traffic, counters) {
      put('down', traffic, counters?.receivedOctets);
      put('up', traffic, counters?.sentOctets);
    },
  };
}

return baseclass.extend({ Traffic, graph, figures });
