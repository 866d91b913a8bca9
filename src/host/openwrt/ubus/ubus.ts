/** The bus as the rest of this host uses it: what was once published, listened or subscribed to outlives every ubusd. */
import type { LogLevel } from '../../../ports/log.ts';
import { type Table, writeTable } from './blobmsg.ts';
import { type Bus, type Published, UbusError, type UbusObject } from './bus.ts';
import type {
  Caller,
  CallResult,
  EventsWish,
  ObjectWish,
  Signature,
  SubscriptionWish,
  Wish,
} from './conversation-io.ts';
import { LONGEST_MESSAGE } from './frames.ts';
import type { Link, LinkEffect } from './link.ts';
import { type BusOptions, Presence } from './presence.ts';

/** Goes looking for ubusd at once, and whenever it is lost, until `close`. */
export const openBus = (options: BusOptions): Bus => new UbusClient(options);

/** How long a call waits unless its caller says otherwise, ms. */
const CALL_TIMEOUT_MS = 10_000;
/** A table with all that stands around it in a message must stay below what ubusd takes, octets. */
const LONGEST_TABLE = LONGEST_MESSAGE - 4096;

type Calling = { resolve(answer: Table): void; reject(error: UbusError): void };
type Subscriber = { heard: (method: string, data: Table) => void; there: (() => void) | undefined };

class UbusClient implements Bus {
  readonly #presence: Presence;
  readonly #options: BusOptions;
  readonly #objects = new Map<ObjectWish, UbusObject>();
  readonly #listeners = new Map<EventsWish, (event: string, data: Table) => void>();
  readonly #subscribers = new Map<SubscriptionWish, Subscriber>();
  readonly #connected = new Set<() => void>();
  readonly #calls = new Map<number, Calling>();
  #lastCall = 0;

  constructor(options: BusOptions) {
    this.#options = options;
    this.#presence = new Presence(options, (effect, link) => this.#perform(effect, link));
  }

  get isConnected(): boolean {
    return this.#presence.isConnected;
  }

  async call(object: string, method: string, args: Table = {}, timeoutMs = CALL_TIMEOUT_MS): Promise<Table> {
    const data = argumentsOf(args);
    const { link } = this.#presence;
    if (link === undefined) throw new UbusError('connectionFailed', `${object} ${method}: no connection to ubusd`);
    const id = ++this.#lastCall;
    const deadline = this.#options.clock.now() + timeoutMs;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      link.push({ type: 'call', call: { id, object, method, data, deadline } });
    });
  }

  publish(object: UbusObject): Published {
    const wish: ObjectWish = { kind: 'object', name: object.name, signature: signatureOf(object) };
    this.#objects.set(wish, object);
    this.#presence.wish(wish);
    return { notify: (method, data) => this.#notify(wish, method, data) };
  }

  listen(pattern: string, heard: (event: string, data: Table) => void): () => void {
    const wish: EventsWish = { kind: 'events', pattern };
    this.#listeners.set(wish, heard);
    this.#presence.wish(wish);
    return () => {
      this.#listeners.delete(wish);
      this.#presence.withdraw(wish);
    };
  }

  subscribe(object: string, heard: (method: string, data: Table) => void, there?: () => void): () => void {
    const wish: SubscriptionWish = { kind: 'subscription', target: object };
    this.#subscribers.set(wish, { heard, there });
    this.#presence.wish(wish);
    return () => {
      this.#subscribers.delete(wish);
      this.#presence.withdraw(wish);
    };
  }

  onConnected(connected: () => void): () => void {
    const entry = () => this.#safely('onConnected', connected);
    this.#connected.add(entry);
    // Whoever comes late does not wait for the next ubusd.
    if (this.isConnected) queueMicrotask(() => this.isConnected && this.#connected.has(entry) && entry());
    return () => void this.#connected.delete(entry);
  }

  close(): void {
    this.#presence.close();
  }

  #notify(wish: ObjectWish, method: string, data: Table): void {
    this.#safely(`${wish.name} ${method}`, () =>
      this.#presence.link?.push({ type: 'notify', wish, method, data: octetsOf(data) }),
    );
  }

  #perform(effect: LinkEffect, link: Link): void {
    switch (effect.type) {
      case 'ready':
        for (const connected of [...this.#connected]) connected();
        break;
      case 'call-ended':
        this.#callEnded(effect.id, effect.result);
        break;
      case 'invoked':
        void this.#answer(effect, link);
        break;
      case 'event':
        for (const [{ pattern }, heard] of [...this.#listeners])
          if (matches(pattern, effect.name)) this.#safely(pattern, () => heard(effect.name, effect.data));
        break;
      case 'notified':
        this.#safely(effect.wish.target, () => this.#subscribers.get(effect.wish)?.heard(effect.method, effect.data));
        break;
      case 'subscribed':
        this.#safely(effect.wish.target, () => this.#subscribers.get(effect.wish)?.there?.());
        break;
      case 'watched':
        this.#safely(effect.wish.name, () => this.#objects.get(effect.wish)?.watched?.(effect.isWatched));
        break;
      case 'refused':
        this.#write('error', `${nameOf(effect.wish)}: refused by ubusd: ${effect.status}`);
        break;
      case 'dropped':
        this.#write('debug', `passed over: ${effect.why}`);
        break;
      default:
        effect satisfies never;
    }
  }

  #callEnded(id: number, result: CallResult): void {
    const calling = this.#calls.get(id);
    this.#calls.delete(id);
    if (result.status === 'ok') calling?.resolve(result.data);
    else calling?.reject(new UbusError(result.status, result.words));
  }

  async #answer({ wish, method, args, caller }: Invoked, link: Link): Promise<void> {
    try {
      const answer = await this.#objects.get(wish)?.methods[method]?.answer(args);
      link.push({ type: 'answer', caller, status: 'ok', data: octetsOf(answer ?? {}) });
    } catch (error) {
      const isMeant = error instanceof UbusError;
      if (!isMeant || error.message !== '')
        this.#write(isMeant ? 'warn' : 'error', `${wish.name} ${method}: ${wordsOf(error)}`);
      link.push({ type: 'answer', caller, status: isMeant ? error.status : 'unknownError' });
    }
  }

  /** What others made of what they heard is their business; the bus goes on. */
  #safely(what: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#write('error', `${what}: ${wordsOf(error)}`);
    }
  }

  #write(level: LogLevel, words: string): void {
    this.#options.log.write(level, undefined, `ubus: ${words}`);
  }
}

type Invoked = { wish: ObjectWish; method: string; args: Table; caller: Caller };

/** @throws UbusError `invalidArgument`: nothing that can be said on ubus */
function argumentsOf(table: Table): Uint8Array {
  try {
    return octetsOf(table);
  } catch (error) {
    throw new UbusError('invalidArgument', wordsOf(error));
  }
}

/** @throws RangeError nothing that can be said on ubus */
function octetsOf(table: Table): Uint8Array {
  const octets = writeTable(table);
  if (octets.length > LONGEST_TABLE) throw new RangeError(`${octets.length} octets are more than ubus takes`);
  return octets;
}

function signatureOf({ methods }: UbusObject): Signature {
  return Object.fromEntries(Object.entries(methods).map(([name, { args }]) => [name, args]));
}

const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

const nameOf = (wish: Wish): string =>
  wish.kind === 'object'
    ? wish.name
    : wish.kind === 'events'
      ? `events ${wish.pattern}`
      : `subscription to ${wish.target}`;

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
