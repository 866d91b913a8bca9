/**
 * How large datagrams to the server may be: what is known of it, from whom, and when to find out more.
 *
 * Within one dial it only ever becomes less. Whoever can set routes is believed to the octet, and so is a probe, which saw it. ICMP
 * anybody can send: what it says can take the tunnel's MTU down to 1280 and no further. Where that is more than the path takes,
 * the kernel, which has heard the same, sends full datagrams in fragments; nothing is lost, and IPv6 keeps the 1280 octets that it
 * cannot do without (as tunnels do it by RFC 2473 §7.1 and RFC 4213 §3.2.2).
 *
 * The host is asked 2 s after the link came up and every minute then, and whenever an echo of full size is lost. Not more often: a
 * kernel that has learnt of a smaller path sends fragments from then on by itself, so the answer saves work, not packets. The first
 * full packets have gone by then, and a socket that hears ICMP itself has said so long before.
 */
import type { PathMtu } from './client-io.ts';
import { Deadlines, earliest, type Instant } from './deadlines.ts';
import type { Machine } from './machine.ts';
import { type Finding, MtuProbe, type ProbeEffect, type ProbeInput } from './mtu-probe.ts';

export type PathMtuInput =
  | Exclude<ProbeInput, { type: 'stop' }>
  /** Somebody knows of a path MTU. */
  | { type: 'heard'; path: PathMtu }
  /** No packets flow. */
  | { type: 'down' };

export type PathMtuEffect =
  | Extract<ProbeEffect, { type: 'probe' }>
  /** The host is to say what its kernel has learnt. */
  | { type: 'ask' }
  /** There is less room than there was. */
  | { type: 'narrowed' }
  /** Once: there is no way to find out more. */
  | { type: 'unprovable'; words: string };

const FIRST_ASK_MS = 2000;
const ASK_EVERY_MS = 60_000;

/** MTU of the tunnel below which nobody's word takes it, octets: the least that IPv6 lives with (RFC 8200 §5). */
const LEAST_BELIEVED = 1280;
/** No tunnel device has less, octets (RFC 791: what every internet module must be able to forward). */
const LEAST_MTU = 68;

export class PathMtuWatch implements Machine<PathMtuInput, PathMtuEffect> {
  #firm: PathMtu;
  #hearsay: PathMtu | undefined;
  readonly #probe: MtuProbe | undefined;
  #finding: Finding | undefined;
  #isTold = false;
  #isUp = false;
  readonly #deadlines = new Deadlines<'ask'>();

  /** @param known what holds when the dial begins @param isProbed whether echoes are to try it out */
  constructor(known: PathMtu, isProbed: boolean) {
    this.#firm = { octets: Number.POSITIVE_INFINITY, from: 'uplink' };
    this.#learn(known);
    this.#probe = isProbed ? new MtuProbe() : undefined;
  }

  /** The least that anybody knows of. */
  get known(): PathMtu {
    return this.#hearsay !== undefined && this.#hearsay.octets < this.#firm.octets ? this.#hearsay : this.#firm;
  }
  /** What the last probe found; undefined: none has ended, or none is wanted. */
  get finding(): Finding | undefined {
    return this.#finding;
  }
  get deadline(): Instant | undefined {
    return earliest(this.#deadlines.next, this.#probe?.deadline);
  }

  /** Octets there are for an inner packet behind so many octets of headers. */
  room(overhead: number): number {
    const { octets } = this.#hearsay ?? this.#firm;
    return Math.max(Math.min(this.#firm.octets - overhead, Math.max(octets - overhead, LEAST_BELIEVED)), LEAST_MTU);
  }

  handle(input: PathMtuInput, now: Instant): PathMtuEffect[] {
    switch (input.type) {
      case 'heard':
        return this.#learn(input.path) ? [{ type: 'narrowed' }] : [];
      case 'size':
        if (!this.#isUp) this.#deadlines.set('ask', now + FIRST_ASK_MS);
        this.#isUp = true;
        return this.#toProbe(input, now);
      case 'down':
        this.#isUp = false;
        this.#deadlines.clearAll();
        return this.#toProbe({ type: 'stop' }, now);
      case 'answered':
      case 'useless':
        return this.#toProbe(input, now);
      case 'tick': {
        const isDue = this.#deadlines.takeDue(now).length > 0;
        if (isDue) this.#deadlines.set('ask', now + ASK_EVERY_MS);
        return [...(isDue ? [{ type: 'ask' } as const] : []), ...this.#toProbe(input, now)];
      }
      default:
        return input satisfies never;
    }
  }

  /** @returns whether that was news */
  #learn(path: PathMtu): boolean {
    const isHearsay = path.from === 'icmp';
    if (path.octets >= (isHearsay ? (this.#hearsay ?? this.#firm) : this.#firm).octets) return false;
    if (isHearsay) this.#hearsay = path;
    else this.#firm = path;
    return true;
  }

  #toProbe(input: ProbeInput, now: Instant): PathMtuEffect[] {
    return this.#probe?.handle(input, now).flatMap((effect) => this.#fromProbe(effect)) ?? [];
  }

  #fromProbe(effect: ProbeEffect): PathMtuEffect[] {
    switch (effect.type) {
      case 'probe':
        return [effect];
      case 'doubt':
        return [{ type: 'ask' }];
      case 'found':
        return this.#found(effect.finding);
      default:
        return effect satisfies never;
    }
  }

  #found(finding: Finding): PathMtuEffect[] {
    this.#finding = finding;
    if (finding.result === 'fits') return [];
    if (finding.result === 'too-big')
      return this.#learn({ octets: finding.octets, from: 'probe' }) ? [{ type: 'narrowed' }] : [];
    if (this.#isTold) return [];
    this.#isTold = true;
    return [{ type: 'unprovable', words: wordsOf(finding) }];
  }
}

/** @param mtu what the tunnel's became @param overhead octets of headers in front of a packet */
export function wordsOfNarrowing({ octets, from }: PathMtu, mtu: number, overhead: number): string {
  const pieces = mtu + overhead > octets ? ', and full datagrams travel in fragments' : '';
  return `the path to the server carries only ${octets} octets${HOW[from]}: MTU ${mtu}, MSS ${mtu - IPV4_AND_TCP}${pieces}`;
}

const HOW: Record<PathMtu['from'], string> = {
  uplink: '',
  route: ', as its route says',
  icmp: ', as the network says',
  probe: ', as echoes showed',
};
const IPV4_AND_TCP = 40;

function wordsOf(finding: Exclude<Finding, { result: 'fits' | 'too-big' }>): string {
  const outcome = 'so the path MTU could not be tried, and nothing was changed';
  if (finding.result === 'unanswered')
    return `the server does not answer large LCP echoes, not even in datagrams of ${finding.octets} octets, ${outcome}`;
  return finding.why === 'rejected'
    ? `the server does not know LCP echoes, ${outcome}`
    : `the server cuts large LCP echoes short, ${outcome}`;
}
