/** One call in a tunnel: from ICRQ to CDN (RFC 2661 §5.2, §7.4), as the LAC that asks for it or the LNS that is asked. */
import type { ControlMessage, MessageKind, MessageOf } from '../../wire/message-table.ts';
import type { Instant } from '../deadlines.ts';
import { type Cause, FAILURE, type Failure } from '../failure.ts';
import type { Entropy, Machine } from '../machine.ts';
import { failureOf } from './hang-up-table.ts';
import { randomId } from './identifier.ts';
import { type SessionAction, type SessionEvent, type SessionState, sessionRow } from './session-table.ts';
import type { Refusal } from './tunnel-io.ts';

export type SessionInput =
  /** The tunnel is open: the LAC sends ICRQ. `framing`: the peer's Framing Capabilities (§4.4.3), if known. */
  | { type: 'open'; framing?: number | undefined }
  | { type: 'message'; message: ControlMessage }
  /** The peer has received a message of ours. */
  | { type: 'acknowledged'; message: MessageKind }
  | { type: 'close'; cause: Cause; text?: string }
  /** No CDN any more: the StopCCN stood for it. */
  | { type: 'tunnel-closed' }
  | { type: 'tick' };

export type SessionEffect =
  /** To be sent in the tunnel; `sessionId` is the peer's, for the header, 0 while unknown. */
  | { type: 'submit'; sessionId: number; message: ControlMessage }
  /** ICCN is sent (LAC) or has come (LNS): PPP may flow. */
  | { type: 'established' }
  /** Once. Without a failure: we were told to close. */
  | { type: 'closed'; failure: Failure | undefined }
  | { type: 'dropped'; why: string };

export type SessionOptions = { readonly entropy: Entropy } & (
  | {
      readonly role: 'lac';
      /** Call Serial Number (§4.4.4), below 2^32. */
      readonly callSerial: number;
      /** INTEROP: WatchGuard rejects an ICCN that has this AVP; bits per second, below 2^32. */
      readonly rxConnectSpeed?: number;
    }
  | {
      readonly role: 'lns';
      /** Reasons to refuse an ICRQ; undefined: it is welcome. */
      readonly refuse?: (request: MessageOf<'ICRQ'>) => Refusal | undefined;
    }
);

/** How long an answer may take once the question is acknowledged, ms. Ours: about as long as the question would be repeated. */
const ANSWER_MS = 30_000;
/** There is no modem: the peer is told something fast, for some reserve bandwidth by it (§4.4.4). */
const CONNECT_SPEED_BPS = 1_000_000_000;
/** Bits of Framing Type and Framing Capabilities (§4.4.3, §4.4.4). */
const SYNCHRONOUS = 1;
const ASYNCHRONOUS = 2;

type CallMessage = MessageOf<'ICRQ'> | MessageOf<'ICRP'> | MessageOf<'ICCN'>;

/** Why it ends, and how the peer is told where that does not follow from the failure. */
interface Occasion {
  readonly failure?: Failure;
  readonly cause?: Cause;
  readonly text?: string;
}

