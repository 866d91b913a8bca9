import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

// Who may import whom. `types` may be named but never run; `packages` are the only outsiders.
type Layer = { imports: string[]; types?: string[]; packages?: string[]; node?: true };
const everything = ['wire', 'crypto', 'protocol', 'ports', 'daemon', 'mqtt', 'host', 'cli'];
const LAYERS: Record<string, Layer> = {
  wire: { imports: ['wire', 'crypto'] },
  crypto: { imports: ['crypto'], packages: ['@noble/hashes'] },
  protocol: { imports: ['wire', 'crypto', 'protocol'] },
  offload: { imports: ['offload'] },
  ports: { imports: [], types: ['wire', 'protocol', 'ports'] },
  daemon: { imports: ['wire', 'protocol', 'ports', 'daemon'], packages: ['zod'] },
  mqtt: { imports: ['ports', 'protocol', 'daemon', 'mqtt'], packages: ['zod'] },
  host: {
    imports: ['wire', 'offload', 'ports', 'host'],
    types: ['protocol'],
    packages: ['node-tuntap2', 'koffi', 'zod', 'mqtt', 'ws', '@noble/hashes'],
    node: true,
  },
  cli: { imports: ['ports', 'daemon', 'host', 'cli'], types: ['wire', 'protocol'], node: true },
  lab: { imports: ['wire', 'crypto', 'protocol', 'ports', 'host', 'lab'], packages: ['aedes'], node: true },
  'main.ts': { imports: everything, node: true },
};
const CORE = ['wire', 'crypto', 'protocol', 'offload'];
const FORBIDDEN_IN_CORE =
  /\b(Buffer|Date\.now|new Date|Math\.random|setTimeout|setInterval|setImmediate|performance|console|process)\b(?!['"-])/;
const LONGEST_FILE = 300;

const root = join(import.meta.dirname, '../src');
const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => ({ path, layer: path.split('/')[0] ?? '', text: readFileSync(join(root, path), 'utf8') }));

const IMPORT = /\b(?:import|export)\s+(type\s)?[^;'"()]*?from\s*'([^']+)'|\bimport\s*\(?\s*'([^']+)'/g;
const imports = files.flatMap(({ path, layer, text }) =>
  [...withoutComments(text).matchAll(IMPORT)].map(([, type, named, bare]) => {
    const specifier = named ?? bare ?? '';
    const target = specifier.startsWith('.') ? relative(root, join(root, dirname(path), specifier)) : undefined;
    return { path, layer, specifier, target, typeOnly: type !== undefined };
  }),
);

const mayImport = ({ layer, specifier, target, typeOnly }: (typeof imports)[number]): boolean => {
  const rule = LAYERS[layer];
  if (rule === undefined) return false;
  if (specifier.startsWith('node:')) return rule.node === true;
  if (target === undefined) return (rule.packages ?? []).some((name) => `${specifier}/`.startsWith(`${name}/`));
  const folder = target.split('/')[0] ?? '';
  return rule.imports.includes(folder) || (typeOnly && (rule.types ?? []).includes(folder));
};

describe('architecture', () => {
  it('knows every folder of src', () => {
    expect(files.filter(({ layer }) => LAYERS[layer] === undefined).map(({ path }) => path)).toEqual([]);
  });

  it('lets each layer import only what it may', () => {
    const illegal = imports.filter((entry) => !mayImport(entry));
    expect(illegal.map(({ path, specifier }) => `${path} imports ${specifier}`)).toEqual([]);
  });

  it('has nobody import a main.ts', () => {
    expect(imports.filter(({ target }) => target?.endsWith('main.ts')).map(({ path }) => path)).toEqual([]);
  });

  it('keeps clocks, timers, randomness, logging and Node out of the core', () => {
    const lines = files
      .filter(({ layer }) => CORE.includes(layer))
      .flatMap(({ path, text }) =>
        withoutComments(text)
          .split('\n')
          .flatMap((line) => FORBIDDEN_IN_CORE.exec(line)?.[1] ?? [])
          .map((name) => `${path} uses ${name}`),
      );
    expect(lines).toEqual([]);
  });

  it(`keeps files within ${LONGEST_FILE} lines, tables apart`, () => {
    const long = files
      .filter(({ path }) => !path.endsWith('-table.ts'))
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > LONGEST_FILE);
    expect(long).toEqual([]);
  });
});
