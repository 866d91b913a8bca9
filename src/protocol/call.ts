/**
 * One dial of one server: a control connection, a call in it and a PPP link on that, from SCCRQ to the last acknowledgement.
 *
 * The layers do not know each other. What one of them emits is translated here into the input of its neighbour:
 *
 *     datagram ─► Tunnel ─► Session ─► Carrier (PPP link and fast lane)
 *        ▲          │                     │
 *        └─ send ◄──┴─────────────────────┘
 *
 * The call ends once (`ended`). After that it only answers what the server may still repeat (RFC 2661 §5.7), until it is `finished`.
 */
import { isControl } from '../wire/l2tp-header.ts';
import { Carrier, type CarrierEffect, type CarrierInput } from './carrier.ts';
import type { Candidate, Path, PathMtu } from './client-io.ts';
import type { DataLane } from './data-lane.ts';
import { Deadlines, earliest, type Instant } from './deadlines.ts';
import { FAILURE, type Failure } from './failure.ts';
import { Session, type SessionEffect, type SessionInput } from './l2tp/session.ts';
import { Tunnel, type TunnelEffect, type TunnelInput } from './l2tp/tunnel.ts';
import type { Endpoint, Entropy, Machine } from './machine.ts';
import type { ClientSettings } from './settings.ts';

/** How long the server may take to answer our LCP Terminate-Request, ms. Ours: a few round trips anywhere on earth. */
const TERMINATE_MS = 800;
/** How long hanging up may take altogether, ms. Ours: a service manager allows a few seconds. */
const GOODBYE_MS = 2500;

export interface CallOptions {
  readonly settings: ClientSettings;
  readonly candidate: Candidate;
  readonly path: Path;
  /** Whether an SCCRP from this address may be taken. */
  readonly accept: (from: Endpoint) => boolean;
  /** Give up when there is no SCCRP after so many milliseconds; undefined: after the last retransmission. */
  readonly answerWithinMs: number | undefined;
  /** Call Serial Number (RFC 2661 §4.4.4). */
  readonly callSerial: number;
  readonly entropy: Entropy;
}

export type CallInput =
  | { type: 'dial' }
  | { type: 'datagram'; from: Endpoint; bytes: Uint8Array }
  /** Patient: `ended` comes when the server has acknowledged, or after 2.5 s; otherwise at once. */
  | { type: 'hang-up'; why: string; failure?: Failure; patient: boolean }
  /** What is known of the way to this address. */
  | { type: 'path-mtu'; server: string; path: PathMtu }
  | { type: 'tick' };

export type CallEffect =
  | Exclude<CarrierEffect, { type: 'link-ended' }>
  | { type: 'repin'; server: Endpoint }
  | { type: 'ended'; failure: Failure | undefined };

export class Call implements Machine<CallInput, CallEffect> {
  readonly tunnel: Tunnel;
  readonly session: Session;
  readonly carrier: Carrier;
  readonly #options: CallOptions;
  readonly #deadlines = new Deadlines<'answer' | 'terminate' | 'goodbye'>();
  #progress: 'dialling' | 'terminating' | 'leaving' | 'ended' = 'dialling';
  #failure: Failure | undefined;

  constructor(options: CallOptions) {
    const { settings, candidate, path, accept, entropy, callSerial } = options;
    this.#options = options;
    const peer = { address: candidate.address, port: candidate.port };
    this.tunnel = new Tunnel({ role: 'initiator', peer, settings: settings.tunnel, accept, entropy });
    this.session = new Session({ role: 'lac', entropy, callSerial });
    this.carrier = new Carrier(settings, path, entropy);
  }

