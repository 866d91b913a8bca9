/**
 * One connection that is kept up: which server is dialled, when, and what happens when a dial ends.
 *
 *     idle ─connect─► resolving ─► preparing ─► calling ─► (up) ─ended─► releasing ─► preparing (next address)
 *                         ▲                                                 │  └────► waiting ─► resolving
 *                         └────────────────── retry ◄───────────────────────┘         idle (disconnect)
 *
 * The machine never waits for anything but its host's answers and its own deadline; every wish of the user is honoured in
 * every state. Calls that have ended linger only to acknowledge what their server repeats (RFC 2661 §5.7).
 */
import { tunnelIdOf } from '../wire/l2tp-header.ts';
import { Attempt, type AttemptEffect, type AttemptInput } from './attempt.ts';
import { Backoff } from './backoff.ts';
import { ClientHistory, type ClientSnapshot, failureEvent, stageEvent } from './client-history.ts';
import type { Candidate, ClientEffect, ClientInput, Path } from './client-io.ts';
import { type Next, type State, withoutRest, withWish } from './client-state.ts';
import type { DataLane } from './data-lane.ts';
import { earliest, type Instant } from './deadlines.ts';
import { FAILURE, type Failure } from './failure.ts';
import { Lingering, type Unheard } from './lingering.ts';
import type { Endpoint, Entropy, Machine } from './machine.ts';
import { Round } from './round.ts';
import type { ClientSettings } from './settings.ts';

/** Ours: as long as an uplink takes to come back and be configured. */
const SETTLED_MS = 10_000;

export class Client implements Machine<ClientInput, ClientEffect> {
  readonly #settings: ClientSettings;
  readonly #entropy: Entropy;
  readonly #round: Round;
  readonly #backoff: Backoff;
  readonly #history = new ClientHistory();
  readonly #lingering = new Lingering();
  #state: State = { at: 'idle' };
  #callSerial = 0;

  constructor(settings: ClientSettings, entropy: Entropy) {
    this.#settings = settings;
    this.#entropy = entropy;
    this.#round = new Round(settings.serverOrder, entropy);
    this.#backoff = new Backoff(settings.redial, entropy);
  }

  /** The way for IP packets while a call is connected. */
  get lane(): DataLane | undefined {
    return this.#attempt?.call.lane;
  }
  /** The socket the lane's datagrams use. */
  get laneSocket(): number | undefined {
    return this.#attempt?.path.socket;
  }
  /** Where the lane's datagrams go. */
  get lanePeer(): Endpoint | undefined {
    return this.#attempt?.call.tunnel.peer;
  }
  get deadline(): Instant | undefined {
    const retry = this.#state.at === 'waiting' ? this.#state.until : undefined;
    return earliest(retry, this.#attempt?.deadline, this.#lingering.deadline);
  }

  /** What is to be told to a server before it is dialled: a tunnel of an earlier dial, whose end it never heard of. */
  unheard(server: string): Unheard | undefined {
    return this.#lingering.unheard(server);
  }

  /** Everything a person may want to know of the connection, as plain data. */
  snapshot(now: Instant): ClientSnapshot {
    const { call, path } = this.#attempt ?? {};
    const nextAttemptAt = this.#state.at === 'waiting' ? this.#state.until : undefined;
    return this.#history.snapshot(now, call, path, this.#backoff.attempts, nextAttemptAt);
  }

  handle(input: ClientInput, now: Instant): ClientEffect[] {
    return this.#history.note([...this.#take(input, now), ...this.#closeFinished()], now);
  }

  #take(input: ClientInput, now: Instant): ClientEffect[] {
    switch (input.type) {
      case 'connect':
        return this.#connect();
      case 'disconnect':
        return this.#leave('rest', input.why, undefined, now);
      case 'redial':
        return this.#redial(input.why, input.failure, now);
      case 'resolved':
        return this.#resolved(input.candidates, input.failure, now);
      case 'path-ready':
        return this.#pathReady(input.path, now);
      case 'path-failed':
        return this.#pathFailed(input.failure, now);
      case 'link-ready':
        if (this.#attempt !== undefined) this.#round.succeeded(this.#attempt.candidate);
        return this.#toAttempt(input, now);
      case 'link-failed':
      case 'path-mtu':
        return this.#toAttempt(input, now);
      case 'released':
        return this.#state.at === 'releasing' ? this.#proceed(this.#state.next, now) : [];
      case 'datagram':
        return this.#datagram(input.socket, input.from, input.bytes, now);
      case 'tick':
        return this.#tick(now);
      default:
        return input satisfies never;
    }
  }

  /** At once, except where a call that has hardly come up fails: a program that keeps undoing our work must not make us storm. */
  #redial(why: string, failure: Failure | undefined, now: Instant): ClientEffect[] {
    const attempt = this.#attempt;
    if (failure !== undefined && attempt !== undefined && (attempt.upMs(now) ?? 0) < SETTLED_MS)
      return this.#toAttempt({ type: 'hang-up', why, failure, patient: false }, now);
    this.#backoff.reset();
    return this.#leave('redial', why, failure, now);
  }

