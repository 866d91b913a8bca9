/**
 * How large datagrams to the server may be: what is known of it, from whom, and when to find out more.
 *
 * Whoever can set routes is believed to the octet, and so is a probe, which saw it. ICMP anybody can send: what it says can take the
 * tunnel's MTU down to 1280 and no further. Where that is more than the path takes, the kernel, which has heard the same, sends full
 * datagrams in fragments; nothing is lost, and IPv6 keeps the 1280 octets that it cannot do without (as tunnels do it by RFC 2473
 * §7.1 and RFC 4213 §3.2.2).
 *
 * The host is asked 2 s after the link came up and every minute then, and whenever an echo of full size is lost. Not more often: a
 * kernel that has learnt of a smaller path sends fragments from then on by itself, so the answer saves work, not packets. The first
 * full packets have gone by then, and a socket that hears ICMP itself has said so long before.
 *
 * Less is believed at once, more is tried first. Ten minutes after the path became narrow, or after the last trial, the next answer
 * of the host's that promises more leads to one: echoes, probed or not, of the size that the tunnel would have. What gets through both
 * ways widens it again. A kernel that still remembers what ICMP said would send them in fragments, but does not promise more either;
 * those that cannot say have forgotten by then, too (ip_rt_mtu_expires, 600 s). Where the server leaves large echoes unanswered,
 * all stays as it is until the next dial.
 */
import type { PathMtu } from './client-io.ts';
import { Deadlines, earliest, type Instant } from './deadlines.ts';
import type { Machine } from './machine.ts';
import { type Finding, MtuProbe, type ProbeEffect, type ProbeInput } from './mtu-probe.ts';

export type PathMtuInput =
  /** A full datagram has so many octets, outer IP header included, and would have `most` of them if any path took it. */
  | { type: 'size'; octets: number; most: number }
  | Extract<ProbeInput, { type: 'answered' | 'useless' | 'tick' }>
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
  /** There is more room than there was. */
  | { type: 'widened' }
  /** Once: there is no way to find out more. */
  | { type: 'unprovable'; words: string };

const FIRST_ASK_MS = 2000;
const ASK_EVERY_MS = 60_000;
/** How long less is taken for granted, ms: PMTU_RAISE_TIMER of RFC 8899 §5.1.1. */
const RAISE_MS = 600_000;

/** MTU of the tunnel below which nobody's word takes it, octets: the least that IPv6 lives with (RFC 8200 §5). */
const LEAST_BELIEVED = 1280;
/** No tunnel device has less, octets (RFC 791: what every internet module must be able to forward). */
const LEAST_MTU = 68;

const UNKNOWN: PathMtu = { octets: Number.POSITIVE_INFINITY, from: 'uplink' };

/** Datagrams larger than the tunnel's are being tried out. */
interface Trial {
  /** What the host promised. */
  readonly path: PathMtu;
  /** What is tried. */
  readonly octets: number;
}

export class PathMtuWatch implements Machine<PathMtuInput, PathMtuEffect> {
  /** What this machine says of its uplink and its routes. */
  #firm: PathMtu = UNKNOWN;
  #hearsay: PathMtu | undefined;
  #proven: PathMtu | undefined;
  /** Of a full datagram, now and at most; undefined: no packets flow. */
  #size: { readonly octets: number; readonly most: number } | undefined;
  readonly #isProbed: boolean;
  readonly #probe = new MtuProbe();
  #trial: Trial | undefined;
  #raiseAt: Instant = 0;
  #finding: Finding | undefined;
  #isTold = false;
  readonly #deadlines = new Deadlines<'ask'>();

  /** @param known what holds when the dial begins @param isProbed whether echoes are to try out what the tunnel has */
  constructor(known: PathMtu, isProbed: boolean) {
    this.#learn(known);
    this.#isProbed = isProbed;
  }

