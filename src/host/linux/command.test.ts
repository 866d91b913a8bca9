import { spawn } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { failureOf, type Outcome, runner, runTalking, succeeded } from './command.ts';

const run = runner('/usr/bin:/bin');

describe('a command', () => {
  it('gets its arguments as they are, its input, and nothing of our environment', async () => {
    vi.stubEnv('L2TPWAN_PASSWORD', 's3cret');
    const outcome = await run(['sh', '-c', 'cat; printf "%s|" "$@"; env', 'sh', 'a b', '$(id)', "'"], {
      input: 'in|',
      environment: { EVENT: 'up' },
    });
    vi.unstubAllEnvs();
    expect(outcome.status).toBe(0);
    expect(outcome.output).toMatch(/^in\|a b\|\$\(id\)\|'\|/);
    expect(outcome.output).toContain('LC_ALL=C\n');
    expect(outcome.output).toContain('EVENT=up\n');
    expect(outcome.output).not.toContain('L2TPWAN');
  });

  it('that fails says what was run and what it said', async () => {
    const argv = ['sh', '-c', 'echo one >&2; echo two >&2; exit 3'];
    const outcome = await run(argv);
    expect(succeeded(outcome)).toBe(false);
    expect(failureOf(argv, outcome)).toBe('`sh -c echo one >&2; echo two >&2; exit 3` failed: one; two');
    const forbidden = await run(['sh', '-c', 'echo RTNETLINK answers: Operation not permitted >&2; exit 2']);
    expect(failureOf(['ip'], forbidden)).toMatch(/not permitted; run as root or with CAP_NET_ADMIN$/);
    expect((await run(['false'])).complaint).toBe('exit status 1');
    expect((await run(['sh', '-c', 'kill -9 $$'])).complaint).toBe('killed by SIGKILL');
  });

  it('that succeeds has no complaint, whatever it writes', async () => {
    expect(await run(['sh', '-c', 'echo careful >&2'])).toEqual({
      status: 0,
      output: '',
      errors: 'careful\n',
      complaint: '',
    });
  });

  it('that is not there says so', async () => {
    expect((await run(['l2tpwan-none'])).complaint).toBe('l2tpwan-none is not installed (not found in /usr/bin:/bin)');
    expect((await run(['/nowhere/script'])).complaint).toBe('no such file');
    expect((await run(['/etc/passwd'])).complaint).toBe('/etc/passwd may not be executed');
    expect((await run(['true', 'a\0b'])).status).toBeUndefined();
  });

  it('is ended in time, with its children', async () => {
    const started = performance.now();
    const outcome = await run(['sh', '-c', 'sleep 71.25 & wait'], { limitMs: 200 });
    expect(outcome).toMatchObject({ status: undefined, complaint: 'it did not end within 0.2 s and was killed' });
    expect(performance.now() - started).toBeLessThan(2000);
    const left = await run([
      'sh',
      '-c',
      'for p in /proc/[0-9]*; do tr "\\0" " " <$p/cmdline; echo; done 2>/dev/null | grep -c "^sleep 71.25"',
    ]);
    expect(left.output.trim()).toBe('0');
  });

  it('may leave a child running: that is not waited for', async () => {
    const started = performance.now();
    const outcome = await run(['sh', '-c', 'sleep 5 & echo done']);
    expect(outcome).toMatchObject({ status: 0, output: 'done\n' });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('is read to its end, though we hear of its end first and are held up then', async () => {
    const stall = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    const other = spawn('echo', ['something'], { stdio: 'pipe' });
    // While we look at the words of the other, ours speaks and ends: libuv reaps both before it reads again.
    other.stdout.once('data', () => {
      stall(600);
      setImmediate(stall, 300);
    });
    const outcome = run(['sh', '-c', 'sleep 0.4; echo done']);
    stall(200); // by now the other has ended
    expect(await outcome).toMatchObject({ status: 0, output: 'done\n' });
  });
});

describe('a command that has to print', () => {
  const saying = (...outputs: string[]) => {
    const asked: (readonly string[])[] = [];
    const run = async (argv: readonly string[]): Promise<Outcome> => {
      asked.push(argv);
      return { status: 0, output: outputs.shift() ?? '', errors: '', complaint: '' };
    };
    return { asked, run };
  };

  it('is run once more when it did not', async () => {
    const { asked, run } = saying('\n', '10.5.1.9 dev eth0');
    expect(await runTalking(run, ['ip'])).toMatchObject({ status: 0, output: '10.5.1.9 dev eth0' });
    expect(asked).toHaveLength(2);
  });

  it('has failed when it never does', async () => {
    const { asked, run } = saying();
    const outcome = await runTalking(run, ['ip', 'x']);
    expect(succeeded(outcome)).toBe(false);
    expect(failureOf(['ip', 'x'], outcome)).toBe('`ip x` failed: it printed nothing, twice');
    expect(asked).toHaveLength(2);
  });

  it('is run once when it fails', async () => {
    const asked: (readonly string[])[] = [];
    const failed: Outcome = { status: 2, output: '', errors: '', complaint: 'no' };
    const outcome = await runTalking(
      async (argv) => {
        asked.push(argv);
        return failed;
      },
      ['ip'],
    );
    expect([outcome, asked.length]).toEqual([failed, 1]);
  });
});