  #connect(): ClientEffect[] {
    if (this.#state.at === 'idle' || this.#state.at === 'waiting') {
      this.#backoff.reset();
      return this.#resolve();
    }
    this.#state = withoutRest(this.#state);
    return [];
  }

  #resolve(): ClientEffect[] {
    this.#state = { at: 'resolving' };
    return [stageEvent('resolving'), { type: 'resolve', servers: this.#settings.servers }];
  }

  #resolved(candidates: readonly Candidate[], failure: Failure | undefined, now: Instant): ClientEffect[] {
    if (this.#state.at !== 'resolving') return [{ type: 'dropped', why: 'late answer of the resolver' }];
    this.#round.begin(candidates, now);
    if (this.#round.isLast) this.#round.failed(undefined, failure?.code ?? 'resolve-failed', now);
    const said = failure === undefined ? [] : [failureEvent(failure, 'resolving')];
    return [...said, ...this.#proceed('dial-next', now)];
  }

  /** What comes after a dial, once nothing of it is left on the machine. */
  #proceed(next: Next, now: Instant): ClientEffect[] {
    switch (next) {
      case 'rest':
        this.#state = { at: 'idle' };
        return [stageEvent('idle')];
      case 'redial':
        return this.#resolve();
      case 'dial-next': {
        const candidate = this.#round.next();
        if (candidate === undefined) return this.#proceed('wait', now);
        return this.#prepare(candidate, this.#round.localPort(this.#settings.sourcePort));
      }
      case 'wait': {
        this.#round.end();
        const ms = this.#backoff.next(this.#round.failures);
        this.#state = { at: 'waiting', until: now + ms };
        return [stageEvent('waiting'), { type: 'event', event: { kind: 'retry-in', ms } }];
      }
      default:
        return next satisfies never;
    }
  }

  #prepare(candidate: Candidate, localPort: number): ClientEffect[] {
    this.#state = { at: 'preparing', candidate, localPort, wish: 'dial' };
    return [stageEvent('preparing', candidate), { type: 'prepare', candidate, localPort }];
  }

  #pathReady(path: Path, now: Instant): ClientEffect[] {
    const state = this.#state;
    if (state.at !== 'preparing') return [{ type: 'dropped', why: 'late answer of the host' }];
    if (state.wish !== 'dial') return [...this.#closeUnused(path.socket), ...this.#release(state.wish)];
    const { candidate } = state;
    this.#lingering.forgetUnheard(candidate.address);
    const attempt = new Attempt({
      settings: this.#settings,
      candidate,
      path,
      accept: (from) => this.#round.accepts(from, candidate, this.#settings.acceptReplyFrom),
      answerWithinMs: this.#round.isLast ? undefined : this.#settings.connectTimeoutMs,
      callSerial: ++this.#callSerial,
      entropy: this.#entropy,
    });
    this.#state = { at: 'calling', attempt, next: undefined };
    return this.#toAttempt({ type: 'dial' }, now);
  }

  #pathFailed(failure: Failure, now: Instant): ClientEffect[] {
    const state = this.#state;
    if (state.at !== 'preparing') return [{ type: 'dropped', why: 'late answer of the host' }];
    if (state.wish !== 'dial') return this.#release(state.wish);
    // Port 1701 was our idea, not the user's: when it is taken the dial goes on without it.
    if (failure.code === 'port-in-use' && state.localPort !== this.#settings.sourcePort)
      return this.#prepare(state.candidate, this.#settings.sourcePort);
    this.#round.failed(state.candidate, failure.code, now);
    return [failureEvent(failure, 'preparing', state.candidate), ...this.#release(this.#afterFailure(failure))];
  }

  #tick(now: Instant): ClientEffect[] {
    const said = this.#lingering.tick(now);
    if (this.#state.at === 'waiting' && this.#state.until <= now) return [...said, ...this.#resolve()];
    return [...said, ...this.#toAttempt({ type: 'tick' }, now)];
  }

  #datagram(socket: number, from: Endpoint, bytes: Uint8Array, now: Instant): ClientEffect[] {
    const id = tunnelIdOf(bytes);
    if (this.#lingering.knows(socket, id)) return this.#lingering.datagram(socket, id, from, bytes, now);
    if (this.laneSocket !== socket) return [{ type: 'dropped', why: 'datagram for no tunnel of ours' }];
    return this.#toAttempt({ type: 'datagram', from, bytes }, now);
  }

  #toAttempt(input: AttemptInput, now: Instant): ClientEffect[] {
    const attempt = this.#attempt;
    return attempt?.handle(input, now).flatMap((effect) => this.#fromAttempt(attempt, effect, now)) ?? [];
  }

  #fromAttempt(attempt: Attempt, effect: AttemptEffect, now: Instant): ClientEffect[] {
    if (effect.type !== 'ended') return [effect];
    const next = this.#state.at === 'calling' ? this.#state.next : undefined;
    this.#lingering.add(attempt);
    return this.#release(next ?? this.#afterCall(attempt, effect.failure, effect.upMs, now));
  }

  /** What to do after a call that ended by itself. A connection that was up is dialled anew from the start. */
  #afterCall(attempt: Attempt, failure: Failure | undefined, upMs: number | undefined, now: Instant): Next {
    if (upMs !== undefined) {
      this.#backoff.wasUp(upMs);
      this.#round.begin([], now);
    }
    const why = failure ?? { code: 'tunnel-closed', detail: 'the tunnel ended without a reason' };
    this.#round.failed(attempt.candidate, why.code, now);
    return upMs === undefined ? this.#afterFailure(why) : 'wait';
  }

  /** The next address at once, except where it would say the same: a wrong password is wrong everywhere. */
  #afterFailure(failure: Failure): Next {
    return FAILURE[failure.code].fault === 'user' ? 'wait' : 'dial-next';
  }

  /** The user wishes to rest or to dial anew, or the uplink went away under the call. */
  #leave(next: 'rest' | 'redial', why: string, failure: Failure | undefined, now: Instant): ClientEffect[] {
    switch (this.#state.at) {
      case 'idle':
        return [];
      case 'resolving':
        return next === 'rest' ? this.#proceed(next, now) : [];
      case 'waiting':
        return this.#proceed(next, now);
      default: {
        this.#state = withWish(this.#state, next);
        const patient = failure === undefined;
        return this.#toAttempt({ type: 'hang-up', why, patient, ...(failure && { failure }) }, now);
      }
    }
  }

  #release(next: Next): ClientEffect[] {
    this.#state = { at: 'releasing', next };
    return [{ type: 'release' }];
  }

  /** Not while the host prepares a way: on a fixed port it may be about to hand us a socket that is still in use. */
  #closeFinished(): ClientEffect[] {
    if (this.#state.at === 'preparing') return [];
    return this.#lingering.takeFinished().flatMap((socket) => this.#closeUnused(socket));
  }

  #closeUnused(socket: number): ClientEffect[] {
    return this.laneSocket === socket || this.#lingering.uses(socket) ? [] : [{ type: 'close', socket }];
  }

  get #attempt(): Attempt | undefined {
    return this.#state.at === 'calling' ? this.#state.attempt : undefined;
  }
}
