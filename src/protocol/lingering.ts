/**
 * Calls that have ended and only acknowledge what their server repeats, for a full retransmission cycle (RFC 2661 §5.7); and
 * which of them their servers never heard of the end of.
 */
import type { Attempt } from './attempt.ts';
import type { Call } from './call.ts';
import type { ClientEffect } from './client-io.ts';
import { earliest, type Instant } from './deadlines.ts';
import type { FarewellRecord } from './l2tp/farewell.ts';
import type { Endpoint } from './machine.ts';

/** Kept at most; each lives half a minute, so more than this means a storm. And how many addresses may have a goodbye to come. */
const MOST = 8;

/** What one of them still has to say, or ignores. */
export type Afterthought = Extract<ClientEffect, { type: 'send' | 'dropped' }>;

/** A tunnel whose server may still count it. */
export interface Unheard {
  readonly farewell: FarewellRecord;
  /** What it used, and may still use. */
  readonly socket: number;
}

export class Lingering {
  #calls: { readonly call: Call; readonly socket: number }[] = [];
  /** The last one with each server, by address, that was logged in. */
  readonly #goodbyes = new Map<string, Unheard & { readonly call: Call }>();

  get deadline(): Instant | undefined {
    return earliest(...this.#calls.map(({ call }) => call.deadline));
  }

  add({ call, candidate, path: { socket }, farewell }: Attempt): void {
    this.#calls.push({ call, socket });
    if (farewell === undefined) return;
    this.#goodbyes.delete(candidate.address);
    this.#goodbyes.set(candidate.address, { call, socket, farewell });
    const [oldest = ''] = this.#goodbyes.keys();
    if (this.#goodbyes.size > MOST) this.#goodbyes.delete(oldest);
  }

  /** The tunnel with this server that it may still count: a server that allows one login would not let us in again. */
  unheard(server: string): Unheard | undefined {
    const goodbye = this.#goodbyes.get(server);
    return goodbye?.call.tunnel.isToldOfEnd ? undefined : goodbye;
  }
  /** It has been told by other means, or cannot be. */
  forgetUnheard(server: string): void {
    this.#goodbyes.delete(server);
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
