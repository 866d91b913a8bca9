/** How far everything that is to stand on the bus has got, on one connection: objects, events, subscriptions. */
import { BLOBMSG_TYPE, writeTable } from './blobmsg.ts';
import type {
  ConversationEffect,
  EventsWish,
  ObjectWish,
  Outcome,
  Purpose,
  Signature,
  Step,
  SubscriptionWish,
  Wish,
} from './conversation-io.ts';
import type { Attributes } from './message-table.ts';

/** ubusd itself, as the object that events are registered with. */
const EVENTS_OBJECT = 1;
/** How we learn that an object has come or gone. */
const OBJECT_EVENTS: EventsWish = { kind: 'events', pattern: 'ubus.object.*' };

export type Registered =
  | { readonly kind: 'object'; readonly wish: ObjectWish; id: number | undefined; isWatched: boolean }
  | {
      readonly kind: 'subscription';
      readonly wish: SubscriptionWish;
      /** The object of ours that the notifications come to: one for each target, for they do not say whose they are. */
      id: number | undefined;
      isSubscribed: boolean;
      isAsking: boolean;
      /** The target came while we were asking for it. */
      cameMeanwhile: boolean;
    };

export class Registrations {
  readonly #wishes = new Map<ObjectWish | SubscriptionWish, Registered>();
  readonly #byId = new Map<number, Registered>();
  readonly #patterns = new Set<string>();
  #earId: number | undefined;
  #unsettled = 0;

  /** Everything asked for so far has been granted or refused. */
  get isSettled(): boolean {
    return this.#unsettled === 0;
  }
  /** Whether events come to this object of ours. */
  isEar(objectId: number): boolean {
    return objectId === this.#earId;
  }
  byId(objectId: number): Registered | undefined {
    return this.#byId.get(objectId);
  }
  get(wish: ObjectWish): Registered | undefined {
    return this.#wishes.get(wish);
  }

