'use strict';
'require baseclass';
'require poll';
'require uci';
'require l2tpwan.api as api';
'require l2tpwan.parts as parts';

// How MQTT stands, and a button that tries the broker out.

const { hold, isHeld, put } = parts;

const TEST = _('Test');

const STEP = {
  load: _('Load'),
  connect: _('Connect'),
  subscribe: _('Subscribe'),
  publish: _('Publish'),
  'read-back': _('Read back'),
  discovery: 'Home Assistant',
};

/** LuCI gives up after 20 s, and so does rpcd after 30 s. */
const LONG_MS = 15_000;

/** @param view undefined: there was no answer */
function words(view) {
  if (view === undefined) return _('The service does not answer.');
  const { state, server, base, failure } = view;
  if (state === 'disabled') return _('Switched off.');
  if (state === 'wrong') return _('Left out, for its settings cannot work: %s').format(failure);
  if (state === 'connected') return _('Connected to %s; topics begin with %s.').format(server, base);
  return failure ? _('Not connected to %s: %s').format(server, failure) : _('Connecting to %s…').format(server);
}

function whyNot({ why, message }, afterMs) {
  if (afterMs > LONG_MS) return _('It takes longer than LuCI waits. In a terminal: %s').format('l2tpwan mqtt test');
  return why === 'gone' ? words() : message;
}

/** Whether a field of the form, or what was saved of it, is not in force yet. */
async function isPending(s) {
  const { section: sid, config } = s;
  const text = (value) => String(value ?? '');
  const isTouched = (o) => o.isActive(sid) && text(o.formvalue(sid)) !== text(o.cfgvalue(sid) ?? o.default);
  return s.children.some(isTouched) || Boolean((await uci.changes())[config]);
}

const TONE = { connected: 'good', connecting: 'busy', waiting: 'bad', wrong: 'bad' };

/** @param s the section of MQTT in its form @returns the node */
function trial(s) {
  const light = parts.dot('off');
  const state = E('span');
  const steps = E('ul');
  const end = E('p');
  const result = E('div', { role: 'status', 'aria-live': 'polite' }, [steps, end]);
  const button = parts.button(TEST, 'cbi-button-action', press);
  button.hidden = true;

  async function look() {
    const view = await api.mqtt();
    light.dataset.tone = TONE[view?.state] ?? 'off';
    put(state, words(view));
  }

  async function press() {
    if (isHeld(button)) return;
    hold(button, true, _('Testing…'));
    steps.replaceChildren();
    put(end, '');
    const began = Date.now();
    const isOld = await isPending(s).catch(() => false);
    try {
      show(await api.testMqtt());
    } catch (error) {
      put(end, whyNot(error, Date.now() - began));
    }
    if (isOld)
      end.append(E('br'), _('What was tried is in force; what is changed here is not, until it is saved and applied.'));
    hold(button, false, TEST);
    look();
  }

  function show({ ok, server, steps: taken, failure }) {
    const lines = taken.map((each) =>
      E('li', [
        parts.dot(each.ok ? 'good' : 'bad'),
        E('strong', [STEP[each.step] ?? each.step]),
        `: ${each.words} (${each.ms} ms)`,
      ]),
    );
    steps.replaceChildren(...lines);
    put(end, ok ? _('%s: all of it works.').format(server) : _('Failed: %s').format(failure?.words));
  }

  api.mayTestMqtt().then((may) => {
    button.hidden = !may;
  });
  look();
  poll.add(look, 5);
  parts.sheet();
  return E('div', { class: 'l2w-page l2w-trial' }, [E('p', [light, state]), button, result]);
}

return baseclass.extend({ trial });
