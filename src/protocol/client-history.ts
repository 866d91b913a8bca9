/** What a connection has been through, and what it is now, as plain data for people and other programs. */
import type { Call } from './call.ts';
import type { Candidate, ClientEffect, ClientEvent, LinkUp, Path, PathMtu, Stage } from './client-io.ts';
import type { Instant } from './deadlines.ts';
import type { Failure } from './failure.ts';
import type { LaneCounters } from './lane-counters.ts';
import type { Finding } from './mtu-probe.ts';
import type { Link } from './ppp/link.ts';
import type { AuthMethod } from './settings.ts';

/** Different drop reasons counted; some name a number that the peer chose, and what is beyond these goes into one pot. */
const MOST_REASONS = 64;
/** Stages of one dial that are kept: a server may renegotiate for ever before it lets us up. */
const MOST_STAGES = 32;
const OTHER_REASONS = 'other reasons';

export interface LastFailure {
  readonly failure: Failure;
  readonly stage: Stage;
  readonly server: Candidate | undefined;
  readonly at: Instant;
}

export interface ClientSnapshot {
  readonly stage: Stage;
  readonly since: Instant;
  /** When each stage of the last dial began, in order. */
  readonly dial: readonly { readonly stage: Stage; readonly at: Instant }[];
  readonly server: Candidate | undefined;
  readonly path: Path | undefined;
  readonly tunnel:
    | {
        readonly localId: number;
        readonly peerId: number | undefined;
        readonly peerHostName: string | undefined;
        readonly peerVendorName: string | undefined;
        readonly peer: { readonly address: string; readonly port: number };
      }
    | undefined;
  readonly session: { readonly localId: number; readonly peerId: number | undefined } | undefined;
  readonly authentication: { readonly method: AuthMethod | 'none'; readonly message: string } | undefined;
  /** Present while IPv4 is agreed upon. */
  readonly link: LinkUp | undefined;
  /** MTU in octets as it is now; `link.mtu` is what it was when the link came up. */
  readonly mtu: number | undefined;
  /** What is known of the way to the server; present from the first datagram on. */
  readonly pathMtu: (PathMtu & { readonly finding: Finding | undefined }) | undefined;
  /** 8 octets; present while IPv6 may flow. */
  readonly ipv6InterfaceId: Uint8Array | undefined;
  readonly negotiated: Link['negotiated'] | undefined;
  readonly echoRoundTripMs: number | undefined;
  readonly counters: LaneCounters | undefined;
  /** Everything ignored, by reason, since the connection was created. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly lastFailure: LastFailure | undefined;
  /** Rounds of dials since the connection last stayed up. */
  readonly attempts: number;
  readonly nextAttemptAt: Instant | undefined;
}

export class ClientHistory {
  #stage: Stage = 'idle';
  #since: Instant = 0;
  #dial: { stage: Stage; at: Instant }[] = [];
  #server: Candidate | undefined;
  #authentication: ClientSnapshot['authentication'];
  #link: LinkUp | undefined;
  #ipv6InterfaceId: Uint8Array | undefined;
  #lastFailure: LastFailure | undefined;
  readonly #dropped = new Map<string, number>();

  get stage(): Stage {
    return this.#stage;
  }

  /** Looks at what the client asks of its host, and passes it on. */
  note(effects: ClientEffect[], now: Instant): ClientEffect[] {
    for (const effect of effects) {
      if (effect.type === 'event') this.#noteEvent(effect.event, now);
      else if (effect.type === 'link-up') this.#link = effect.link;
      else if (effect.type === 'ipv6-up') this.#ipv6InterfaceId = effect.interfaceId;
      else if (effect.type === 'ipv6-down') this.#ipv6InterfaceId = undefined;
      else if (effect.type === 'release') this.#forgetLink();
      else if (effect.type === 'dropped') this.#noteDropped(effect.why);
    }
    return effects;
  }

  snapshot(
    now: Instant,
    call: Call | undefined,
    path: Path | undefined,
    attempts: number,
    nextAttemptAt: Instant | undefined,
  ): ClientSnapshot {
    const { tunnel, session, carrier } = call ?? {};
    if (this.#since === 0) this.#since = now; // at rest since it was first looked at
    return {
      stage: this.#stage,
      since: this.#since,
      dial: [...this.#dial],
      server: this.#server,
      path,
      tunnel: tunnel && {
        localId: tunnel.localId,
        peerId: tunnel.peerId,
        peerHostName: tunnel.peerHostName,
        peerVendorName: tunnel.peerVendorName,
        peer: tunnel.peer,
      },
      session: session && { localId: session.localId, peerId: session.peerId },
      authentication: this.#authentication,
      link: this.#link,
      mtu: carrier?.mtu,
      pathMtu: carrier && { ...carrier.pathMtu.known, finding: carrier.pathMtu.finding },
      ipv6InterfaceId: this.#ipv6InterfaceId,
      negotiated: carrier?.link.negotiated,
      echoRoundTripMs: carrier?.link.echoRoundTripMs,
      counters: call?.lane && { ...call.lane.counters },
      dropped: Object.fromEntries(this.#dropped),
      lastFailure: this.#lastFailure,
      attempts,
      nextAttemptAt,
    };
  }

  #noteEvent(event: ClientEvent, now: Instant): void {
    if (event.kind === 'stage') {
      this.#noteDial(event.stage, now);
      this.#server = event.server;
      this.#stage = event.stage;
      this.#since = now;
    } else if (event.kind === 'failed')
      this.#lastFailure = { failure: event.failure, stage: event.stage, server: event.server, at: now };
    else if (event.kind === 'authenticated') this.#authentication = { method: event.method, message: event.message };
  }

  /** A dial begins with looking up or, for the next address, with preparing; what happens once it is up is no part of it. */
  #noteDial(stage: Stage, at: Instant): void {
    const last = this.#dial.at(-1)?.stage;
    if (stage === 'resolving' || (stage === 'preparing' && last !== 'resolving')) this.#dial = [];
    else if (stage === 'idle' || stage === 'waiting' || this.#dial.some((each) => each.stage === 'up')) return;
    if (this.#dial.length < MOST_STAGES) this.#dial.push({ stage, at });
  }

  #forgetLink(): void {
    this.#link = undefined;
    this.#authentication = undefined;
    this.#ipv6InterfaceId = undefined;
  }

  #noteDropped(why: string): void {
    const reason = this.#dropped.has(why) || this.#dropped.size < MOST_REASONS ? why : OTHER_REASONS;
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }
}

export const stageEvent = (stage: Stage, server?: Candidate): ClientEffect => ({
  type: 'event',
  event: { kind: 'stage', stage, ...(server && { server }) },
});

export const failureEvent = (failure: Failure, stage: Stage, server?: Candidate): ClientEffect => ({
  type: 'event',
  event: { kind: 'failed', failure, stage, ...(server && { server }) },
});
