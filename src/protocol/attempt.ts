/** One dial as the host sees it: the call, the socket it uses, and the device that is configured for it. */
import { Call, type CallEffect, type CallInput, type CallOptions } from './call.ts';
import { failureEvent, stageEvent } from './client-history.ts';
import type { Candidate, ClientEffect, LinkUp, Path, Stage } from './client-io.ts';
import type { Instant } from './deadlines.ts';
import type { Failure } from './failure.ts';
import type { FarewellRecord } from './l2tp/farewell.ts';
import { type Machine, sameEndpoint } from './machine.ts';

export type AttemptInput = CallInput | { type: 'link-ready' } | { type: 'link-failed'; failure: Failure };

export type AttemptEffect =
  | ClientEffect
  /** Once; `upMs` is how long the connection had been up, undefined when it never was. */
  | { type: 'ended'; failure: Failure | undefined; upMs: number | undefined };

export class Attempt implements Machine<AttemptInput, AttemptEffect> {
  readonly call: Call;
  readonly candidate: Candidate;
  readonly path: Path;
  #stage: Stage = 'preparing';
  #link: LinkUp | undefined;
  #farewell: FarewellRecord | undefined;
  #ipv6: Extract<CallEffect, { type: 'ipv6-up' }> | undefined;
  #upSince: Instant | undefined;
  /** The stage in which hanging up began: that is where a failure belongs. */
  #failedStage: Stage | undefined;

  constructor(options: CallOptions) {
    this.call = new Call(options);
    this.candidate = options.candidate;
    this.path = options.path;
  }

  /** What the journal holds for this tunnel to be hung up by somebody else; undefined while nobody is logged in. */
  get farewell(): FarewellRecord | undefined {
    return this.#farewell;
  }
  get deadline(): Instant | undefined {
    return this.call.deadline;
  }

  /** How long the connection has been up, undefined while it never was. */
  upMs(now: Instant): number | undefined {
    return this.#upSince === undefined ? undefined : now - this.#upSince;
  }

  handle(input: AttemptInput, now: Instant): AttemptEffect[] {
    switch (input.type) {
      case 'link-ready':
        if (this.#link === undefined || this.#stage === 'hanging-up') return [];
        this.#upSince ??= now;
        return this.call.lane?.ipv4Open ? this.#enter('up') : []; // else the server is renegotiating just now
      case 'link-failed':
        return this.handle({ type: 'hang-up', why: input.failure.detail, failure: input.failure, patient: false }, now);
      case 'hang-up':
        if (this.#stage === 'hanging-up') return [];
        this.#failedStage = this.#stage;
        return [...this.#enter('hanging-up'), ...this.#toCall(input, now)];
      default:
        return this.#toCall(input, now);
    }
  }

  #toCall(input: CallInput, now: Instant): AttemptEffect[] {
    return this.call.handle(input, now).flatMap((effect) => this.#fromCall(effect, now));
  }

  #fromCall(effect: CallEffect, now: Instant): AttemptEffect[] {
    switch (effect.type) {
      case 'send':
      case 'repin':
        return [{ ...effect, socket: this.path.socket }];
      case 'dropped':
      case 'event':
      case 'ask-path-mtu':
        return [effect];
      case 'ipv6-up':
      case 'ipv6-down':
        // IPV6CP needs a round trip less than IPCP: the device that is to have IPv6 is made first.
        this.#ipv6 = effect.type === 'ipv6-up' ? effect : undefined;
        return this.#link === undefined ? [] : [effect];
      case 'stage':
        return this.#enter(effect.stage);
      case 'mtu-changed':
        if (this.#link === undefined) return [];
        this.#link = { ...this.#link, mtu: effect.mtu };
        return [effect];
      case 'ipv4-down':
        return []; // the lane is shut; the device stays for the case that the server renegotiates
      case 'ipv4-up':
        return this.#ipv4Up(effect.link);
      case 'ended': {
        const said =
          effect.failure === undefined
            ? []
            : [failureEvent(effect.failure, this.#failedStage ?? this.#stage, this.candidate)];
        return [...said, { ...effect, upMs: this.upMs(now) }];
      }
      default:
        return effect satisfies never;
    }
  }

  #ipv4Up(link: LinkUp): AttemptEffect[] {
    const before = this.#link;
    this.#link = link;
    // Renegotiated with the same outcome: the device stays, or is still being made.
    if (before !== undefined && isSameLink(before, link)) {
      const follow: AttemptEffect[] = before.mtu === link.mtu ? [] : [{ type: 'mtu-changed', mtu: link.mtu }];
      return [...follow, ...this.#enter(this.#upSince === undefined ? 'configuring' : 'up')];
    }
    const ipv6 = this.#ipv6 === undefined ? [] : [this.#ipv6];
    const farewell = this.#farewellNow();
    this.#farewell = farewell;
    return [{ type: 'remember', farewell }, ...this.#enter('configuring'), { type: 'link-up', link }, ...ipv6];
  }

  /** Hanging up is the last stage: what the layers go through meanwhile is of no interest. */
  #enter(stage: Stage): AttemptEffect[] {
    if (this.#stage === 'hanging-up') return [];
    this.#stage = stage;
    return [stageEvent(stage, this.candidate)];
  }

  #farewellNow(): FarewellRecord {
    const { tunnel, session } = this.call;
    return {
      local: this.path.local,
      peer: tunnel.peer,
      uplink: this.path.uplink,
      localTunnelId: tunnel.localId,
      peerTunnelId: tunnel.peerId ?? 0,
      localSessionId: session.localId,
      peerSessionId: session.peerId ?? 0,
      ...tunnel.sequence,
    };
  }
}

/** Whether one device serves both; its MTU can be changed. */
const isSameLink = (a: LinkUp, b: LinkUp): boolean =>
  a.localAddress === b.localAddress &&
  a.peerAddress === b.peerAddress &&
  a.dns.join() === b.dns.join() &&
  sameEndpoint(a.server, b.server);
