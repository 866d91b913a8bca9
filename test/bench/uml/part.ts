/** The kernel's own data path, beside xl2tpd and pppd, inside User-Mode Linux. */

import type { Findings, Part, Stage } from '../part.ts';
import { drawCharts } from '../plot.ts';
import { type InsidePlan, runInside } from './boot.ts';
import { PICTURE, pageOf } from './page.ts';
import { CLIENTS, goalsOf, readFindings, type UmlFindings } from './result.ts';
import { clientWords, tablesOf } from './tables.ts';

const FULL: InsidePlan = { rounds: 9, seconds: 3, octets: '1G' };
const QUICK: InsidePlan = { rounds: 1, seconds: 1, octets: '50M' };
const DATA_PATH = 'kernel';

export const umlPart: Part = {
  name: 'uml',
  words: "the kernel's data path, beside xl2tpd with pppd, inside User-Mode Linux",
  limitMs: 25 * 60_000,
  measure,
};

async function measure({ isQuick, alone, say }: Stage): Promise<Findings> {
  const plan = isQuick ? QUICK : FULL;
  say(`User-Mode Linux: ${plan.rounds} rounds`);
  const figures = await alone(async (ground) =>
    readFindings(await runInside(ground, DATA_PATH, plan), plan, DATA_PATH),
  );
  return {
    figures,
    tables: tablesOf(figures),
    goals: goalsOf(figures),
    page: pageOf(figures),
    pictures: { [PICTURE]: draw(figures) },
  };
}

function draw({ rates, dataPath }: UmlFindings): string {
  const valuesOf = (direction: 'up' | 'down') => CLIENTS.map((client) => rates[client][direction].median);
  const series = [
    { name: 'up', values: valuesOf('up') },
    { name: 'down', values: valuesOf('down') },
  ];
  return drawCharts([{ title: 'TCP, Mbit/s', labels: CLIENTS.map((client) => clientWords(client, dataPath)), series }]);
}
