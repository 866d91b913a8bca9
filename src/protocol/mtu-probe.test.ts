import { describe, expect, it } from 'vitest';
import { Chance } from '../../test/support/chance.ts';
import { type Finding, MtuProbe, PROBE_FLOOR, type ProbeEffect, type ProbeInput } from './mtu-probe.ts';

interface Line {
  /** Of the largest datagram that gets through, octets. */
  readonly path: number;
  /** Round trip, ms. */
  readonly delayMs: number;
  /** Probability that an echo or its answer is lost. */
  readonly loss: number;
}

/** A probe and the line it tries out, in virtual time. */
class Trial {
  readonly probe = new MtuProbe();
  readonly sent: { readonly at: number; readonly octets: number }[] = [];
  readonly findings: { readonly at: number; readonly finding: Finding }[] = [];
  readonly doubts: number[] = [];
  now = 0;
  line: Line;
  readonly #chance: Chance;
  #answers: { readonly at: number; readonly octets: number }[] = [];

  constructor(line: Partial<Line>, seed = 1) {
    this.line = { path: 1500, delayMs: 20, loss: 0, ...line };
    this.#chance = new Chance(seed);
  }

  tell(input: ProbeInput): this {
    for (const effect of this.probe.handle(input, this.now)) this.#perform(effect);
    return this;
  }

