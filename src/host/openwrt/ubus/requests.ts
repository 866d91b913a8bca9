/** Which of our requests are still open, where their answers may come from, and what has come of these so far. */
import type { Instant } from '../../../protocol/deadlines.ts';
import type { Attributes } from './message-table.ts';

/** More than that at once are a mistake somewhere, not a need. */
const MOST_OPEN = 1024;
const SEQUENCE_NUMBERS = 0x1_0000;

export interface Request<P> {
  readonly purpose: P;
  /** Where it went: an object, or 0 for ubusd. Its answers come from there, and count from nowhere else. */
  readonly peer: number;
  readonly deadline: Instant;
  /** The last DATA: nobody here needs more than one, and so no number of them takes more memory. */
  readonly answer: Attributes;
}

export class Requests<P> {
  readonly #open = new Map<number, Request<P>>();
  #seq = 0;

  /** @returns its sequence number, 1-65535; undefined: too many are open */
  open(purpose: P, peer: number, deadline: Instant): number | undefined {
    if (this.#open.size >= MOST_OPEN) return undefined;
    const seq = this.nextSeq();
    this.#open.set(seq, { purpose, peer, deadline, answer: {} });
    return seq;
  }

  /** For a message that nothing answers. */
  nextSeq(): number {
    do this.#seq = (this.#seq + 1) % SEQUENCE_NUMBERS;
    while (this.#seq === 0 || this.#open.has(this.#seq)); // 0 is what ubusd greets with
    return this.#seq;
  }

  /** @returns whether it was asked for */
  answered(seq: number, peer: number, answer: Attributes): boolean {
    const request = this.#open.get(seq);
    if (request?.peer !== peer) return false;
    this.#open.set(seq, { ...request, answer });
    return true;
  }

  /** The request that its STATUS ends; undefined: nobody has asked. */
  take(seq: number, peer: number): Request<P> | undefined {
    const request = this.#open.get(seq);
    if (request?.peer !== peer) return undefined;
    this.#open.delete(seq);
    return request;
  }

  /** Removes and returns those that are meant, in the order they were opened. */
  takeWhere(isMeant: (request: Request<P>) => boolean): Request<P>[] {
    const taken = [...this.#open].filter(([, request]) => isMeant(request));
    for (const [seq] of taken) this.#open.delete(seq);
    return taken.map(([, request]) => request);
  }

  /** The earliest one. */
  get deadline(): Instant | undefined {
    let first: Instant | undefined;
    for (const { deadline } of this.#open.values()) if (first === undefined || deadline < first) first = deadline;
    return first;
  }
}
