/** Whether the recorded answers are still what the engine answers; UPDATE_RECORDED=1 records them anew. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RECORDED, recordedNames } from './parts/recorded.ts';
import { SCENES } from './scene/scenes.ts';

const isUpdate = process.env.UPDATE_RECORDED === '1';

describe('the engine', () => {
  it.each(Object.entries(SCENES))('answers in state %s as recorded', async (name, { about, make }) => {
    const text = `${JSON.stringify(await make(about), null, 2)}\n`;
    const file = new URL(`${name}.json`, RECORDED);
    if (isUpdate) writeFileSync(file, text);
    expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  });
});

it('nothing is recorded that no scene makes', () => {
  const names = Object.keys(SCENES);
  if (isUpdate)
    for (const name of recordedNames()) if (!names.includes(name)) rmSync(new URL(`${name}.json`, RECORDED));
  expect(recordedNames().sort()).toEqual(names.sort());
});

it('no secret is in what is recorded', () => {
  for (const name of recordedNames())
    expect(readFileSync(new URL(`${name}.json`, RECORDED), 'utf8')).not.toContain('s3cret');
});
