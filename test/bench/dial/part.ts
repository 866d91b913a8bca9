/** Dialling: how long it takes, how long the start takes, and how much memory a connection needs that nobody uses. */
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Findings, Part, Stage } from '../part.ts';
import { rounded } from '../summary.ts';
import { measureDial } from './dial.ts';
import { measureMemory } from './memory.ts';
import { pageOf } from './page.ts';
import { type DialFindings, type DialPlan, goalsOf } from './result.ts';
import { measureStartUp } from './start-up.ts';
import { tablesOf } from './tables.ts';

const FULL: DialPlan = { dialPairs: 7, starts: 15, memoryCopies: 3, idleSeconds: [5, 60] };
const QUICK: DialPlan = { dialPairs: 1, starts: 1, memoryCopies: 1, idleSeconds: [5, 10] };

export const dialPart: Part = {
  name: 'dial',
  words: 'dialling, starting, idle memory, beside xl2tpd with pppd',
  limitMs: 10 * 60_000,
  measure,
};

async function measure({ isQuick, alone, say }: Stage): Promise<Findings> {
  const plan = isQuick ? QUICK : FULL;
  const figures: DialFindings = {
    plan,
    dial: await alone((ground) => measureDial(ground, plan.dialPairs, say)),
    startUp: await alone((ground) => measureStartUp(ground, plan.starts, say)),
    memory: await alone((ground) => measureMemory(ground, plan.memoryCopies, plan.idleSeconds, say)),
    bundleKb: rounded(statSync(BUNDLE).size / 1024, 0),
  };
  return { figures, tables: tablesOf(figures), goals: goalsOf(figures), page: pageOf(figures) };
}

const BUNDLE = fileURLToPath(new URL('../../../dist/l2tpwan.cjs', import.meta.url));
