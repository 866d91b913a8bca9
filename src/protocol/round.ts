/** Which server address is dialled next: every address once a round, those that failed lately at the end. */
import type { Candidate } from './client-io.ts';
import type { Instant } from './deadlines.ts';
import type { FailureCode } from './failure.ts';
import type { Endpoint, Entropy } from './machine.ts';

/** How long a failure keeps a server at the back, ms. Ours: as long as the longest default redial wait. */
const FAILED_LATELY_MS = 300_000;
/** A few servers and firewalls answer only those who call from the port of L2TP itself (RFC 2661 §8.1). */
const L2TP_PORT = 1701;
/** Failures remembered; more addresses than this are not to be expected of any configuration. */
const MOST_REMEMBERED = 256;

const keyOf = (candidate: Candidate): string => `${candidate.address} ${candidate.port}`;

export class Round {
  readonly #order: 'listed' | 'random';
  readonly #entropy: Entropy;
  readonly #failedAt = new Map<string, Instant>();
  #untried: Candidate[] = [];
  #known: readonly Candidate[] = [];
  #failures: FailureCode[] = [];
  #silentRounds = 0;

  constructor(order: 'listed' | 'random', entropy: Entropy) {
    this.#order = order;
    this.#entropy = entropy;
  }

  /** The addresses of the last successful resolution: what is dialled when names cannot be resolved now. */
  get known(): readonly Candidate[] {
    return this.#known;
  }
  get isLast(): boolean {
    return this.#untried.length === 0;
  }
  /** Failures of this round, oldest first. */
  get failures(): readonly FailureCode[] {
    return this.#failures;
  }
  /** UDP port to dial from: as configured; but when nobody at all answered, every second round is dialled from the L2TP port. */
  localPort(configured: number): number {
    return configured === 0 && this.#silentRounds % 2 === 1 ? L2TP_PORT : configured;
  }
  /** Whether `from` may answer for `candidate` (RFC 2661 §8.1 lets a server answer from elsewhere). */
  accepts(from: Endpoint, candidate: Candidate, rule: 'listed' | 'any' | 'strict'): boolean {
    if (rule === 'any' || from.address === candidate.address) return true;
    return rule === 'listed' && this.#known.some((each) => each.address === from.address);
  }

  /** Begins a round with these addresses, or with the last known ones when there are none. */
  begin(candidates: readonly Candidate[], now: Instant): void {
    if (candidates.length > 0) this.#known = unique(candidates);
    const ordered = this.#order === 'random' ? this.#shuffled(this.#known) : [...this.#known];
    const failedAt = (candidate: Candidate) => this.#failedLately(candidate, now) ?? -1;
    this.#untried = ordered.sort((a, b) => failedAt(a) - failedAt(b));
    this.#failures = [];
  }

  next(): Candidate | undefined {
    return this.#untried.shift();
  }

  failed(candidate: Candidate | undefined, code: FailureCode, now: Instant): void {
    this.#failures.push(code);
    if (candidate === undefined) return;
    this.#failedAt.delete(keyOf(candidate));
    this.#failedAt.set(keyOf(candidate), now);
    const [oldest] = this.#failedAt.keys();
    if (this.#failedAt.size > MOST_REMEMBERED && oldest !== undefined) this.#failedAt.delete(oldest);
  }

  succeeded(candidate: Candidate): void {
    this.#failedAt.delete(keyOf(candidate));
    this.#silentRounds %= 2; // the source port that worked is the one to begin with next time
  }

  /** Ends the round: nothing more is tried in it. */
  end(): void {
    this.#untried = [];
    const silent = this.#failures.length > 0 && this.#failures.every((code) => code === 'no-answer');
    this.#silentRounds = silent ? this.#silentRounds + 1 : this.#silentRounds % 2;
  }

  #failedLately(candidate: Candidate, now: Instant): Instant | undefined {
    const at = this.#failedAt.get(keyOf(candidate));
    return at === undefined || now - at > FAILED_LATELY_MS ? undefined : at;
  }

  /** Fisher and Yates; the bias of a 16-bit remainder over a handful of servers does not matter. */
  #shuffled(candidates: readonly Candidate[]): Candidate[] {
    const out = [...candidates];
    for (let i = out.length - 1; i > 0; i--) {
      const [high = 0, low = 0] = this.#entropy(2);
      const j = (high * 256 + low) % (i + 1);
      [out[i], out[j]] = [out[j] as Candidate, out[i] as Candidate];
    }
    return out;
  }
}

function unique(candidates: readonly Candidate[]): Candidate[] {
  const seen = new Set<string>();
  return candidates.filter((each) => !seen.has(keyOf(each)) && seen.add(keyOf(each)));
}
