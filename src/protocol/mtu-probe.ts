/**
 * Whether datagrams of full size get to the server and back, and if they do not, which do: a search with echoes of a chosen size,
 * in the spirit of RFC 8899.
 *
 *     resting ─begin─► full size ─answered─► fits
 *                         │ lost
 *                         ▼
 *                       floor ─lost─► unanswered: says nothing about the path, and changes nothing
 *                         │ answered
 *                         ▼
 *                       halving between what was answered and what was lost ─► once more what was lost ─lost─► too big
 *
 * A size is lost when three echoes of it stayed unanswered; an answer counts whenever it comes. Datagrams leave with DF as long as
 * the kernel believes that they fit. So there are two ways for a path to be too small:
 *
 * - The network says so (ICMP). The kernel has heard it, sends the next echo in fragments, and that one arrives: it would prove
 *   nothing. Hence `doubt` with the first loss, for the host to ask its kernel, and a pause for the answer: the smaller size
 *   that follows from it begins all anew. Should the answer be late, the echo `fits` for a moment, and then the same happens.
 * - The network says nothing, a black hole. The kernel goes on setting DF, and what is lost is too big.
 */
import type { Instant } from './deadlines.ts';
import type { Machine } from './machine.ts';

export type ProbeInput =
  /** A full datagram has so many octets, outer IP header included: they are to be tried, unless that is what is being done. */
  | { type: 'size'; octets: number }
  /** An echo of this size came back whole. */
  | { type: 'answered'; octets: number }
  /** The server will not do for this: it cuts large echoes short, or does not know echoes at all. */
  | { type: 'useless'; why: 'cut short' | 'rejected' }
  /** Nothing is to be tried until the next `size`. */
  | { type: 'stop' }
  | { type: 'tick' };

export type ProbeEffect =
  /** An echo is to be sent in a datagram of exactly so many octets. */
  | { type: 'probe'; octets: number }
  /** An echo of full size was lost: the network may have said why. */
  | { type: 'doubt' }
  | { type: 'found'; finding: Finding };

export type Finding =
  /** Datagrams of this size, all that are wanted, get through both ways. */
  | { readonly result: 'fits'; readonly octets: number }
  /** Datagrams of this size get through both ways, larger ones do not. */
  | { readonly result: 'too-big'; readonly octets: number }
  /** Not even datagrams of this size: about the path that says nothing. */
  | { readonly result: 'unanswered'; readonly octets: number }
  | { readonly result: 'useless'; readonly why: 'cut short' | 'rejected' };

/**
 * The smallest size tried, octets. Ours: what every IPv6 path carries (RFC 8200 §5), and hardly an IPv4 path does not. Further
 * down a server that leaves large echoes unanswered is likelier than such a path, and the two look alike.
 */
export const PROBE_FLOOR = 1280;

/** Echoes of one size: MAX_PROBES of RFC 8899 §5.1.2. */
const MOST_ECHOES = 3;
/** How long an echo may take, ms. RFC 8899 §5.1.1 asks for a second at least. */
const ANSWER_MS = 1000;
/** How long the host may take to ask its kernel, ms. Ours: a short-lived process on a slow router. */
const ASK_MS = 250;
/** From coming up, or from another size, to the first echo, ms. Ours: the server and the host have work of their own then. */
const SETTLE_MS = 1000;
/** After which the same size is tried again, ms: a path may change, a line may have been down. Ours, as long as the wait for a larger one. */
const AGAIN_MS = 600_000;

export class MtuProbe implements Machine<ProbeInput, ProbeEffect> {
  #full: number | undefined;
  /** The largest size answered, octets; 0: none yet. */
  #fits = 0;
  /** Sizes lost, the smallest last. */
  #lost: number[] = [];
  /** The lost size that had its second chance. */
  #reconsidered: number | undefined;
  /** Undefined: resting. */
  #trying: { readonly octets: number; readonly losses: number } | undefined;
  #next: { readonly at: Instant; readonly step: 'begin' | 'send' | 'lose' } | undefined;

