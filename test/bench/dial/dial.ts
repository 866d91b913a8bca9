/** How long a dial takes: ours and that of xl2tpd with pppd, in turns, to the same servers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemon, pause } from '../../e2e/daemon.ts';
import { run } from '../../lab/command.ts';
import { readDial, type WireDial } from '../../lab/dial-capture.ts';
import { type Netns, script } from '../../lab/netns.ts';
import { CLIENT_ADDRESS, type Ground } from '../ground.ts';
import { rounded, type Summary, summary } from '../summary.ts';

export const DIALLED = ['xl2tpd', 'l2tpns'] as const;
type Dialled = (typeof DIALLED)[number];

/** Of one client to one server. */
export interface DialFigures {
  /** From the command to being up, as the client itself sees it: for ours the routes are in, for pppd `ip-up` runs. */
  readonly upMs: Summary;
  readonly wireMs: Summary;
  readonly silentMs: Summary;
  readonly serverStartMs: Summary;
  readonly roundTrips: Summary;
}

export interface DialComparison {
  readonly l2tpwan: DialFigures;
  readonly pppd: DialFigures;
  /** How many times faster ours is, of the medians. */
  readonly faster: { readonly up: number; readonly wire: number };
}

export type DialResult = Readonly<Record<Dialled, DialComparison>>;

interface Dial extends WireDial {
  readonly upMs: number;
}

export async function measureDial(ground: Ground, rounds: number, say: (words: string) => void): Promise<DialResult> {
  const stands: Record<Dialled, Stand> = {
    xl2tpd: await Stand.make(ground, 'xl2tpd'),
    l2tpns: await Stand.make(ground, 'l2tpns'),
  };
  for (let round = 0; round < rounds; round++)
    for (const kind of DIALLED) {
      const { ours, theirs } = await stands[kind].pair(round % 2 === 0);
      say(`dial ${round + 1}/${rounds}, ${kind}: l2tpwan ${ours.upMs} ms, xl2tpd+pppd ${theirs.upMs} ms`);
    }
  return { xl2tpd: stands.xl2tpd.result(), l2tpns: stands.l2tpns.result() };
}

/** One server with both clients; they use its outer link in turns. */
class Stand {
  readonly #ground: Ground;
  readonly #netns: Netns;
  readonly #daemon: Daemon;
  readonly #name: string;
  readonly #ours: Dial[] = [];
  readonly #theirs: Dial[] = [];

  private constructor(ground: Ground, netns: Netns, name: string) {
    this.#ground = ground;
    this.#netns = netns;
    this.#name = name;
    this.#daemon = ground.daemon(netns, 'wan', { enabled: false }).start();
  }

  static async make(ground: Ground, kind: Dialled): Promise<Stand> {
    const netns = await ground.netns();
    await ground.lns(kind, netns, { chatty: 'no' });
    return new Stand(ground, netns, kind);
  }

  async pair(oursFirst: boolean): Promise<{ ours: Dial; theirs: Dial }> {
    const first = oursFirst ? await this.#dialOurs() : undefined;
    const theirs = await this.#dialTheirs();
    const ours = first ?? (await this.#dialOurs());
    this.#ours.push(ours);
    this.#theirs.push(theirs);
    return { ours, theirs };
  }

  result(): DialComparison {
    const [l2tpwan, pppd] = [figuresOf(this.#ours), figuresOf(this.#theirs)];
    const faster = (what: 'upMs' | 'wireMs') => rounded(pppd[what].median / l2tpwan[what].median);
    return { l2tpwan, pppd, faster: { up: faster('upMs'), wire: faster('wireMs') } };
  }

  async #dialOurs(): Promise<Dial> {
    const capture = await this.#ground.capture(this.#netns, this.#name);
    await this.#daemon.command('up', 'wan');
    await pause(LONGER_THAN_A_DIAL_MS); // asking starts a process, which would be in the way
    const { dial } = await this.#daemon.up();
    await capture.stop();
    await this.#daemon.command('down', 'wan');
    await this.#daemon.until(({ state }) => state === 'idle', 'down');
    const upMs = dial.find(({ stage }) => stage === 'up')?.afterMs;
    if (upMs === undefined) throw new Error('the daemon does not know when it came up');
    return { upMs, ...(await readDial(capture.file, CLIENT_ADDRESS)) };
  }

  /** @throws CommandFailed it did not come up */
  async #dialTheirs(): Promise<Dial> {
    const [pcap, nothing] = ['theirs.pcap', 'nothing'].map((name) => join(this.#ground.directory, name)) as [
      string,
      string,
    ];
    writeFileSync(nothing, ':\n'); // in place of the tests that it does once it is up
    const settings = ['chatty=no', 'logs=no', `script=${nothing}`, `pcap=${pcap}`];
    const said = await run(script('ref-client'), [this.#netns.name, ...settings]);
    const upMs = Number(/dial_ms=(\d+)/.exec(said)?.[1]);
    return { upMs, ...(await readDial(pcap, CLIENT_ADDRESS)) };
  }
}

const LONGER_THAN_A_DIAL_MS = 1000;

function figuresOf(dials: readonly Dial[]): DialFigures {
  const of = (what: keyof Dial) => summary(dials.map((dial) => dial[what]));
  return {
    upMs: of('upMs'),
    wireMs: of('wireMs'),
    silentMs: of('silentMs'),
    serverStartMs: of('serverStartMs'),
    roundTrips: of('roundTrips'),
  };
}
