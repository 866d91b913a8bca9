/**
 * One connection to ubusd, from its greeting to its end, as a machine.
 *
 * greeting: ubusd says HELLO; until then nothing is asked, and calls end at once
 * preparing: an object without a name is made, the ear, and hears of objects that come and go
 * registering: objects, patterns and subscriptions in the order they were wished for, all at once
 * ready: `ready` is said; more wishes may come at any time
 * over: nothing is done any more, and calls end at once
 */

import type { Instant } from '../../../protocol/deadlines.ts';
import type { Machine } from '../../../protocol/machine.ts';
import { Malformed } from '../../../wire/malformed.ts';
import { UBUS_STATUS, type UbusStatus } from './bus.ts';
import { callAnswered, calleeFound, callFailed, findCallee } from './calling.ts';
import type {
  Ask,
  Call,
  ConversationEffect,
  ConversationInput,
  Outcome,
  Purpose,
  Step,
  Wish,
} from './conversation-io.ts';
import { Frames } from './frames.ts';
import { type Header, type Message, readBody, readHeader, writeMessage } from './message.ts';
import type { Attributes } from './message-table.ts';
import { Registrations } from './registrations.ts';
import { type Request, Requests } from './requests.ts';
import { Serving } from './serving.ts';

/** ubusd answers from memory, at once; a connection on which it has not by then is given up, ms. */
export const PATIENCE_MS = 5000;

export class Conversation implements Machine<ConversationInput, ConversationEffect> {
  readonly #frames = new Frames();
  readonly #requests = new Requests<Purpose>();
  readonly #registrations = new Registrations();
  readonly #serving = new Serving(this.#registrations);
  /** Wishes that wait for the ear, in the order they came. */
  readonly #waiting = new Set<Wish>();
  readonly #greetingDue: Instant;
  #phase: 'greeting' | 'preparing' | 'registering' | 'ready' | 'over' = 'greeting';

  /** @param now the socket is being opened */
  constructor(now: Instant) {
    this.#greetingDue = now + PATIENCE_MS;
  }

  get deadline(): Instant | undefined {
    return this.#phase === 'greeting' ? this.#greetingDue : this.#requests.deadline;
  }

  handle(input: ConversationInput, now: Instant): ConversationEffect[] {
    if (this.#phase === 'over') return input.type === 'call' ? this.#end(input.call) : [];
    switch (input.type) {
      case 'octets':
        return this.#octets(input.octets, now);
      case 'lost':
        return this.#over();
      case 'wish':
        return this.#wish(input.wish, now);
      case 'withdraw':
        return this.#waiting.delete(input.wish) ? [] : this.#carryOut(this.#registrations.withdraw(input.wish), now);
      case 'call':
        return this.#phase === 'greeting' ? this.#end(input.call) : this.#carryOut([findCallee(input.call)], now);
      case 'answer':
        return this.#send(...this.#serving.answer(input.caller, input.status, input.data));
      case 'notify':
        return this.#notify(input);
      case 'tick':
        return this.#tick(now);
      default:
        return input satisfies never;
    }
  }

  #octets(octets: Uint8Array, now: Instant): ConversationEffect[] {
    const effects: ConversationEffect[] = [];
    this.#frames.push(octets);
    try {
      for (let frame = this.#frames.next(); frame !== undefined && !this.#isOver; frame = this.#frames.next())
        effects.push(...this.#frame(frame, now));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      effects.push(...this.#break(error.message));
    }
    return effects;
  }

  #frame(frame: Uint8Array, now: Instant): ConversationEffect[] {
    const header = readHeader(frame);
    if (this.#phase === 'greeting') return header.type === 'hello' ? this.#greeted(now) : this.#break('no greeting');
    switch (header.type) {
      case 'data':
        return this.#answered(header, frame);
      case 'status':
        return this.#ended(header, frame, now);
      case 'invoke':
        return this.#invoked(header, readBody(frame), now);
      case 'notify':
        return this.#serving.watched(readBody(frame));
      case 'unsubscribe':
        this.#registrations.targetGone(readBody(frame).objectId ?? 0);
        return [];
      default:
        return [{ type: 'dropped', why: 'unknown-message' }];
    }
  }

  #greeted(now: Instant): ConversationEffect[] {
    this.#phase = 'preparing';
    return this.#carryOut(this.#registrations.begin(), now);
  }

  #wish(wish: Wish, now: Instant): ConversationEffect[] {
    if (this.#phase !== 'greeting' && this.#phase !== 'preparing')
      return this.#carryOut(this.#registrations.add(wish), now);
    this.#waiting.add(wish);
    return [];
  }

  /** Another client may have written what it answers with: what cannot be read ends the request, and no more. */
  #answered({ seq, peer }: Header, frame: Uint8Array): ConversationEffect[] {
    const isWanted = this.#requests.answered(seq, peer, bodyOf(frame) ?? {});
    return isWanted ? [] : [{ type: 'dropped', why: 'nobody-asked' }];
  }

  #ended({ seq, peer }: Header, frame: Uint8Array, now: Instant): ConversationEffect[] {
    const request = this.#requests.take(seq, peer);
    if (request === undefined) return [{ type: 'dropped', why: 'nobody-asked' }];
    const { purpose, answer } = request;
    const effects = this.#carryOut(this.#next(purpose, { status: statusOf(bodyOf(frame)), answer }), now);
    return [...effects, ...this.#progress(purpose, now)];
  }

