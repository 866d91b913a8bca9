/** How long it takes from the start of the process to the first SCCRQ on the wire, beside a Node that does nothing. */
import { type Daemon, pause } from '../../e2e/daemon.ts';
import { type Netns, packets } from '../../lab/lab.ts';
import { CLIENT_ADDRESS, type Ground } from '../ground.ts';
import { type Summary, summary } from '../summary.ts';

export interface StartUp {
  /** Of l2tpwan: spawned, until the packet is on the wire. */
  readonly sccrqMs: Summary;
  /** Of `node -e 0`: spawned, until it has ended. */
  readonly bareNodeMs: Summary;
}

/** Both are spawned in the client's namespace by `ip netns exec`, whose few milliseconds are in both figures. */
export async function measureStartUp(ground: Ground, rounds: number, say: (words: string) => void): Promise<StartUp> {
  const netns = await ground.netns();
  await ground.lns('l2tpns', netns, { chatty: 'no' });
  const capture = await ground.capture(netns, 'start-up');
  const bare: number[] = [];
  const spawned: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await bareNode(netns));
    spawned.push(await dialOnce(ground.daemon(netns)));
  }
  await capture.stop();
  const sent = await sccrqs(capture.file);
  const waits = spawned.map((at) => (sent.find((each) => each > at) ?? Number.NaN) - at);
  if (waits.some(Number.isNaN)) throw new Error('a daemon was started and sent no SCCRQ');
  const result = { sccrqMs: summary(waits), bareNodeMs: summary(bare) };
  say(`start-up: ${result.sccrqMs.median} ms to the first SCCRQ, bare Node ${result.bareNodeMs.median} ms`);
  return result;
}

async function bareNode(netns: Netns): Promise<number> {
  const begin = Date.now();
  await netns.exec('node', ['-e', '0']);
  return Date.now() - begin;
}

/** @returns when it was spawned, ms since 1970 */
async function dialOnce(daemon: Daemon): Promise<number> {
  const begin = Date.now();
  daemon.start();
  await pause(SETTLED_MS); // nobody asks it anything meanwhile: that would be in the way
  await daemon.destroy();
  return begin;
}

/** A dial is over by then, and hanging up takes no longer than it must. */
const SETTLED_MS = 1500;

/** When each tunnel was asked for, ms since 1970. */
async function sccrqs(pcap: string): Promise<number[]> {
  const rows = await packets(pcap, ['frame.time_epoch'], `ip.src == ${CLIENT_ADDRESS} && l2tp.avp.message_type == 1`);
  return rows.map(([at]) => Number(at?.[0]) * 1000);
}
