/** A router's userland for its scripts: BusyBox under every name that they use, and whatever a test puts in its place. */
import { type ExecFileSyncOptions, execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const REPOSITORY = join(import.meta.dirname, '../..');
export const FILES = join(REPOSITORY, 'openwrt/files');

/** Those that OpenWrt's BusyBox has, and that ours may thus use. */
const APPLETS =
  'awk basename cat chmod cp cut df dirname echo grep head kill ln ls mkdir mktemp mv ps readlink rm rmdir sed sh sha256sum sleep sort tar touch tr uname wc wget'.split(
    ' ',
  );

export const busybox: string | undefined = spawnSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' })
  .stdout.trim()
  .split('\n')[0];

/** What a program of this machine says. @throws what it complained of */
export const said = (program: string, args: readonly string[], options: ExecFileSyncOptions = {}): string =>
  execFileSync(program, args, { stdio: 'pipe', ...options, encoding: 'utf8' });

export class Userland {
  /** Everything of this test, gone after it. */
  readonly directory = mkdtempSync(join(tmpdir(), 'l2tpwan-userland-'));
  readonly #bin = join(this.directory, 'bin');

  constructor() {
    mkdirSync(this.#bin);
    for (const applet of APPLETS) symlinkSync(busybox ?? '', join(this.#bin, applet));
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }

  /** A program of the router, as a shell script. */
  program(name: string, script: string): void {
    rmSync(join(this.#bin, name), { force: true });
    this.script(join('bin', name), script);
  }

  script(name: string, script: string): string {
    const path = this.path(name);
    writeFileSync(path, `#!${join(this.#bin, 'sh')}\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  without(name: string): void {
    rmSync(join(this.#bin, name), { force: true });
  }

  #environment(more: Record<string, string>) {
    return { PATH: this.#bin, HOME: this.directory, ...more };
  }

  /** @param argv a script's own, without `sh` */
  run(argv: readonly string[], environment: Record<string, string> = {}): SpawnSyncReturns<string> {
    return spawnSync(join(this.#bin, 'sh'), argv, {
      encoding: 'utf8',
      env: this.#environment(environment),
      timeout: 30_000,
    });
  }

  /** In a process group of its own, so that a signal can reach all of it, as from a terminal. */
  start(argv: readonly string[], environment: Record<string, string> = {}) {
    return spawn(join(this.#bin, 'sh'), argv, {
      env: this.#environment(environment),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}
