/** How much memory one daemon needs for one connection and for four, beside xl2tpd with a pppd for each. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, pause } from '../../e2e/daemon.ts';
import { run } from '../../lab/command.ts';
import { type Netns, script } from '../../lab/netns.ts';
import { type Ground, LNS_ADDRESS } from '../ground.ts';
import { type Memory, memoryOf } from '../process-figures.ts';
import { flagsOfTheService } from '../service-flags.ts';
import { rounded, type Summary, summary } from '../summary.ts';

/** MB, of 2^20 octets. */
interface MemorySummary {
  readonly rss: Summary;
  readonly privateDirty: Summary;
}

export interface FootprintMemory {
  readonly flags: readonly string[];
  /** By number of connections. */
  readonly l2tpwan: Readonly<Record<1 | 4, MemorySummary>>;
  readonly bareNode: MemorySummary;
  /** What each connection after the first adds, of the medians. */
  readonly another: Memory;
  /** Of all their processes together, by number of connections. */
  readonly xl2tpd: Readonly<Record<1 | 4, Memory>>;
}

/** All daemons live at the same time, are idle, and are read at the same age. */
export async function measureMemory(
  ground: Ground,
  copies: number,
  ageSeconds: number,
  say: (words: string) => void,
): Promise<Omit<FootprintMemory, 'xl2tpd'>> {
  const netns = await ground.netns();
  await ground.lns('l2tpns', netns, { chatty: 'no' });
  const flags = flagsOfTheService();
  const numbers = Array.from({ length: copies }, (_, index) => index);
  const one = numbers.map((number) => start(ground, netns, flags, [`one${number}`]));
  const four = numbers.map((number) =>
    start(
      ground,
      netns,
      flags,
      FOUR.map((letter) => `four${letter}${number}`),
    ),
  );
  const bare = numbers.map(() => {
    const child = netns.spawn('node', [...flags, '-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' });
    ground.own(child);
    return child.pid ?? 0;
  });
  await pause(ageSeconds * 1000);
  const l2tpwan = {
    1: summaryOf(one.map(({ daemon }) => daemon.pid)),
    4: summaryOf(four.map(({ daemon }) => daemon.pid)),
  };
  const bareNode = summaryOf(bare);
  // Or it was not what is to be measured.
  for (const { daemon, names } of [...one, ...four]) for (const name of names) await daemon.up(name);
  const another = { rss: perConnection(l2tpwan, 'rss'), privateDirty: perConnection(l2tpwan, 'privateDirty') };
  say(`memory: ${l2tpwan[1].rss.median} MB with one connection, ${l2tpwan[4].rss.median} MB with four`);
  return { flags, l2tpwan, bareNode, another };
}

const FOUR = ['a', 'b', 'c', 'd'] as const;

function start(ground: Ground, netns: Netns, nodeOptions: readonly string[], names: readonly string[]) {
  const connection = { servers: [LNS_ADDRESS], defaultRoute: false, hello: 60, echo: 10 };
  const daemon = new Daemon(netns, Object.fromEntries(names.map((name) => [name, connection])), { nodeOptions });
  ground.defer(() => daemon.destroy());
  return { daemon: daemon.start(), names };
}

const perConnection = (memory: FootprintMemory['l2tpwan'], what: keyof Memory): number =>
  rounded((memory[4][what].median - memory[1][what].median) / 3);

function summaryOf(pids: readonly number[]): MemorySummary {
  const figures = pids.map(memoryOf);
  return {
    rss: summary(figures.map(({ rss }) => rss)),
    privateDirty: summary(figures.map(({ privateDirty }) => privateDirty)),
  };
}

/** What the reference client says of itself. */
export interface Reference {
  readonly memory: FootprintMemory['xl2tpd'];
  /** From the start of xl2tpd, which then dials by itself, to `ip-up`, ms. */
  readonly startMs: number;
}

/** @throws CommandFailed it did not come up */
export async function measureReference(ground: Ground, say: (words: string) => void): Promise<Reference> {
  const netns = await ground.netns();
  await ground.lns('l2tpns', netns, { chatty: 'no' });
  const inside = join(ground.directory, 'inside');
  writeFileSync(inside, INSIDE);
  const more = ['b', 'c', 'd'].flatMap((name) => [
    `[lac ${name}]`,
    `lns = ${LNS_ADDRESS}`,
    'pppoptfile = /lab/ppp/options.lac',
  ]);
  const settings = ['chatty=no', 'logs=no', `script=${inside}`, `xlopt=${more.join(';')}`];
  const said = await run(script('ref-client'), [netns.name, ...settings]);
  const figure = (name: string) => Number(new RegExp(`^${name}=(\\d+)`, 'm').exec(said)?.[1] ?? Number.NaN);
  const memory = (count: 1 | 4): Memory => ({
    rss: rounded(figure(`rss${count}`) / 1024),
    privateDirty: rounded(figure(`dirty${count}`) / 1024),
  });
  const reference = { memory: { 1: memory(1), 4: memory(4) }, startMs: figure('start_ms') };
  if ([...Object.values(reference.memory).map(({ rss }) => rss), reference.startMs].some(Number.isNaN))
    throw new Error(`the reference client does not say what it was asked:\n${said}`);
  say(`memory: xl2tpd+pppd ${reference.memory[1].rss} MB with one connection, ${reference.memory[4].rss} MB with four`);
  return reference;
}

/** Run inside the reference client's machine once it is up. Memory in KB. */
const INSIDE = `
sum() { # FIELD
  for pid in $(pidof xl2tpd pppd); do sed -n "s/^$1: *\\\\([0-9]*\\\\) kB/\\\\1/p" /proc/$pid/smaps_rollup; done |
    awk '{ sum += $1 } END { print sum + 0 }'
}
tell() { echo "rss$1=$(sum Rss)"; echo "dirty$1=$(sum Private_Dirty)"; }
links() { grep -c '^ *ppp[0-9]*:' /proc/net/dev; }
now() { read -r up rest </proc/uptime; echo $((\${up%.*} * 1000 + (1\${up#*.} - 100) * 10)); }
sleep 5
tell 1
for name in b c d; do echo "c $name" >/run/xl2tpd.ctl; sleep 1; done
tries=0
until [ "$(links)" -ge 4 ] || [ $tries -ge 60 ]; do sleep 0.5; tries=$((tries + 1)); done
[ "$(links)" -ge 4 ] || { echo "only $(links) links"; exit 1; }
sleep 5
tell 4
killall xl2tpd
tries=0
while [ "$(links)" -gt 0 ] && [ $tries -lt 60 ]; do sleep 0.5; tries=$((tries + 1)); done
sleep 3
rm -f /run/up /run/xl2tpd.ctl
sed -i 's/^\\[lac lab\\]/&\\nautodial = yes/' /lab/xl2tpd.conf
begun=$(now)
xl2tpd -D -c /lab/xl2tpd.conf -p /run/xl2tpd.pid -C /run/xl2tpd.ctl >/lab/again.log 2>&1 &
tries=0
until [ -e /run/up ] || [ $tries -ge 600 ]; do sleep 0.05; tries=$((tries + 1)); done
read -r ended </run/up
echo "start_ms=$(($(( \${ended%.*} * 1000 + (1\${ended#*.} - 100) * 10)) - begun))"
`;
