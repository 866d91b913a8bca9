/** LuCI's dialect of JavaScript as our tools read it: what a file is given, and a script of the same shape for tools that do not know it. */
import { describe, expect, it } from 'vitest';
import { asScript, parse, requiredNames } from '../../scripts/luci/dialect.ts';

describe('a file in the dialect of LuCI', () => {
  it('is given the modules that it names at its beginning, by the names that LuCI gives them', () => {
    const file = (...lines: string[]) => requiredNames(parse('a.js', lines.join('\n')));
    expect(
      file(
        "'use strict';",
        '"require view";',
        '// one more',
        "'require tools.widgets as widgets';",
        "'require l2tpwan.api';",
        "return view.extend({ a: 'require nothing' });",
      ),
    ).toEqual(['view', 'widgets', 'l2tpwan_api']);
    expect(file("'use strict';", 'let a;', "'require view';")).toEqual([]);
  });

  it('becomes a script that throws what it would return, and itself again', () => {
    const text = [
      "'use strict';",
      'const of = (a) => { return a; };',
      'function f() { throw new Error("return"); }',
      'if (of(1)) return null;',
      'if (of(2)) throw null;',
      'class A { get b() { return 1; } }',
      'return A;',
      '',
    ].join('\n');
    const { script, back } = asScript('a.js', text);
    expect(script.split('\n').filter((line, index) => line !== text.split('\n')[index])).toEqual([
      'if (of(1)) throw null;',
      'throw A;',
    ]);
    expect(back(script)).toBe(text);
    const formatted = script.replaceAll('; ', ';\n').replace('throw A', 'throw  A');
    expect(back(formatted)).toBe(text.replaceAll('; ', ';\n').replace('return A', 'return  A'));
    expect(() => back('return 1;')).toThrow('a.js: a script with other exits came back');
  });

  it('that cannot be read says where', () => {
    expect(() => parse('view/a.js', "'use strict';\nreturn {;")).toThrow(/^view\/a\.js:2: /);
  });
});
