import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Entry, findJournals, isRunning, Journal, thisProcess } from './journal.ts';

const entry = (changes: Partial<Entry> = {}): Entry => ({
  version: 1,
  connection: 'wan',
  owner: thisProcess(),
  device: 'l2w-wan',
  routes: [
    {
      prefix: '10.5.1.9/32',
      gateway: '10.0.2.1',
      device: 'eth0',
      metric: undefined,
      table: undefined,
      purpose: 'server',
    },
  ],
  rules: [{ from: '10.64.0.10', table: 77 }],
  ...changes,
});

const farewell = {
  ...{ local: { address: '10.0.2.2', port: 40_000 }, peer: { address: '10.5.1.9', port: 1701 }, uplink: 'eth0' },
  ...{ localTunnelId: 1, peerTunnelId: 2, localSessionId: 3, peerSessionId: 4, ns: 5, nr: 6 },
};

describe('the journal', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'l2tpwan-journal-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const inRun = () => join(directory, 'run');
  const inState = () => join(directory, 'state');

  it('is found again as it was, in a file for root alone', async () => {
    await new Journal('wan', inRun(), inRun()).save(entry(), false);
    const [found] = await findJournals(inRun());
    expect(found?.entry).toEqual(JSON.parse(JSON.stringify(entry())));
    expect(statSync(found?.path ?? '').mode & 0o777).toBe(0o600);
    expect(readdirSync(inRun())).toEqual(['wan.journal.json']);
  });

  it('stays in its directory whatever the connection is called', async () => {
    await new Journal('../../etc/x y', inRun(), inRun()).save(entry(), false);
    expect(readdirSync(inRun())).toEqual(['..%2F..%2Fetc%2Fx%20y.journal.json']);
    expect(readdirSync(directory)).toEqual(['run']);
  });

  it('is written to the state directory once a dial, when the dial is complete', async () => {
    const journal = new Journal('wan', inRun(), inState());
    const kept = () => readFileSync(join(inState(), 'wan.journal.json'), 'utf8');
    await journal.save(entry(), false);
    expect(kept).toThrow('ENOENT');
    await journal.save(entry({ deviceIndex: 7 }), true);
    await journal.save(entry({ deviceIndex: 8 }), true);
    expect(JSON.parse(kept())).toMatchObject({ deviceIndex: 7 });
    await journal.clear();
    expect([readdirSync(inRun()), readdirSync(inState())]).toEqual([[], []]);
    await journal.save(entry({ deviceIndex: 9 }), true);
    expect(JSON.parse(kept())).toMatchObject({ deviceIndex: 9 });
  });

  it.each([
    ['of 0.1.0, without a mark', farewell],
    ['with a mark', { ...farewell, mark: 4_294_967_295 }],
  ])('finds a farewell %s', async (_which, written) => {
    await new Journal('wan', inRun(), inRun()).save(entry({ farewell: written }), false);
    expect((await findJournals(inRun())).map((found) => found.entry?.farewell)).toEqual([written]);
  });

  it('believes only what has its shape', async () => {
    const text = JSON.stringify(entry());
    const wrong = [
      text.slice(0, -5),
      '',
      'null',
      '[]',
      JSON.stringify({ ...entry(), version: 2 }),
      JSON.stringify({ ...entry(), routes: [{}] }),
    ];
    wrong.push(JSON.stringify({ ...entry(), farewell: { ...farewell, mark: 'x' } }));
    wrong.push(JSON.stringify({ ...entry(), farewell: { ...farewell, ns: undefined } }));
    wrong.push(JSON.stringify({ ...entry(), owner: undefined }), JSON.stringify({ ...entry(), farewell: { peer: 1 } }));
    for (const [i, content] of wrong.entries()) writeFileSync(join(directory, `${i}.journal.json`), content);
    const found = await findJournals(directory);
    expect(found.map(({ entry: read }) => read)).toEqual(wrong.map(() => undefined));
  });

  it('tells its owner from a later process with the same number, and from an earlier boot', () => {
    const owner = thisProcess();
    expect(isRunning(owner)).toBe(true);
    expect(isRunning({ ...owner, startedAt: '1' })).toBe(false);
    expect(isRunning({ ...owner, boot: 'another' })).toBe(false);
    expect(isRunning({ ...owner, pid: 4194304 })).toBe(false);
  });
});
