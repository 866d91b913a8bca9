'use strict';
'require baseclass';
'require rpc';

// The configuration: what the router has, what a page changes of it, and the calls that tell the router.

const declare = (method, params, expect) => rpc.declare({ object: 'uci', method, params, expect, reject: true });

const callGet = declare('get', ['config'], { values: {} });
const callAdd = declare('add', ['config', 'type', 'name', 'values'], { section: '' });
const callSet = declare('set', ['config', 'section', 'values']);
const callDelete = declare('delete', ['config', 'section', 'options']);

/** config -> section -> option: as loaded, added, set, removed (a whole section: true). */
const loaded = {};
const added = {};
const changed = {};
const removed = {};
let additions = 0;

/** What `of` knows of a section, made when it is about to be written. */
function entry(of, config, section) {
  of[config] ??= {};
  of[config][section] ??= {};
  return of[config][section];
}

/** Forgets one option; a section about which nothing is left goes too. */
function forget(of, config, section, option) {
  const known = of[config]?.[section];
  if (!known || known === true) return;
  delete known[option];
  if (Object.keys(known).length === 0) delete of[config][section];
}

return baseclass.extend({
  changes: rpc.declare({ object: 'uci', method: 'changes', expect: { changes: {} } }),

  async load(packages) {
    const wanted = [packages].flat().filter((config) => !loaded[config]);
    const all = await Promise.all(wanted.map((config) => callGet(config)));
    wanted.forEach((config, index) => {
      loaded[config] = all[index];
    });
    document.dispatchEvent(new CustomEvent('uci-loaded'));
    return wanted;
  },

  unload(packages) {
    for (const config of [packages].flat()) for (const of of [loaded, added, changed, removed]) delete of[config];
  },

  /** The name behind @type[index]; other names are themselves. */
  resolveSID(config, section) {
    const [, type, index] = /^@([\w-]+)\[(-?\d+)\]$/.exec(section) ?? [];
    return type ? (this.sections(config, type).at(+index)?.['.name'] ?? null) : section;
  },

  add(config, type, name) {
    const unused = (id) => !added[config]?.[id] && !loaded[config]?.[id];
    let id = name;
    while (!id || (!name && !unused(id))) id = 'new%06x'.format(Math.random() * 0xffffff);
    Object.assign(entry(added, config, id), {
      '.type': type,
      '.name': id,
      '.create': name,
      '.anonymous': !name,
      '.index': 1000 + additions++,
    });
    return id;
  },

  remove(config, section) {
    if (added[config]?.[section]) delete added[config][section];
    else if (loaded[config]?.[section]) {
      delete changed[config]?.[section];
      removed[config] = { ...removed[config], [section]: true };
    }
  },

  /** In the order of the router. An option that was unset is still there, as in LuCI: get() knows better. */
  sections(config, type) {
    if (!loaded[config]) return [];
    const kept = Object.values(loaded[config]).filter((one) => removed[config]?.[one['.name']] !== true);
    const all = [
      ...kept.map((one) => ({ ...one, ...changed[config]?.[one['.name']] })),
      ...Object.values(added[config] ?? {}).map((one) => ({ ...one })),
    ]
      .filter((one) => !type || one['.type'] === type)
      .sort((a, b) => a['.index'] - b['.index']);
    all.forEach((one, index) => {
      one['.index'] = index;
    });
    return all;
  },

  get(config, name, option) {
    const section = this.resolveSID(config, name);
    if (added[config]?.[section]) return option == null ? added[config][section] : added[config][section][option];
    const gone = removed[config]?.[section];
    const base = loaded[config]?.[section];
    if (gone === true || !base) return null;
    if (option != null) return gone?.[option] ? null : (changed[config]?.[section]?.[option] ?? base[option]);
    const all = { ...base, ...changed[config]?.[section] };
    for (const unset of Object.keys(gone ?? {})) delete all[unset];
    return all;
  },

  /** No value, or an empty one, unsets. */
  set(config, name, option, value) {
    const section = this.resolveSID(config, name);
    if (section == null || option == null || option.startsWith('.')) return;
    if (added[config]?.[section]) {
      if (value == null) delete added[config][section][option];
      else added[config][section][option] = value;
    } else if (value != null && value !== '') {
      if (removed[config]?.[section] === true || !loaded[config]?.[section]) return;
      forget(removed, config, section, option);
      entry(changed, config, section)[option] = value;
    } else {
      forget(changed, config, section, option);
      if (loaded[config]?.[section]?.[option] != null && removed[config]?.[section] !== true)
        entry(removed, config, section)[option] = true;
    }
  },

  unset(config, section, option) {
    this.set(config, section, option, null);
  },

  /** Removals, additions and settings, all at once; then what the router has now. */
  async save() {
    const calls = [];
    const each = (of, call) => {
      for (const config of Object.keys(of))
        for (const section of Object.keys(of[config])) calls.push(call(config, section, of[config][section]));
    };
    each(removed, (config, section, what) => callDelete(config, section, what === true ? null : Object.keys(what)));
    each(added, (config, _section, values) => {
      const options = Object.fromEntries(Object.entries(values).filter(([key]) => !key.startsWith('.')));
      return callAdd(config, values['.type'], values['.create'], options).then((name) => {
        values['.name'] = name;
      });
    });
    each(changed, (config, section, values) => callSet(config, section, values));
    await Promise.all(calls);
    const touched = [...new Set([removed, added, changed].flatMap((of) => Object.keys(of)))];
    this.unload(touched);
    return this.load(touched);
  },
});
