/** What the pages say: all of it in the template and in the translation, nothing left over, and with the same gaps to fill. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Entry, entriesOf, keyOf, merged, messagesOf, templateOf } from '../../scripts/luci/catalogue.ts';

const APP = join(import.meta.dirname, '../../luci/luci-app-l2tpwan');
const CURE = 'npm run luci:strings';

/** Gaps as LuCI's String.format fills them, one after the other: `%d`, `%.1f`, `%1024mB`; `%%` is none. */
const gapsIn = (text: string): string[] =>
  [...text.matchAll(/%(?:'.|0| )?-?\d*(?:\.\d+)?[%bcdufosxXqhjtm]|%\{[^}]+\}/g)]
    .map(([gap]) => gap)
    .filter((gap) => gap !== '%%');

const wordsOf = (entries: readonly Pick<Entry, 'context' | 'id' | 'plural'>[]) =>
  entries.map((entry) => [entry.context, entry.id, entry.plural].filter(Boolean).join(' | ')).sort();

describe('the pages', () => {
  const messages = messagesOf(APP);
  const languages = readdirSync(join(APP, 'po')).filter((name) => name !== 'templates');
  const read = (path: string) => readFileSync(join(APP, 'po', path));

  it('say something, and have it in the template, nothing else', () => {
    expect(messages.length).toBeGreaterThan(50);
    expect(wordsOf(entriesOf(read('templates/l2tpwan.pot'))), CURE).toEqual(wordsOf(messages));
  });

  it('are translated into Chinese', () => {
    expect(languages).toContain('zh_Hans');
  });

  it.each(languages)('say all of it in %s, with the same gaps, and nothing that is gone', (language) => {
    const entries = entriesOf(read(`${language}/l2tpwan.po`));
    expect(wordsOf(entries), CURE).toEqual(wordsOf(messages));
    const untranslated = entries.filter(({ translated }) => translated.length === 0 || translated.includes(''));
    expect(wordsOf(untranslated)).toEqual([]);
    const others = entries.filter(({ id, plural, translated }) => {
      const gaps = gapsIn(plural ?? id).join();
      return translated.some((text) => gapsIn(text).join() !== gaps);
    });
    expect(wordsOf(others)).toEqual([]);
  });
});

describe('a catalogue', () => {
  let app: string;
  beforeEach(() => {
    app = mkdtempSync(join(tmpdir(), 'l2tpwan-strings-'));
  });
  afterEach(() => rmSync(app, { recursive: true }));

  const put = (path: string, text: string) => {
    mkdirSync(join(app, path, '..'), { recursive: true });
    writeFileSync(join(app, path), text);
  };
  const script = (...lines: string[]) =>
    put('htdocs/a.js', ["'use strict';", "'require view';", ...lines, 'return view.extend({});'].join('\n'));

  it('has the texts of scripts, menus and access rules, once each', () => {
    script(`_('Up'); _("Up", 'line');`, `N_(n, '%d try', \`%d tries\`); x._('not this'); // _('nor this')`);
    put('htdocs/view/b.js', "return _('Up');");
    put('root/usr/share/luci/menu.d/a.json', '{ "admin/a": { "title": "Menu", "order": 1 }, "admin/b": {} }');
    put('root/usr/share/rpcd/acl.d/a.json', '{ "a": { "description": "May look", "read": {} } }');
    expect(messagesOf(app)).toEqual([
      { context: '', id: '%d try', plural: '%d tries', files: ['htdocs/a.js'] },
      { context: '', id: 'May look', plural: undefined, files: ['root/usr/share/rpcd/acl.d/a.json'] },
      { context: '', id: 'Menu', plural: undefined, files: ['root/usr/share/luci/menu.d/a.json'] },
      { context: '', id: 'Up', plural: undefined, files: ['htdocs/a.js', 'htdocs/view/b.js'] },
      { context: 'line', id: 'Up', plural: undefined, files: ['htdocs/a.js'] },
    ]);
  });

  it.each([
    ['a text put together', `_('a' + b);`, /^htdocs\/a\.js:3: _\(\) takes a text that can be read here$/],
    ['a text with something in it', `_(\`\${a} b\`);`, /_\(\) takes a text/],
    ['no text at all', '_();', /_\(\) takes a text/],
    ['a plural that is none', `N_(2, 'try', tries);`, /N_\(\) takes a text/],
    ['a function handed on', `words.map(_);`, /_ is handed on/],
    ['a function by another name', `const say = _;`, /_ is handed on/],
    ['blanks that LuCI leaves out when it looks', `_('a  b');`, /LuCI does not find it: "a {2}b"/],
    ['a blank at an end', `_('a: ');`, /LuCI does not find it/],
    ['one text with two plurals', `N_(n, 'a', 'b'); N_(n, 'a', 'c');`, /"a" has no plural, or another one/],
    ['what is no JavaScript', 'const = 1;', /^htdocs\/a\.js:3: /],
  ])('is not made of %s', (_what, line, words) => {
    script(line);
    expect(() => messagesOf(app)).toThrow(words);
  });

  it('keeps what is translated, gains what is new and loses what is gone', () => {
    const before = [
      'msgid ""',
      String.raw`msgstr "Content-Type: text/plain; charset=utf-8\nLanguage: zh_Hans\nPlural-Forms: nplurals=1; plural=0;\n"`,
      '',
      ...['msgid "Up"', 'msgstr "在线"', ''],
      ...['msgctxt "line"', 'msgid "Up"', 'msgstr "上行"', ''],
      ...['msgid "Gone"', 'msgstr "没了"', ''],
      ...['msgid "%d try"', 'msgstr "%d 次"', ''],
    ].join('\n');
    script(`_('Up'); _('Up', 'line'); _('New'); N_(n, '%d try', '%d tries');`);
    const after = merged(Buffer.from(before), messagesOf(app));
    expect(entriesOf(after)).toEqual([
      { context: '', id: '%d try', plural: '%d tries', translated: [''] }, // its plural is to be translated, too
      { context: '', id: 'New', plural: undefined, translated: [''] },
      { context: '', id: 'Up', plural: undefined, translated: ['在线'] },
      { context: 'line', id: 'Up', plural: undefined, translated: ['上行'] },
    ]);
    expect(after.toString()).toContain('Plural-Forms: nplurals=1; plural=0;');
    expect(merged(after, messagesOf(app)).equals(after)).toBe(true);
    expect(entriesOf(templateOf(messagesOf(app))).map(keyOf)).toEqual(messagesOf(app).map(keyOf));
  });
});
