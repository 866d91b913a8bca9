'use strict';
'require baseclass';
'require form';
'require uci';
'require l2tpwan.values as values';

// A field of a form, made of a row of a table: how it is edited, what it is called, what it does, what holds without it, and
// what it may be. `needs`: other fields, and what they have to be for this one to be there; `isKept`: what UCI has of it stays
// though it is not there.

const { flagOf } = values;

const checked = (field) => (name, title, help, placeholder, check, more) => ({
  field,
  name,
  title,
  help,
  placeholder,
  check,
  ...more,
});
const text = checked('Value');
const list = checked('DynamicList');
const flag = (name, title, help, isOn, more) => ({ field: 'Flag', name, title, help, isOn, ...more });

/** @param usual what holds without it: the first one, unless given */
const choice = (name, title, help, values, usual = Object.keys(values)[0]) => ({
  field: 'ListValue',
  name,
  title,
  help,
  values,
  usual,
});

/** @param tab of the section; without one the field stands in the section itself */
function add(s, option, tab) {
  const kind = form[option.field];
  const words = [option.name, option.title, option.help];
  const o = tab === undefined ? s.option(kind, ...words) : s.taboption(tab, kind, ...words);
  o.placeholder = option.placeholder;
  if (option.isSecret) o.password = true;
  if (option.isKept) o.retain = true;
  if (option.isNeeded) o.rmempty = false;
  if (option.field === 'Flag') asFlag(o, option);
  if (option.field === 'ListValue') {
    for (const [value, title] of Object.entries(option.values)) o.value(value, title);
    o.default = option.usual;
  } else for (const value of option.values?.() ?? []) o.value(value);
  if (option.check) o.validate = values.validator(option.check, (name) => valueIn(s, name));
  for (const [name, value] of Object.entries(option.needs ?? {})) o.depends(name, value);
  return o;
}

/** A checkbox; what UCI already says in other words is left as it is. */
function asFlag(o, { name, isOn, set = '1', unset = '0' }) {
  const now = (sid) => flagOf(uci.get(o.config, sid, name));
  o.enabled = set;
  o.disabled = unset;
  o.default = isOn ? set : unset;
  o.load = now;
  o.write = (sid, value) => now(sid) === value || uci.set(o.config, sid, name, value);
}

/** What a field of the form holds now; null where it is not to be seen. */
function valueIn(s, name) {
  const option = s.children.find((child) => child.option === name);
  return option?.isActive(s.section) ? option.formvalue(s.section) : null;
}

return baseclass.extend({ text, list, flag, choice, add, asFlag });
