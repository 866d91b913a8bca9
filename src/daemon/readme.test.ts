import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAILURE } from '../protocol/failure.ts';
import { fieldsAt } from './settings-schema.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

describe('the README', () => {
  it('names every field of the configuration', () => {
    const [top = '', ofConnection = ''] = /^Top level:[\s\S]*?\n## /m.exec(readme)?.[0].split('\n| field |') ?? [];
    const missing = (path: string[], text: string) => fieldsAt(path).filter((field) => !text.includes(`\`${field}\``));
    expect(missing([], top)).toEqual([]);
    expect(missing(['connections', 'wan'], ofConnection)).toEqual([]);
  });

  it('names no failure that there is not', () => {
    const [, table = ''] = /\| it says[\s\S]*?\n\n/.exec(readme)?.[0].split('| --- | --- |') ?? [];
    const named = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z]+-[a-z-]+)`/g)].map((each) => each[1] ?? ''),
    );
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((code) => !(code in FAILURE))).toEqual([]);
  });
});
