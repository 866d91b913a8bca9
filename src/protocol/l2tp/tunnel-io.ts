/** What can happen to a tunnel, what it asks for, and what it is made with. */
import type { ControlMessage, MessageKind, MessageOf } from '../../wire/message-table.ts';
import type { Cause, Failure } from '../failure.ts';
import type { Endpoint, Entropy } from '../machine.ts';
import type { TunnelSettings } from '../settings.ts';

export interface TunnelOptions {
  /** The initiator sends the SCCRQ and is the LAC of every call; the responder waits for it and is the LNS. */
  readonly role: 'initiator' | 'responder';
  /** Where the SCCRQ goes, or came from. */
  readonly peer: Endpoint;
  readonly settings: TunnelSettings;
  /** Whether an SCCRP from another address than `peer` may be taken; another port always may (RFC 2661 §8.1). */
  readonly accept: (from: Endpoint) => boolean;
  readonly entropy: Entropy;
  /** 8 octets: ask for the only tunnel between the two ends (§4.4.3). Left out, several connections to one server work. */
  readonly tieBreaker?: Uint8Array;
  /** A responder's own reasons to refuse an SCCRQ; undefined: it is welcome. */
  readonly refuse?: (request: MessageOf<'SCCRQ'>) => Refusal | undefined;
}

export interface Refusal {
  readonly cause: Cause;
  readonly text?: string;
}

export type TunnelInput =
  /** The initiator sends SCCRQ. */
  | { type: 'open' }
  /** Control datagrams only. */
  | { type: 'datagram'; from: Endpoint; bytes: Uint8Array }
  /** A session's message; `sessionId` is the peer's, for the header, 0 while unknown. */
  | { type: 'submit'; sessionId: number; message: ControlMessage }
  /** StopCCN; everything unsent is dropped, nothing can be sent after it. */
  | { type: 'close'; cause: Cause; text?: string }
  | { type: 'tick' };

export type TunnelEffect =
  | { type: 'send'; to: Endpoint; bytes: Uint8Array }
  /** The SCCRP came from elsewhere and was accepted; comes before the sends. */
  | { type: 'peer-moved'; to: Endpoint }
  /** SCCCN is sent (initiator) or accepted (responder). */
  | { type: 'established' }
  /** `sessionId` is ours, found by the header or by the Assigned Session ID; 0 for an ICRQ, which asks for a new session. */
  | { type: 'session-message'; sessionId: number; message: ControlMessage }
  /** The peer has received a message of this session (ours, by id); an answer is now its business. */
  | { type: 'session-acknowledged'; sessionId: number; message: MessageKind }
  /** A message for this session (ours, by id) cannot be taken: the session must be ended for that (§4.1, §7.1). */
  | { type: 'session-fault'; sessionId: number; failure: Failure }
  /**
   * Once: our StopCCN was acknowledged or given up (no failure), or the tunnel ended by itself; then the StopCCN, if one is
   * due, is sent in the same turn and sent again as needed until `finished`.
   */
  | { type: 'closed'; failure: Failure | undefined }
  | { type: 'warning'; code: 'unexpected-address' | 'unknown-avp'; detail: string }
  | { type: 'dropped'; why: string };
