/**
 * What state a tunnel's control connection is in and what follows from an event: runs the table of RFC 2661 §7.2.1.
 *
 * Two states follow those of the table: `closing` until our StopCCN is acknowledged, and `closed`, where the peer may still
 * repeat itself and is answered, for a full retransmission cycle (§5.7).
 */
import type { ControlMessage, MessageKind, MessageOf } from '../../wire/message-table.ts';
import { Deadlines, type Instant } from '../deadlines.ts';
import { type Cause, FAILURE, type Failure } from '../failure.ts';
import { type Endpoint, sameEndpoint } from '../machine.ts';
import type { Channel, Sent } from './channel.ts';
import { RETRANSMISSION_CYCLE_MS } from './delivery.ts';
import { Handshake } from './handshake.ts';
import { collisionOf, happeningOf, type Occasion, type TunnelMessage } from './tunnel-event.ts';
import type { TunnelEffect, TunnelOptions } from './tunnel-io.ts';
import { type TunnelAction, type TunnelEvent, type TunnelState, tunnelRow } from './tunnel-table.ts';
import { DEFAULT_WINDOW } from './window.ts';

/** How long an answer may take once the question is acknowledged, ms. Ours: about as long as the question would be repeated. */
const ANSWER_MS = 30_000;

type State = TunnelState | 'closing' | 'closed';

/** What a state waits for. */
const QUESTION: { readonly [S in State]?: { asked: MessageKind; due: MessageKind } } = {
  'wait-ctl-reply': { asked: 'SCCRQ', due: 'SCCRP' },
  'wait-ctl-conn': { asked: 'SCCRP', due: 'SCCCN' },
};

export class ControlConnection {
  readonly #localId: number;
  readonly #options: TunnelOptions;
  readonly #channel: Channel;
  readonly #handshake: Handshake;
  readonly #deadlines = new Deadlines<'answer' | 'linger'>();
  #state: State = 'idle';
  #greeting: MessageOf<'SCCRQ'> | MessageOf<'SCCRP'> | undefined;
  /** Whether the peer has gone on from opening the tunnel to calls in it. */
  carriesCalls = false;
  /** Whether the peer knows of the end: it has acknowledged our StopCCN, or sent one itself. */
  isToldOfEnd = false;

  constructor(localId: number, options: TunnelOptions, channel: Channel) {
    this.#localId = localId;
    this.#options = options;
    this.#channel = channel;
    this.#handshake = new Handshake(options.settings, localId, options.entropy, options.tieBreaker);
  }

  get state(): State {
    return this.#state;
  }
  /** The peer's SCCRQ or SCCRP. */
  get greeting(): MessageOf<'SCCRQ'> | MessageOf<'SCCRP'> | undefined {
    return this.#greeting;
  }
  /** Whether nothing is left to be answered or sent again. */
  get finished(): boolean {
    return this.#state === 'closed' && this.#deadlines.get('linger') === undefined && this.#channel.pending === 0;
  }
  get deadline(): Instant | undefined {
    return this.#deadlines.next;
  }

