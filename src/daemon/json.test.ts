import { describe, expect, it } from 'vitest';
import { jsonFault } from './json.ts';

const WRONG = [
  ['', 1, 1, 'the text ends where a value should be'],
  ['{"a": 1', 1, 8, 'the text ends where a comma or } should be'],
  ['{"a": 1\n "b": 2}', 2, 2, 'a comma or } should be here'],
  ['{"a": 1,\n}', 2, 1, 'a field should follow the comma'],
  ['[1, 2,]', 1, 7, 'a value should follow the comma'],
  ['{"a" 1}', 1, 6, 'a colon should be here, after the name of the field'],
  ['{"a": }', 1, 7, 'the value of the field should be here'],
  ['{a: 1}', 1, 2, 'a field in double quotes should be here'],
  ["{'a': 1}", 1, 2, 'a field in double quotes should be here'],
  ['{\n  // the campus\n}', 2, 3, 'comments are not allowed in JSON'],
  ['{"password": "s3cret}', 1, 14, 'the quotes that open here are never closed'],
  ['{"password": "s3cret\n"}', 1, 21, 'the line ends inside the quotes'],
  ['{"password": "s3\tcret"}', 1, 17, 'a control character inside the quotes: write it as an escape'],
  ['{"password": "s3\\cret"}', 1, 17, 'an unknown escape: a backslash itself is written \\\\'],
  ['{"password": "a", "password": "b"}', 1, 19, 'a field with this name was there before'],
  ['{"a": 01}', 1, 8, 'this number or word goes on as none should'],
  ['{"a": truely}', 1, 11, 'this number or word goes on as none should'],
  ['{"a": yes}', 1, 7, 'the value of the field should be here'],
  ['{} {}', 1, 4, 'nothing more is allowed after the end of the value'],
] as const;

describe('jsonFault', () => {
  it.each(WRONG)('%j', (text, line, column, words) => expect(jsonFault(text)).toEqual({ line, column, words }));

  it.each(['{}', ' [1, -2.5e+3, "\\u00e9\\n", true, null, {"a": {}}]\n', '"x"', '0'])('takes %j', (text) =>
    expect(jsonFault(text)).toBeUndefined(),
  );

  it('says what JSON.parse says, for every text one character away from a good one', () => {
    const good = '{"a":[1,-2.5e3,"x\\n\\u00e9"],"b":{"c":true,"d":null}}';
    const alphabet = ['', ' ', '"', '\\', ',', ':', '{', '}', '[', ']', '0', '-', 'e', '.', 't', '\n', '\u0001', 'é'];
    for (let at = 0; at <= good.length; at++)
      for (const some of alphabet)
        for (const text of [good.slice(0, at) + some + good.slice(at), good.slice(0, at) + some + good.slice(at + 1)])
          expect([text, jsonFault(text) === undefined]).toEqual([text, parses(text)]);
  });

  it('does not overflow the stack', () =>
    expect(jsonFault('['.repeat(100_000))?.words).toBe('nested more than 50 deep'));
});

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
