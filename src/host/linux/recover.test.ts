import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Entry, Journal, thisProcess } from './journal.ts';
import { kernelView } from './kernel-view.ts';
import { recover } from './recover.ts';

const farewell = {
  ...{ local: { address: '10.0.2.2', port: 40_000 }, peer: { address: '10.5.1.9', port: 1701 }, uplink: 'eth0' },
  ...{ localTunnelId: 1, peerTunnelId: 2, localSessionId: 3, peerSessionId: 4, ns: 5, nr: 6 },
};
const crashed = { ...thisProcess(), startedAt: '1' };
const entry = (connection: string, changes: Partial<Entry> = {}): Entry => ({
  ...{ version: 1, connection, owner: crashed, device: 'l2w-none', farewell, rules: [] },
  routes: [
    {
      ...{ prefix: '10.5.1.9/32', gateway: '10.0.2.1', device: 'eth0', metric: undefined, table: undefined },
      purpose: 'server',
    },
  ],
  ...changes,
});

describe('what a crash left behind', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'l2tpwan-recover-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is taken away, then hung up all at once, and only then forgotten', async () => {
    const [runDir, stateDir] = [join(directory, 'run'), join(directory, 'state')];
    const later = { ...farewell, ns: 9 };
    await new Journal('one', runDir, stateDir).save(entry('one', { farewell: later }), false);
    await new Journal('one', stateDir, stateDir).save(entry('one'), true);
    await new Journal('two', runDir, stateDir).save(entry('two'), false);
    await new Journal('alive', runDir, stateDir).save(entry('alive', { owner: thisProcess() }), false);
    await new Journal('bare', runDir, stateDir).save(entry('bare', { farewell: undefined }), false);
    const happened: string[] = [];
    const files = () => [...readdirSync(runDir), ...readdirSync(stateDir)].length;
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const log = { write: () => undefined };
    const run = async (argv: readonly string[]) => {
      happened.push(argv.slice(0, 3).join(' '));
      return { status: 0, output: '', errors: '', complaint: '' };
    };
    const recovered = recover({ run, view: kernelView, runDir, stateDir, log }, async (name, { ns }) => {
      happened.push(`hang up ${name} ${ns}`);
      if (happened.filter((what) => what.startsWith('hang up')).length === 2) answer();
      await answered; // both are under way
      happened.push(`${files()} files`);
    });
    await recovered;
    expect(happened.slice(0, 4)).toEqual(Array(4).fill('ip route del'));
    expect(happened.slice(4, 6).sort()).toEqual(['hang up one 9', 'hang up two 5']);
    expect(happened.slice(6)).toEqual(['5 files', '5 files']);
    expect([readdirSync(runDir), readdirSync(stateDir)]).toEqual([['alive.journal.json'], []]);
  });
});
