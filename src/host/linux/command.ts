/** How a program of the system is run: arguments as an array, no shell, an end in time, and clear words when it fails. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface Outcome {
  /** Exit status; undefined when it never ran or did not end by itself. */
  readonly status: number | undefined;
  readonly output: string;
  /** Its standard error as it came. */
  readonly errors: string;
  /** What it said about its failure, or why it could not be run, in one line; '' when all is well. */
  readonly complaint: string;
}

export interface RunOptions {
  readonly input?: string;
  /** Its whole environment besides PATH: ours may hold secrets and is never inherited. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Time after which it is killed with all its children, ms. */
  readonly limitMs?: number;
  /** Ends it early, in the same way. */
  readonly signal?: AbortSignal;
}

/** Never rejects: a program that cannot be run is an outcome too. */
export type Run = (argv: readonly string[], options?: RunOptions) => Promise<Outcome>;

export const succeeded = (outcome: Outcome): boolean => outcome.status === 0;

/** One sentence: what was run, what it said, and the cure where there is only one. */
export function failureOf(argv: readonly string[], { complaint }: Outcome): string {
  const cure = /Operation not permitted|Permission denied/.test(complaint) ? '; run as root or with CAP_NET_ADMIN' : '';
  return `\`${argv.join(' ')}\` failed: ${complaint}${cure}`;
}

/** For a program that has to print: one that ends well without a word is run once more, and has failed if it says nothing then. */
export async function runTalking(run: Run, argv: readonly string[]): Promise<Outcome> {
  const first = await run(argv);
  if (!isMute(first)) return first;
  const second = await run(argv);
  return isMute(second) ? { ...second, status: undefined, complaint: 'it printed nothing, twice' } : second;
}

const isMute = (outcome: Outcome): boolean => succeeded(outcome) && outcome.output.trim() === '';

/** @param path where programs are looked for, as in PATH */
export function runner(path: string): Run {
  return (argv, options = {}) =>
    new Promise((resolve) => {
      const limitMs = options.limitMs ?? COMMAND_LIMIT_MS;
      const [program = '', ...args] = argv;
      const env = { LC_ALL: 'C', ...options.environment, PATH: path };
      let child: ChildProcess | undefined;
      let output = silence;
      let errors = silence;
      let grace: NodeJS.Timeout | undefined;
      let isOver = false;
      const end = (status: number | undefined, why: string) => {
        if (isOver) return;
        isOver = true;
        clearTimeout(limit);
        clearTimeout(grace);
        options.signal?.removeEventListener('abort', abort);
        child?.stdout?.destroy();
        child?.stderr?.destroy();
        const said = status === undefined ? '' : oneLine(errors());
        resolve({ status, output: output(), errors: errors(), complaint: status === 0 ? '' : said || why });
      };
      const kill = (why: string) => {
        killGroup(child?.pid);
        end(undefined, why);
      };
      const abort = () => kill('it was still running when its time was over');
      const limit = setTimeout(() => kill(`it did not end within ${limitMs / 1000} s and was killed`), limitMs);
      options.signal?.addEventListener('abort', abort);
      const ended = (status: number | null, signal: NodeJS.Signals | null) =>
        end(status ?? undefined, signal === null ? `exit status ${status}` : `killed by ${signal}`);
      try {
        // A group of its own, so that a script's children can be ended along with it.
        child = spawn(program, args, { env, stdio: 'pipe', detached: true });
      } catch (error) {
        return end(undefined, (error as Error).message); // an argument that no program can be given
      }
      child.on('error', (error: NodeJS.ErrnoException) => end(undefined, whyNotRun(program, error, path)));
      child.on('close', ended);
      // What a script leaves running keeps its pipes open: `close` may never come after `exit`.
      child.on('exit', (status, signal) => {
        clearTimeout(limit);
        // The loop may learn of the end before it reads, and be held up then for any time: it looks at the pipes before immediates.
        grace = setTimeout(() => setImmediate(() => ended(status, signal)), GRACE_MS);
      });
      // Without file descriptors to spare there are no streams.
      output = collect(child.stdout);
      errors = collect(child.stderr);
      child.stdin?.on('error', () => undefined); // it ended before reading its input: its status says more
      child.stdin?.end(options.input ?? '');
    });
}

const COMMAND_LIMIT_MS = 10_000; // ours: `ip` takes milliseconds, a busy router tenths of a second
const GRACE_MS = 100; // ours: for first words of what a script leaves running
const LONGEST_COMPLAINT = 500;
const OUTPUT_LIMIT = 8 * 1024 * 1024; // characters: a full routing table, not a runaway script

const silence = (): string => '';

function collect(stream: Readable | null): () => string {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    if (text.length < OUTPUT_LIMIT) text += chunk;
  });
  stream?.on('error', () => undefined);
  return () => text;
}

const oneLine = (text: string): string =>
  text
    .trim()
    .replace(/\s*\n\s*/g, '; ')
    .slice(0, LONGEST_COMPLAINT);

function whyNotRun(program: string, error: NodeJS.ErrnoException, path: string): string {
  if (error.code === 'ENOENT')
    return program.includes('/') ? 'no such file' : `${program} is not installed (not found in ${path})`;
  if (error.code === 'EACCES') return `${program} may not be executed`;
  return error.message;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it ended in this very moment
  }
}