  /** What has no row in the table is ignored. */
  happen(event: TunnelEvent, occasion: Occasion, now: Instant): TunnelEffect[] {
    const state = this.#state;
    const row = state === 'closing' || state === 'closed' ? undefined : tunnelRow(state, event);
    if (row === undefined) return [{ type: 'dropped', why: `${event} in state ${state}` }];
    const [, , actions, next] = row;
    this.#state = next;
    return actions.flatMap((action) => this.#act(action, event, occasion, now));
  }

  /** A message that cannot be taken, but may say who sent it. */
  fault(failure: Failure, message: ControlMessage | undefined, from: Endpoint, now: Instant): TunnelEffect[] {
    const moved = message === undefined ? [] : this.#meet(message, from);
    return [...moved, ...this.happen('fault', { failure }, now)];
  }

  /** A message that opens or ends the tunnel. */
  receive(message: TunnelMessage, from: Endpoint, now: Instant): TunnelEffect[] {
    const state = this.#state;
    const moved = this.#meet(message, from);
    if (state === 'closing' || state === 'closed') return [...moved, ...this.#receiveLate(message, now)];
    const { refuse, settings } = this.#options;
    const opening = settings.secret === undefined ? 'opening without secret' : 'opening with secret';
    const progress = this.carriesCalls ? 'in use' : opening;
    const [event, occasion] = happeningOf(message, { state, progress, refuse, handshake: this.#handshake });
    return [...moved, ...this.happen(event, occasion, now)];
  }

  /**
   * The peer's SCCRQ while ours is out (§4.4.3).
   * @returns undefined: ours goes on; otherwise, if the state is `idle` again, the SCCRQ is to be received as the first message
   */
  collide(request: MessageOf<'SCCRQ'>, now: Instant): TunnelEffect[] | undefined {
    const collision = this.#state === 'wait-ctl-reply' ? collisionOf(request, this.#handshake) : undefined;
    return collision && this.happen(...collision, now);
  }

  acknowledged({ kind }: Sent, now: Instant): TunnelEffect[] {
    if (kind === QUESTION[this.#state]?.asked) this.#deadlines.set('answer', now + ANSWER_MS);
    if (kind !== 'StopCCN') return [];
    this.isToldOfEnd = true;
    this.#linger(now);
    return this.#state === 'closing' ? this.#close(undefined) : [];
  }

  /** Retransmission has given up: nobody is there any more. */
  lost(failure: Failure, now: Instant): TunnelEffect[] {
    this.#deadlines.clearAll();
    if (this.#state === 'closed') return [];
    return this.#state === 'closing' ? this.#close(undefined) : this.happen('lost', { failure }, now);
  }

  tick(now: Instant): TunnelEffect[] {
    return this.#deadlines.takeDue(now).flatMap((name) => {
      if (name === 'linger') return [];
      const { asked, due } = QUESTION[this.#state] ?? {};
      const detail = `${asked} was acknowledged, but no ${due} followed within ${ANSWER_MS / 1000} s`;
      return this.happen('fault', { failure: { code: 'tunnel-silent', detail } }, now);
    });
  }

  #act(action: TunnelAction, event: TunnelEvent, occasion: Occasion, now: Instant): TunnelEffect[] {
    const greeting = this.#greeting;
    switch (action) {
      case 'send SCCRQ':
        return this.#channel.submit(this.#handshake.request(), now);
      case 'send SCCRP':
        return greeting?.kind === 'SCCRQ' ? this.#channel.submit(this.#handshake.reply(greeting), now) : [];
      case 'send SCCCN':
        return greeting?.kind === 'SCCRP' ? this.#channel.submit(this.#handshake.connected(greeting), now) : [];
      case 'send StopCCN':
        return this.#channel.finish(this.#stopCcn(occasion), now);
      case 'tunnel open':
        this.#deadlines.clear('answer');
        return [{ type: 'established' }];
      case 'pass on':
        return []; // the tunnel knows where to
      case 'requeue SCCRQ':
        this.#deadlines.clear('answer');
        this.#channel.restart();
        return [];
      case 'clean up':
        return this.#cleanUp(event, occasion, now);
      default:
        return action satisfies never;
    }
  }

  #cleanUp(event: TunnelEvent, occasion: Occasion, now: Instant): TunnelEffect[] {
    this.#deadlines.clearAll();
    const out: TunnelEffect[] = [];
    if (event === 'StopCCN') this.isToldOfEnd = true;
    if (event === 'StopCCN' || event === 'SCCRQ tie') out.push(...this.#channel.abandon(now));
    if (event === 'close' && this.#channel.pending > 0) {
      this.#state = 'closing';
      return out;
    }
    // Not where nobody is left to repeat anything; §4.4.3 wants silence after a tie.
    if (event !== 'close' && event !== 'lost' && event !== 'SCCRQ tie') this.#linger(now);
    // The peer may hear us although we do not hear it: then its session is free for the next dial.
    if (event === 'lost' && this.#channel.peerId !== undefined) out.push(this.#channel.shout(this.#stopCcn(occasion)));
    return [...out, ...this.#close(occasion.failure)];
  }

  #close(failure: Failure | undefined): TunnelEffect[] {
    this.#state = 'closed';
    return [{ type: 'closed', failure }];
  }

  #linger(now: Instant): void {
    this.#deadlines.set('linger', now + RETRANSMISSION_CYCLE_MS);
  }

  /** After our StopCCN, or the peer's. */
  #receiveLate({ kind }: TunnelMessage, now: Instant): TunnelEffect[] {
    if (kind !== 'StopCCN') return [{ type: 'dropped', why: `${kind} on a tunnel that is closed` }];
    this.isToldOfEnd = true;
    this.#linger(now);
    return [...this.#channel.abandon(now), ...(this.#state === 'closing' ? this.#close(undefined) : [])];
  }

  /** The first the peer says of itself: its id, its window, and where it is (§8.1). A StopCCN may be all it ever says. */
  #meet(message: ControlMessage, from: Endpoint): TunnelEffect[] {
    const { kind } = message;
    if (this.#channel.peerId !== undefined || (kind !== 'SCCRQ' && kind !== 'SCCRP' && kind !== 'StopCCN')) return [];
    if (kind !== 'StopCCN') {
      this.#greeting = message;
      this.#channel.announce(message.receiveWindowSize ?? DEFAULT_WINDOW);
    }
    const { assignedTunnelId } = message;
    const isOurs = kind === 'StopCCN' && assignedTunnelId === this.#localId; // INTEROP: some name our id there
    if (assignedTunnelId !== 0 && !isOurs) this.#channel.peerId = assignedTunnelId;
    if (sameEndpoint(from, this.#channel.peer)) return [];
    this.#channel.peer = from;
    return [{ type: 'peer-moved', to: from }];
  }

  #stopCcn({ failure, cause, text = failure?.detail }: Occasion): ControlMessage {
    const { result, error }: Cause = cause ?? FAILURE[failure?.code ?? 'tunnel-closed'].stopCcn;
    const resultCode = { result, ...(error !== undefined && { error }), ...(text !== undefined && { text }) };
    return { kind: 'StopCCN', assignedTunnelId: this.#localId, resultCode };
  }
}
