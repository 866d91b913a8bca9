/** What goes into an authentication machine and what comes out, the same for every method and for both ends. */
import type { Failure } from '../failure.ts';

export type AuthInput =
  /** LCP has opened. Again: from the beginning, everything before is forgotten. */
  | { type: 'start' }
  /** What a PPP frame of `protocol` carried. */
  | { type: 'packet'; protocol: number; bytes: Uint8Array }
  | { type: 'tick' };

export type AuthEffect =
  | { type: 'packet'; protocol: number; bytes: Uint8Array }
  /** Once: the peer knows us; its words for a person, '' when it gave none. Re-challenges come and go without it. */
  | { type: 'succeeded'; message: string }
  /** Once, perhaps long after `succeeded`: the link must end. What comes after it is dropped. */
  | { type: 'failed'; failure: Failure }
  | { type: 'dropped'; why: string };

/** UTF-8 text, passed on untouched. PAP carries at most 255 octets of each. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What one method is told: its packets come to it read. */
export type MethodInput<Message> = { type: 'start' } | { type: 'message'; message: Message } | { type: 'tick' };
