/** How much memory a daemon needs that does nothing but keep one connection up, beside a Node that does nothing. */
import { pause } from '../e2e/daemon.ts';
import type { Netns } from '../lab/lab.ts';
import type { Ground } from './ground.ts';
import { type Memory, memoryOf } from './process-figures.ts';
import { rounded, type Summary, summary } from './summary.ts';

interface MemorySummary {
  readonly rss: Summary;
  readonly privateDirty: Summary;
}

/** MB, of 2^20 octets. */
export interface IdleMemory {
  readonly l2tpwan: MemorySummary;
  readonly bareNode: MemorySummary;
  /** What ours is above it, of the medians. */
  readonly above: Memory;
  /** How long after the start all was read, s. */
  readonly ageSeconds: number;
}

/** All of them live at the same time and are read at the same age. */
export async function measureMemory(
  ground: Ground,
  copies: number,
  ageSeconds: number,
  say: (words: string) => void,
): Promise<IdleMemory> {
  const netns = await ground.netns();
  await ground.lns('l2tpns', netns, { chatty: 'no' });
  const numbers = Array.from({ length: copies }, (_, index) => index);
  const daemons = numbers.map((number) => ground.daemon(netns, `wan${number}`).start());
  const bare = numbers.map(() => spawnBareNode(ground, netns));
  await pause(ageSeconds * 1000);
  const l2tpwan = summaryOf(daemons.map(({ pid }) => memoryOf(pid)));
  const bareNode = summaryOf(bare.map(memoryOf));
  for (const [number, daemon] of daemons.entries()) await daemon.up(`wan${number}`); // or it was not what is to be measured
  const above = {
    rss: rounded(l2tpwan.rss.median - bareNode.rss.median),
    privateDirty: rounded(l2tpwan.privateDirty.median - bareNode.privateDirty.median),
  };
  say(`memory: idle ${l2tpwan.rss.median} MB, bare Node ${bareNode.rss.median} MB`);
  return { l2tpwan, bareNode, above, ageSeconds };
}

/** @returns its process id: `ip netns exec` becomes what it runs */
function spawnBareNode(ground: Ground, netns: Netns): number {
  const child = netns.spawn('node', ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' });
  ground.defer(() => child.kill());
  return child.pid ?? 0;
}

function summaryOf(figures: readonly Memory[]): MemorySummary {
  return {
    rss: summary(figures.map(({ rss }) => rss)),
    privateDirty: summary(figures.map(({ privateDirty }) => privateDirty)),
  };
}
