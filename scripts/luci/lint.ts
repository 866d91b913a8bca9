/**
 * Biome for LuCI's dialect, part of `npm run lint` and, with --write, of `npm run format`. Biome reads no `return` at the top of a file:
 * it is shown scripts that throw there instead, and told of each which modules it is given.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { asScript, filesBelow, parse, requiredNames } from './dialect.ts';

const FOLDERS = ['luci', 'test/luci/stand-in'];

const top = process.cwd();
const isWriting = process.argv.includes('--write');
const copyOf = (path: string): string => path.replace(/\.js$/, '.cjs');

interface Override {
  readonly includes: readonly string[];
  readonly javascript?: { readonly globals?: readonly string[] };
}

/** Biome's configuration of the project, and the names that each file knows besides. */
function configuration(texts: ReadonlyMap<string, string>): string {
  const { $schema, vcs, files, overrides, ...rest } = JSON.parse(readFileSync(join(top, 'biome.json'), 'utf8'));
  const dialect = (overrides as Override[]).find(({ includes }) => includes.includes('luci/**/*.cjs'));
  const globals = dialect?.javascript?.globals ?? [];
  const known = [...texts].map(([path, text]) => ({
    includes: [copyOf(path)],
    javascript: { globals: [...globals, ...requiredNames(parse(path, text))] },
  }));
  return JSON.stringify({
    root: true,
    files: { includes: ['**/*.cjs'] },
    ...rest,
    overrides: [...overrides, ...known],
  });
}

/** @returns whether Biome is content */
function check(texts: ReadonlyMap<string, string>, scratch: string): boolean {
  const scripts = [...texts].map(([path, text]) => ({
    path,
    copy: join(scratch, copyOf(path)),
    ...asScript(path, text),
  }));
  for (const { copy, script } of scripts) {
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, script);
  }
  writeFileSync(join(scratch, 'biome.json'), configuration(texts));
  const folders = new Set([...texts.keys()].map((path) => path.split('/')[0] ?? '.'));
  const options = ['check', '--max-diagnostics=none', ...(isWriting ? ['--write'] : []), ...folders];
  const { status, stdout, stderr } = spawnSync(join(top, 'node_modules/.bin/biome'), options, {
    cwd: scratch,
    encoding: 'utf8',
  });
  process.stdout.write(stdout.replaceAll('.cjs', '.js'));
  process.stderr.write(stderr.replaceAll('.cjs', '.js'));
  if (isWriting)
    for (const { path, copy, back } of scripts) {
      const text = back(readFileSync(copy, 'utf8'));
      if (text !== texts.get(path)) writeFileSync(join(top, path), text);
    }
  return status === 0;
}

const scratch = mkdtempSync(join(tmpdir(), 'l2tpwan-luci-'));
try {
  const paths = FOLDERS.flatMap((folder) => filesBelow(top, folder, '.js'));
  const texts = new Map(paths.map((path) => [path, readFileSync(join(top, path), 'utf8')]));
  if (texts.size > 0 && !check(texts, scratch)) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
