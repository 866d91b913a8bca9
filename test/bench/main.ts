/** npm run bench [-- --quick]: measures what the product promises, beside what it is compared with, and writes it down. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { labRoot } from '../lab/netns.ts';
import { measureDial } from './dial.ts';
import { Ground } from './ground.ts';
import { machineNow } from './machine.ts';
import { measureMemory } from './memory.ts';
import { page } from './page.ts';
import { type BenchResult, goalsOf, type Plan } from './result.ts';
import { measureStartUp } from './start-up.ts';
import { rounded } from './summary.ts';
import { plainText, tablesOf } from './tables.ts';
import { measureThroughput } from './throughput.ts';

const FULL: Plan = {
  dialPairs: 7,
  starts: 15,
  memoryCopies: 3,
  idleSeconds: [5, 60],
  throughputRounds: 5,
  loadSeconds: 3,
};
const QUICK: Plan = {
  dialPairs: 1,
  starts: 1,
  memoryCopies: 1,
  idleSeconds: [5, 10],
  throughputRounds: 1,
  loadSeconds: 1,
};
/** Something hangs: it is given up. */
const LIMIT_MS = 11 * 60_000;

let ground: Ground | undefined;
let ended = false;

const say = (words: string): boolean => process.stderr.write(`${words}\n`);

async function bench(plan: Plan): Promise<BenchResult> {
  const begin = performance.now();
  const machine = machineNow();
  const dial = await alone((ground) => measureDial(ground, plan.dialPairs, say));
  const startUp = await alone((ground) => measureStartUp(ground, plan.starts, say));
  const memory = await alone((ground) => measureMemory(ground, plan.memoryCopies, plan.idleSeconds, say));
  const throughput = await alone((ground) => measureThroughput(ground, plan.throughputRounds, plan.loadSeconds, say));
  const bundleKb = rounded(statSync(inProject('dist/l2tpwan.cjs')).size / 1024, 0);
  const tookSeconds = rounded((performance.now() - begin) / 1000, 0);
  return { machine: machine(), plan, tookSeconds, dial, startUp, memory, throughput, bundleKb };
}

/** Nothing of one measurement is there during the next. */
async function alone<T>(measure: (ground: Ground) => Promise<T>): Promise<T> {
  const mine = new Ground();
  ground = mine;
  try {
    return await measure(mine);
  } finally {
    await mine.clear();
  }
}

/** Takes everything away and ends, whatever was under way. */
async function giveUp(why: string, status: number): Promise<void> {
  if (ended) return;
  ended = true;
  say(`bench: ${why}, cleaning up`);
  await ground?.clear();
  process.exit(status);
}

function show(result: BenchResult): void {
  for (const table of tablesOf(result)) console.log(`${plainText(table)}\n`);
  for (const { words, found, reached } of goalsOf(result))
    console.log(`${reached ? 'reached' : 'NOT REACHED'}: ${words}: ${found}`);
}

/** A glance is not to replace what a whole run has found. */
function write(result: BenchResult, isQuick: boolean): void {
  const directory = inProject(isQuick ? '.cache/bench' : 'docs/bench');
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'dial.json');
  writeFileSync(file, `${onFewLines(JSON.stringify(result, undefined, 2))}\n`);
  writeFileSync(join(directory, 'README.md'), page(result));
  console.log(`\nwritten: ${file}, and README.md beside it`);
}

/** Samples in a row, as a formatter would have them. */
const onFewLines = (json: string): string =>
  json.replace(/\[[^[\]{}]*\]/g, (list) => list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'));

const inProject = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

async function main(args: readonly string[]): Promise<void> {
  if (args.some((arg) => arg !== '--quick')) throw new Error('usage: npm run bench [-- --quick]');
  if (process.getuid?.() !== 0) throw new Error('needs root, for network namespaces and TUN devices');
  const isQuick = args.includes('--quick');
  await labRoot();
  const result = await bench(isQuick ? QUICK : FULL);
  show(result);
  write(result, isQuick);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void giveUp(signal, 130));
setTimeout(() => void giveUp('it takes too long', 1), LIMIT_MS).unref();
main(process.argv.slice(2)).catch((error: Error) => void giveUp(error.message, 1));
