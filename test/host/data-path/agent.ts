/** Programs of a test that run in network namespaces and do what they are asked: bundled once, started there, called like functions. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'tsup';
import type { Answer, Call, Task } from './duty.ts';

/** iproute2's. */
export const IP = 'ip';

const PROGRAMS = ['end', 'traffic', 'middle', 'capture'] as const;
export type Program = (typeof PROGRAMS)[number];

/** All programs as they run: one file each. @returns where they are, and how to remove them */
export async function bundlePrograms(): Promise<{ directory: string; remove: () => void }> {
  const directory = mkdtempSync(join(tmpdir(), 'l2tpwan-agents-'));
  const entry = Object.fromEntries(PROGRAMS.map((name) => [name, join(import.meta.dirname, `${name}.ts`)]));
  await build({
    ...{ entry, outDir: directory, format: ['cjs'], config: false, silent: true, target: 'node20', splitting: false },
    outExtension: () => ({ js: '.cjs' }),
  });
  return { directory, remove: () => rmSync(directory, { recursive: true }) };
}

/** A running program. It ends with the test that started it, whatever happens: its channel is then gone. */
export class Agent<Duties extends Record<string, Task>> {
  /** Exit status, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #id = 0;

  constructor(directory: string, program: Program, namespace: string) {
    const argv = ['netns', 'exec', namespace, process.execPath, join(directory, `${program}.cjs`)];
    const env = { ...process.env, NODE_PATH: join(import.meta.dirname, '../../../node_modules') };
    this.#child = spawn(IP, argv, {
      ...{ env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' },
    });
    this.#child.on('message', (answer: Answer) => this.#take(answer));
    this.ended = new Promise((resolve) => {
      this.#child.on('exit', (status, signal) => resolve(status ?? signal ?? ''));
    });
    this.ended.then((how) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${program} ended: ${how}`));
      this.#waiting.clear();
    });
  }

  /** Rejects when the program throws, or ends. */
  call<K extends keyof Duties & string>(
    task: K,
    ...words: Parameters<Duties[K]>
  ): Promise<Awaited<ReturnType<Duties[K]>>> {
    const id = this.#id++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#child.send({ id, task, words } satisfies Call, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  /** Lets go of it: it has no more to do, and should come to its end. */
  dismiss(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  #take({ id, result, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }
}
