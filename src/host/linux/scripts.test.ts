import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RunOptions, runner } from './command.ts';
import { runScript, type ScriptFacts, Scripts, scriptEnvironment } from './scripts.ts';

const facts: ScriptFacts = {
  event: 'up',
  connection: 'wan',
  device: 'l2w-wan',
  link: {
    localAddress: '10.64.0.10',
    peerAddress: undefined,
    dns: ['203.0.113.53'],
    mtu: 1460,
    server: { address: '10.5.1.9', port: 1701 },
  },
  nameServers: ['203.0.113.53'],
  resolvFile: '/var/run/l2tpwan/wan.resolv.conf',
};

describe('scripts', () => {
  it('are told in the manner of ip-up, without what there is not', () => {
    expect(scriptEnvironment(facts)).toEqual({
      EVENT: 'up',
      IFNAME: 'l2w-wan',
      IPLOCAL: '10.64.0.10',
      MTU: '1460',
      USEPEERDNS: '1',
      DNS1: '203.0.113.53',
      L2TPWAN_CONNECTION: 'wan',
      L2TPWAN_SERVER: '10.5.1.9',
      L2TPWAN_RESOLV_FILE: '/var/run/l2tpwan/wan.resolv.conf',
    });
  });

  it('are not told name servers that are not wanted', () => {
    expect(Object.keys(scriptEnvironment({ ...facts, nameServers: [] }))).not.toEqual(expect.arrayContaining(['DNS1']));
  });

  it('have 30 seconds, and their output goes where it can be read', async () => {
    const asked: [readonly string[], RunOptions | undefined][] = [];
    const said: string[] = [];
    const trouble = await runScript(
      (argv, options) => {
        asked.push([argv, options]);
        return Promise.resolve({ status: 1, output: `one\n\n${'x\n'.repeat(150)}`, errors: 'two\n', complaint: 'two' });
      },
      '/etc/l2tpwan/up',
      facts,
      (line) => said.push(line),
      new AbortController().signal,
    );
    expect(asked).toMatchObject([[['/etc/l2tpwan/up'], { limitMs: 30_000 }]]);
    expect([said[0], said.at(-1), said.length]).toEqual(['one', '… and 52 lines more', 101]);
    expect(trouble).toBe('the up script /etc/l2tpwan/up failed: two');
  });

  it('run in order, are not waited for for ever, and an up script ends when the link does', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'l2tpwan-scripts-'));
    const [up, down] = [join(directory, 'up'), join(directory, 'down')];
    writeFileSync(up, '#!/bin/sh\necho "$EVENT $IFNAME"; sleep 71.5; echo never\n', { mode: 0o755 });
    writeFileSync(down, '#!/bin/sh\necho "$EVENT $IFNAME"\n', { mode: 0o755 });
    const [said, warned]: [string[], string[]] = [[], []];
    const scripts = new Scripts(
      runner('/usr/bin:/bin'),
      (line) => said.push(line),
      (words) => warned.push(words),
    );
    const started = performance.now();
    await scripts.start(up, facts);
    expect(performance.now() - started).toBeLessThan(4000);
    expect(said).toEqual([]);
    await scripts.start(down, { ...facts, event: 'down' });
    expect(said).toEqual(['up script: up l2w-wan', 'down script: down l2w-wan']);
    expect(warned).toEqual([
      expect.stringMatching(/^the up script .* failed: it was still running when its time was over$/),
    ]);
    rmSync(directory, { recursive: true });
  });
});
