/** What the bundle has instead of modules that packages ask for: Node's own, or nothing where we never come by. */
import type { Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

// Of the 476 KB that MQTT.js and ws bring, 320 go: copies of what Node has itself, and ways that we do not take.
const INSTEAD: Readonly<Record<string, string>> = {
  // Copies of parts of Node, for browsers.
  'readable-stream': `module.exports = require('node:stream')`,
  buffer: `module.exports = require('node:buffer')`,
  inherits: `module.exports = require('node:util').inherits`,
  'process-nextick-args': `exports.nextTick = process.nextTick`,
  // It would print passwords, too.
  debug: `module.exports = () => () => {}`,
  // Timers for browsers, which slow those of hidden pages down.
  'worker-timers': ``,
  // For topic aliases, which we leave to the broker to offer and never use.
  'lru-cache': `exports.LRUCache = class extends Map { constructor() { super() } }`,
  // Of MQTT.js, its ways to a broker: ours is src/host/mqtt/transport.ts.
  './lib/connect': ``,
  // Of ws, the server.
  './lib/websocket-server.js': ``,
};

/** Modules of packages alone are replaced, never one of ours. */
export const replacedModules: Plugin = {
  name: 'replaced-modules',
  setup(build) {
    const names = Object.keys(INSTEAD).map((name) => name.replace(/[./]/g, '\\$&'));
    build.onResolve({ filter: new RegExp(`^(${names.join('|')})$`) }, ({ path, importer }) =>
      importer.includes('/node_modules/') ? { path, namespace: 'replaced' } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'replaced' }, ({ path }) => ({
      contents: INSTEAD[path] ?? '',
      loader: 'js',
    }));
  },
};
