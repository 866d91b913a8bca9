/** What a browser loads from a router, without what only people read. */
import { type TransformOptions, transformSync } from 'esbuild';

/** @param path other than .js and .css is left as it is */
export function minified(path: string, bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString();
  if (path.endsWith('.css')) return Buffer.from(transform(text, 'css'));
  return path.endsWith('.js') ? Buffer.from(script(path, text)) : bytes;
}

/**
 * LuCI makes a function of the file, so every name at its top is its own and may be short. The texts at its beginning name modules:
 * they stay, and so do the names that these have in it, which are declared nowhere; and it returns at its end.
 * `L` is a parameter of that function: a file that does not use it must not get the name for one of its own either.
 */
function script(path: string, text: string): string {
  const [before, after] = ['var luci=L;(function(){', '})();\n'];
  const code = transform(`${before}${text}\n${after}`, 'js');
  if (!code.startsWith(before) || !code.endsWith(after))
    throw new Error(`${path}: not to be told from what is around it`);
  return `${code.slice(before.length, -after.length)}\n`;
}

const transform = (text: string, loader: 'js' | 'css'): string => transformSync(text, { ...OPTIONS, loader }).code;

const OPTIONS: TransformOptions = {
  minify: true,
  target: 'es2020',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'silent',
};
