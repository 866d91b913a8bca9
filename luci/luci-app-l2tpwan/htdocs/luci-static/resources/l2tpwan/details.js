'use strict';
'require baseclass';
'require ui';
'require l2tpwan.api as api';
'require l2tpwan.parts as parts';
'require l2tpwan.timeline as timelines';

/* What is looked at on demand: the options that both ends agreed on, and everything a person who helps wants to know. */

const { button, hold } = parts;

/** A dialog that Escape closes, and that gives the focus back to whatever opened it. */
function dialog(title, content, buttons, opener, first) {
  const close = button(_('Close'), 'cbi-button-neutral', () => {
    ui.hideModal();
    opener.focus();
  });
  // LuCI's Escape presses the first button of the row.
  const row = E('div', { class: 'right l2w-row' }, [close, ...buttons]);
  ui.showModal([title], [...content, row], 'l2w-dialog');
  (first ?? close).focus();
}

/** The button that was pressed is under way meanwhile; what went wrong is told. */
async function under(opener, task) {
  if (parts.isHeld(opener)) return;
  const label = opener.textContent;
  hold(opener, true, _('Collecting…'));
  try {
    await task();
  } catch (error) {
    tell(error.message);
  } finally {
    hold(opener, false, label);
  }
}

function tell(words) {
  const note = ui.addNotification(null, E('p', { role: 'alert' }, [words]), 'danger');
  note?.scrollIntoView({ block: 'nearest' });
}

const cell = (options) =>
  E(
    'td',
    options.length === 0
      ? ['–']
      : [
          E(
            'ul',
            options.map((option) => E('li', [option])),
          ),
        ],
  );

function negotiatedTable(negotiated) {
  const rows = Object.entries(negotiated).map(([protocol, { ours, theirs }]) =>
    E('tr', [E('th', { scope: 'row' }, [protocol.toUpperCase()]), cell(ours), cell(theirs)]),
  );
  const heads = [_('Protocol'), _('This router'), _('The server')].map((head) => E('th', { scope: 'col' }, [head]));
  return parts.box('wide', [E('table', { class: 'l2w-options' }, [E('thead', [E('tr', heads)]), E('tbody', rows)])]);
}

/** The daemon has not heard of the interface yet. */
function nothingIfGone(error) {
  if (error.why === 'gone') return {};
  throw error;
}

function negotiated(name, opener) {
  return under(opener, async () => {
    const { negotiated: options, authentication, mtu } = await api.negotiated(name).catch(nothingIfGone);
    const words = authentication
      ? _('Authentication: %s. MTU: %s.').format(timelines.method(authentication.method), mtu ?? '–')
      : _('Nobody has authenticated yet.');
    const content = options ? negotiatedTable(options) : E('p', [_('Nothing is agreed on yet.')]);
    dialog(_('Negotiated options of %s').format(name), [content, E('p', [words])], [], opener);
  });
}

/** Titles are of the daemon's language, like what is below them: it is meant for others. */
async function report(name) {
  const asked = ['info', 'status', 'events', 'negotiated'].map(async (method) => {
    const text = await api.text(method, method === 'info' ? undefined : name).catch((error) => `(${error.message})`);
    return `== ${method} ==\n${text}\n`;
  });
  return [`l2tpwan diagnostics of ${name}, ${new Date().toISOString()}\n`, ...(await Promise.all(asked))].join('\n');
}

/** Most LuCIs are reached by plain HTTP, where browsers have no clipboard for pages. */
async function copy(area) {
  try {
    await navigator.clipboard.writeText(area.value);
    return true;
  } catch {
    area.focus();
    area.select();
    return document.execCommand('copy');
  }
}

function download(name, text) {
  const href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const day = new Date().toISOString().slice(0, 10);
  E('a', { href, download: `l2tpwan-${name}-${day}.txt` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}

function diagnostics(name, opener) {
  return under(opener, async () => {
    const text = await report(name);
    const area = E(
      'textarea',
      { class: 'l2w-report', readonly: '', rows: 18, 'aria-label': _('Diagnostic report') },
      [],
    );
    area.value = text;
    area.setSelectionRange(0, 0);
    const told = E('span', { class: 'l2w-dim', role: 'status' });
    const copying = button(_('Copy'), 'cbi-button-positive', async () => {
      parts.put(told, (await copy(area)) ? _('Copied.') : _('Press Ctrl+C to copy what is selected.'));
    });
    const saving = button(_('Download'), 'cbi-button-neutral', () => download(name, text));
    const intro = E('p', [
      _(
        'For those who help: state, events and options, without passwords and secrets. Addresses and names of servers are in it.',
      ),
    ]);
    dialog(_('Diagnostics of %s').format(name), [intro, area], [saving, copying, told], opener, area);
  });
}

return baseclass.extend({ negotiated, diagnostics, tell });
