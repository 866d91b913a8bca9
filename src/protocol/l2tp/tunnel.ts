/**
 * One tunnel: what comes from the peer goes to the control connection or to the call it is for, what they say goes to the
 * peer (RFC 2661 §5), and HELLO keeps watch.
 *
 *     datagram ─► Channel ─┬─► ControlConnection ─► established, closed
 *                 ▲        └─► SessionDirectory ──► session-message
 *     send ◄──────┴── submit
 */
import type { ControlMessage, MessageKind } from '../../wire/message-table.ts';
import { Deadlines, earliest, type Instant } from '../deadlines.ts';
import { FAILURE, type Failure } from '../failure.ts';
import type { Endpoint, Machine } from '../machine.ts';
import { Channel, type ChannelEffect, type Sent } from './channel.ts';
import { ControlConnection } from './control-connection.ts';
import type { Reading } from './control-reading.ts';
import { randomId } from './identifier.ts';
import { type Route, SessionDirectory } from './session-directory.ts';
import { unexpected } from './tunnel-event.ts';
import type { TunnelEffect, TunnelInput, TunnelOptions } from './tunnel-io.ts';
import type { TunnelState } from './tunnel-table.ts';

export type { TunnelEffect, TunnelInput, TunnelOptions } from './tunnel-io.ts';

/** Refused calls that may wait for their CDN; a peer that asks for more and acknowledges nothing gets no answer. */
const MOST_REFUSALS_PENDING = 16;

type Fault = Extract<Reading, { type: 'fault' }>;
type Received = Extract<ChannelEffect, { type: 'received' }>;
type Unaddressed = Extract<ChannelEffect, { type: 'unaddressed' }>;

export class Tunnel implements Machine<TunnelInput, TunnelEffect> {
  /** Our tunnel id, 1-65535. */
  readonly localId: number;
  readonly #options: TunnelOptions;
  readonly #channel: Channel;
  readonly #control: ControlConnection;
  readonly #sessions: SessionDirectory;
  readonly #deadlines = new Deadlines<'hello'>();
  /** Who answered and was not listened to. */
  #stranger: Endpoint | undefined;

  constructor(options: TunnelOptions) {
    this.#options = options;
    this.localId = randomId(options.entropy);
    this.#channel = new Channel(this.localId, options);
    this.#control = new ControlConnection(this.localId, options, this.#channel);
    this.#sessions = new SessionDirectory(options.role === 'initiator' ? 'lac' : 'lns');
  }

  /** The peer's tunnel id, 1-65535; undefined until it has said. */
  get peerId(): number | undefined {
    return this.#channel.peerId;
  }
  /** Where the peer is: it may move with its SCCRP. */
  get peer(): Endpoint {
    return this.#channel.peer;
  }
  get peerHostName(): string | undefined {
    return this.#control.greeting?.hostName;
  }
  get peerVendorName(): string | undefined {
    return this.#control.greeting?.vendorName;
  }
  /** Framing Capabilities of the peer (§4.4.3): what a call may ask of it. */
  get peerFraming(): number | undefined {
    return this.#control.greeting?.framingCapabilities;
  }
  /** That of §7.2.1; `closing` until our StopCCN is acknowledged, `closed` after `closed`. */
  get state(): TunnelState | 'closing' | 'closed' {
    return this.#control.state;
  }
  /** Whether nothing is left to be answered or sent again: the tunnel may be forgotten. */
  get finished(): boolean {
    return this.#control.finished;
  }
  /** Whether the peer knows that the tunnel is over: it has acknowledged our StopCCN, or sent one itself. */
  get isToldOfEnd(): boolean {
    return this.#control.isToldOfEnd;
  }
  /** Ns of our next message and the Nr that goes with it: what a later process needs to hang up. */
  get sequence(): { ns: number; nr: number } {
    return this.#channel.sequence;
  }
  get deadline(): Instant | undefined {
    if (this.finished) return undefined;
    return earliest(this.#deadlines.next, this.#control.deadline, this.#channel.deadline);
  }

  handle(input: TunnelInput, now: Instant): TunnelEffect[] {
    const out = this.#take(input, now);
    this.#scheduleHello();
    return out;
  }

  #take(input: TunnelInput, now: Instant): TunnelEffect[] {
    switch (input.type) {
      case 'open':
      case 'close':
        return this.#control.happen(input.type, input.type === 'close' ? input : {}, now);
      case 'datagram':
        if (this.finished) return [{ type: 'dropped', why: 'control message for a tunnel that is gone' }];
        return this.#translate(this.#channel.receive(input.from, input.bytes, now), now);
      case 'submit': {
        const { message, sessionId } = input;
        if (this.state !== 'established') return [{ type: 'dropped', why: `our ${message.kind} outside a tunnel` }];
        return this.#channel.submit(message, now, sessionId, this.#sessions.sent(message, sessionId));
      }
      case 'tick':
        return [
          ...this.#translate(this.#channel.tick(now), now),
          ...this.#control.tick(now),
          ...this.#deadlines.takeDue(now).flatMap(() => this.#channel.submit({ kind: 'HELLO' }, now)),
        ];
      default:
        return input satisfies never;
    }
  }