  /** The first thing to do: nothing can be heard without it. */
  begin(): Step[] {
    return [this.#ask({ kind: 'add-ear' }, 'addObject', {})];
  }

  /** Not before the ear is there. */
  add(wish: Wish): Step[] {
    if (wish.kind === 'events') return this.#hear(wish);
    const state =
      wish.kind === 'object'
        ? ({ kind: wish.kind, wish, id: undefined, isWatched: false } as const)
        : ({
            ...{ kind: wish.kind, wish, id: undefined },
            isSubscribed: false,
            isAsking: true,
            cameMeanwhile: false,
          } as const);
    this.#wishes.set(wish, state);
    return [this.#addObject(wish)];
  }

  /** Patterns stay with ubusd until the connection ends; what comes is heard by nobody. */
  withdraw(wish: Wish): Step[] {
    if (wish.kind === 'events') return [];
    const id = this.#wishes.get(wish)?.id;
    this.#wishes.delete(wish);
    if (id === undefined) return [];
    this.#byId.delete(id);
    return [this.#remove(id)];
  }

  /** An answer to something asked here. */
  answered(purpose: Exclude<Purpose, { call: unknown }>, outcome: Outcome): Step[] {
    this.#unsettled--;
    switch (purpose.kind) {
      case 'add-ear':
        this.#earId = outcome.answer.objectId;
        if (this.#earId === undefined) return [{ type: 'broken', why: 'ubusd refused an object without a name' }];
        return this.#hear(OBJECT_EVENTS);
      case 'add-object':
        return this.#added(purpose.wish, outcome);
      case 'hear-events':
        return refusal(purpose.wish, outcome);
      case 'find-target':
        return this.#targetFound(purpose.wish, outcome);
      case 'subscribe':
        return this.#subscribed(purpose.wish, outcome);
      case 'remove-object':
        return [];
      default:
        return purpose satisfies never;
    }
  }

  /** ubusd says that an object has come. */
  objectCame(name: string): Step[] {
    return [...this.#wishes.values()].flatMap((entry) => {
      if (entry.kind !== 'subscription' || entry.wish.target !== name || entry.isSubscribed) return [];
      if (entry.isAsking) entry.cameMeanwhile = true;
      return entry.isAsking || entry.id === undefined ? [] : [this.#findTarget(entry)];
    });
  }

  /** ubusd says that an object has gone: if its name is one that we were refused, it is free now. */
  objectGone(name: string): Step[] {
    return [...this.#wishes.values()].flatMap(({ kind, wish, id }) =>
      kind === 'object' && wish.name === name && id === undefined ? [this.#addObject(wish)] : [],
    );
  }

  /** ubusd says that what an object of ours was subscribed to is gone. */
  targetGone(objectId: number): void {
    const entry = this.#byId.get(objectId);
    if (entry?.kind === 'subscription') entry.isSubscribed = false;
  }

  /** No bus, no watchers: the last thing that happens here. */
  unwatchAll(): ConversationEffect[] {
    const all = [...this.#wishes.values()];
    return all.flatMap((entry): ConversationEffect[] =>
      entry.kind === 'object' && entry.isWatched ? [{ type: 'watched', wish: entry.wish, isWatched: false }] : [],
    );
  }

  #hear(wish: EventsWish): Step[] {
    if (this.#patterns.has(wish.pattern) || this.#earId === undefined) return [];
    this.#patterns.add(wish.pattern);
    const data = writeTable({ object: this.#earId | 0, pattern: wish.pattern });
    const attributes = { objectId: EVENTS_OBJECT, method: 'register', data };
    return [this.#ask({ kind: 'hear-events', wish }, 'invoke', attributes, EVENTS_OBJECT)];
  }

  #addObject(wish: ObjectWish | SubscriptionWish): Step {
    const attributes = wish.kind === 'object' ? { objectPath: wish.name, signature: signatureOf(wish.signature) } : {};
    return this.#ask({ kind: 'add-object', wish }, 'addObject', attributes);
  }

  #added(wish: ObjectWish | SubscriptionWish, { status, answer: { objectId } }: Outcome): Step[] {
    const entry = this.#wishes.get(wish);
    if (objectId === undefined || status !== 'ok')
      return entry === undefined || entry.id !== undefined ? [] : [{ type: 'refused', wish, status }];
    if (entry === undefined || entry.id !== undefined) return [this.#remove(objectId)]; // not wanted any more
    entry.id = objectId;
    this.#byId.set(objectId, entry);
    return entry.kind === 'subscription' ? [this.#findTarget(entry)] : [];
  }

  #findTarget(entry: Extract<Registered, { kind: 'subscription' }>): Step {
    entry.isAsking = true;
    entry.cameMeanwhile = false;
    return this.#ask({ kind: 'find-target', wish: entry.wish }, 'lookup', { objectPath: entry.wish.target });
  }

  #targetFound(wish: SubscriptionWish, { answer: { objectId: target } }: Outcome): Step[] {
    const entry = this.#wishes.get(wish);
    if (entry?.kind !== 'subscription' || entry.id === undefined) return [];
    if (target !== undefined)
      return [this.#ask({ kind: 'subscribe', wish }, 'subscribe', { objectId: entry.id, target })];
    entry.isAsking = false; // it is not there; we hear of it when it comes
    return entry.cameMeanwhile ? [this.#findTarget(entry)] : [];
  }

  #subscribed(wish: SubscriptionWish, outcome: Outcome): Step[] {
    const entry = this.#wishes.get(wish);
    if (entry?.kind !== 'subscription') return [];
    entry.isAsking = false;
    entry.isSubscribed = outcome.status === 'ok';
    if (entry.isSubscribed) return [{ type: 'subscribed', wish }];
    return entry.cameMeanwhile ? [this.#findTarget(entry)] : refusal(wish, outcome);
  }

  #remove(objectId: number): Step {
    return this.#ask({ kind: 'remove-object' }, 'removeObject', { objectId });
  }

  #ask(
    purpose: Purpose,
    message: 'addObject' | 'removeObject' | 'invoke' | 'lookup' | 'subscribe',
    attributes: Attributes,
    peer = 0,
  ): Step {
    this.#unsettled++;
    return { type: 'ask', purpose, message, peer, attributes };
  }
}

const refusal = (wish: Wish, { status }: Outcome): Step[] =>
  status === 'ok' ? [] : [{ type: 'refused', wish, status }];

/** A table per method; in it, what type of blobmsg each argument is. */
function signatureOf(signature: Signature): Uint8Array {
  const methods = Object.entries(signature).map(([method, args]) => {
    const types = Object.entries(args).map(([name, type]) => [name, TYPE_OF[type]] as const);
    return [method, Object.fromEntries(types)] as const;
  });
  return writeTable(Object.fromEntries(methods));
}

const TYPE_OF = {
  string: BLOBMSG_TYPE.string,
  int32: BLOBMSG_TYPE.int32,
  bool: BLOBMSG_TYPE.int8,
  array: BLOBMSG_TYPE.array,
  table: BLOBMSG_TYPE.table,
} as const;
