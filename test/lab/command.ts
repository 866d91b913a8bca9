/** Runs programs, arguments as arrays, and says all about it when one fails. */
import { type ChildProcess, spawn } from 'node:child_process';

export interface RunOptions {
  /** Open file descriptor that becomes the standard input; without it there is none. */
  readonly stdin?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Killed after that, ms; default two minutes. */
  readonly timeoutMs?: number;
}

/** A program ended with another status than 0, was killed, or could not be started (status undefined). */
class CommandFailed extends Error {
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;

  constructor(command: readonly string[], status: number | undefined, stdout: string, stderr: string) {
    super(
      `${command.join(' ')}: ${status === undefined ? 'killed or not started' : `status ${status}`}\n${stderr}${stdout}`,
    );
    this.name = 'CommandFailed';
    this.status = status;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/**
 * Runs `program` to its end and gives what it printed on standard output.
 * @throws CommandFailed
 */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { stdin = 'ignore', env, cwd, timeoutMs = 120_000 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: [stdin, 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      ...(env && { env }),
      ...(cwd && { cwd }),
    });
    const stdout = textOf(child, 'stdout');
    const stderr = textOf(child, 'stderr');
    const fail = (status: number | undefined, why = '') =>
      reject(new CommandFailed([program, ...args], status, stdout(), `${stderr()}${why}`));
    child.on('error', (error) => fail(undefined, `${error.message}\n`));
    child.on('close', (status) => (status === 0 ? resolve(stdout()) : fail(status ?? undefined)));
  });
}

function textOf(child: ChildProcess, stream: 'stdout' | 'stderr'): () => string {
  let text = '';
  child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
