import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { textFile } from './text-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'l2tpwan-text-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('keeps a text, for its owner alone, with nothing else beside it', async () => {
  const file = textFile(join(directory, 'state/totals.json'));
  expect(await file.load()).toBeUndefined();
  await file.save('{"ä":1}');
  await file.save('{"ä":2}');
  expect(await file.load()).toBe('{"ä":2}');
  expect(readdirSync(join(directory, 'state'))).toEqual(['totals.json']);
  expect(statSync(join(directory, 'state/totals.json')).mode & 0o777).toBe(0o600);
});

it('says what is in the way', async () => {
  await expect(textFile(directory).load()).rejects.toThrow('EISDIR');
  writeFileSync(join(directory, 'state'), 'a file where a directory should be');
  await expect(textFile(join(directory, 'state/totals.json')).save('')).rejects.toThrow();
});
