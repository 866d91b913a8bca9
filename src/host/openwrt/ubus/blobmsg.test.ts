import { describe, expect, it } from 'vitest';
import { hex } from '../../../wire/bytes.ts';
import { Malformed } from '../../../wire/malformed.ts';
import { readAttributes, writeAttribute } from './blob.ts';
import { BLOBMSG_TYPE, readTable, type Table, type Value, writeTable } from './blobmsg.ts';

const octets = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** One value named `v`: type, header, name, value. */
const VALUES: readonly [name: string, value: Value, hex: string][] = [
  ['null', null, '80000008 00017600'],
  ['true', true, '87000009 00017600 01000000'],
  ['false', false, '87000009 00017600 00000000'],
  ['a text', 'ab', '8300000b 00017600 61620000'],
  ['a text that fills its octets', 'abc', '8300000c 00017600 61626300'],
  ['an empty text', '', '83000009 00017600 00000000'],
  ['a text beyond ASCII', 'ü', '8300000b 00017600 c3bc0000'],
  ['zero', 0, '8500000c 00017600 00000000'],
  ['the largest int32', 2 ** 31 - 1, '8500000c 00017600 7fffffff'],
  ['the smallest int32', -(2 ** 31), '8500000c 00017600 80000000'],
  ['-1', -1, '8500000c 00017600 ffffffff'],
  ['a number just beyond int32', 2 ** 31, '84000010 00017600 00000000 80000000'],
  ['a number just below int32', -(2 ** 31) - 1, '84000010 00017600 ffffffff 7fffffff'],
  ['the largest exact number', Number.MAX_SAFE_INTEGER, '84000010 00017600 001fffff ffffffff'],
  ['a number beyond', 2n ** 53n, '84000010 00017600 00200000 00000000'],
  ['the smallest int64', -(2n ** 63n), '84000010 00017600 80000000 00000000'],
  ['a fraction', 1.5, '88000010 00017600 3ff80000 00000000'],
  ['a number too large for a whole one', 1e300, '88000010 00017600 7e37e43c 8800759c'],
  ['infinity', Number.POSITIVE_INFINITY, '88000010 00017600 7ff00000 00000000'],
  ['an empty array', [], '81000008 00017600'],
  ['an array', ['a', 1], '81000020 00017600 8300000a 00000000 61000000 8500000c 00000000 00000001'],
  ['an empty table', {}, '82000008 00017600'],
  ['a table in a table', { t: { b: true } }, '8200001c 00017600 82000014 00017400 87000009 00016200 01000000'],
];

describe('a table of blobmsg', () => {
  it.each(VALUES)('reads %s', (_, value, text) => expect(readTable(octets(text))).toEqual({ v: value }));
  it.each(VALUES)('writes %s', (_, value, text) =>
    expect(hex(writeTable({ v: value }))).toBe(text.replaceAll(' ', '')),
  );

  it('reads an int16, which nobody here writes', () => {
    expect(readTable(octets('8600000a 00017600 fffe0000'))).toEqual({ v: -2 });
  });

  it('reads a small int64 as an ordinary number', () => {
    expect(readTable(octets('84000010 00017600 ffffffff fffffffe'))).toEqual({ v: -2 });
    expect(readTable(writeTable({ v: 7n }))).toEqual({ v: 7 });
  });

  it.each(VALUES)('is malformed wherever %s is cut off', (_, value, text) => {
    const whole = octets(text);
    const length = readAttributes(whole)[0]?.value.length ?? 0;
    for (let cut = 1; cut < 4 + length; cut++)
      expect(() => readTable(whole.slice(0, cut)), `${cut}`).toThrow(Malformed);
    // Only padding is missing now.
    for (let cut = 4 + length; cut < whole.length; cut++) expect(readTable(whole.slice(0, cut))).toEqual({ v: value });
  });

  it.each([
    ['an attribute shorter than its header', '83000003 00017600'],
    ['no name field', '0300000b 00017600 61620000'],
    ['a name longer than the value', '83000008 00057600'],
    ['a name without final zero', '8300000b 00017661 61620000'],
    ['a text without final zero', '8300000a 00017600 61620000'],
    ['a text without anything', '83000008 00017600'],
    ['an int32 of 2 octets', '8500000a 00017600 00010000'],
    ['an int32 of 8 octets', '85000010 00017600 00010000 00000000'],
    ['a type that nobody knows', '89000009 00017600 00000000'],
  ])('is malformed with %s', (_, text) => expect(() => readTable(octets(text))).toThrow(Malformed));

  it('takes the last of two values of one name', () => {
    const twice = octets(`${hex(writeTable({ v: 1 }))}${hex(writeTable({ v: 'x' }))}`);
    expect(readTable(twice)).toEqual({ v: 'x' });
  });

  it('cuts a text at its first zero, as everybody else does', () => {
    expect(readTable(octets('8300000c 00017600 61006200'))).toEqual({ v: 'a' });
  });

  it('does not let a zero cut a text of ours short', () => {
    expect(readTable(writeTable({ 'a\0b': 'c\0d' }))).toEqual({ 'a\ufffdb': 'c\ufffdd' });
  });

  it('leaves out what is undefined', () => {
    expect(hex(writeTable({ a: undefined, v: true }))).toBe('870000090001760001000000');
  });

  it('has names that mean something to JavaScript', () => {
    const table = readTable(writeTable(JSON.parse('{"__proto__":{"x":1},"constructor":2}') as Table));
    expect(Object.entries(table)).toEqual([
      ['__proto__', { x: 1 }],
      ['constructor', 2],
    ]);
    expect('x' in table).toBe(false);
  });

  const nested = (depth: number): Value => (depth === 0 ? 1 : [nested(depth - 1)]);
  it('is 32 deep at most', () => {
    expect(readTable(writeTable({ v: nested(32) }))).toEqual({ v: nested(32) });
    expect(() => writeTable({ v: nested(33) })).toThrow(RangeError);
    const element = (value: Uint8Array, name: string) => {
      const head = Uint8Array.from([0, name.length, ...Buffer.from(name), ...new Uint8Array(name === '' ? 2 : 1)]);
      return writeAttribute({ id: BLOBMSG_TYPE.array, isNamed: true, value: Buffer.concat([head, value]) });
    };
    let deep: Uint8Array = new Uint8Array();
    for (let depth = 0; depth < 32; depth++) deep = element(deep, depth === 31 ? 'v' : '');
    expect(JSON.stringify(readTable(deep))).toBe(`{"v":${'['.repeat(32)}${']'.repeat(32)}}`);
    deep = new Uint8Array();
    for (let depth = 0; depth < 33; depth++) deep = element(deep, depth === 32 ? 'v' : '');
    expect(() => readTable(deep)).toThrow(/nested deeper than 32/);
    deep = new Uint8Array();
    for (let depth = 0; depth < 20_000; depth++) deep = element(deep, '');
    expect(() => readTable(deep)).toThrow(/nested deeper than 32/);
  });

  it('refuses what cannot be written', () => {
    expect(() => writeTable({ v: 2n ** 63n })).toThrow(RangeError);
    expect(() => writeTable({ ['x'.repeat(65_536)]: 1 })).toThrow(RangeError);
    expect(() => writeAttribute({ id: 3, isNamed: true, value: new Uint8Array(2 ** 24 - 4) })).toThrow(RangeError);
    const circular: { v?: Table } = {};
    circular.v = circular;
    expect(() => writeTable(circular)).toThrow(RangeError);
  });
});
