/** Calls that have ended and only acknowledge what their server repeats, for a full retransmission cycle (RFC 2661 §5.7). */
import type { Call } from './call.ts';
import type { ClientEffect } from './client-io.ts';
import { earliest, type Instant } from './deadlines.ts';
import type { Endpoint } from './machine.ts';

/** Kept at most; each lives half a minute, so more than this means a storm. */
const MOST = 8;

/** What one of them still has to say, or ignores. */
export type Afterthought = Extract<ClientEffect, { type: 'send' | 'dropped' }>;

export class Lingering {
  #calls: { readonly call: Call; readonly socket: number }[] = [];

  get deadline(): Instant | undefined {
    return earliest(...this.#calls.map(({ call }) => call.deadline));
  }

  add(call: Call, socket: number): void {
    this.#calls.push({ call, socket });
  }
  uses(socket: number): boolean {
    return this.#calls.some((each) => each.socket === socket);
  }
  /** Whether a datagram with this tunnel id belongs to a call that has ended. */
  knows(socket: number, tunnelId: number | undefined): boolean {
    return this.#calls.some((each) => each.socket === socket && each.call.tunnel.localId === tunnelId);
  }

  datagram(
    socket: number,
    tunnelId: number | undefined,
    from: Endpoint,
    bytes: Uint8Array,
    now: Instant,
  ): Afterthought[] {
    const theirs = this.#calls.filter((each) => each.socket === socket && each.call.tunnel.localId === tunnelId);
    return theirs.flatMap(({ call }) => said(socket, call.handle({ type: 'datagram', from, bytes }, now)));
  }

  tick(now: Instant): Afterthought[] {
    const due = this.#calls.filter(({ call }) => (call.deadline ?? Number.POSITIVE_INFINITY) <= now);
    return due.flatMap(({ call, socket }) => said(socket, call.handle({ type: 'tick' }, now)));
  }

  /** Forgets those that have nothing left to answer, and names the sockets they used. */
  takeFinished(): number[] {
    const gone = this.#calls.filter(({ call }, index) => call.finished || index < this.#calls.length - MOST);
    this.#calls = this.#calls.filter((each) => !gone.includes(each));
    return [...new Set(gone.map(({ socket }) => socket))];
  }
}

function said(socket: number, effects: ReturnType<Call['handle']>): Afterthought[] {
  return effects.flatMap((effect): Afterthought[] => {
    if (effect.type === 'send') return [{ ...effect, socket }];
    return effect.type === 'dropped' ? [effect] : [];
  });
}
