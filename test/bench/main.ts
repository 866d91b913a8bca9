/** npm run bench [-- PART… --quick]: measures what the product promises, beside what it is compared with, and writes it down. */
import { fileURLToPath } from 'node:url';
import { labRoot } from '../lab/netns.ts';
import { dataPathPart } from './data-path/part.ts';
import { dialPart } from './dial/part.ts';
import { footprintPart } from './footprint/part.ts';
import { Ground } from './ground.ts';
import { machineNow } from './machine.ts';
import type { Part, Stage } from './part.ts';
import { goalLine, writeList, writePart } from './report.ts';
import { rounded } from './summary.ts';
import { plainText } from './table.ts';
import { umlPart } from './uml/part.ts';

const PARTS: readonly Part[] = [dialPart, dataPathPart, umlPart, footprintPart];

let ground: Ground | undefined;
let ended = false;

const say = (words: string): boolean => process.stderr.write(`${words}\n`);

async function alone<T>(measure: (ground: Ground) => Promise<T>): Promise<T> {
  const mine = new Ground();
  ground = mine;
  try {
    return await measure(mine);
  } finally {
    await mine.clear();
  }
}

async function bench(part: Part, stage: Stage): Promise<void> {
  const limit = setTimeout(() => void giveUp(`${part.name} takes too long`, 1), part.limitMs);
  const begin = performance.now();
  const machine = machineNow();
  const found = await part.measure(stage);
  clearTimeout(limit);
  for (const table of found.tables) console.log(`${plainText(table)}\n`);
  for (const goal of found.goals) console.log(goalLine(goal));
  const tookSeconds = rounded((performance.now() - begin) / 1000, 0);
  // A glance is not to replace what a whole run has found.
  const directory = inProject(stage.isQuick ? '.cache/bench/docs' : 'docs/bench');
  const file = writePart(directory, part, { machine: machine(), tookSeconds, isQuick: stage.isQuick }, found);
  writeList(directory, PARTS);
  console.log(`\nwritten: ${file}, and ${part.name}.md beside it\n`);
}

/** Takes everything away and ends, whatever was under way. */
async function giveUp(why: string, status: number): Promise<void> {
  if (ended) return;
  ended = true;
  say(`bench: ${why}, cleaning up`);
  await ground?.clear();
  process.exit(status);
}

const inProject = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

async function main(args: readonly string[]): Promise<void> {
  const names = args.filter((arg) => arg !== '--quick');
  const unknown = names.find((name) => PARTS.every((part) => part.name !== name));
  if (unknown !== undefined) throw new Error(`${unknown}?\n${USAGE}`);
  if (process.getuid?.() !== 0) throw new Error('needs root, for network namespaces and TUN devices');
  await labRoot();
  for (const part of PARTS)
    if (names.length === 0 || names.includes(part.name))
      await bench(part, { isQuick: args.includes('--quick'), say, alone });
}

const USAGE = `usage: npm run bench [-- PART… --quick]
${PARTS.map(({ name, words }) => `  ${name.padEnd(10)} ${words}`).join('\n')}`;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void giveUp(signal, 130));
main(process.argv.slice(2)).catch((error: Error) => void giveUp(error.message, 1));
