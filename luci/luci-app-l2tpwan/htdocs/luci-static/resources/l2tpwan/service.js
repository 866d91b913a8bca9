'use strict';
'require baseclass';
'require l2tpwan.amounts as amounts';
'require l2tpwan.api as api';
'require l2tpwan.parts as parts';

/* What the page says when there is nothing to show: what is the matter, and the next step. */

const { hold, isHeld, put } = parts;

const LOG = 'logread -e l2tpwan';

const START = _('Start the service');

/** `act` is a step that the page itself can take, `commands` are for a terminal. */
const CONDITION = {
  'no-runtime': {
    bad: true,
    title: _('There is no Node.js that could run l2tpwan'),
    words: _('Install one on the router, then start the service:'),
    commands: ['l2tpwan-runtime install', 'opkg install node    # OpenWrt 24.10'],
    act: ['start'],
  },
  'not-enabled': {
    title: _('The l2tpwan service is switched off'),
    words: _('It does not run, and does not start when the router does.'),
    act: ['enable', 'start'],
  },
  stopped: {
    title: _('The l2tpwan service is stopped'),
    words: _('Nothing is dialled until it runs again.'),
    act: ['start'],
  },
  crashed: {
    bad: true,
    title: _('The l2tpwan service has ended unexpectedly'),
    words: _('It is started again after 5 seconds. The system log says why it ended:'),
    commands: [LOG],
    act: ['start'],
  },
  starting: {
    title: _('The l2tpwan service is starting'),
    words: _('It does not answer yet. If that lasts, the system log says why:'),
    commands: [LOG],
  },
  'not-installed': {
    bad: true,
    title: _('The l2tpwan service is not installed'),
    words: _('Only these pages are. Install it:'),
    commands: ['opkg install l2tpwan', 'apk add l2tpwan'],
  },
  'bus-gone': {
    bad: true,
    title: _('The programs of the router cannot be asked'),
    words: _('The web server answers, ubus does not. If that lasts, restart the router.'),
  },
  unreachable: {
    bad: true,
    title: _('The router cannot be reached'),
    words: _('Its web server does not answer. This page keeps trying.'),
  },
  denied: {
    bad: true,
    title: _('Your account may not see this page'),
    words: _('It needs read access to “luci-app-l2tpwan”, or to log in again.'),
  },
  slow: {
    title: _('The router takes long to answer'),
    words: _('This page keeps waiting.'),
  },
  paused: {
    title: _('Refreshing is paused'),
    words: _('A click on “Paused” at the top of the page resumes it.'),
  },
  'no-connection': {
    title: _('No connection is switched on'),
    words: _('One is dialled as soon as it is saved and applied.'),
    link: true,
  },
  'protocol-unknown': {
    title: _('netifd does not know the protocol yet'),
    words: _(
      'It reads them when it starts. Restart the network once; that interrupts every connection for some seconds:',
    ),
    commands: ['service network restart'],
  },
};

/**
 * One place for whatever is the matter, empty while all is well.
 * @param act takes steps by their names; null for those who may only look
 */
function notice(act) {
  const title = E('h3');
  const said = E('p', { class: 'l2w-said' });
  const words = E('p');
  const commands = E('pre');
  const age = E('p', { class: 'l2w-dim', 'aria-live': 'off' });
  const button = parts.button(START, 'cbi-button-positive important', () => press());
  const href = L.url('admin/vpn/l2tpwan/connections');
  const link = E('a', { class: 'btn cbi-button cbi-button-positive important', href }, [_('Connections')]);
  button.hidden = true;
  link.hidden = true;
  const node = E('div', { class: 'l2w-notice', role: 'status', 'aria-live': 'polite', hidden: '' }, [
    title,
    said,
    words,
    commands,
    parts.box('steps', [button, link]),
    age,
  ]);
  let shown;

  async function press() {
    if (isHeld(button)) return;
    hold(button, true, _('Starting…'));
    await act(shown.act);
    hold(button, false, START);
  }

  /** Where it leads on, once it is known that it is permitted. */
  async function offer(step, key, isPermitted) {
    const isMeant = () => act && shown[key];
    if (!isMeant()) step.hidden = true;
    else if (await isPermitted()) step.hidden = !isMeant();
  }

  function show(kind, more, exitCode) {
    shown = CONDITION[kind];
    node.dataset.kind = kind;
    node.classList.toggle('l2w-bad', Boolean(shown.bad));
    put(title, shown.title);
    put(words, shown.words);
    put(said, more ?? (exitCode === undefined ? '' : _('Its exit code was %d.').format(exitCode)));
    put(commands, shown.commands?.join('\n') ?? '');
    said.hidden = said.textContent === '';
    commands.hidden = shown.commands === undefined;
    offer(button, 'act', api.mayStart);
    offer(link, 'link', api.mayConfigure);
  }

  return {
    node,
    /** @param condition `{ kind, words, exitCode }`, or null: all is well */
    update(condition) {
      node.hidden = condition === null;
      if (condition === null) delete node.dataset.kind;
      else show(condition.kind, condition.words, condition.exitCode);
    },
    /** @param ageMs of the last data, which are still to be seen; null: there were none */
    tick(ageMs) {
      age.hidden = ageMs === null;
      if (ageMs !== null) put(age, _('Below is what was known %s.').format(amounts.ago(ageMs)));
    },
  };
}

return baseclass.extend({ notice, title: (kind) => CONDITION[kind].title });