  /** After silence (§5.5); a message that still waits for its acknowledgement asks the same question as a HELLO. */
  #scheduleHello(): void {
    const { helloIntervalMs } = this.#options.settings;
    if (helloIntervalMs === 0 || this.state !== 'established' || this.#channel.pending > 0)
      this.#deadlines.clear('hello');
    else this.#deadlines.set('hello', this.#channel.heardAt + helloIntervalMs);
  }

  #translate(effects: readonly ChannelEffect[], now: Instant): TunnelEffect[] {
    return effects.flatMap((effect): TunnelEffect[] => {
      switch (effect.type) {
        case 'send':
        case 'dropped':
          return [effect];
        case 'received':
          return this.#received(effect, now);
        case 'acknowledged':
          return [...this.#control.acknowledged(effect.message, now), ...this.#sessionAcknowledged(effect.message)];
        case 'lost':
          return this.#control.lost(this.#failureOf(effect.message, effect.times), now);
        case 'unaddressed':
          return this.#unaddressed(effect, now);
        case 'stranger':
          return this.#turnAway(effect.from);
        default:
          return effect satisfies never;
      }
    });
  }

  #received({ from, sessionId, reading }: Received, now: Instant): TunnelEffect[] {
    if (reading.type === 'ignore') return [{ type: 'dropped', why: reading.why }];
    if (reading.type === 'fault') return this.#fault(from, sessionId, reading, now);
    const { message, remarks } = reading;
    switch (message.kind) {
      case 'HELLO':
        return [...remarks];
      case 'SCCRQ':
      case 'SCCRP':
      case 'SCCCN':
      case 'StopCCN':
        return [...remarks, ...this.#control.receive(message, from, now)];
      default:
        return [...remarks, ...this.#callMessage(message, sessionId, now)];
    }
  }

  /** §4.1: what cannot be taken ends the session it is about, or else the tunnel. */
  #fault(from: Endpoint, headerId: number, { kind, message, failure }: Fault, now: Instant): TunnelEffect[] {
    if (kind === undefined || !isCallKind(kind) || this.state !== 'established')
      return this.#control.fault(failure, message, from, now);
    if (message?.kind === 'ICRQ' || message?.kind === 'OCRQ') {
      const { cdn: cause } = FAILURE[failure.code];
      return this.#refuse({ type: 'refuse', peerId: message.assignedSessionId, cause, text: failure.detail }, now);
    }
    const session = this.#sessions.find(headerId);
    if (session === undefined) return [{ type: 'dropped', why: `${kind} for an unknown session: ${failure.detail}` }];
    return [{ type: 'session-fault', sessionId: session, failure }];
  }