  /** What follows from an answer. */
  #next(purpose: Purpose, outcome: Outcome): Step[] {
    switch (purpose.kind) {
      case 'find-callee':
        return [calleeFound(purpose.call, outcome)];
      case 'invoke':
        return [callAnswered(purpose.call, outcome)];
      default:
        return this.#registrations.answered(purpose, outcome);
    }
  }

  /** Whether the answer takes us into the next phase. */
  #progress({ kind }: Purpose, now: Instant): ConversationEffect[] {
    if (this.#phase === 'preparing' && kind === 'add-ear') {
      this.#phase = 'registering';
      const wishes = [...this.#waiting];
      this.#waiting.clear();
      return this.#carryOut(
        wishes.flatMap((wish) => this.#registrations.add(wish)),
        now,
      );
    }
    if (this.#phase !== 'registering' || !this.#registrations.isSettled) return [];
    this.#phase = 'ready';
    return [{ type: 'ready' }];
  }

  #invoked(header: Header, body: Attributes, now: Instant): ConversationEffect[] {
    const { answers, effect } = this.#serving.invoked(header, body);
    const effects = this.#send(...answers);
    if (effect === undefined) return effects;
    effects.push(effect);
    if (effect.type !== 'event') return effects;
    const { id, path } = effect.data;
    if (typeof path !== 'string' || typeof id !== 'number') return effects;
    if (effect.name === 'ubus.object.add') effects.push(...this.#carryOut(this.#registrations.objectCame(path), now));
    if (effect.name === 'ubus.object.remove') effects.push(...this.#gone(path, id >>> 0, now));
    return effects;
  }

  /** ubusd says nothing to those who wait for an answer of an object that is gone. */
  #gone(name: string, objectId: number, now: Instant): ConversationEffect[] {
    const lost = this.#requests.takeWhere(({ purpose, peer }) => purpose.kind === 'invoke' && peer === objectId);
    const calls = lost.flatMap(({ purpose }) =>
      'call' in purpose ? [callFailed(purpose.call, 'notFound', 'gone without an answer')] : [],
    );
    return this.#carryOut([...calls, ...this.#registrations.objectGone(name)], now);
  }

  #notify({ wish, method, data }: Extract<ConversationInput, { type: 'notify' }>): ConversationEffect[] {
    const entry = this.#registrations.get(wish);
    if (entry?.kind !== 'object' || entry.id === undefined || !entry.isWatched) return [];
    const attributes = { objectId: entry.id, method, data, noReply: true };
    return this.#send({ type: 'notify', seq: this.#requests.nextSeq(), peer: entry.id, attributes });
  }

  #tick(now: Instant): ConversationEffect[] {
    if (this.#phase === 'greeting') return now < this.#greetingDue ? [] : this.#break('no greeting');
    const late = this.#requests.takeWhere(({ deadline }) => deadline <= now);
    const effects = late.flatMap(({ purpose }) => ('call' in purpose ? this.#end(purpose.call, 'timeout') : []));
    const isSilent = late.some(({ purpose }) => !('call' in purpose));
    return isSilent ? [...effects, ...this.#break(`no answer within ${PATIENCE_MS / 1000} s`)] : effects;
  }

  #carryOut(steps: readonly Step[], now: Instant): ConversationEffect[] {
    return steps.flatMap((step) => {
      if (step.type === 'broken') return this.#break(step.why);
      return step.type === 'ask' ? this.#ask(step, now) : [step];
    });
  }

  #ask({ purpose, message, peer, attributes }: Ask, now: Instant): ConversationEffect[] {
    if (this.#isOver) return [];
    const isCall = 'call' in purpose;
    const seq = this.#requests.open(purpose, peer, isCall ? purpose.call.deadline : now + PATIENCE_MS);
    if (seq !== undefined) return this.#send({ type: message, seq, peer, attributes });
    return isCall ? this.#end(purpose.call, 'noMemory') : this.#break('more to register than there is room for');
  }

  #send(...messages: readonly Message[]): ConversationEffect[] {
    return messages.map((message) => ({ type: 'send', octets: writeMessage(message) }));
  }

  #end(call: Call, status: Exclude<UbusStatus, 'ok'> = 'connectionFailed'): ConversationEffect[] {
    return [callFailed(call, status)];
  }

  #break(why: string): ConversationEffect[] {
    return [...this.#over(), { type: 'broken', why }];
  }

  #over(): ConversationEffect[] {
    this.#phase = 'over';
    const open: Request<Purpose>[] = this.#requests.takeWhere(() => true);
    const calls = open.flatMap(({ purpose }) => ('call' in purpose ? this.#end(purpose.call) : []));
    return [...calls, ...this.#registrations.unwatchAll()];
  }

  get #isOver(): boolean {
    return this.#phase === 'over';
  }
}

/** undefined: it cannot be read. */
function bodyOf(frame: Uint8Array): Attributes | undefined {
  try {
    return readBody(frame);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function statusOf(body: Attributes | undefined): UbusStatus {
  if (body === undefined) return 'parseError';
  return STATUSES.get(body.status ?? -1) ?? 'unknownError';
}

const STATUSES = new Map(Object.entries(UBUS_STATUS).map(([name, code]) => [code as number, name as UbusStatus]));
