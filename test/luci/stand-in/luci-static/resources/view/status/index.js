'use strict';
'require view';
'require dom';
'require poll';
'require rpc';
'require network';

// The overview: what the apps put into view/status/include, one below the other, anew every few seconds.

const callList = rpc.declare({ object: 'file', method: 'list', params: ['path'], expect: { entries: [] } });

return view.extend({
  async load() {
    const entries = await L.resolveDefault(callList(`${L.env.documentroot}${L.resource('view/status/include')}`), []);
    const names = entries.map(({ name }) => name).filter((name) => name.endsWith('.js'));
    return Promise.all(names.sort().map((name) => L.require(`view.status.include.${name.slice(0, -3)}`)));
  },

  async render(includes) {
    const places = includes.map(() => E('div'));
    const refresh = async () => {
      await network.flushCache();
      for (const include of includes)
        include.found = include.failed ? null : await include.load?.().catch(() => (include.failed = true));
      includes.forEach((include, index) => {
        const contents = include.failed ? null : include.render(include.found ?? null);
        if (contents == null) return;
        places[index].parentNode.style.display = '';
        dom.content(places[index], contents);
      });
    };
    const nodes = includes.map((include, index) =>
      E('div', { class: 'cbi-section', style: 'display: none' }, [
        E('div', { class: 'cbi-title' }, [E('h3', {}, [include.title ?? '-'])]),
        places[index],
      ]),
    );
    await refresh();
    poll.add(refresh);
    return E([], nodes);
  },

  handleSaveApply: null,
  handleSave: null,
  handleReset: null,
});
