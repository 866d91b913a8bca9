/** How long it takes from the start of the process to a connection that is up. */
import { pause } from '../../e2e/daemon.ts';
import type { Ground } from '../ground.ts';
import { flagsOfTheService } from '../service-flags.ts';
import { type Summary, summary } from '../summary.ts';

export interface Starts {
  /** Ours: process started, until routes and MSS clamp are in. */
  readonly l2tpwanMs: Summary;
  /** xl2tpd started, until pppd runs `ip-up`; once. */
  readonly xl2tpdMs: number;
}

export async function measureStarts(ground: Ground, rounds: number, say: (words: string) => void): Promise<Summary> {
  const netns = await ground.netns();
  await ground.lns('l2tpns', netns, { chatty: 'no' });
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const daemon = ground.daemon(netns, 'wan', {}, { nodeOptions: flagsOfTheService() });
    const begin = Date.now();
    daemon.start();
    await pause(LONGER_THAN_A_START_MS); // asking starts a process, which would be in the way
    const { dial } = await daemon.up();
    const up = dial.find(({ stage }) => stage === 'up');
    if (up === undefined) throw new Error('the daemon does not know when it came up');
    samples.push(Date.parse(up.at) - begin);
    await daemon.destroy();
  }
  const found = summary(samples, 0);
  say(`starts: ${found.median} ms from the start to up`);
  return found;
}

const LONGER_THAN_A_START_MS = 2000;
