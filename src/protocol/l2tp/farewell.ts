/**
 * How a tunnel is hung up by somebody else, as that of a run that crashed is by the next one: one StopCCN, from the numbers that were written down.
 *
 * The numbers may be old, for the tunnel went on after they were written. A peer that takes the StopCCN for a duplicate
 * acknowledges what it really expects, and gets the StopCCN again with that number (RFC 2661 §5.8). One answer is
 * ambiguous: "I expect the next one" is what a peer says that has understood, and one whose number is old by one. It gets
 * the StopCCN once more, with the next number, and need not answer that.
 */
import { type ControlHeader, readDatagram, writeControl } from '../../wire/l2tp-header.ts';
import { Malformed } from '../../wire/malformed.ts';
import { readMessage, writeMessage } from '../../wire/message.ts';
import type { Instant } from '../deadlines.ts';
import { type Endpoint, type Machine, sameEndpoint } from '../machine.ts';
import { following } from './window.ts';

/** What must be known of a tunnel to end it without having opened it: plain JSON. */
export interface FarewellRecord {
  readonly local: Endpoint;
  readonly peer: Endpoint;
  /** Name of the uplink device. */
  readonly uplink: string;
  /** Firewall mark of what went to the peer; of no interest to the protocol. */
  readonly mark?: number | undefined;
  readonly localTunnelId: number;
  /** 0 while unknown, as are the session ids. */
  readonly peerTunnelId: number;
  readonly localSessionId: number;
  readonly peerSessionId: number;
  /** Ns of the next message and Nr that goes with it, when this was written. */
  readonly ns: number;
  readonly nr: number;
}

export type FarewellInput =
  | { type: 'open' }
  | { type: 'datagram'; from: Endpoint; bytes: Uint8Array }
  | { type: 'tick' };

export type FarewellEffect =
  | { type: 'send'; to: Endpoint; bytes: Uint8Array }
  /** Once; `acknowledged`: the peer knows that the tunnel is gone. */
  | { type: 'done'; acknowledged: boolean }
  | { type: 'dropped'; why: string };

/** Ours: quicker than a retransmission, for a dial waits behind it. */
const INTERVAL_MS = 500;
const MOST_SENT = 4;
/** How often Ns is corrected: once is enough for an honest peer, an old datagram may mislead us once more. */
const MOST_CORRECTIONS = 3;

export class Farewell implements Machine<FarewellInput, FarewellEffect> {
  readonly #record: FarewellRecord;
  readonly #body: Uint8Array;
  /** `waiting`: Ns is the recorded one; `corrected`: it is what the peer expects; `confirming`: and it may have understood already. */
  #state: 'idle' | 'waiting' | 'corrected' | 'confirming' | 'done' = 'idle';
  #ns: number;
  #nr: number;
  #sent = 0;
  #corrections = 0;
  #resendAt: Instant | undefined;

  constructor(record: FarewellRecord) {
    this.#record = record;
    this.#ns = record.ns;
    this.#nr = record.nr;
    const resultCode = { result: 6, error: 0, text: 'the client has gone' }; // requester is being shut down (§4.4.2)
    this.#body = writeMessage({ kind: 'StopCCN', assignedTunnelId: record.localTunnelId, resultCode });
  }

  get deadline(): Instant | undefined {
    return this.#resendAt;
  }

  handle(input: FarewellInput, now: Instant): FarewellEffect[] {
    switch (input.type) {
      case 'open':
        if (this.#state !== 'idle') return [];
        this.#state = 'waiting';
        return this.#send(now);
      case 'datagram':
        return this.#receive(input.from, input.bytes, now);
      case 'tick':
        if (this.#resendAt === undefined || now < this.#resendAt) return [];
        if (this.#state === 'confirming') return this.#finish(true);
        return this.#sent < MOST_SENT ? this.#send(now) : this.#finish(false);
      default:
        return input satisfies never;
    }
  }

  #receive(from: Endpoint, bytes: Uint8Array, now: Instant): FarewellEffect[] {
    if (this.#state === 'idle' || this.#state === 'done') return [dropped('nothing is waited for')];
    if (!sameEndpoint(from, this.#record.peer)) return [dropped('datagram from a stranger')];
    try {
      const datagram = readDatagram(bytes);
      if (datagram.kind !== 'control') return [dropped('data message of a tunnel that is hung up')];
      if (datagram.header.tunnelId !== this.#record.localTunnelId) return [dropped('message for another tunnel')];
      return this.#answer(datagram.header, datagram.body, now);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return [dropped(`message that cannot be read: ${error.what}`)];
    }
  }

  #answer({ ns, nr }: ControlHeader, body: Uint8Array, now: Instant): FarewellEffect[] {
    // Whatever else the peer says is acknowledged by our next StopCCN, and does not matter any more.
    this.#nr = body.length === 0 ? ns : following(ns);
    if (body.length > 0 && isStopCcn(body)) return [this.#datagram(new Uint8Array()), ...this.#finish(true)];
    if (nr === this.#ns) return [dropped('the StopCCN is not acknowledged by this')];
    const understood = nr === following(this.#ns);
    if (understood && this.#state !== 'waiting') return this.#finish(true);
    if (this.#corrections === MOST_CORRECTIONS) return [dropped('too many different acknowledgements')];
    this.#corrections++;
    this.#state = understood ? 'confirming' : 'corrected';
    this.#ns = nr;
    return this.#send(now);
  }

  #send(now: Instant): FarewellEffect[] {
    this.#sent++;
    this.#resendAt = now + INTERVAL_MS;
    return [this.#datagram(this.#body)];
  }

  #datagram(body: Uint8Array): FarewellEffect {
    const { peer, peerTunnelId } = this.#record;
    const ns = body.length === 0 ? following(this.#ns) : this.#ns;
    const header = { tunnelId: peerTunnelId, sessionId: 0, ns, nr: this.#nr };
    return { type: 'send', to: peer, bytes: writeControl(header, body) };
  }

  #finish(acknowledged: boolean): FarewellEffect[] {
    this.#state = 'done';
    this.#resendAt = undefined;
    return [{ type: 'done', acknowledged }];
  }
}

const dropped = (why: string): FarewellEffect => ({ type: 'dropped', why });

/** A peer that hangs up itself has understood, or has come to the same end. */
function isStopCcn(body: Uint8Array): boolean {
  const read = readMessage(body);
  return read.kind === 'message' && read.message.kind === 'StopCCN';
}
