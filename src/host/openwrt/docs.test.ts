import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAILURE } from '../../protocol/failure.ts';
import { INTERFACE_OPTIONS } from './interface-options-table.ts';
import { ARGUMENT, METHOD } from './object-table.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** The codes of errors that netifd is given, besides those of failures: by the daemon and by the protocol handler. */
const OTHER_CODES = [
  ...read('src/host/openwrt/reports.ts').matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g),
  ...read('openwrt/files/lib/netifd/proto/l2tpwan.sh').matchAll(/proto_notify_error "\$interface" ([A-Z_]+)/g),
].map(([, code = '']) => code);

/** The first cell of every row of a table, without its head. */
const firstCells = (text: string, heading: RegExp): string[] =>
  [...(heading.exec(text)?.[0] ?? '').matchAll(/^\| `(.*?)` \|/gm)].flatMap(([, cell = '']) => cell.split('`, `'));

describe.each(['docs/openwrt.md', 'docs/openwrt.zh.md'])('%s', (path) => {
  const text = read(path);
  const codes = Object.keys(FAILURE).map((code) => code.toUpperCase().replaceAll('-', '_'));

  it('names every option of an interface', () => {
    const named = firstCells(text, /\| `server` \|[\s\S]*?\n\n/);
    expect([...named].sort()).toEqual(INTERFACE_OPTIONS.map(({ name }) => name).sort());
  });

  it('names every code of an error, and whose fault it is', () => {
    expect(OTHER_CODES.length).toBeGreaterThan(3);
    const named = firstCells(text, /\| `WRONG_SETTINGS` \|[\s\S]*?\n\n/);
    expect([...named].sort()).toEqual([...new Set([...codes, ...OTHER_CODES])].sort());
    const faults = { network: /network|网络/, peer: /peer|对端/, user: /user|用户/, host: /host|本机/ };
    const wrong = Object.entries(FAILURE).filter(([code, { fault }]) => {
      const [, whose = ''] =
        new RegExp(`^\\| \`${code.toUpperCase().replaceAll('-', '_')}\` \\| (.*?) \\|`, 'm').exec(text) ?? [];
      return !faults[fault].test(whose);
    });
    expect(wrong.map(([code]) => code)).toEqual([]);
  });

  it('names every method of the ubus object, and its arguments', () => {
    const arguments_ = Object.keys(ARGUMENT).filter((name) => name !== 'ubus_rpc_session');
    for (const [name, { must, may }] of Object.entries(METHOD)) {
      const [row = ''] = new RegExp(`^\\| \`${name}\` \\|.*$`, 'm').exec(text) ?? [];
      expect(row).not.toBe('');
      for (const argument of [...must, ...may].filter((each) => each !== 'netifd'))
        expect(row).toContain(`\`${argument}\``);
    }
    expect(arguments_.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  it.each([
    ['main', 'log_level'],
    ['mqtt', 'enabled'],
  ])('names every option of section %s of the service', (section, first) => {
    const sections = read('openwrt/files/etc/config/l2tpwan').split(/^config /m);
    const lines =
      sections.find((each) => each.startsWith(`l2tpwan '${section}'`) || each.startsWith(`${section} '`)) ?? '';
    const options = [...lines.matchAll(/^\s*#?option (\w+)/gm)].map(([, name = '']) => name);
    expect(options.length).toBeGreaterThan(3);
    const named = firstCells(text, new RegExp(`\\| \`${first}\` \\|[\\s\\S]*?\\n\\n`));
    expect([...named].sort()).toEqual([...options].sort());
  });
});
