import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve as pathOf } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AF_INET, SOCK_DGRAM, SOCK_NONBLOCK } from './socket-table.ts';

describe('a process with a watch', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'standby-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** @returns what it said, once it has ended */
  const run = async (script: string): Promise<string> => {
    const outfile = join(directory, 'program.cjs');
    const contents = `
      import { loadNative } from './koffi.ts';
      import { sockaddrOf } from './sockaddr.ts';
      import { watch } from './watch.ts';
      const native = loadNative();
      const { libc } = native;
      const fd = libc.socket(${AF_INET}, ${SOCK_DGRAM | SOCK_NONBLOCK}, 0);
      const address = sockaddrOf(native, { address: '127.0.0.1', port: 0 });
      libc.bind(fd, address, address.length);
      libc.getsockname(fd, address, Uint32Array.of(address.length));
      libc.connect(fd, address, address.length);
      const say = () => libc.write(fd, new Uint8Array(1), 1);
      let told = 0;
      process.once('exit', () => console.log(told));
      ${script}`;
    const stdin = { contents, resolveDir: import.meta.dirname, loader: 'ts' as const };
    await build({ stdin, outfile, bundle: true, platform: 'node', define: { 'import.meta.url': '""' } });
    const env = { ...process.env, NODE_PATH: pathOf('node_modules') };
    const child = spawn(process.execPath, [outfile], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
    const code = await new Promise((resolve) => child.once('close', resolve));
    clearTimeout(limit);
    return `${code} ${said.trim()}`;
  };
  const ready = (end: string) => `() => {
    libc.read(fd, new Uint8Array(9), 9);
    if (++told < 5) say();
    else { ${end} }
  }`;

  it.each(['it.close()', 'it.change({ readable: false, writable: false })'])('ends after %s', async (end) => {
    const said = await run(`
      const timer = setInterval(() => undefined, 1e9);
      const it = watch(native, fd, { readable: true, writable: false }, ${ready(`${end}; clearInterval(timer);`)});
      say();`);
    expect(said).toBe('0 5');
  });

  it('throws what process.nextTick has thrown where nobody catches it, and goes on', async () => {
    const said = await run(`
      const timer = setInterval(() => undefined, 1e9);
      process.on('uncaughtException', ({ message }) => {
        console.log(message, told);
        setTimeout(say, 20);
      });
      const it = watch(native, fd, { readable: true, writable: false }, () => {
        libc.read(fd, new Uint8Array(9), 9);
        if (++told < 3) return say();
        if (told < 6) return process.nextTick(() => { throw new Error('a mistake'); });
        it.close();
        clearInterval(timer);
      });
      say();`);
    expect(said.split('\n')).toEqual(['0 a mistake 3', 'a mistake 4', 'a mistake 5', '6']);
  });

  it('keeps the process alive for what is wanted, and be it the only one who does', async () => {
    const said = await run(`
      const it = watch(native, fd, { readable: true, writable: false }, ${ready('it.close()').replace('say()', 'setTimeout(say, 20).unref()')});
      say();`);
    expect(said).toBe('0 5');
  });
});
