/** What every protocol layer looks like from outside: one way in, one way out, one alarm. */
import type { Instant } from './deadlines.ts';

export interface Machine<Input, Effect> {
  /** Takes one input at one instant and returns everything the host must do, in order. Never throws for what a peer sent. */
  handle(input: Input, now: Instant): Effect[];
  /** When `handle({ type: 'tick' })` is next wanted; undefined when nothing is pending. */
  readonly deadline: Instant | undefined;
}

/** `count` octets nobody can guess (or, in a test, octets that follow from a seed). */
export type Entropy = (count: number) => Uint8Array;

/** One end of a UDP conversation: an IPv4 or IPv6 address in its usual text form, and a port (1-65535). */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export const sameEndpoint = (a: Endpoint, b: Endpoint): boolean => a.address === b.address && a.port === b.port;