  get deadline(): Instant | undefined {
    return this.#next?.at;
  }

  handle(input: ProbeInput, now: Instant): ProbeEffect[] {
    switch (input.type) {
      case 'size':
        if (input.octets === this.#full) return [];
        this.#full = input.octets;
        this.#rest(now + SETTLE_MS);
        return [];
      case 'stop':
        this.#full = undefined;
        this.#rest(undefined);
        return [];
      case 'answered':
        return this.#answered(input.octets, now);
      case 'useless':
        return this.#full === undefined ? [] : this.#conclude({ result: 'useless', why: input.why }, now);
      case 'tick':
        return this.#tick(now);
      default:
        return input satisfies never;
    }
  }

  #tick(now: Instant): ProbeEffect[] {
    if (this.#next === undefined || now < this.#next.at) return [];
    switch (this.#next.step) {
      case 'begin':
        this.#fits = 0;
        this.#lost = [];
        this.#reconsidered = undefined;
        return this.#proceed(now);
      case 'send':
        return this.#send(now);
      case 'lose':
        return this.#lose(now);
      default:
        return this.#next.step satisfies never;
    }
  }

  #answered(octets: number, now: Instant): ProbeEffect[] {
    if (this.#trying === undefined) return [];
    this.#fits = Math.max(this.#fits, octets);
    this.#lost = this.#lost.filter((each) => each > this.#fits);
    return octets < this.#trying.octets ? [] : this.#proceed(now);
  }

  /** What to try next, or what has come of it. */
  #proceed(now: Instant): ProbeEffect[] {
    const full = this.#full;
    if (full === undefined) return [];
    if (this.#fits >= full) return this.#conclude({ result: 'fits', octets: full }, now);
    const lost = this.#lost.at(-1);
    if (lost === undefined) return this.#try(full, now);
    if (this.#fits === 0) {
      if (lost <= PROBE_FLOOR) return this.#conclude({ result: 'unanswered', octets: lost }, now);
      return this.#try(PROBE_FLOOR, now);
    }
    const unknown = lost - 1 - this.#fits;
    if (unknown > 0) return this.#try(this.#fits + Math.ceil(unknown / 2), now);
    // What all hangs on may have been bad luck, or a line that was down for a moment: it has a second chance.
    if (this.#reconsidered === lost) return this.#conclude({ result: 'too-big', octets: this.#fits }, now);
    this.#reconsidered = lost;
    return this.#try(lost, now);
  }

  #try(octets: number, now: Instant): ProbeEffect[] {
    this.#trying = { octets, losses: 0 };
    return this.#send(now);
  }

  #send(now: Instant): ProbeEffect[] {
    if (this.#trying === undefined) return [];
    this.#next = { at: now + ANSWER_MS, step: 'lose' };
    return [{ type: 'probe', octets: this.#trying.octets }];
  }

  #lose(now: Instant): ProbeEffect[] {
    if (this.#trying === undefined) return [];
    const { octets, losses } = this.#trying;
    const isFull = octets === this.#full;
    const doubt: ProbeEffect[] = isFull ? [{ type: 'doubt' }] : [];
    if (losses + 1 < MOST_ECHOES) {
      this.#trying = { octets, losses: losses + 1 };
      if (!isFull) return this.#send(now);
      this.#next = { at: now + ASK_MS, step: 'send' };
      return doubt;
    }
    if (this.#lost.at(-1) !== octets) this.#lost.push(octets);
    return [...doubt, ...this.#proceed(now)];
  }

  #conclude(finding: Finding, now: Instant): ProbeEffect[] {
    this.#rest(now + AGAIN_MS);
    return [{ type: 'found', finding }];
  }

  #rest(until: Instant | undefined): void {
    this.#trying = undefined;
    this.#next = until === undefined ? undefined : { at: until, step: 'begin' };
  }
}
