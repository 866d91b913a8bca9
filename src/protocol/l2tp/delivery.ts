/**
 * How control messages get across in order, once each, over a network that loses, repeats and reorders (RFC 2661 §5.8).
 *
 * Outgoing messages wait in one queue; the front of it is the oldest one without an acknowledgement:
 *
 *     [ on its way | on its way | must be sent again | waits for the window ]
 *       front                     (after a timeout)    (never sent)
 *
 * One timeout belongs to the front. When it runs out, everything on its way is taken for lost, the window shrinks to one
 * message and the front is sent again; the rest follows as acknowledgements open the window (Appendix A).
 * Incoming messages that are early wait in a table until the missing ones have come.
 */
import { Deadlines, type Instant } from '../deadlines.ts';
import type { Machine } from '../machine.ts';
import { DEFAULT_WINDOW, distance, following, isDuplicate, SendWindow } from './window.ts';

/** First interval before a message is sent again, doubled each time (§5.8: recommended default). */
const RETRANSMIT_MS = 1000;
/** Where the doubling ends (§5.8: no less than 8 seconds). */
const LONGEST_RETRANSMIT_MS = 8000;
/** How often a message is sent again before the peer is given up (§5.8: recommended default). */
const MOST_RETRANSMISSIONS = 5;
/** From the first time a message is sent until it is given up: 1 + 2 + 4 + 8 + 8 + 8 s, the 31 s that §5.7 recommends. */
export const RETRANSMISSION_CYCLE_MS = 31_000;
/** How long an acknowledgement waits for a message that can carry it. Ours: long enough for an answer, no burden on a dial. */
const ACKNOWLEDGE_MS = 50;

/** What the queue needs to know of a message; the owner may attach more. */
export interface Outgoing {
  /** Session ID for the header: the peer's, 0 while unknown or for the tunnel itself. */
  readonly sessionId: number;
  /** The AVPs; never empty. */
  readonly body: Uint8Array;
}

export type DeliveryInput<Message extends Outgoing> =
  | { type: 'submit'; message: Message }
  /** The last message of all: what was never sent is forgotten, and the congestion window does not hold this one back. */
  | { type: 'finish'; message: Message }
  | { type: 'received'; sessionId: number; ns: number; nr: number; body: Uint8Array }
  /** Nothing is left to say that could carry an acknowledgement: let it go by itself. */
  | { type: 'acknowledge' }
  | { type: 'tick' };

export type DeliveryEffect<Message extends Outgoing> =
  /** An empty body is a ZLB. */
  | { type: 'transmit'; sessionId: number; ns: number; nr: number; body: Uint8Array }
  | { type: 'deliver'; sessionId: number; body: Uint8Array }
  | { type: 'acknowledged'; message: Message }
  /** Given up after being sent `times` times; everything else in the queue is forgotten with it. */
  | { type: 'lost'; message: Message; times: number }
  | { type: 'dropped'; why: string };

interface Entry<Message> {
  readonly message: Message;
  times: number;
}

export class Delivery<Message extends Outgoing> implements Machine<DeliveryInput<Message>, DeliveryEffect<Message>> {
  readonly #deadlines = new Deadlines<'retransmit' | 'acknowledge'>();
  readonly #window = new SendWindow();
  readonly #receiveWindow: number;
  /** Early messages by their Ns: fewer than the receive window. */
  readonly #early = new Map<number, { sessionId: number; body: Uint8Array }>();
  #queue: Entry<Message>[] = [];
  /** Ns of the front of the queue. */
  #front = 0;
  /** How many from the front are on their way, and how many have ever been. */
  #onTheWay = 0;
  #everSent = 0;
  /** Retransmissions since the last acknowledgement. */
  #timeouts = 0;
  #expected = 0;
  #finishing = false;

  /** @param receiveWindow what we announce, messages (1-65535) */
  constructor(receiveWindow = DEFAULT_WINDOW) {
    this.#receiveWindow = receiveWindow;
  }

