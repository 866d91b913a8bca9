import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { defineConfig } from 'tsup';

// One file, far from its sources; they find the lab's scripts and the bundle under test beside themselves all the same.
export default defineConfig({
  entry: { main: 'test/bench/main.ts' },
  outDir: '.cache/bench',
  outExtension: () => ({ js: '.cjs' }),
  format: ['cjs'],
  platform: 'node',
  target: 'node20',
  silent: true,
  esbuildPlugins: [
    {
      name: 'own-url',
      setup: (build) =>
        build.onLoad({ filter: /\/test\/.*\.ts$/ }, async ({ path }) => ({
          contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path))),
          loader: 'ts',
        })),
    },
  ],
});
