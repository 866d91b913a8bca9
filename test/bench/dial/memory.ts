/** How much memory a daemon needs that does nothing but keep one connection up, beside a Node that does nothing. */
import { pause } from '../../e2e/daemon.ts';
import type { Netns } from '../../lab/lab.ts';
import type { Ground } from '../ground.ts';
import { type Memory, memoryOf } from '../process-figures.ts';
import { rounded, type Summary, summary } from '../summary.ts';

interface MemorySummary {
  readonly rss: Summary;
  readonly privateDirty: Summary;
}

/** MB, of 2^20 octets. */
export interface IdleMemory {
  /** How long after the start all was read, s. */
  readonly ageSeconds: number;
  readonly l2tpwan: MemorySummary;
  readonly bareNode: MemorySummary;
  /** What ours is above it, of the medians. */
  readonly above: Memory;
}

/**
 * All of them live at the same time and are read at the same ages.
 * @param ages s, ascending
 */
export async function measureMemory(
  ground: Ground,
  copies: number,
  ages: readonly number[],
  say: (words: string) => void,
): Promise<IdleMemory[]> {
  const netns = await ground.netns();
  await ground.lns('l2tpns', netns, { chatty: 'no' });
  const numbers = Array.from({ length: copies }, (_, index) => index);
  const daemons = numbers.map((number) => ground.daemon(netns, `wan${number}`).start());
  const bare = numbers.map(() => spawnBareNode(ground, netns));
  const readings: IdleMemory[] = [];
  const begin = performance.now();
  for (const ageSeconds of ages) {
    await pause(begin + ageSeconds * 1000 - performance.now());
    const [l2tpwan, bareNode] = [summaryOf(daemons.map(({ pid }) => pid)), summaryOf(bare)];
    const difference = (what: keyof Memory) => rounded(l2tpwan[what].median - bareNode[what].median);
    const above = { rss: difference('rss'), privateDirty: difference('privateDirty') };
    readings.push({ ageSeconds, l2tpwan, bareNode, above });
    say(`memory, ${ageSeconds} s old: ${l2tpwan.rss.median} MB, bare Node ${bareNode.rss.median} MB`);
  }
  for (const [number, daemon] of daemons.entries()) await daemon.up(`wan${number}`); // or it was not what is to be measured
  return readings;
}

/** @returns its process id: `ip netns exec` becomes what it runs */
function spawnBareNode(ground: Ground, netns: Netns): number {
  const child = netns.spawn('node', ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' });
  ground.defer(() => child.kill());
  return child.pid ?? 0;
}

function summaryOf(pids: readonly number[]): MemorySummary {
  const figures = pids.map(memoryOf);
  return {
    rss: summary(figures.map(({ rss }) => rss)),
    privateDirty: summary(figures.map(({ privateDirty }) => privateDirty)),
  };
}
