/** Translations as LuCI reads them on a router, octet by octet as LuCI's own compiler makes them. */
import { describe, expect, it } from 'vitest';
import { lmoOf } from '../../scripts/package/lmo.ts';

const CATALOGUE = String.raw`
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=n != 1;\n"

msgid "Up"
msgstr "在线"

msgid "OK"
msgstr "OK"

msgid "gone"
msgstr ""

msgid "Größeä"
msgstr ""
"大小"
"约"

msgid "naïvé"
msgstr "é"

msgid "\"%s\" \\ of\nhere"
msgstr "\"%s\"\t\\ 在\n这里"

msgid "%d second"
msgid_plural "%d seconds"
msgstr[0] "%d 秒"
msgstr[1] "%d 秒们"

msgctxt "line"
msgid "Up"
msgstr "上行"

msgctxt "n"
msgid "%d try"
msgid_plural "%d tries"
msgstr[0] "%d 次"
msgstr[1] ""
`;

// What po2lmo of LuCI (August 2026) writes for it.
const COMPILED = `
6e706c7572616c733d323b20706c7572616c3d6e20213d20313b0000e59ca8e7
babf0000e5a4a7e5b08fe7baa6000000c3a90000222573225c745c20e59ca85c
6ee8bf99e9878c00256420e7a7920000256420e7a792e4bbac000000e4b88ae8
a18c0000256420e6aca100000000000000000000000000000000001a3860e577
000000010000001c00000006733778de000000020000005000000009a7d501d4
000000010000003000000002bdbeeaa0000000010000003400000013e01cdfcb
000000010000005c00000006e28beb1b000000010000002400000009f1e867fe
000000020000004800000006fc9cd0170000000200000064000000060000006c`.replaceAll('\n', '');

describe('a compiled translation', () => {
  it("is octet by octet what LuCI's compiler writes", () => {
    expect(Buffer.from(lmoOf(Buffer.from(CATALOGUE))).toString('hex')).toBe(COMPILED);
  });

  it('is nothing where nothing is translated', () => {
    expect(lmoOf(Buffer.from('msgid ""\nmsgstr ""\n\nmsgid "Up"\nmsgstr ""\n'))).toHaveLength(0);
  });
});
