/** How long the event loop of a loaded daemon keeps everything else waiting: hellos, echoes, retransmissions. */
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pause } from '../../e2e/daemon.ts';
import type { Ground } from '../ground.ts';
import { LOAD_NAMES, type Load, loadWay } from './course.ts';
import { addUplinkAddress, layField } from './field.ts';
import { openProduct } from './product.ts';
import { tunnelOf } from './tunnel.ts';

/** Beyond the interval at which is looked, ms. */
export interface Lag {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** How often was looked. */
  readonly looks: number;
}

export type LagResult = Readonly<Record<'idle' | Load, Lag>>;

/** @throws Error this data path cannot be had here */
export async function measureLag(ground: Ground, dataPath: string, seconds: number): Promise<LagResult> {
  const field = await layField(ground);
  const hook = join(ground.directory, 'lag-hook.cjs');
  copyFileSync(HOOK, hook);
  const tunnel = tunnelOf(1);
  await addUplinkAddress(field.far, tunnel.server.address);
  const { pid } = await openProduct(field, tunnel, dataPath, ['--require', hook]);
  const ends = { near: { netns: field.near, address: tunnel.near }, far: { netns: field.far, address: tunnel.far } };

  const during = async (load: () => Promise<unknown>): Promise<Lag> => {
    const file = join(ground.directory, 'lag.json');
    rmSync(file, { force: true });
    process.kill(pid, 'SIGUSR2');
    await load();
    process.kill(pid, 'SIGUSR2');
    for (let tries = 0; !existsSync(file) && tries < 100; tries++) await pause(50);
    return JSON.parse(readFileSync(file, 'utf8')) as Lag;
  };
  const found: Partial<Record<'idle' | Load, Lag>> = { idle: await during(() => pause(seconds * 1000)) };
  for (const load of LOAD_NAMES) found[load] = await during(() => loadWay(load, ends, seconds, field.programs));
  return found as LagResult;
}

const HOOK = fileURLToPath(new URL('lag-hook.cjs', import.meta.url));
