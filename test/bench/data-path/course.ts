/** How much goes through the portable data path, and what it costs, beside the bare outer link in turns. */
import { pause } from '../e2e/daemon.ts';
import type { Netns } from '../lab/lab.ts';
import { type Ground, LNS_ADDRESS } from './ground.ts';
import { cpuSecondsOf, type Memory, memoryOf, processIn } from './process-figures.ts';
import { rounded, type Summary, summary } from './summary.ts';
import { type Direction, ping, tcp, udp } from './traffic.ts';

/** One way of loading the path, in one direction. */
export interface LoadFigures {
  /** TCP: Mbit/s. UDP: thousands of datagrams a second. Both as they arrived. */
  readonly rate: Summary;
  /** The same with nothing but the outer link in between. */
  readonly rawRate: Summary;
  /** Processor time of our process meanwhile, percent of one core. */
  readonly cpuPercent: Summary;
  /** The same of the server's. */
  readonly lnsCpuPercent: Summary;
}

export interface Throughput {
  readonly loads: Readonly<Record<Load, LoadFigures>>;
  /** ms; through the tunnel and on the bare link, with nothing else under way and beside TCP upwards. */
  readonly ping: Readonly<Record<'idle' | 'loaded', { readonly tunnel: Summary; readonly raw: Summary }>>;
  /** The most that our process had under these loads, MB. */
  readonly loaded: Memory;
  /** What it has when all has been quiet for {@link QUIET_MS}, MB. */
  readonly afterwards: Memory;
}

const LOADS = {
  tcpUp: { measure: tcp, direction: 'up' },
  tcpDown: { measure: tcp, direction: 'down' },
  udpUp: { measure: udp, direction: 'up' },
  udpDown: { measure: udp, direction: 'down' },
} as const satisfies Record<string, { measure: typeof tcp; direction: Direction }>;
export type Load = keyof typeof LOADS;
const NAMES = Object.keys(LOADS) as Load[];

export async function measureThroughput(
  ground: Ground,
  rounds: number,
  seconds: number,
  say: (words: string) => void,
): Promise<Throughput> {
  const netns = await ground.netns();
  const lns = await ground.lns('l2tpns', netns, { chatty: 'no', peer: PPP_ADDRESS });
  const daemon = ground.daemon(netns, 'wan', { routes: [`${PPP_ADDRESS}/32`] }).start();
  await daemon.up();
  const course = new Course(netns, daemon.pid, await processIn(lns.netns, 'l2tpns'), seconds);
  ground.defer(() => course.close());
  for (let round = 0; round < rounds; round++) say(`throughput ${round + 1}/${rounds}: ${await course.round()}`);
  await pause(QUIET_MS);
  return course.result();
}

class Course {
  readonly #netns: Netns;
  readonly #pid: number;
  readonly #lnsPid: number;
  readonly #seconds: number;
  readonly #samples = new Map<string, number[]>();
  #loaded: Memory = { rss: 0, privateDirty: 0 };
  readonly #watch = setInterval(() => this.#look(), LOOK_EVERY_MS);

  constructor(netns: Netns, pid: number, lnsPid: number, seconds: number) {
    this.#netns = netns;
    this.#pid = pid;
    this.#lnsPid = lnsPid;
    this.#seconds = seconds;
  }

  /** Everything once. @returns what came out, in words */
  async round(): Promise<string> {
    this.#add('idle raw', await ping(this.#netns, LNS_ADDRESS, PINGS));
    this.#add('idle tunnel', await ping(this.#netns, PPP_ADDRESS, PINGS));
    const said: string[] = [];
    for (const load of NAMES) {
      this.#add(`${load} raw`, [await this.#load(load, LNS_ADDRESS, 'loaded raw')]);
      said.push(`${load} ${rounded(await this.#loadTunnel(load))}`);
    }
    return said.join(', ');
  }

  result(): Throughput {
    const of = (name: string, decimals?: number) => summary(this.#samples.get(name) ?? [], decimals);
    const loadOf = (load: Load): LoadFigures => ({
      rate: of(`${load} tunnel`),
      rawRate: of(`${load} raw`),
      cpuPercent: of(`${load} cpu`, 0),
      lnsCpuPercent: of(`${load} lns cpu`, 0),
    });
    const pings = (when: 'idle' | 'loaded') => ({ tunnel: of(`${when} tunnel`, 2), raw: of(`${when} raw`, 2) });
    return {
      loads: { tcpUp: loadOf('tcpUp'), tcpDown: loadOf('tcpDown'), udpUp: loadOf('udpUp'), udpDown: loadOf('udpDown') },
      ping: { idle: pings('idle'), loaded: pings('loaded') },
      loaded: roundedMemory(this.#loaded),
      afterwards: roundedMemory(memoryOf(this.#pid)),
    };
  }

  close(): void {
    clearInterval(this.#watch);
  }

  async #loadTunnel(load: Load): Promise<number> {
    const used = () => ({ at: performance.now(), ours: cpuSecondsOf(this.#pid), lns: cpuSecondsOf(this.#lnsPid) });
    const before = used();
    const rate = await this.#load(load, PPP_ADDRESS, 'loaded tunnel');
    const after = used();
    const percent = (cpuSeconds: number) => (cpuSeconds * 100_000) / (after.at - before.at);
    this.#add(`${load} tunnel`, [rate]);
    this.#add(`${load} cpu`, [percent(after.ours - before.ours)]);
    this.#add(`${load} lns cpu`, [percent(after.lns - before.lns)]);
    return rate;
  }

  async #load(load: Load, to: string, pings: string): Promise<number> {
    const { measure, direction } = LOADS[load];
    const beside = async () => {
      if (load !== 'tcpUp') return;
      await pause(500);
      this.#add(pings, await ping(this.#netns, to, PINGS));
    };
    const [rate] = await Promise.all([measure(this.#netns, to, direction, this.#seconds), beside()]);
    return rate;
  }

  #add(name: string, values: readonly number[]): void {
    this.#samples.set(name, [...(this.#samples.get(name) ?? []), ...values]);
  }

  #look(): void {
    const { rss, privateDirty } = memoryOf(this.#pid);
    this.#loaded = {
      rss: Math.max(rss, this.#loaded.rss),
      privateDirty: Math.max(privateDirty, this.#loaded.privateDirty),
    };
  }
}

/** The server's in the tunnel. iperf3 answers UDP from the address nearest to the client: no other one would do. */
const PPP_ADDRESS = '10.65.0.1';
const roundedMemory = ({ rss, privateDirty }: Memory): Memory => ({
  rss: rounded(rss),
  privateDirty: rounded(privateDirty),
});

const QUIET_MS = 10_000;
const PINGS = 20;
const LOOK_EVERY_MS = 500;
