/** What is shipped, run where nothing else is: the bundle, with koffi and the addon of node-tuntap2 beside it, or without. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionStatus, Status } from '../../src/daemon/status.ts';
import { Netns } from '../lab/netns.ts';
import { whyNotHere } from './namespaces.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

const cannot = whyNotHere();
if (cannot !== undefined) console.warn(`SKIPPED: the staged tree: ${cannot}`);
if (cannot !== undefined && process.env.CI) it('can be tried in CI', () => expect(cannot).toBeUndefined());

describe.skipIf(cannot)('the staged tree', () => {
  let directory: string;
  let tree: string;
  let client: Netns;
  let server: Netns;
  let children: ChildProcess[];
  let log: string;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'l2tpwan-staged-'));
    tree = join(directory, 'tree');
    children = [];
    log = '';
    [client, server] = [await Netns.create('staged'), await Netns.create('stagedlns')];
    await client.exec('ip', ['link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', 'wan0', 'netns', server.name]);
    for (const [netns, address] of [
      [client, '192.0.2.2/24'],
      [server, '192.0.2.1/24'],
    ] as const) {
      await netns.exec('ip', ['addr', 'add', address, 'dev', 'wan0']);
      await netns.exec('ip', ['link', 'set', 'wan0', 'up']);
    }
    await server.exec('ip', ['addr', 'add', '10.64.0.1/32', 'dev', 'lo']);
  });
  afterEach(async () => {
    for (const child of children) {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    await client.destroy();
    await server.destroy();
    rmSync(directory, { recursive: true });
  });

  const stage = (...options: string[]) =>
    execFileSync(join(REPOSITORY, 'scripts/stage'), [...options, tree], { encoding: 'utf8', stdio: 'pipe' });

  const start = async (netns: Netns, until: RegExp, ...argv: string[]): Promise<ChildProcess> => {
    const child = netns.spawn('env', ['-u', 'NODE_PATH', 'node', ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    let said = '';
    const listen = (text: string) => {
      said += text;
      if (netns === client) log += text;
    };
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', listen);
    for (const end = Date.now() + 30_000; !until.test(said); await sleep(20))
      if (Date.now() > end || child.exitCode !== null) throw new Error(`${argv.join(' ')}: ${said}`);
    return child;
  };

  /** Runs the daemon of the staged tree until it says something. */
  const run = async (connection: object, until: RegExp): Promise<void> => {
    const configuration = join(directory, 'config.json');
    const account = { servers: ['192.0.2.1'], username: 'alice', password: 's3cret' };
    const connections = { wan: { ...account, routes: ['10.64.0.1/32'], ...connection } };
    writeFileSync(configuration, JSON.stringify({ connections }), { mode: 0o600 });
    const words = ['run', '-c', configuration, '--run-dir', join(directory, 'run')];
    await start(client, until, join(tree, 'l2tpwan.cjs'), ...words);
  };
  const dial = async (connection: object = {}): Promise<ConnectionStatus> => {
    const words = ['lns', '--listen', '192.0.2.1', '--user', 'alice:s3cret', '--local', '10.64.0.1', '--tun', 'lns0'];
    await start(server, /listening/, join(REPOSITORY, 'dist/l2tpwan-lab.cjs'), ...words);
    await run(connection, /wan: up/);
    const { connections } = JSON.parse(await ask('status', '--json')) as Status;
    return connections.wan as ConnectionStatus;
  };
  const ask = (...words: string[]) =>
    client.exec('node', [join(tree, 'l2tpwan.cjs'), ...words, '--run-dir', join(directory, 'run')]);
  const ping = () => client.exec('ping', ['-c', '3', '-i', '0.2', '-W', '2', '10.64.0.1']);

  it('holds nothing but what is needed, and no other node_modules is anywhere above it', () => {
    const said = stage();
    const files = readdirSync(tree, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ parentPath, name }) => join(parentPath, name).slice(tree.length + 1)).sort()).toEqual([
      'l2tpwan.cjs',
      'node_modules/koffi/LICENSE.txt',
      expect.stringMatching(/^node_modules\/koffi\/build\/koffi\/(linux|musl)_\w+\/koffi\.node$/),
      'node_modules/koffi/index.cjs',
      'node_modules/koffi/package.json',
      'node_modules/koffi/src/koffi/index.cjs',
      'node_modules/koffi/src/koffi/src/static.cjs',
      'node_modules/node-tuntap2/LICENSE',
      'node_modules/node-tuntap2/build/Release/tuntap2Addon.node',
      'node_modules/node-tuntap2/dist/src/ts/linux/Tuntap2Addon.js',
      'node_modules/node-tuntap2/package.json',
    ]);
    for (let above = dirname(tree); above !== '/'; above = dirname(above))
      expect(existsSync(join(above, 'node_modules')), above).toBe(false);
    const octets = Number(/(\d+) octets {2}in /.exec(said)?.[1]);
    expect(octets).toBeGreaterThan(500_000);
    expect(octets).toBeLessThan(2_000_000);
  });

  it('refuses a target that there is no binary for, and a directory that is not its own', () => {
    expect(() => stage('--target', 'linux-mips')).toThrow('koffi has no binaries for mips');
    expect(existsSync(tree)).toBe(false);
    stage();
    stage();
    writeFileSync(join(tree, 'precious'), '');
    expect(() => stage()).toThrow(`${tree} holds something else`);
  });

  it('moves packets the fast way', async () => {
    stage();
    const { dataPath } = await dial({ mark: 7 });
    expect(dataPath?.backend).toBe('tun-gso');
    await ping();
    await ask('redial', 'wan');
    await sleep(1500);
    expect(log).not.toMatch(/koffi/);
  });

  it('takes the next data path without koffi, and says why exactly once', async () => {
    stage();
    rmSync(join(tree, 'node_modules/koffi'), { recursive: true });
    const { dataPath } = await dial();
    expect(dataPath?.backend).toBe('tun');
    await ping();
    await ask('redial', 'wan');
    for (const end = Date.now() + 30_000; Date.now() < end && log.split('wan: up').length < 3; ) await sleep(50);
    expect(log.split('wan: up')).toHaveLength(3);
    expect(log.split('\n').filter((line) => line.includes('koffi'))).toEqual([
      expect.stringMatching(/data paths kernel and tun-gso are not used: the package koffi is not installed/),
    ]);
  });

  const BINARIES = 'node_modules/koffi/build';
  it.each([
    ['for another machine', otherLibc(), [], /the binary of koffi is for another machine than this \(linux \w+\): .+/],
    ['missing', thisMachine(), [BINARIES], /koffi has no binary for this machine \(linux \w+\)/],
  ])('says that the binary is %s', async (_what, target, without, words) => {
    stage('--target', target);
    for (const path of without) rmSync(join(tree, path), { recursive: true });
    await run({}, words);
  });
});

function hasGlibc(): boolean {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime !== undefined;
}

function thisMachine(): string {
  return `linux-${process.arch}-${hasGlibc() ? 'glibc' : 'musl'}`;
}

/** The same processor with the other C library. */
function otherLibc(): string {
  return `linux-${process.arch}-${hasGlibc() ? 'musl' : 'glibc'}`;
}
