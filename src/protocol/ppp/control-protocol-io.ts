/** What goes into one control protocol of PPP and what comes out, LCP and the NCPs alike. */
import type { PppPacket } from '../../wire/ppp-packet.ts';

export type ProtocolInput =
  | { type: 'open' }
  | { type: 'up' }
  | { type: 'down' }
  /** `why` becomes the text of our Terminate-Request. */
  | { type: 'close'; why: string }
  | { type: 'packet'; packet: PppPacket }
  /** What LCP found in a packet of its own codes: an echo or the like, a harmless or a fatal Protocol-Reject (§4.3). */
  | { type: 'event'; event: 'rxr' | 'rxj+' | 'rxj-' }
  | { type: 'tick' };

/** Why a layer is finished: no packet ever came; packets came, but no agreement; the peer rejects the protocol itself; it was terminated. */
export type Finish = 'silence' | 'no agreement' | 'rejected' | 'terminated';

export type ProtocolEffect =
  | { type: 'packet'; bytes: Uint8Array }
  | { type: 'this-layer-up' }
  | { type: 'this-layer-down' }
  | { type: 'this-layer-finished'; finish: Finish }
  /** An Echo-Request may be answered: LCP is open. */
  | { type: 'echo-reply' }
  /** The peer sent a Terminate-Request with this data; what follows from it comes after. */
  | { type: 'terminated'; data: Uint8Array }
  /** The peer does not know packets of this code. */
  | { type: 'code-rejected'; code: number }
  /** Too many Naks and Rejects without an end (§4.5): the owner has to close. */
  | { type: 'diverged' }
  | { type: 'dropped'; why: string };
