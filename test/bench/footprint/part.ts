/** What it takes to have it: packages, flash, memory with one and with four connections, and the time until it is up. */
import type { Findings, Part, Stage } from '../part.ts';
import { measureMemory, measureReference } from './memory.ts';
import { measureMqtt } from './mqtt.ts';
import { pageOf } from './page.ts';
import { type FootprintFindings, type FootprintPlan, goalsOf } from './result.ts';
import { measureSizes } from './sizes.ts';
import { measureStarts } from './starts.ts';
import { tablesOf } from './tables.ts';

const FULL: FootprintPlan = { memoryCopies: 3, idleSeconds: 60, starts: 9 };
const QUICK: FootprintPlan = { memoryCopies: 1, idleSeconds: 10, starts: 1 };

export const footprintPart: Part = {
  name: 'footprint',
  words: 'packages, flash, memory with one and with four connections, beside xl2tpd with pppd',
  limitMs: 10 * 60_000,
  measure,
};

async function measure({ isQuick, alone, say }: Stage): Promise<Findings> {
  const plan = isQuick ? QUICK : FULL;
  const sizes = await alone((ground) => measureSizes(ground, say));
  const ours = await alone((ground) => measureMemory(ground, plan.memoryCopies, plan.idleSeconds, say));
  const mqtt = await alone((ground) => measureMqtt(ground, plan.memoryCopies, plan.idleSeconds, say));
  const reference = await alone((ground) => measureReference(ground, say));
  const l2tpwanMs = await alone((ground) => measureStarts(ground, plan.starts, say));
  const figures: FootprintFindings = {
    plan,
    sizes,
    memory: { ...ours, xl2tpd: reference.memory },
    mqtt,
    starts: { l2tpwanMs, xl2tpdMs: reference.startMs },
  };
  return { figures, tables: tablesOf(figures), goals: goalsOf(figures), page: pageOf(figures) };
}