export class Session implements Machine<SessionInput, SessionEffect> {
  /** Our session id, 1-65535. */
  readonly localId: number;
  readonly #options: SessionOptions;
  #state: SessionState | 'closed';
  #peerId: number | undefined;
  #framing = SYNCHRONOUS;
  #answerDueAt: Instant | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.localId = randomId(options.entropy);
    this.#state = options.role === 'lac' ? 'wait-tunnel' : 'idle';
  }

  /** The peer's session id, 1-65535; undefined until it has said. */
  get peerId(): number | undefined {
    return this.#peerId;
  }
  /** That of §7.4; `closed` after `closed`. */
  get state(): SessionState | 'closed' {
    return this.#state;
  }
  get deadline(): Instant | undefined {
    return this.#answerDueAt;
  }

  handle(input: SessionInput, now: Instant): SessionEffect[] {
    switch (input.type) {
      case 'open':
        // A call may only ask for framing that the peer has announced (§4.4.3).
        if (input.framing !== undefined && (input.framing & SYNCHRONOUS) === 0) this.#framing = ASYNCHRONOUS;
        return this.#happen('tunnel open');
      case 'message':
        return this.#receive(input.message);
      case 'acknowledged':
        if (input.message === QUESTION[this.#state]?.asked) this.#answerDueAt = now + ANSWER_MS;
        return [];
      case 'close':
        return this.#happen('close', input);
      case 'tunnel-closed':
        return this.#happen('tunnel closed');
      case 'tick':
        return this.#answerDueAt === undefined || now < this.#answerDueAt ? [] : this.#giveUp();
      default:
        return input satisfies never;
    }
  }

  #receive(message: ControlMessage): SessionEffect[] {
    const state = this.#state;
    if (state === 'closed') return [{ type: 'dropped', why: `${message.kind} for a call that has ended` }];
    switch (message.kind) {
      case 'CDN': {
        const progress = state === 'established' ? 'in use' : 'opening';
        return this.#happen('CDN', { failure: failureOf('CDN', message.resultCode, progress, STAGE[state]) });
      }
      case 'ICRQ':
      case 'ICRP':
      case 'ICCN':
        return this.#happen(...this.#judge(message, state));
      default:
        // WEN and SLI tell of modems and of asynchronous lines (§6.13, §6.14): there are none.
        return [{ type: 'dropped', why: `${message.kind} says nothing to us` }];
    }
  }

  #judge(message: CallMessage, state: SessionState): [SessionEvent, Occasion?] {
    const { kind } = message;
    // Where the state alone decides, the table has a row without judgement.
    if (sessionRow(this.#options.role, state, `${kind}+`) === undefined)
      return [kind, { failure: { code: 'unexpected-message', detail: `${kind} came ${STAGE[state]}` } }];
    if (kind === 'ICCN') return ['ICCN+'];
    if (message.assignedSessionId === 0)
      return [`${kind}-`, { failure: { code: 'malformed-message', detail: `its ${kind} assigns the session id 0` } }];
    this.#peerId = message.assignedSessionId;
    const refusal = kind === 'ICRQ' && this.#options.role === 'lns' ? this.#options.refuse?.(message) : undefined;
    if (refusal === undefined) return [`${kind}+`];
    const failure: Failure = { code: 'call-refused', detail: refusal.text ?? 'refused by this end' };
    return [`${kind}-`, { ...refusal, failure }];
  }

  #giveUp(): SessionEffect[] {
    const { asked, due } = QUESTION[this.#state] ?? {};
    const detail = `${asked} was acknowledged, but no ${due} followed within ${ANSWER_MS / 1000} s`;
    return this.#happen('silence', { failure: { code: 'call-silent', detail } });
  }

  #happen(event: SessionEvent, occasion: Occasion = {}): SessionEffect[] {
    const state = this.#state;
    const row = state === 'closed' ? undefined : sessionRow(this.#options.role, state, event);
    if (row === undefined) return [{ type: 'dropped', why: `${event} for a call in state ${state}` }];
    const [, , actions, next] = row;
    this.#state = next;
    this.#answerDueAt = undefined;
    return actions.flatMap((action) => this.#act(action, occasion));
  }

  #act(action: SessionAction, { failure, cause, text = failure?.detail }: Occasion): SessionEffect[] {
    const assignedSessionId = this.localId;
    switch (action) {
      case 'send ICRQ': {
        const callSerialNumber = this.#options.role === 'lac' ? this.#options.callSerial : 0;
        return [this.#submit({ kind: 'ICRQ', assignedSessionId, callSerialNumber })];
      }
      case 'send ICRP':
        return [this.#submit({ kind: 'ICRP', assignedSessionId })];
      case 'send ICCN': {
        const rxConnectSpeed = this.#options.role === 'lac' ? this.#options.rxConnectSpeed : undefined;
        const connected = { kind: 'ICCN', txConnectSpeed: CONNECT_SPEED_BPS, framingType: this.#framing } as const;
        return [this.#submit({ ...connected, ...(rxConnectSpeed !== undefined && { rxConnectSpeed }) })];
      }
      case 'send CDN': {
        const { result, error } = cause ?? FAILURE[failure?.code ?? 'call-closed'].cdn;
        const resultCode = { result, ...(error !== undefined && { error }), ...(text !== undefined && { text }) };
        return [this.#submit({ kind: 'CDN', resultCode, assignedSessionId })];
      }
      case 'connect':
        return [{ type: 'established' }];
      case 'clean up':
        this.#state = 'closed';
        return [{ type: 'closed', failure }];
      default:
        return action satisfies never;
    }
  }

  #submit(message: ControlMessage): SessionEffect {
    return { type: 'submit', sessionId: this.#peerId ?? 0, message };
  }
}

const STAGE = {
  idle: 'before any ICRQ',
  'wait-tunnel': 'before our ICRQ',
  'wait-reply': 'while we waited for ICRP',
  'wait-connect': 'while we waited for ICCN',
  established: 'during the call',
} as const satisfies Record<SessionState, string>;

/** What a state waits for. */
const QUESTION: { readonly [S in SessionState | 'closed']?: { asked: MessageKind; due: MessageKind } } = {
  'wait-reply': { asked: 'ICRQ', due: 'ICRP' },
  'wait-connect': { asked: 'ICRP', due: 'ICCN' },
};
