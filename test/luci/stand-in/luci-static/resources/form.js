'use strict';
'require baseclass';
'require form.map as map';
'require form.sections as sections';
'require form.grid as grid';
'require form.options as options';

// Forms that edit the configuration.

return baseclass.extend({
  Map: map.Map,
  NamedSection: sections.NamedSection,
  GridSection: grid.GridSection,
  Value: options.Value,
  DynamicList: options.DynamicList,
  ListValue: options.ListValue,
  Flag: options.Flag,
  DummyValue: options.DummyValue,
});
