/** The daemon's log as procd takes it: no dates, errors by standard error, all the rest by standard output. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REPOSITORY } from './userland.ts';

describe('the log of the service', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'l2tpwan-log-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** A daemon without connections, which is given a wrong configuration and then ended. */
  async function linesOf(environment: Record<string, string>) {
    const config = join(directory, 'config.json');
    writeFileSync(config, '{"connections":{}}', { mode: 0o600 });
    const bundle = join(REPOSITORY, 'dist/l2tpwan.cjs');
    const child = spawn(process.execPath, [bundle, 'run', '-c', config, '--run-dir', join(directory, 'run')], {
      env: { PATH: process.env.PATH ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    const said = { out: '', err: '' };
    child.stdout.on('data', (octets: Buffer) => (said.out += octets));
    child.stderr.on('data', (octets: Buffer) => (said.err += octets));
    const until = async (words: string) => {
      for (let left = 500; left > 0 && !(said.out + said.err).includes(words); left--) await sleep(20);
    };
    await until('run directory');
    writeFileSync(config, '{');
    child.kill('SIGHUP');
    await until('line 1');
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    return { out: said.out.split('\n').filter(Boolean), err: said.err.split('\n').filter(Boolean) };
  }

  it('has the level that a line came by, and leaves the date to procd', async () => {
    const { out, err } = await linesOf({ L2TPWAN_LOG: 'syslog' });
    expect(out).toEqual([
      expect.stringMatching(/^warning: .*connections: there is none, so nothing will be dialled$/),
      expect.stringMatching(/^l2tpwan \S+, run directory /),
      'stopping: SIGTERM',
    ]);
    expect(err).toEqual([
      'the new configuration is wrong, everything stays as it is:',
      expect.stringMatching(/^\S+: line 1, column /),
    ]);
  });

  it('is dated and in one place for everybody else', async () => {
    const { out, err } = await linesOf({});
    expect(out).toEqual([]);
    expect(err).toHaveLength(5);
    expect(err.filter((line) => !/^\d{4}-\d\d-\d\dT[\d:.]+Z (error|warn |info ) /.test(line))).toEqual([]);
  });
});
