import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

type Options = NonNullable<TestProjectInlineConfiguration['test']>;

const seconds = (count: number) => count * 1000;

// CommonJS packages look in a test as they look to Node: no unwrapping of `default`.
const suite = (name: string, include: string[], options: Options = {}): TestProjectInlineConfiguration => ({
  test: { name, include, deps: { interopDefault: false }, ...options },
});

// The suites of ./scripts/test, cheapest first; `luci-router`, which needs a router to log in to, is none of them.
// Those with a browser or with the kernel run one file, one test at a time.
export default defineConfig({
  test: {
    coverage: { provider: 'v8', include: ['src/**/*.ts'], exclude: ['src/**/*.test.ts'] },
    projects: [
      suite('unit', [
        'src/**/*.test.ts',
        'test/architecture.test.ts',
        'test/diagrams.test.ts',
        'test/captures/**/*.test.ts',
        'test/support/**/*.test.ts',
        'test/transcripts/**/*.test.ts',
      ]),
      suite('pair', ['test/pair/**/*.test.ts'], { testTimeout: seconds(300) }),
      suite('fuzz', ['test/fuzz/**/*.test.ts'], { testTimeout: seconds(300) }),
      suite('openwrt', ['test/openwrt/**/*.test.ts'], { testTimeout: seconds(60), hookTimeout: seconds(120) }),
      suite('luci', ['test/luci/*.test.ts'], {
        fileParallelism: false,
        testTimeout: seconds(60),
        hookTimeout: seconds(60),
      }),
      suite('luci-router', ['test/luci/router/**/*.test.ts'], {
        fileParallelism: false,
        testTimeout: seconds(180),
        hookTimeout: seconds(180),
      }),
      suite('host', ['test/host/**/*.test.ts'], {
        fileParallelism: false,
        testTimeout: seconds(60),
        hookTimeout: seconds(60),
      }),
      suite('e2e', ['test/e2e/**/*.test.ts'], {
        fileParallelism: false,
        testTimeout: seconds(180),
        hookTimeout: seconds(300),
      }),
    ],
  },
});
