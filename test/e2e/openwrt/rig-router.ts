/** A router of OpenWrt's own userland, as a rig boots it: ubusd, netifd, procd and fw4, with our files copied in before it boots. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LIBRARY, modeOf } from '../../../scripts/package/packages-table.ts';
import { run } from '../../lab/command.ts';
import { guarded, unguard } from '../../lab/netns.ts';
import { pause } from '../daemon.ts';
import type { Outside } from './outside.ts';
import { type Changes, type Router, type Section, UbusFailed, UPLINK } from './router.ts';

const TOP = fileURLToPath(new URL('../../..', import.meta.url));
const NAME = 'e2';
const { L2TPWAN_OPENWRT_NETNS_PREFIX: NETNS_PREFIX = 'router-' } = process.env;
const INIT = '/etc/init.d/l2tpwan';
/** Of the daemon itself: procd's process is the jail around it. */
const DAEMON_PID =
  'cd /proc; for pid in [0-9]*; do case "$(cat "$pid/cmdline" 2>/dev/null)" in /var/run/l2tpwan-runtime/*) echo "$pid";; esac; done';
/** procd starts again what has ended after 5 s at most. */
const RESPAWN_WITHIN_MS = 15_000;

export class RigRouter implements Router {
  readonly netns = `${NETNS_PREFIX}${NAME}`;
  readonly #rig: string;
  readonly #outside: Outside;
  readonly #root = mkdtempSync(join(tmpdir(), 'l2tpwan-rig-'));
  #guard: ChildProcess | undefined;

  /** @param rig the directory with its commands */
  constructor(rig: string, outside: Outside) {
    this.#rig = rig;
    this.#outside = outside;
  }

  async boot(): Promise<void> {
    const root = this.#root;
    await run(this.#command('leave'), ['-k', NAME]).catch(() => undefined); // of a run that was killed
    this.#guard = guarded('sh', '-c', '"$0" -k "$1"; rm -rf "$2"', this.#command('leave'), NAME, root);
    await stage(root);
    const wire = ['-n', NAME, '-w', this.#outside.netns.name, '-a', UPLINK.address, '-g', UPLINK.gateway];
    const copies = filesBelow(root).flatMap((path) => ['-c', `${join(root, path)}:/${path}`]);
    await run(this.#command('enter'), [...wire, ...copies]);
    await this.#until(async () =>
      /"up":true/.test(JSON.stringify(await this.ubus('network.interface', 'status', { interface: 'wan' }))),
    );
  }

  async configure(changes: Changes): Promise<void> {
    const lines = Object.entries(changes).flatMap(([name, section]) => [
      `delete network.${name}`,
      ...(section === undefined ? [] : linesOf(name, section)),
    ]);
    await this.#fed([...lines, 'commit network', ''].join('\n'), 'uci', '-q', 'batch');
    await this.ubus('network', 'reload');
  }

  async ubus(object: string, method: string, args: object = {}): Promise<unknown> {
    try {
      const text = await this.exec('ubus', '-S', '-t', '10', 'call', object, method, JSON.stringify(args));
      return text.trim() === '' ? {} : JSON.parse(text);
    } catch (error) {
      throw new UbusFailed(`${object} ${method}`, (error as { status?: number }).status ?? -1);
    }
  }

  async startDaemon(): Promise<void> {
    await this.exec(INIT, 'start');
  }
  async stopDaemon(): Promise<void> {
    await this.exec(INIT, 'stop');
    await this.#until(async () => (await this.#pids('node', 'l2tpwan')) === '');
  }
  crashDaemon(): Promise<void> {
    return this.#replaced(() => this.exec('sh', '-c', DAEMON_PID).then((pid) => pid.trim()));
  }
  async restart(what: 'netifd' | 'ubusd'): Promise<void> {
    await this.#replaced(() => this.#pids(what));
    await this.#until(() => this.ubus('network.interface', 'dump').then(() => true));
  }

  exec(program: string, ...args: string[]): Promise<string> {
    return run(this.#command('exec'), ['-n', NAME, program, ...args]);
  }
  log(): Promise<string> {
    return this.exec('logread').catch(() => ''); // logd does not find its way back to a new ubusd
  }

  async close(): Promise<void> {
    await run(this.#command('leave'), ['-k', NAME]).catch(() => undefined);
    if (this.#guard !== undefined) unguard(this.#guard);
    rmSync(this.#root, { recursive: true, force: true });
  }

  #command(name: string): string {
    return join(this.#rig, name);
  }

  /** kill -9, and whoever comes in its place. */
  async #replaced(pidOf: () => Promise<string>): Promise<void> {
    const before = await pidOf();
    await this.exec('kill', '-9', before);
    await this.#until(async () => !['', before].includes(await pidOf()));
  }

  #pids(...names: string[]): Promise<string> {
    return this.exec('pidof', ...names).then(
      (text) => text.trim(),
      () => '',
    );
  }

  async #until(isSo: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + RESPAWN_WITHIN_MS;
    while (!(await isSo().catch(() => false))) {
      if (Date.now() > end) throw new Error(`not within ${RESPAWN_WITHIN_MS / 1000} s: ${isSo}`);
      await pause(100);
    }
  }

  async #fed(input: string, ...argv: string[]): Promise<void> {
    const child = spawn(this.#command('exec'), ['-n', NAME, ...argv], { stdio: ['pipe', 'ignore', 'inherit'] });
    const close = once(child, 'close');
    child.stdin.end(input);
    await close;
  }
}

/** In `uci batch`'s words. */
function linesOf(name: string, section: Section): string[] {
  const quoted = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;
  const options = Object.entries(section).flatMap(([option, value]) =>
    typeof value === 'string'
      ? [`set network.${name}.${option}=${quoted(value)}`]
      : value.map((item) => `add_list network.${name}.${option}=${quoted(item)}`),
  );
  return [`set network.${name}=interface`, ...options];
}

/** What the package installs, with the native parts of this machine, and a daemon that says more. @param directory a new one */
async function stage(directory: string): Promise<void> {
  mkdirSync(join(directory, LIBRARY), { recursive: true });
  await run(join(TOP, 'scripts/stage'), [join(directory, LIBRARY)]);
  cpSync(join(TOP, 'openwrt/files'), directory, { recursive: true });
  cpSync(join(TOP, 'test/support/dhcpv6.sh'), join(directory, 'lib/netifd/proto/dhcpv6.sh'));
  writeFileSync(join(directory, 'etc/config/l2tpwan'), "config l2tpwan 'main'\n\toption log_level 'debug'\n");
  for (const path of filesBelow(directory)) chmodSync(join(directory, path), modeOf(path));
}

const filesBelow = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((path) => dirname(path) !== '.');
