/** The data path: how fast the product moves packets, beside C, beside the naive design, and beside no tunnel at all. */
import type { Ground } from '../ground.ts';
import type { Findings, Part, Stage } from '../part.ts';
import { Comparison } from './comparison.ts';
import { type LagResult, measureLag } from './lag.ts';
import { PICTURE, pageOf } from './page.ts';
import { drawWays } from './plot.ts';
import { type DataPathFindings, type DataPathPlan, goalsOf } from './result.ts';
import { tablesOf } from './tables.ts';

const FULL: DataPathPlan = { sittings: 3, rounds: 2, repeats: 4, loadSeconds: 2, idleSeconds: 60 };
const QUICK: DataPathPlan = { sittings: 1, rounds: 1, repeats: 1, loadSeconds: 1, idleSeconds: 10 };

export const dataPathPart: Part = {
  name: 'data-path',
  words: 'moving packets, beside C, the naive design, and no tunnel',
  limitMs: 45 * 60_000,
  measure,
};

async function measure({ isQuick, alone, say }: Stage): Promise<Findings> {
  const plan = isQuick ? QUICK : FULL;
  const comparison = new Comparison(plan, say);
  // Processes of the very same code have differed by up to a tenth over many rounds.
  for (let sitting = 1; sitting <= plan.sittings; sitting++)
    await alone((ground) => comparison.sit(ground, `data path ${sitting}/${plan.sittings}`));
  const lag = await alone((ground) => lagOf(ground, plan, say));
  const figures: DataPathFindings = { plan, ...comparison.result(), lag };
  return {
    figures,
    tables: tablesOf(figures),
    goals: goalsOf(figures),
    page: pageOf(figures),
    pictures: { [PICTURE]: drawWays(figures) },
  };
}

async function lagOf(ground: Ground, plan: DataPathPlan, say: Stage['say']): Promise<LagResult | undefined> {
  try {
    const lag = await measureLag(ground, 'tun-gso', plan.loadSeconds);
    const words = Object.entries(lag).map(([load, { p99, max }]) => `${load} ${p99.toFixed(1)} (${max.toFixed(1)})`);
    say(`event loop, p99 (most), ms: ${words.join(', ')}`);
    return lag;
  } catch (error) {
    say(`event loop: ${(error as Error).message}`);
    return undefined;
  }
}
