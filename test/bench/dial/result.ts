/** Everything that one run found out about dialling, as it is written down, and what it was to reach. */
import type { Goal } from '../part.ts';
import { DIALLED, type DialResult } from './dial.ts';
import type { IdleMemory } from './memory.ts';
import type { StartUp } from './start-up.ts';

export interface DialFindings {
  readonly plan: DialPlan;
  readonly dial: DialResult;
  readonly startUp: StartUp;
  /** By age. */
  readonly memory: readonly IdleMemory[];
  /** The one file that is installed, KB of 1024 octets. */
  readonly bundleKb: number;
}

/** How often and how long. */
export interface DialPlan {
  readonly dialPairs: number;
  readonly starts: number;
  readonly memoryCopies: number;
  /** Ages at which idle memory is read, s; the last one counts. */
  readonly idleSeconds: readonly number[];
}

const DIAL_TIMES_FASTER = 5;
const START_MS = 300;
const IDLE_MB_ABOVE_NODE = 12;

export function goalsOf({ dial, startUp, memory }: DialFindings): Goal[] {
  const idle = memory.at(-1)?.above.rss ?? Number.NaN;
  const slowest = Math.min(...DIALLED.map((kind) => dial[kind].faster.up));
  return [
    {
      words: `dials at least ${DIAL_TIMES_FASTER} times faster than xl2tpd+pppd`,
      found: `${DIALLED.map((kind) => `${dial[kind].faster.up} times (${kind})`).join(', ')}`,
      reached: slowest >= DIAL_TIMES_FASTER,
    },
    {
      words: `start to first SCCRQ under ${START_MS} ms`,
      found: `${startUp.sccrqMs.median} ms`,
      reached: startUp.sccrqMs.median < START_MS,
    },
    {
      words: `idle RSS at most bare Node + ${IDLE_MB_ABOVE_NODE} MB`,
      found: `+${idle} MB`,
      reached: idle <= IDLE_MB_ABOVE_NODE,
    },
  ];
}
