/** Runs all clients inside one User-Mode Linux, and gives what they left. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { script } from '../../lab/netns.ts';
import type { Ground } from '../ground.ts';

export interface InsidePlan {
  readonly rounds: number;
  /** Of iperf3 in each direction. */
  readonly seconds: number;
  /** To be moved while it is looked what that costs, octets in iperf3's words. */
  readonly octets: string;
}

/** Reads a file that was left inside. @throws Error there is none */
export type Left = (file: string) => string;

/** @throws Error with what was said inside */
export async function runInside(ground: Ground, dataPath: string, plan: InsidePlan): Promise<Left> {
  const out = join(ground.directory, 'inside');
  mkdirSync(out);
  const words = [plan.rounds, plan.seconds, plan.octets, dataPath, BUNDLE].join(' ');
  const timeout = BOOT_SECONDS + (plan.rounds + 1) * (2 * plan.seconds + DIAL_SECONDS) * CLIENTS;
  const child = spawn(
    script('uml-bench'),
    [`timeout=${timeout}`, `out=${out}`, `cmd=exec /bin/bash ${INSIDE} ${words}`],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  ground.own(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`inside User-Mode Linux: status ${status}\n${said}`);
  return (file) => readFileSync(join(out, file), 'utf8');
}

const INSIDE = fileURLToPath(new URL('inside', import.meta.url));
const BUNDLE = fileURLToPath(new URL('../../../dist/l2tpwan.cjs', import.meta.url));
const CLIENTS = 3;
/** It is slow there, and slower still on a busy machine. */
const DIAL_SECONDS = 20;
const BOOT_SECONDS = 30;