  /** The way for IP packets; undefined before the call is connected and after it has ended. */
  get lane(): DataLane | undefined {
    return this.#progress === 'ended' ? undefined : this.carrier.lane;
  }
  /** Whether nothing is left to be answered, and the socket may go. */
  get finished(): boolean {
    return this.#progress === 'ended' && this.tunnel.finished;
  }
  get deadline(): Instant | undefined {
    if (this.#progress === 'ended') return this.tunnel.deadline;
    return earliest(this.#deadlines.next, this.tunnel.deadline, this.session.deadline, this.carrier.deadline);
  }

  handle(input: CallInput, now: Instant): CallEffect[] {
    switch (input.type) {
      case 'dial':
        if (this.#options.answerWithinMs !== undefined)
          this.#deadlines.set('answer', now + this.#options.answerWithinMs);
        return [{ type: 'stage', stage: 'tunnel' }, ...this.#toTunnel({ type: 'open' }, now)];
      case 'datagram':
        if (isControl(input.bytes)) return this.#toTunnel(input, now);
        return this.#progress === 'ended'
          ? [{ type: 'dropped', why: 'data message after the call' }]
          : this.#toCarrier(input, now);
      case 'hang-up':
        return this.#hangUp(input.failure, input.patient, input.why, now);
      case 'path-mtu':
        return this.#progress === 'ended' ? [] : this.#toCarrier(input, now);
      case 'tick':
        return this.#tick(now);
      default:
        return input satisfies never;
    }
  }

  #tick(now: Instant): CallEffect[] {
    const due = this.#takeDue(now);
    if (due.some(({ type }) => type === 'ended')) return due; // the layers have their own deadlines for what is left
    const tick = { type: 'tick' } as const;
    const out = [...due, ...this.#toTunnel(tick, now)];
    if (this.#progress !== 'ended') out.push(...this.#toSession(tick, now), ...this.#toCarrier(tick, now));
    return out;
  }

  #takeDue(now: Instant): CallEffect[] {
    return this.#deadlines.takeDue(now).flatMap((name) => {
      switch (name) {
        case 'answer':
          return this.#fail(this.tunnel.unanswered(this.#options.answerWithinMs ?? 0), now);
        case 'terminate':
          return this.#leave(now);
        case 'goodbye':
          return this.#end();
        default:
          return name satisfies never;
      }
    });
  }

  #toTunnel(input: TunnelInput, now: Instant): CallEffect[] {
    return this.tunnel.handle(input, now).flatMap((effect) => this.#fromTunnel(effect, now));
  }

  #fromTunnel(effect: TunnelEffect, now: Instant): CallEffect[] {
    switch (effect.type) {
      case 'send':
      case 'dropped':
        return [effect];
      case 'warning':
        return [{ type: 'event', event: { kind: 'warning', code: effect.code, detail: effect.detail } }];
      case 'peer-moved':
        return effect.to.address === this.#options.candidate.address ? [] : [{ type: 'repin', server: effect.to }];
      case 'established':
        // The call request follows the SCCCN without waiting: RFC 2661 §5.2 asks for no pause.
        this.#deadlines.clear('answer');
        return [
          { type: 'stage', stage: 'session' },
          ...this.#toSession({ type: 'open', framing: this.tunnel.peerFraming }, now),
        ];
      case 'session-message':
        if (effect.sessionId === this.session.localId)
          return this.#toSession({ type: 'message', message: effect.message }, now);
        return [{ type: 'dropped', why: 'control message for a call that does not exist' }];
      case 'session-acknowledged':
        if (effect.sessionId !== this.session.localId) return [];
        return this.#toSession({ type: 'acknowledged', message: effect.message }, now);
      case 'session-fault':
        return this.#progress === 'dialling' ? this.#fail(effect.failure, now) : [];
      case 'closed':
        // A StopCCN that crosses our own is no failure.
        if (this.#progress === 'dialling') this.#failure = this.#explained(effect.failure, now);
        return this.#end();
      default:
        return effect satisfies never;
    }
  }

  #toSession(input: SessionInput, now: Instant): CallEffect[] {
    return this.session.handle(input, now).flatMap((effect) => this.#fromSession(effect, now));
  }

  #fromSession(effect: SessionEffect, now: Instant): CallEffect[] {
    switch (effect.type) {
      case 'submit':
        return this.#toTunnel(effect, now);
      case 'dropped':
        return [effect];
      case 'established': {
        const ids = {
          localTunnelId: this.tunnel.localId,
          localSessionId: this.session.localId,
          peerTunnelId: this.tunnel.peerId ?? 0,
          peerSessionId: this.session.peerId ?? 0,
        };
        return this.#toCarrier({ type: 'connected', ids, server: this.tunnel.peer }, now);
      }
      case 'closed': {
        if (this.#progress === 'terminating') return this.#leave(now);
        const failure = this.#explained(effect.failure, now);
        return this.#progress === 'dialling' && failure !== undefined ? this.#fail(failure, now) : [];
      }
      default:
        return effect satisfies never;
    }
  }

  #toCarrier(input: CarrierInput, now: Instant): CallEffect[] {
    return this.carrier.handle(input, now).flatMap((effect) => {
      if (effect.type !== 'link-ended') return [effect];
      if (this.#progress === 'terminating') return this.#leave(now);
      return this.#progress === 'dialling' && effect.failure !== undefined ? this.#fail(effect.failure, now) : [];
    });
  }

  /** Some servers close the call where PPP would have said why: then the link knows better what went wrong. */
  #explained(failure: Failure | undefined, now: Instant): Failure | undefined {
    if (failure === undefined || this.#progress !== 'dialling') return failure;
    if (FAILURE[failure.code].retry === 'busy') return failure; // that is no opinion about us
    for (const effect of this.carrier.handle({ type: 'disconnected', peer: failure.peer }, now)) {
      if (effect.type !== 'link-ended' || effect.failure === undefined) continue;
      const peer = effect.failure.peer ?? failure.peer;
      return { ...effect.failure, ...(peer && { peer }) };
    }
    return failure;
  }

  #hangUp(failure: Failure | undefined, patient: boolean, why: string, now: Instant): CallEffect[] {
    if (this.#progress !== 'dialling') return [];
    this.#failure = failure;
    if (!patient) return [...this.#leave(now), ...this.#end()];
    this.#deadlines.clearAll();
    this.#deadlines.set('goodbye', now + GOODBYE_MS);
    if (this.carrier.lane === undefined) return this.#leave(now);
    this.#progress = 'terminating';
    this.#deadlines.set('terminate', now + TERMINATE_MS);
    return this.#toCarrier({ type: 'close', why }, now);
  }

  /** The server is told, but nobody waits until it has understood. */
  #fail(failure: Failure, now: Instant): CallEffect[] {
    this.#failure = failure;
    return [...this.#leave(now), ...this.#end()];
  }

  #leave(now: Instant): CallEffect[] {
    if (this.#progress === 'leaving' || this.#progress === 'ended') return [];
    this.#progress = 'leaving';
    this.#deadlines.clear('terminate');
    const spec = this.#failure && FAILURE[this.#failure.code];
    const text = spec && { text: spec.words };
    return [
      ...this.#toSession({ type: 'close', cause: spec?.cdn ?? { result: 3 }, ...text }, now),
      ...this.#toTunnel({ type: 'close', cause: spec?.stopCcn ?? { result: 6 }, ...text }, now),
    ];
  }

  #end(): CallEffect[] {
    if (this.#progress === 'ended') return [];
    this.#progress = 'ended';
    this.#deadlines.clearAll();
    return [{ type: 'ended', failure: this.#failure }];
  }
}
