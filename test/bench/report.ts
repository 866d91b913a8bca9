/** What is left of a run: a file of figures and a page for each part, and a list of them all. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.ts';
import type { Findings, Goal, Part } from './part.ts';

/** When, where and how long, as it is written down before the figures. */
export interface Circumstances {
  readonly machine: Machine;
  readonly tookSeconds: number;
  readonly isQuick: boolean;
}

/** Writes a part down, and the list anew. @returns the file of figures */
export function writePart(directory: string, part: Part, where: Circumstances, found: Findings): string {
  mkdirSync(directory, { recursive: true });
  const { machine, tookSeconds } = where;
  const file = join(directory, `${part.name}.json`);
  const record = { machine, tookSeconds, goals: found.goals, ...found.figures };
  writeFileSync(file, `${onFewLines(JSON.stringify(record, undefined, 2))}\n`);
  writeFileSync(join(directory, `${part.name}.md`), `${head(part, where, found.goals)}\n${found.page}`);
  for (const [name, svg] of Object.entries(found.pictures ?? {})) writeFileSync(join(directory, name), svg);
  return file;
}

/** The list of all parts that have been written down so far. */
export function writeList(directory: string, parts: readonly Part[]): void {
  const entries = parts.flatMap((part) => {
    const file = join(directory, `${part.name}.json`);
    if (!existsSync(file)) return [];
    const { machine, goals } = JSON.parse(readFileSync(file, 'utf8')) as { machine: Machine; goals?: readonly Goal[] };
    const name = `## [${part.name}](${part.name}.md)`;
    return [`${name}\n\n${capital(part.words)}; ${placeOf(machine)}.\n\n${goalLines(goals ?? [])}\n`];
  });
  const text = `# Benchmarks\n\nWritten by \`npm run bench\` (as root; \`-- --quick\` for a glance, \`-- PART …\` for a part).\n\n`;
  writeFileSync(join(directory, 'README.md'), `${text}${entries.join('\n')}`);
}

export const goalLine = ({ words, found, reached }: Goal): string =>
  `${reached ? 'Reached' : '**NOT REACHED**'}: ${words}: ${found}.`;

const goalLines = (goals: readonly Goal[]): string => goals.map((goal) => `- ${goalLine(goal)}`).join('\n');

function head({ name, words }: Part, { machine, tookSeconds, isQuick }: Circumstances, goals: readonly Goal[]): string {
  const { begin, end } = machine.load;
  return `# Benchmark: ${words}

Written by \`npm run bench -- ${name}${isQuick ? ' --quick' : ''}\` (as root; ${Math.ceil(tookSeconds / 60)} minutes). All samples are in [${name}.json](${name}.json).

Measured on ${placeOf(machine)}.
Load average ${begin} when it began and ${end} when it ended, its own load included.
Figures are medians, with the least and the most in brackets; what is compared was measured in turns within this one run.

${goalLines(goals)}
`;
}

const placeOf = ({ cpu, cores, memoryMb, kernel, node, date }: Machine): string =>
  `${cpu}, ${cores} cores, ${memoryMb} MB, Linux ${kernel}, Node ${node}, ${date.slice(0, 10)}`;

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** Samples in a row, as a formatter would have them. */
const onFewLines = (json: string): string =>
  json.replace(/\[[^[\]{}]*\]/g, (list) => list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'));
