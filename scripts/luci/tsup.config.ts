import { defineConfig } from 'tsup';

// Node.js 20 runs no TypeScript: one file of each, run by `npm run lint` and `npm run luci:strings`.
export default defineConfig({
  entry: { lint: 'scripts/luci/lint.ts', strings: 'scripts/luci/strings.ts' },
  outDir: '.cache/luci',
  outExtension: () => ({ js: '.cjs' }),
  format: ['cjs'],
  platform: 'node',
  target: 'node20',
  external: ['typescript'],
  splitting: false,
  silent: true,
});
