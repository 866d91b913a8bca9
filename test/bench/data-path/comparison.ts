/** All ways beside each other, in one sitting or several. */
import { readFileSync } from 'node:fs';
import { pause } from '../../e2e/daemon.ts';
import type { Ground } from '../ground.ts';
import type { Stage } from '../part.ts';
import { type Memory, memoryOf } from '../process-figures.ts';
import { flagsOfTheService } from '../service-flags.ts';
import { rounded, summary } from '../summary.ts';
import { Course, MEASUREMENTS, type Measurement, TCP_LOADS, type TcpLoad } from './course.ts';
import { layField } from './field.ts';
import { COMPARED, type Compared, type DataPathFindings, type DataPathPlan, type MachinesTcp } from './result.ts';
import { Samples } from './samples.ts';
import { CONGESTION_CONTROL } from './traffic.ts';
import { openWay, WAYS, type Way, type WayName } from './ways.ts';

export class Comparison {
  readonly #plan: DataPathPlan;
  readonly #say: Stage['say'];
  readonly #samples = new Map<WayName, Samples>();
  readonly #absent: Partial<Record<WayName, string>> = {};
  readonly #features: Partial<Record<WayName, Way['features']>> = {};
  readonly #machines: Readonly<Record<Compared, Readonly<Record<TcpLoad, number[]>>>> = {
    'tun-gso': { tcpUp: [], tcpDown: [] },
    'c-gso': { tcpUp: [], tcpDown: [] },
  };
  readonly #congestionControl = readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim();
  readonly #bareNodes: Memory[] = [];
  /** Of all sittings, so far. */
  #rounds = 0;

  constructor(plan: DataPathPlan, say: Stage['say']) {
    this.#plan = plan;
    this.#say = say;
  }

  /** Opens all ways, and measures each of them some rounds. */
  async sit(ground: Ground, title: string): Promise<void> {
    const plan = this.#plan;
    const field = await layField(ground);
    const bare = field.near.spawn('node', [...flagsOfTheService(), '-e', 'setInterval(() => {}, 1e9)'], {
      stdio: 'ignore',
    });
    ground.own(bare);
    const ways: Way[] = [];
    for (const name of WAYS)
      try {
        const way = await openWay(field, name);
        ways.push(way);
        if (way.features) this.#features[name] = way.features;
      } catch (error) {
        this.#absent[name] = (error as Error).message.split('\n')[0] ?? '';
        this.#say(`${title}: no ${name}: ${(error as Error).message}`);
      }
    await pause(plan.idleSeconds * 1000);
    const courses = ways.map((way) => new Course(way, field.programs, plan.loadSeconds, this.#samplesOf(way.name)));
    this.#bareNodes.push(memoryOf(bare.pid ?? 0));
    for (const course of courses) await course.warmUp();
    for (let round = 1; round <= plan.rounds; round++) {
      const first = this.#rounds++ % courses.length;
      const turned = [...courses.slice(first), ...courses.slice(0, first)];
      const compared = turned.filter(isCompared);
      // One measurement of every way before the next: what is compared is to be of one moment, on a machine that is not ours alone.
      for (const what of MEASUREMENTS)
        for (const course of [...turned, ...this.#again(what, compared)])
          this.#say(`${title}, round ${round}, ${course.way.name}: ${await course.measure(what)}`);
      const inTurns = this.#rounds % 2 === 0 ? compared.toReversed() : compared;
      for (const load of TCP_LOADS) await this.#withTheMachines(load, inTurns, `${title}, round ${round}`);
    }
  }

  /** @throws RangeError something was not measured */
  result(): Omit<DataPathFindings, 'plan' | 'lag'> {
    const [bareNode] = [...this.#bareNodes].sort((one, other) => one.rss - other.rss);
    if (bareNode === undefined) throw new RangeError('nothing was measured');
    // A way that could not be had in one of the sittings would be compared with others of other moments.
    const there = [...this.#samples].filter(([name]) => this.#absent[name] === undefined);
    const ways = Object.fromEntries(there.map(([name, samples]) => [name, samples.figures()]));
    return {
      ways,
      absent: this.#absent,
      features: this.#features,
      bareNode,
      congestionControl: CONGESTION_CONTROL,
      machines: this.#machinesTcp(),
    };
  }

  /** The two of the first goal once more, and once more, in turns: of what varies most, and matters most, there are to be most samples. */
  #again(what: Measurement, compared: readonly Course[]): Course[] {
    if (!TCP_LOADS.some((load) => load === what)) return [];
    const times = this.#plan.repeats - 1;
    return Array.from({ length: times }, (_, i) => (i % 2 === 0 ? compared.toReversed() : compared)).flat();
  }

  #samplesOf(name: WayName): Samples {
    const samples = this.#samples.get(name) ?? new Samples();
    this.#samples.set(name, samples);
    return samples;
  }

  async #withTheMachines(load: TcpLoad, courses: readonly Course[], title: string): Promise<void> {
    if (this.#congestionControl === CONGESTION_CONTROL) return;
    for (const course of courses) {
      const rate = await course.tcpWith(this.#congestionControl, load);
      this.#machines[course.way.name as Compared][load].push(rate);
      this.#say(`${title}, ${course.way.name}: ${load} with ${this.#congestionControl} ${rounded(rate)}`);
    }
  }

  #machinesTcp(): MachinesTcp | undefined {
    const rates = this.#machines;
    if (COMPARED.some((way) => rates[way].tcpUp.length === 0)) return undefined;
    const of = (way: Compared) => ({ tcpUp: summary(rates[way].tcpUp), tcpDown: summary(rates[way].tcpDown) });
    return {
      congestionControl: this.#congestionControl,
      rates: { 'tun-gso': of('tun-gso'), 'c-gso': of('c-gso') },
    };
  }
}

const isCompared = ({ way }: Course): boolean => COMPARED.some((name) => name === way.name);
