import { defineConfig } from 'tsup';

// Node.js 20 runs no TypeScript: one file of it all, run by `npm run package`.
export default defineConfig({
  entry: { main: 'scripts/package/main.ts' },
  outDir: '.cache/package',
  outExtension: () => ({ js: '.cjs' }),
  format: ['cjs'],
  platform: 'node',
  target: 'node20',
  external: ['esbuild'],
  silent: true,
});