  /** Lets time pass until there is one more finding, an hour at most. */
  find(full?: number): Finding | undefined {
    const before = this.findings.length;
    if (full !== undefined) this.tell({ type: 'size', octets: full });
    const end = this.now + 3_600_000;
    while (this.findings.length === before && this.#step(end));
    return this.findings.at(-1)?.finding;
  }

  pass(ms: number): void {
    const end = this.now + ms;
    while (this.#step(end));
    this.now = end;
  }

  #step(end: number): boolean {
    const [answer] = [...this.#answers].sort((a, b) => a.at - b.at);
    const deadline = this.probe.deadline ?? Number.POSITIVE_INFINITY;
    const next = Math.min(answer?.at ?? Number.POSITIVE_INFINITY, deadline);
    if (next > end) return false;
    this.now = next;
    if (answer !== undefined && answer.at <= deadline) {
      this.#answers = this.#answers.filter((each) => each !== answer);
      this.tell({ type: 'answered', octets: answer.octets });
    } else this.tell({ type: 'tick' });
    return true;
  }

  #perform(effect: ProbeEffect): void {
    if (effect.type === 'doubt') this.doubts.push(this.now);
    else if (effect.type === 'found') this.findings.push({ at: this.now, finding: effect.finding });
    else {
      this.sent.push({ at: this.now, octets: effect.octets });
      const { path, delayMs, loss } = this.line;
      if (effect.octets <= path && !this.#chance.happens(loss))
        this.#answers.push({ at: this.now + delayMs, octets: effect.octets });
    }
  }
}

describe('the search for the path MTU', () => {
  it('is over with the first echo where all is well, and looks again every ten minutes', () => {
    const trial = new Trial({});
    expect(trial.find(1498)).toEqual({ result: 'fits', octets: 1498 });
    expect(trial.sent).toEqual([{ at: 1000, octets: 1498 }]);
    trial.pass(3_600_000);
    expect(trial.sent.map(({ at }) => at)).toEqual([1000, 601_020, 1_201_040, 1_801_060, 2_401_080, 3_001_100]);
    expect(trial.doubts).toEqual([]);
  });

  it('takes three echoes of a second for the full size, then the floor, then halves', () => {
    const trial = new Trial({ path: 1492 });
    expect(trial.find(1498)).toEqual({ result: 'too-big', octets: 1492 });
    const sizes = trial.sent.map(({ octets }) => octets);
    expect(sizes.slice(0, 4)).toEqual([1498, 1498, 1498, PROBE_FLOOR]);
    expect(trial.sent.slice(0, 4).map(({ at }) => at)).toEqual([1000, 2250, 3500, 4500]);
    expect(sizes.filter((octets) => octets === 1493)).toHaveLength(6);
    expect(trial.now).toBeLessThan(20_000);
  });

  it('doubts with every echo of full size that is lost, and leaves time for an answer', () => {
    const trial = new Trial({ path: 1400 });
    trial.tell({ type: 'size', octets: 1498 }).pass(2100);
    expect(trial.doubts).toEqual([2000]);
    trial.tell({ type: 'size', octets: 1400 });
    expect(trial.find()).toEqual({ result: 'fits', octets: 1400 });
    expect(trial.sent.map(({ octets }) => octets)).toEqual([1498, 1400]);
  });

  it('says nothing about a path on which not even the floor is answered', () => {
    const trial = new Trial({ path: 1279 });
    expect(trial.find(1498)).toEqual({ result: 'unanswered', octets: PROBE_FLOOR });
    expect(trial.sent).toHaveLength(6);
    expect(new Trial({ path: 1000 }).find(1100)).toEqual({ result: 'unanswered', octets: 1100 });
    expect(new Trial({ path: 1000 }).find(PROBE_FLOOR)).toEqual({ result: 'unanswered', octets: PROBE_FLOOR });
  });

  it('ends with an answer that was cut short, and begins again all the same', () => {
    const trial = new Trial({ path: 0 });
    trial.tell({ type: 'size', octets: 1498 }).pass(1010);
    trial.tell({ type: 'useless', why: 'cut short' });
    expect(trial.findings.map(({ finding }) => finding)).toEqual([{ result: 'useless', why: 'cut short' }]);
    trial.line = { ...trial.line, path: 1500 };
    expect(trial.find()).toEqual({ result: 'fits', octets: 1498 });
  });

  it('takes a late answer for an answer', () => {
    expect(new Trial({ delayMs: 3900 }).find(1498)).toEqual({ result: 'fits', octets: 1498 });
    expect(new Trial({ delayMs: 2500, path: 1400 }).find(1498)).toEqual({ result: 'too-big', octets: 1400 });
  });

  it('is not fooled by a line that is down for some seconds, whenever that is', () => {
    for (let from = 0; from < 6000; from += 250) {
      const trial = new Trial({});
      trial.tell({ type: 'size', octets: 1498 }).pass(from);
      trial.line = { ...trial.line, loss: 1 };
      trial.pass(4000);
      trial.line = { ...trial.line, loss: 0 };
      trial.pass(120_000);
      expect(trial.findings.at(-1)?.finding).toEqual({ result: 'fits', octets: 1498 });
    }
  });

  it('stops when it is told to, and hears nothing then', () => {
    const trial = new Trial({});
    trial.tell({ type: 'size', octets: 1498 }).pass(1010);
    trial.tell({ type: 'stop' }).tell({ type: 'answered', octets: 1498 }).tell({ type: 'useless', why: 'rejected' });
    expect(trial.probe.deadline).toBeUndefined();
    expect(trial.findings).toEqual([]);
  });

  it('goes on with what it does when it is told of the same size again', () => {
    const trial = new Trial({});
    trial.tell({ type: 'size', octets: 1498 }).pass(900);
    trial.tell({ type: 'size', octets: 1498 }).pass(100);
    expect(trial.sent).toEqual([{ at: 1000, octets: 1498 }]);
  });

  it('finds any path to the octet, without loss', () => {
    for (let full = PROBE_FLOOR + 1; full <= 1540; full += 7)
      for (let path = PROBE_FLOOR; path < full; path += 3) {
        const trial = new Trial({ path });
        expect(trial.find(full), `${path} of ${full}`).toEqual({ result: 'too-big', octets: path });
        expect(trial.now).toBeLessThan(45_000);
      }
    expect(new Trial({ path: 8900 }).find(9000)).toEqual({ result: 'too-big', octets: 8900 });
  });

  it('never finds more than fits, and hardly ever less, where one echo in five is lost (3000 seeds)', () => {
    let short = 0;
    for (let seed = 1; seed <= 3000; seed++) {
      const chance = new Chance(seed);
      const full = PROBE_FLOOR + 1 + chance.below(300);
      const path = PROBE_FLOOR + chance.below(full - PROBE_FLOOR + 20);
      const trial = new Trial({ path, loss: 0.2, delayMs: 5 + chance.below(500) }, seed);
      const finding = trial.find(full);
      if (finding?.result === 'unanswered') {
        short++; // three times in a row, twice: it changes nothing
        continue;
      }
      const octets = finding !== undefined && 'octets' in finding ? finding.octets : 0;
      expect(octets, `seed ${seed}`).toBeLessThanOrEqual(path);
      if (octets < Math.min(full, path)) short++;
    }
    // Six in a row: once in 15 625, at each of a few sizes that matter.
    expect(short).toBeLessThan(30);
  });
});