  #callMessage(message: ControlMessage, headerId: number, now: Instant): TunnelEffect[] {
    const failure = unexpected(message.kind, this.state);
    const out = this.#control.happen('call message', { failure }, now);
    if (this.state !== 'established') return out;
    this.#control.carriesCalls = true;
    const route = this.#sessions.received(message, headerId);
    switch (route.type) {
      case 'session':
        return [{ type: 'session-message', sessionId: route.sessionId, message }];
      case 'refuse':
        return this.#refuse(route, now);
      case 'ignore':
        return [{ type: 'dropped', why: route.why }];
      default:
        return route satisfies never;
    }
  }

  #refuse({ peerId, cause, text }: Extract<Route, { type: 'refuse' }>, now: Instant): TunnelEffect[] {
    if (this.#channel.pending > MOST_REFUSALS_PENDING) return [{ type: 'dropped', why: 'too many calls to refuse' }];
    const assignedSessionId = randomId(this.#options.entropy); // must not be 0, and names nothing
    const cdn: ControlMessage = { kind: 'CDN', resultCode: { error: 0, ...cause, text }, assignedSessionId };
    return [{ type: 'dropped', why: `call refused: ${text}` }, ...this.#channel.submit(cdn, now, peerId)];
  }

  /** Tunnel ID 0: an SCCRQ, or a StopCCN whose sender knows no id of ours (§4.4.3). */
  #unaddressed({ from, header, body }: Unaddressed, now: Instant): TunnelEffect[] {
    const take = () => this.#translate(this.#channel.take(from, header, body, now), now);
    const { greeting } = this.#control;
    if (body.length === 0) return [{ type: 'dropped', why: 'acknowledgement without a tunnel id' }];
    if (this.#options.role === 'responder' && greeting === undefined) return take();
    const reading = this.#channel.read(body);
    const message = reading.type === 'ignore' ? undefined : reading.message;
    const isStopCcn = reading.type === 'fault' ? reading.kind === 'StopCCN' : message?.kind === 'StopCCN';
    if (isStopCcn && this.peerId === undefined) return take();
    if (message?.kind === 'StopCCN') {
      // INTEROP: some name our id in it, not theirs.
      if (message.assignedTunnelId === this.peerId || message.assignedTunnelId === this.localId) return take();
    } else if (message?.kind === 'SCCRQ') {
      if (greeting?.kind === 'SCCRQ' && greeting.assignedTunnelId === message.assignedTunnelId) return take(); // repeated
      const collision = this.#control.collide(message, now);
      if (collision !== undefined) return this.state === 'idle' ? [...collision, ...take()] : collision;
    }
    return [{ type: 'dropped', why: 'control message without a tunnel id' }];
  }

  /** What it is called when no SCCRP has come for `ms`, and nobody waits any longer. */
  unanswered(ms: number): Failure {
    const within = `within ${ms / 1000} s`;
    if (this.#channel.heardAt > Number.NEGATIVE_INFINITY)
      return { code: 'tunnel-silent', detail: `our SCCRQ was acknowledged, but no SCCRP came ${within}` };
    const detail = `no SCCRP from ${inWords(this.peer)} ${within}${this.#strangerInWords()}; another address is tried`;
    return { code: 'no-answer', detail };
  }

  #turnAway(from: Endpoint): TunnelEffect[] {
    const dropped: TunnelEffect = { type: 'dropped', why: 'control message from a stranger' };
    if (this.state !== 'wait-ctl-reply' || this.#stranger?.address === from.address) return [dropped];
    this.#stranger = from;
    const detail = `an answer came from ${inWords(from)} instead of ${inWords(this.peer)} and was not taken`;
    return [{ type: 'warning', code: 'unexpected-address', detail }, dropped];
  }

  #sessionAcknowledged({ kind, session }: Sent): TunnelEffect[] {
    if (session === undefined || this.state !== 'established') return [];
    return [{ type: 'session-acknowledged', sessionId: session, message: kind }];
  }

  #failureOf({ kind }: Sent, times: number): Failure {
    if (this.state !== 'wait-ctl-reply' || this.#channel.heardAt > Number.NEGATIVE_INFINITY)
      return { code: 'control-lost', detail: `${kind} was sent ${times} times and never acknowledged` };
    const detail = `${kind} was sent ${times} times to ${inWords(this.peer)} without any answer`;
    return { code: 'no-answer', detail: `${detail}${this.#strangerInWords()}` };
  }

  #strangerInWords(): string {
    return this.#stranger === undefined ? '' : `; an answer from ${inWords(this.#stranger)} was not taken`;
  }
}

const TUNNEL_KINDS: readonly MessageKind[] = ['SCCRQ', 'SCCRP', 'SCCCN', 'StopCCN', 'HELLO'];
const isCallKind = (kind: MessageKind): boolean => !TUNNEL_KINDS.includes(kind);
const inWords = ({ address, port }: Endpoint): string => `${address} port ${port}`;