  /** The least that anybody knows of. */
  get known(): PathMtu {
    const { octets } = this.#certain;
    return this.#hearsay !== undefined && this.#hearsay.octets < octets ? this.#hearsay : this.#certain;
  }
  /** What the last probe found; undefined: none has ended, or none is wanted. */
  get finding(): Finding | undefined {
    return this.#finding;
  }
  get deadline(): Instant | undefined {
    return earliest(this.#deadlines.next, this.#probe.deadline);
  }

  /** Octets there are for an inner packet behind so many octets of headers. */
  room(overhead: number): number {
    const believed = Math.max((this.#hearsay?.octets ?? Number.POSITIVE_INFINITY) - overhead, LEAST_BELIEVED);
    return Math.max(Math.min(this.#certain.octets - overhead, believed), LEAST_MTU);
  }

  handle(input: PathMtuInput, now: Instant): PathMtuEffect[] {
    switch (input.type) {
      case 'heard':
        return this.#heard(input.path, now);
      case 'size':
        return this.#resize(input, now);
      case 'down':
        this.#size = undefined;
        this.#deadlines.clearAll();
        return this.#endTrial(now);
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

  get #certain(): PathMtu {
    return this.#proven !== undefined && this.#proven.octets < this.#firm.octets ? this.#proven : this.#firm;
  }

  #resize({ octets, most }: Extract<PathMtuInput, { type: 'size' }>, now: Instant): PathMtuEffect[] {
    const before = this.#size;
    this.#size = { octets, most };
    if (before === undefined) {
      this.#deadlines.set('ask', now + FIRST_ASK_MS);
      this.#raiseAt = now + RAISE_MS;
    }
    return before?.octets === octets ? [] : this.#endTrial(now);
  }

  #heard(path: PathMtu, now: Instant): PathMtuEffect[] {
    const ended = this.#trial !== undefined && path.octets < this.#trial.octets ? this.#giveUp(now) : [];
    if (this.#learn(path)) {
      this.#raiseAt = now + RAISE_MS;
      return [...ended, { type: 'narrowed' }];
    }
    if (this.#size === undefined || this.#trial !== undefined || now < this.#raiseAt) return ended;
    const octets = Math.min(path.octets, this.#size.most);
    if (octets <= this.#size.octets) return ended;
    this.#trial = { path, octets };
    return this.#toProbe({ type: 'size', octets }, now);
  }

  /** @returns whether that was news */
  #learn(path: PathMtu): boolean {
    const isHearsay = path.from === 'icmp';
    if (path.octets >= (isHearsay ? (this.#hearsay ?? this.#certain) : this.#certain).octets) return false;
    if (isHearsay) this.#hearsay = path;
    else if (path.from === 'probe') this.#proven = path;
    else this.#firm = path;
    return true;
  }

  /** Echoes are of the tunnel's own size again, or there are none. */
  #endTrial(now: Instant): PathMtuEffect[] {
    this.#trial = undefined;
    const isWanted = this.#isProbed && this.#size !== undefined;
    return this.#toProbe(isWanted ? { type: 'size', octets: this.#size?.octets ?? 0 } : { type: 'stop' }, now);
  }

  #giveUp(now: Instant): PathMtuEffect[] {
    this.#raiseAt = now + RAISE_MS;
    return this.#endTrial(now);
  }

  #toProbe(input: ProbeInput, now: Instant): PathMtuEffect[] {
    return this.#probe.handle(input, now).flatMap((effect) => this.#fromProbe(effect, now));
  }

  #fromProbe(effect: ProbeEffect, now: Instant): PathMtuEffect[] {
    switch (effect.type) {
      case 'probe':
        return [effect];
      case 'doubt':
        return [{ type: 'ask' }];
      case 'found':
        return this.#trial === undefined
          ? this.#found(effect.finding, now)
          : this.#tried(this.#trial, effect.finding, now);
      default:
        return effect satisfies never;
    }
  }

  #found(finding: Finding, now: Instant): PathMtuEffect[] {
    this.#finding = finding;
    if (finding.result === 'fits') return [];
    if (finding.result === 'too-big') {
      this.#raiseAt = now + RAISE_MS;
      return this.#learn({ octets: finding.octets, from: 'probe' }) ? [{ type: 'narrowed' }] : [];
    }
    if (this.#isTold) return [];
    this.#isTold = true;
    return [{ type: 'unprovable', words: wordsOf(finding) }];
  }

  #tried({ path }: Trial, finding: Finding, now: Instant): PathMtuEffect[] {
    const through = finding.result === 'fits' || finding.result === 'too-big' ? finding.octets : 0;
    if (through <= (this.#size?.octets ?? 0)) {
      const isLess = this.#isProbed && through > 0 && through < this.known.octets;
      if (isLess) this.#proven = { octets: through, from: 'probe' };
      return [...this.#giveUp(now), ...(isLess ? [{ type: 'narrowed' } as const] : [])];
    }
    this.#trial = undefined;
    this.#raiseAt = now + RAISE_MS;
    if (path.from !== 'icmp') this.#firm = path;
    this.#hearsay = path.from === 'icmp' ? path : undefined;
    this.#proven = finding.result === 'too-big' ? { octets: through, from: 'probe' } : undefined;
    if (this.#isProbed) this.#finding = finding;
    return [...(this.#isProbed ? [] : this.#toProbe({ type: 'stop' }, now)), { type: 'widened' }];
  }
}

/** @param mtu what the tunnel's became @param overhead octets of headers in front of a packet */
export function wordsOfNarrowing({ octets, from }: PathMtu, mtu: number, overhead: number): string {
  const pieces = mtu + overhead > octets ? ', and full datagrams travel in fragments' : '';
  return `the path to the server carries only ${octets} octets${HOW[from]}: MTU ${mtu}, MSS ${mtu - IPV4_AND_TCP}${pieces}`;
}

/** @param mtu what the tunnel's became */
export const wordsOfWidening = (mtu: number): string =>
  `the path to the server carries more than it did, as echoes showed: MTU ${mtu}, MSS ${mtu - IPV4_AND_TCP}`;

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
