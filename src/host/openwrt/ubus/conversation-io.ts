/** What goes into and what comes out of one conversation with ubusd, and of the parts it is made of. */
import type { Instant } from '../../../protocol/deadlines.ts';
import type { Table } from './blobmsg.ts';
import type { ArgumentType, UbusStatus } from './bus.ts';
import type { Attributes, MessageType } from './message-table.ts';

/** Methods of an object, with the types of their arguments. */
export type Signature = Readonly<Record<string, Readonly<Record<string, ArgumentType>>>>;

export interface ObjectWish {
  readonly kind: 'object';
  readonly name: string;
  readonly signature: Signature;
}
export interface EventsWish {
  readonly kind: 'events';
  /** A trailing `*` stands for anything. */
  readonly pattern: string;
}
export interface SubscriptionWish {
  readonly kind: 'subscription';
  /** Name of the object whose notifications are wanted, there or not yet. */
  readonly target: string;
}
/** What is to stand on the bus. The very object is what effects refer to. */
export type Wish = ObjectWish | EventsWish | SubscriptionWish;

/** A method of somebody else's object, called. */
export interface Call {
  /** Names it in `call-ended`. */
  readonly id: number;
  readonly object: string;
  readonly method: string;
  /** A table of blobmsg. */
  readonly data: Uint8Array;
  readonly deadline: Instant;
}

/** Somebody who waits for an answer of ours; known by this very object. */
export interface Caller {
  /** Our object, 32 bits. */
  readonly objectId: number;
  readonly seq: number;
  readonly peer: number;
}

export type ConversationInput =
  | { readonly type: 'octets'; readonly octets: Uint8Array }
  /** There is no socket any more. */
  | { readonly type: 'lost' }
  | { readonly type: 'wish'; readonly wish: Wish }
  | { readonly type: 'withdraw'; readonly wish: Wish }
  | { readonly type: 'call'; readonly call: Call }
  /** @param data a table of blobmsg, with status `ok` only */
  | { readonly type: 'answer'; readonly caller: Caller; readonly status: UbusStatus; readonly data?: Uint8Array }
  | { readonly type: 'notify'; readonly wish: ObjectWish; readonly method: string; readonly data: Uint8Array }
  | { readonly type: 'tick' };

/**
 * Why something that came was passed over.
 *
 * - `unknown-message`: its type is newer than we are, or none that ubusd sends
 * - `nobody-asked`: an answer to nothing, or not from where it was asked
 * - `unknown-object`: for an object that is not, or no longer, ours
 * - `forged-event`: an event that ubusd has not sent
 * - `unreadable-data`: what another client put into an event or a notification is no table
 */
export type DropReason = 'unknown-message' | 'nobody-asked' | 'unknown-object' | 'forged-event' | 'unreadable-data';

export type ConversationEffect =
  | { readonly type: 'send'; readonly octets: Uint8Array }
  /** All wishes of the beginning are fulfilled, or refused. Once. */
  | { readonly type: 'ready' }
  /** ubusd makes no sense or is silent: end the socket. Nothing comes after this. */
  | { readonly type: 'broken'; readonly why: string }
  | { readonly type: 'call-ended'; readonly id: number; readonly result: CallResult }
  | {
      readonly type: 'invoked';
      readonly wish: ObjectWish;
      readonly method: string;
      readonly args: Table;
      readonly caller: Caller;
    }
  | { readonly type: 'event'; readonly name: string; readonly data: Table }
  | { readonly type: 'notified'; readonly wish: SubscriptionWish; readonly method: string; readonly data: Table }
  /** The object to be subscribed to is there (again), and subscribed to. */
  | { readonly type: 'subscribed'; readonly wish: SubscriptionWish }
  | { readonly type: 'watched'; readonly wish: ObjectWish; readonly isWatched: boolean }
  | { readonly type: 'refused'; readonly wish: Wish; readonly status: UbusStatus }
  | { readonly type: 'dropped'; readonly why: DropReason };

export type CallResult =
  | { readonly status: 'ok'; readonly data: Table }
  | { readonly status: Exclude<UbusStatus, 'ok'>; readonly words: string };

/** What an answer is for. */
export type Purpose =
  | { readonly kind: 'find-callee' | 'invoke'; readonly call: Call }
  /** The object that events come to. */
  | { readonly kind: 'add-ear' }
  | { readonly kind: 'add-object'; readonly wish: ObjectWish | SubscriptionWish }
  | { readonly kind: 'hear-events'; readonly wish: EventsWish }
  | { readonly kind: 'find-target' | 'subscribe'; readonly wish: SubscriptionWish }
  | { readonly kind: 'remove-object' };

/** A request to be sent, as one part of the conversation asks the whole. */
export interface Ask {
  readonly type: 'ask';
  readonly purpose: Purpose;
  readonly message: MessageType;
  /** The object asked, 0 for ubusd itself. */
  readonly peer: number;
  readonly attributes: Attributes;
}
export type Step = Ask | ConversationEffect;

/** How a request ended. */
export interface Outcome {
  readonly status: UbusStatus;
  /** What stood in the last DATA. */
  readonly answer: Attributes;
}
