'use strict';
'require baseclass';
'require l2tpwan.amounts as amounts';
'require l2tpwan.api as api';
'require l2tpwan.failures as failures';
'require l2tpwan.parts as parts';
'require l2tpwan.service as service';
'require l2tpwan.stages as stages';

/* On the overview: every connection in a line. Nothing where nobody uses it. */

/** A service that is to run and does not is worth a line; who must not know, or has it switched off, sees none. */
const TOLD = ['no-runtime', 'crashed', 'stopped', 'starting'];

const link = (label) => E('a', { href: L.url('admin/vpn/l2tpwan/status') }, [label]);

const line = (name, tone, words, more, server) => {
  const cells = [[link(name)], [parts.dot(tone), words], [more || '–'], [server || '–']];
  return E(
    'tr',
    { class: 'tr' },
    cells.map((cell) => E('td', { class: 'td' }, cell)),
  );
};

function connectionLine([name, connection]) {
  const { address, server, ageMs, lastFailure, enabled, state } = connection;
  const words = _('%s for %s').format(stages.words(connection, server?.name), amounts.duration(ageMs));
  const why = state !== 'up' && enabled && lastFailure && failures.words(lastFailure);
  return line(name, stages.tone(connection), words, why || address?.local, server?.name);
}

const table = ({ connections, refused }) =>
  E('table', { class: 'table l2w-overview' }, [
    ...Object.entries(connections)
      .filter(([name, { state }]) => state !== 'idle' || !(name in refused))
      .map(connectionLine),
    ...Object.keys(refused).map((name) => line(name, 'bad', _('Not dialled: its settings cannot work'))),
  ]);

const isEmpty = ({ connections, refused }) => Object.keys({ ...connections, ...refused }).length === 0;

/** LuCI leaves what it has where there is nothing new: once something is shown, there is always something to say. */
let wasShown = false;

function content({ status, condition }) {
  if (status && !isEmpty(status)) return table(status);
  if (status) return wasShown ? E('p', [service.title('no-connection')]) : null;
  if (!wasShown && !TOLD.includes(condition.kind)) return null;
  return E('p', [service.title(condition.kind), '. ', link(_('More'))]);
}

return baseclass.extend({
  title: _('L2TP connections'),

  /** Never rejects: LuCI would not ask again. */
  load: () => Promise.all([api.look(), parts.sheet()]),

  render([answer]) {
    const node = content(answer);
    wasShown ||= node !== null;
    return node;
  },
});
