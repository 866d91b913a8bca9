import { existsSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';
import { replacedModules } from './scripts/replaced-modules.ts';

// Two bundles: the one that ships, and the lab's LNS, which does not.
const bundles = {
  l2tpwan: 'src/main.ts',
  'l2tpwan-lab': 'src/lab/main.ts',
};

// Only what is native stays outside: it is found, or found missing, at run time.
const bundle = (name: string, entry: string): Options => ({
  entry: { [name]: entry },
  outDir: 'dist',
  outExtension: () => ({ js: '.cjs' }),
  format: ['cjs'],
  platform: 'node',
  target: 'node20',
  external: [/^(node-tuntap2|koffi)($|\/)/],
  noExternal: [/^(?!(node-tuntap2|koffi)($|\/)|node:)/],
  esbuildPlugins: [replacedModules],
  banner: { js: '#!/usr/bin/env node' },
  minify: true,
  splitting: false,
  clean: false,
  dts: false,
  silent: true,
});

export default defineConfig(
  Object.entries(bundles)
    .filter(([, entry]) => existsSync(entry))
    .map(([name, entry]) => bundle(name, entry)),
);
