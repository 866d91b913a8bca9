/** The data path: how fast the product moves packets, beside C, beside the naive design, and beside no tunnel at all. */
import { readFileSync } from 'node:fs';
import { pause } from '../../e2e/daemon.ts';
import type { Ground } from '../ground.ts';
import type { Findings, Part, Stage } from '../part.ts';
import { memoryOf } from '../process-figures.ts';
import { flagsOfTheService } from '../service-flags.ts';
import { Course, MEASUREMENTS } from './course.ts';
import { layField } from './field.ts';
import { type LagResult, measureLag } from './lag.ts';
import { PICTURE, pageOf } from './page.ts';
import { drawWays } from './plot.ts';
import { type DataPathFindings, type DataPathPlan, goalsOf } from './result.ts';
import { tablesOf } from './tables.ts';
import { openWay, WAYS, type WayName } from './ways.ts';

const FULL: DataPathPlan = { rounds: 6, loadSeconds: 2, idleSeconds: 60 };
const QUICK: DataPathPlan = { rounds: 1, loadSeconds: 1, idleSeconds: 10 };

export const dataPathPart: Part = {
  name: 'data-path',
  words: 'moving packets, beside C, the naive design, and no tunnel',
  limitMs: 25 * 60_000,
  measure,
};

async function measure({ isQuick, alone, say }: Stage): Promise<Findings> {
  const plan = isQuick ? QUICK : FULL;
  const compared = await alone((ground) => compare(ground, plan, say));
  const lag = await alone((ground) => lagOf(ground, plan, say));
  const figures: DataPathFindings = { plan, ...compared, lag };
  return {
    figures,
    tables: tablesOf(figures),
    goals: goalsOf(figures),
    page: pageOf(figures),
    pictures: { [PICTURE]: drawWays(figures) },
  };
}

type Compared = Pick<DataPathFindings, 'ways' | 'absent' | 'features' | 'bareNode' | 'congestionControl'>;

async function compare(ground: Ground, plan: DataPathPlan, say: Stage['say']): Promise<Compared> {
  const field = await layField(ground);
  const bare = field.near.spawn('node', [...flagsOfTheService(), '-e', 'setInterval(() => {}, 1e9)'], {
    stdio: 'ignore',
  });
  ground.own(bare);
  const absent: Partial<Record<WayName, string>> = {};
  const ways = [];
  for (const name of WAYS)
    try {
      ways.push(await openWay(field, name));
    } catch (error) {
      absent[name] = (error as Error).message.split('\n')[0] ?? '';
      say(`data path: no ${name}: ${(error as Error).message}`);
    }
  await pause(plan.idleSeconds * 1000);
  const courses = ways.map((way) => new Course(way, field.programs, plan.loadSeconds));
  const bareNode = memoryOf(bare.pid ?? 0);
  for (const course of courses) await course.warmUp();
  for (let round = 0; round < plan.rounds; round++) {
    const first = round % courses.length;
    // One measurement of every way before the next: what is compared is to be of one moment, on a machine that is not ours alone.
    for (const what of MEASUREMENTS)
      for (const course of [...courses.slice(first), ...courses.slice(0, first)])
        say(`data path ${round + 1}/${plan.rounds}, ${course.way.name}: ${await course.measure(what)}`);
  }
  return {
    ways: Object.fromEntries(courses.map((course) => [course.way.name, course.result()])),
    absent,
    features: Object.fromEntries(ways.flatMap(({ name, features }) => (features ? [[name, features]] : []))),
    bareNode,
    congestionControl: readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim(),
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
