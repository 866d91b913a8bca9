/** What goes into a PPP link and what comes out, the same for our end and for the lab's. */
import type { Ipv4Agreement } from '../client-io.ts';
import type { Failure, PeerWords } from '../failure.ts';
import type { AuthMethod } from '../settings.ts';

export type LinkPhase = 'dead' | 'establish' | 'authenticate' | 'network' | 'terminate';

export type LinkInput =
  /** The session is established: a Configure-Request leaves now. */
  | { type: 'lower-up' }
  /** A PPP frame from the peer that the fast lane does not take. */
  | { type: 'frame'; bytes: Uint8Array }
  /** Data came in since the last tick: the link is alive. */
  | { type: 'heard' }
  /** Send an LCP Echo-Request of so many octets, at most `longestEcho`; `mark` comes back with the answer. */
  | { type: 'probe'; octets: number; mark: number }
  /** Hang up: `ended` comes when the peer has acknowledged, or after 2 s. `why` is told to the peer. */
  | { type: 'close'; why: string }
  /** The session is gone; `peer` when it was the peer that ended it: then `ended` says what that may mean. */
  | { type: 'lower-down'; peer?: PeerWords }
  | { type: 'tick' };

export type LinkEffect =
  /** A PPP frame ready for L2TP. */
  | { type: 'frame'; bytes: Uint8Array }
  | { type: 'phase'; phase: LinkPhase }
  /** How data frames are to be sent, see `Framing`; when LCP opens. */
  | { type: 'framing'; addressControl: boolean; shortProtocol: boolean }
  /** MRU of the peer in octets, 1500 when it says none; when LCP opens. */
  | { type: 'peer-mru'; mru: number }
  | { type: 'authenticated'; method: AuthMethod | 'none'; message: string }
  | { type: 'ipv4-up'; agreed: Ipv4Agreement }
  | { type: 'ipv4-down' }
  /** Our interface identifier, 8 octets. */
  | { type: 'ipv6-up'; interfaceId: Uint8Array }
  | { type: 'ipv6-down' }
  /** A probe came back, whole or cut short. */
  | { type: 'probe-answered'; mark: number; isWhole: boolean }
  /** The peer does not know echoes. */
  | { type: 'probe-rejected' }
  /** Once, and nothing but drops comes after it; no failure when we closed, or when somebody else knows better what happened. */
  | { type: 'ended'; failure: Failure | undefined }
  | { type: 'dropped'; why: string };