  get deadline(): Instant | undefined {
    return this.#deadlines.next;
  }
  /** Messages submitted and not yet acknowledged. */
  get pending(): number {
    return this.#queue.length;
  }
  /** Ns of the next new message, and the Nr that goes with it. */
  get sequence(): { ns: number; nr: number } {
    return { ns: following(this.#front, this.#everSent), nr: this.#expected };
  }

  /** @param messages Receive Window Size of the peer */
  announce(messages: number): void {
    this.#window.announce(messages);
  }

  handle(input: DeliveryInput<Message>, now: Instant): DeliveryEffect<Message>[] {
    switch (input.type) {
      case 'submit':
        if (this.#finishing) return [{ type: 'dropped', why: 'message after the last one' }];
        this.#queue.push({ message: input.message, times: 0 });
        return this.#send(now);
      case 'finish':
        if (this.#finishing) return [{ type: 'dropped', why: 'message after the last one' }];
        this.#finishing = true;
        this.#queue.length = this.#everSent;
        this.#queue.push({ message: input.message, times: 0 });
        return this.#send(now);
      case 'received':
        return this.#receive(input, now);
      case 'acknowledge':
        return this.#deadlines.get('acknowledge') === undefined ? [] : [this.#acknowledgement()];
      case 'tick':
        return this.#tick(now);
      default:
        return input satisfies never;
    }
  }

  /** Forgets everything that is still to be sent; what comes in is acknowledged as before. */
  abandon(): void {
    this.#finishing = true;
    this.#queue = [];
    this.#front = following(this.#front, this.#everSent);
    this.#onTheWay = this.#everSent = 0;
    this.#deadlines.clear('retransmit');
  }

  #receive(
    { sessionId, ns, nr, body }: { sessionId: number; ns: number; nr: number; body: Uint8Array },
    now: Instant,
  ): DeliveryEffect<Message>[] {
    const acknowledged = this.#takeAcknowledgement(nr, now);
    // A ZLB takes no number: what its Ns says means nothing (§5.8).
    const taken = body.length === 0 ? [] : this.#takeMessage(sessionId, ns, body, now);
    return [...acknowledged, ...this.#send(now), ...taken];
  }

  #takeAcknowledgement(nr: number, now: Instant): DeliveryEffect<Message>[] {
    const count = distance(this.#front, nr);
    if (count === 0 || isDuplicate(nr, this.#front)) return [];
    if (count > this.#everSent) return [{ type: 'dropped', why: 'acknowledgement of a message that was never sent' }];
    const done = this.#queue.splice(0, count);
    this.#front = nr;
    this.#everSent -= count;
    this.#onTheWay = Math.max(0, this.#onTheWay - count);
    this.#timeouts = 0;
    this.#window.acknowledged();
    if (this.#onTheWay > 0) this.#deadlines.set('retransmit', now + RETRANSMIT_MS);
    else this.#deadlines.clear('retransmit');
    return done.map(({ message }) => ({ type: 'acknowledged', message }));
  }

  #takeMessage(sessionId: number, ns: number, body: Uint8Array, now: Instant): DeliveryEffect<Message>[] {
    if (isDuplicate(ns, this.#expected)) {
      this.#oweAcknowledgement(now); // ours got lost (§5.8)
      return [{ type: 'dropped', why: 'duplicate control message' }];
    }
    if (ns !== this.#expected) {
      if (distance(this.#expected, ns) >= this.#receiveWindow)
        return [{ type: 'dropped', why: 'control message beyond our receive window' }];
      // Kept beyond this turn, while the octets are the host's to reuse.
      if (!this.#early.has(ns)) this.#early.set(ns, { sessionId, body: body.slice() });
      return [];
    }
    this.#oweAcknowledgement(now);
    const inOrder: DeliveryEffect<Message>[] = [{ type: 'deliver', sessionId, body }];
    this.#expected = following(this.#expected);
    for (let early = this.#takeEarly(); early !== undefined; early = this.#takeEarly()) {
      inOrder.push({ type: 'deliver', ...early });
      this.#expected = following(this.#expected);
    }
    return inOrder;
  }

  #takeEarly(): { sessionId: number; body: Uint8Array } | undefined {
    const early = this.#early.get(this.#expected);
    this.#early.delete(this.#expected);
    return early;
  }

  #oweAcknowledgement(now: Instant): void {
    if (this.#deadlines.get('acknowledge') === undefined) this.#deadlines.set('acknowledge', now + ACKNOWLEDGE_MS);
  }

  /** Sends what the windows allow. */
  #send(now: Instant): DeliveryEffect<Message>[] {
    const limit = this.#finishing ? this.#window.peerWindow : this.#window.limit;
    const out: DeliveryEffect<Message>[] = [];
    while (this.#onTheWay < Math.min(limit, this.#queue.length)) {
      const entry = this.#queue[this.#onTheWay] as Entry<Message>;
      const { sessionId, body } = entry.message;
      // Ns stays what it was, Nr is always the newest (§5.8): that makes every message an acknowledgement.
      out.push({ type: 'transmit', sessionId, ns: following(this.#front, this.#onTheWay), nr: this.#expected, body });
      entry.times++;
      this.#onTheWay++;
    }
    if (out.length === 0) return out;
    this.#everSent = Math.max(this.#everSent, this.#onTheWay);
    this.#deadlines.clear('acknowledge');
    if (this.#deadlines.get('retransmit') === undefined) this.#deadlines.set('retransmit', now + this.#interval);
    return out;
  }

  get #interval(): number {
    return Math.min(LONGEST_RETRANSMIT_MS, RETRANSMIT_MS * 2 ** this.#timeouts);
  }

  #tick(now: Instant): DeliveryEffect<Message>[] {
    const due = this.#deadlines.takeDue(now);
    const out = due.includes('retransmit') ? this.#retransmit(now) : [];
    if (due.includes('acknowledge') && !out.some(({ type }) => type === 'transmit')) out.push(this.#acknowledgement());
    return out;
  }

  /** A ZLB: it takes no number and is never repeated. */
  #acknowledgement(): DeliveryEffect<Message> {
    this.#deadlines.clear('acknowledge');
    return { type: 'transmit', sessionId: 0, ...this.sequence, body: new Uint8Array() };
  }

  #retransmit(now: Instant): DeliveryEffect<Message>[] {
    const front = this.#queue[0] as Entry<Message>;
    if (this.#timeouts === MOST_RETRANSMISSIONS) {
      this.abandon();
      return [{ type: 'lost', message: front.message, times: front.times }];
    }
    this.#timeouts++;
    this.#window.retransmitted();
    this.#onTheWay = 0;
    return this.#send(now);
  }
}
