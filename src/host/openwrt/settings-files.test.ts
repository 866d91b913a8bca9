import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { settingsFiles } from './settings-files.ts';

const runDir = mkdtempSync(join(tmpdir(), 'l2tpwan-settings-'));
const pathOf = (name: string) => join(runDir, 'interfaces', `${name}.json`);
mkdirSync(join(runDir, 'interfaces'));
afterAll(() => rmSync(runDir, { recursive: true }));

describe('the settings of an interface', () => {
  const files = settingsFiles(runDir);

  it.each(['campus', '_wan', 'wan.6', 'Wan-2'])('called %s are read', async (name) => {
    writeFileSync(pathOf(name), '{"server":["lns"]}\n');
    expect(await files.read(name)).toEqual({ server: ['lns'] });
    await files.remove(name);
    expect(existsSync(pathOf(name))).toBe(false);
    await files.remove(name);
  });

  it.each(['', '.', '..', '.hidden', '../config', 'a/b', '-x', 'a b', 'x'.repeat(65)])(
    'called %j are none',
    async (name) => {
      await expect(files.read(name)).rejects.toThrow('its name is not one that l2tpwan takes');
      await files.remove(name);
    },
  );

  it('come with the names of all its options, where those are known', async () => {
    expect(await files.optionNames('campus')).toEqual([]);
    expect(await files.optionNames('../campus')).toEqual([]);
    const path = join(runDir, 'interfaces', 'campus.options');
    writeFileSync(path, 'proto\nserver\n\nno name\nusernme\n');
    expect(await files.optionNames('campus')).toEqual(['proto', 'server', 'usernme']);
    await files.remove('campus');
    expect(existsSync(path)).toBe(false);
  });

  it('that cannot be read are refused without a word of theirs', async () => {
    writeFileSync(pathOf('broken'), '{"password":"s3cret');
    await expect(files.read('broken')).rejects.toThrow(`its settings are not JSON: ${pathOf('broken')}`);
    await expect(files.read('missing')).rejects.toThrow(`its settings cannot be read: ${pathOf('missing')}: ENOENT`);
  });
});
