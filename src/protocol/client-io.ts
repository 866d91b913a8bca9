/** The engine's contract with its host: everything that can happen to a connection, and everything it can ask for. */
import type { Failure } from './failure.ts';
import type { FarewellRecord } from './l2tp/farewell.ts';
import type { Endpoint } from './machine.ts';
import type { AuthMethod, Server } from './settings.ts';

/** The stages of a dial, in order; `status` and events name them. */
export const STAGES = [
  'idle',
  'waiting',
  'resolving',
  'preparing',
  'tunnel',
  'session',
  'link',
  'authentication',
  'network',
  'configuring',
  'up',
  'hanging-up',
] as const;
export type Stage = (typeof STAGES)[number];

/** One address of a configured server. */
export interface Candidate extends Endpoint {
  /** The server as the user wrote it. */
  readonly name: string;
}

/** How large datagrams may be on some way, IP header included, and how that is known. */
export interface PathMtu {
  readonly octets: number;
  /** The uplink's own; an attribute of the route; learnt by the kernel from the network (ICMP); found by our echoes. */
  readonly from: 'uplink' | 'route' | 'icmp' | 'probe';
}

/** The way to one server, as the host prepared it: the socket to use and the uplink below it. */
export interface Path {
  /** Names the open socket in `send`, `datagram` and `close`. */
  readonly socket: number;
  readonly local: Endpoint;
  /** Name of the uplink device. */
  readonly uplink: string;
  /** How large datagrams may be, as far as anybody knows beforehand. */
  readonly mtu: PathMtu;
}

/** What PPP agreed on for IPv4 (RFC 1332, RFC 1877). */
export interface Ipv4Agreement {
  readonly localAddress: string;
  /** What the peer calls itself: shown, never routed to; undefined when it gave none. */
  readonly peerAddress: string | undefined;
  /** Name servers, primary first; 0 to 2. */
  readonly dns: readonly string[];
}

/** What the tunnel device must look like. */
export interface LinkUp extends Ipv4Agreement {
  /** octets */
  readonly mtu: number;
  readonly server: Endpoint;
}

export type ClientInput =
  | { type: 'connect' }
  /** Hang up and stay down. */
  | { type: 'disconnect'; why: string }
  /** Hang up if need be and dial anew at once; a `failure` says what happened if it was not a wish. */
  | { type: 'redial'; why: string; failure?: Failure }
  /** The answer to `resolve`: for every server in turn its addresses; empty when none could be had. */
  | { type: 'resolved'; candidates: readonly Candidate[]; failure?: Failure }
  /** The answers to `prepare`. */
  | { type: 'path-ready'; path: Path }
  | { type: 'path-failed'; failure: Failure }
  /** The answers to `link-up`. */
  | { type: 'link-ready' }
  | { type: 'link-failed'; failure: Failure }
  /** The answer to `release`: nothing of this dial is left on the machine. */
  | { type: 'released' }
  | { type: 'datagram'; socket: number; from: Endpoint; bytes: Uint8Array }
  /** Only datagrams of so many octets reach this address: the network said so, or it is the answer to `ask-path-mtu`. */
  | { type: 'path-mtu'; server: string; path: PathMtu }
  | { type: 'tick' };

export type ClientEffect =
  | { type: 'resolve'; servers: readonly Server[] }
  /** Look up the uplink's route to the address, pin it there, open a socket; `localPort` 0 = ephemeral. */
  | { type: 'prepare'; candidate: Candidate; localPort: number }
  | { type: 'send'; socket: number; to: Endpoint; bytes: Uint8Array }
  /** The server answered from elsewhere: the pinned route must move there. */
  | { type: 'repin'; socket: number; server: Endpoint }
  /** Make the device, configure it and its routes, start the data path. */
  | { type: 'link-up'; link: LinkUp }
  /** MTU (octets) changed under a link that is up. */
  | { type: 'mtu-changed'; mtu: number }
  /** What the kernel has learnt of the way to this address; no answer is one, too. */
  | { type: 'ask-path-mtu'; server: string }
  /**
   * IPv6 may flow: the device gets the link-local address of this interface identifier (8 octets). It comes after `link-up`,
   * and again after each further one.
   */
  | { type: 'ipv6-up'; interfaceId: Uint8Array }
  | { type: 'ipv6-down' }
  /** Take down what `prepare` and `link-up` installed, except the socket. */
  | { type: 'release' }
  | { type: 'close'; socket: number }
  /** What must be known to hang this tunnel up after a crash. */
  | { type: 'remember'; farewell: FarewellRecord }
  | { type: 'event'; event: ClientEvent }
  | { type: 'dropped'; why: string };

/** What a person or another program wants to know, as it happens. */
export type ClientEvent =
  | { kind: 'stage'; stage: Stage; server?: Candidate }
  | { kind: 'authenticated'; method: AuthMethod | 'none'; message: string }
  | { kind: 'failed'; failure: Failure; stage: Stage; server?: Candidate }
  /** The next attempt, in milliseconds from now. */
  | { kind: 'retry-in'; ms: number }
  | { kind: 'warning'; code: 'routing-loop' | 'unexpected-address' | 'unknown-avp' | 'path-mtu'; detail: string };
