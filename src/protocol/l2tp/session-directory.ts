/** Which call a control message is for: by the header, or by the Assigned Session ID where the header has none (RFC 2661 §5.3). */
import type { ControlMessage } from '../../wire/message-table.ts';
import type { Cause } from '../failure.ts';

export type Route =
  /** Our id of the session; 0: the message asks for a new one. */
  | { type: 'session'; sessionId: number }
  /** To be answered with CDN to this id of the peer. */
  | { type: 'refuse'; peerId: number; cause: Cause; text: string }
  | { type: 'ignore'; why: string };

/** CDN result 5: no such facility here, and there will be none. */
const NEVER: Cause = { result: 5 };
/** Error code 5: the Session ID is invalid in this context. */
const NO_SUCH_SESSION: Cause = { result: 2, error: 5 };

export class SessionDirectory {
  readonly #role: 'lac' | 'lns';
  /** Our session ids with the peer's, undefined while that is unknown. */
  readonly #peerIds = new Map<number, number | undefined>();

  constructor(role: 'lac' | 'lns') {
    this.#role = role;
  }

  /**
   * Takes note of a message of ours that opens or ends a call.
   * @param peerId the Session ID in its header
   * @returns our id of the call; undefined when there is no such call
   */
  sent(message: ControlMessage, peerId: number): number | undefined {
    if (!('assignedSessionId' in message)) return this.#localOf(peerId);
    const localId = message.assignedSessionId;
    if (message.kind === 'CDN') this.#peerIds.delete(localId);
    else this.#peerIds.set(localId, peerId === 0 ? undefined : peerId);
    return localId;
  }

  /**
   * Finds the call that a message of the peer is for, and takes note of what it says about it.
   * @param headerId the Session ID in its header
   */
  received(message: ControlMessage, headerId: number): Route {
    if (message.kind === 'OCRQ')
      return { type: 'refuse', peerId: message.assignedSessionId, cause: NEVER, text: 'no outgoing calls here' };
    if (message.kind === 'ICRQ')
      return this.#role === 'lns'
        ? { type: 'session', sessionId: 0 }
        : { type: 'refuse', peerId: message.assignedSessionId, cause: NEVER, text: 'no incoming calls here' };

    const named = message.kind === 'CDN' ? this.#named(message.assignedSessionId, headerId === 0) : undefined;
    const sessionId = this.find(headerId) ?? named;
    if (sessionId !== undefined) {
      if (message.kind === 'CDN') this.#peerIds.delete(sessionId);
      else if ('assignedSessionId' in message) this.#peerIds.set(sessionId, message.assignedSessionId);
      return { type: 'session', sessionId };
    }
    // §7.4.2: in `idle` only an ICRP is answered; everything else is what lingers of a call that has ended.
    if (message.kind === 'ICRP' && this.#role === 'lns')
      return { type: 'refuse', peerId: message.assignedSessionId, cause: NO_SUCH_SESSION, text: 'no such session' };
    return { type: 'ignore', why: `${message.kind} for an unknown session` };
  }

  /** Our id, if it is that of a call. */
  find(headerId: number): number | undefined {
    return this.#peerIds.has(headerId) ? headerId : undefined;
  }

  /**
   * A CDN may be sent before its sender knows an id of ours; then its own names the call (§4.4.4).
   * INTEROP: others put our id there; and some refuse a call without ever giving it an id of theirs.
   */
  #named(assignedId: number, isNameless: boolean): number | undefined {
    const known = this.#localOf(assignedId) ?? this.find(assignedId);
    if (known !== undefined || !isNameless) return known;
    const waiting = [...this.#peerIds].filter(([, peerId]) => peerId === undefined);
    return waiting.length === 1 ? waiting[0]?.[0] : undefined;
  }

  #localOf(peerId: number): number | undefined {
    for (const [localId, each] of this.#peerIds) if (each === peerId && peerId !== 0) return localId;
    return undefined;
  }
}
