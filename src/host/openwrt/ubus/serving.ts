/** What others ask of our objects on one connection, and what they get: calls, events, notifications, who watches. */
import { Malformed } from '../../../wire/malformed.ts';
import { readTable, type Table } from './blobmsg.ts';
import { UBUS_STATUS, type UbusStatus } from './bus.ts';
import type { Caller, ConversationEffect, DropReason, ObjectWish, SubscriptionWish } from './conversation-io.ts';
import type { Header, Message } from './message.ts';
import type { Attributes } from './message-table.ts';
import type { Registrations } from './registrations.ts';

/** Calls that wait for an answer of ours; whoever comes when there are so many is turned away. */
const MOST_CALLERS = 256;

/** What an INVOKE leads to. */
export interface Served {
  readonly answers: readonly Message[];
  readonly effect?: ConversationEffect;
}

export class Serving {
  readonly #registrations: Registrations;
  readonly #callers = new Set<Caller>();

  constructor(registrations: Registrations) {
    this.#registrations = registrations;
  }

  invoked({ seq, peer }: Header, body: Attributes): Served {
    const { objectId = 0, method = '' } = body;
    if (this.#registrations.isEar(objectId)) return event(peer, method, body);
    const entry = this.#registrations.byId(objectId);
    if (entry === undefined) return dropped('unknown-object');
    const caller: Caller = { objectId, seq, peer };
    return entry.kind === 'object' ? this.#called(entry.wish, caller, body) : notified(entry.wish, caller, body);
  }

  /** Empty when nobody waits (any more): answered already, or by another connection. */
  answer(caller: Caller, status: UbusStatus, data?: Uint8Array): Message[] {
    if (!this.#callers.delete(caller)) return [];
    return status === 'ok' && data !== undefined
      ? [dataTo(caller, data), statusTo(caller, status)]
      : [statusTo(caller, status)];
  }

  /** ubusd says that the first subscriber of an object has come, or the last one gone. */
  watched({ objectId = 0, active = false }: Attributes): ConversationEffect[] {
    const entry = this.#registrations.byId(objectId);
    if (entry?.kind !== 'object') return [{ type: 'dropped', why: 'unknown-object' }];
    if (entry.isWatched === active) return [];
    entry.isWatched = active;
    return [{ type: 'watched', wish: entry.wish, isWatched: active }];
  }

  #called(wish: ObjectWish, caller: Caller, { method = '', data }: Attributes): Served {
    // ubusd does not check that there is such a method.
    if (!Object.hasOwn(wish.signature, method)) return { answers: [statusTo(caller, 'methodNotFound')] };
    const args = tableIn(data);
    if (args === undefined) return { answers: [statusTo(caller, 'invalidArgument')] };
    if (this.#callers.size >= MOST_CALLERS) return { answers: [statusTo(caller, 'noMemory')] };
    this.#callers.add(caller);
    return { answers: [], effect: { type: 'invoked', wish, method, args, caller } };
  }
}

/** Anybody may call an object without a name, if they guess its number; but only ubusd is nobody's client. */
function event(peer: number, name: string, { data }: Attributes): Served {
  if (peer !== 0) return dropped('forged-event');
  const table = tableIn(data);
  return table === undefined
    ? dropped('unreadable-data')
    : { answers: [], effect: { type: 'event', name, data: table } };
}

/** Publishers that want to hear from each of their subscribers do. */
function notified(wish: SubscriptionWish, caller: Caller, { method = '', data, noReply = false }: Attributes): Served {
  const table = tableIn(data);
  const status = table === undefined ? 'invalidArgument' : 'ok';
  const answers = noReply ? [] : [statusTo(caller, status)];
  if (table === undefined) return { answers, effect: { type: 'dropped', why: 'unreadable-data' } };
  return { answers, effect: { type: 'notified', wish, method, data: table } };
}

/** Another client wrote this: undefined where it is no table. */
function tableIn(data: Uint8Array | undefined): Table | undefined {
  try {
    return data === undefined ? {} : readTable(data);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

const dropped = (why: DropReason): Served => ({ answers: [], effect: { type: 'dropped', why } });

const dataTo = ({ objectId, seq, peer }: Caller, data: Uint8Array): Message => ({
  ...{ type: 'data', seq, peer },
  attributes: { objectId, data },
});
const statusTo = ({ objectId, seq, peer }: Caller, status: UbusStatus): Message => ({
  ...{ type: 'status', seq, peer },
  attributes: { status: UBUS_STATUS[status], objectId },
});
