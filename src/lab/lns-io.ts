/** What the lab's LNS is told, what can happen to it, and what it asks of its host. */
import type { Endpoint } from '../protocol/machine.ts';
import type { AuthMethod, TunnelSettings } from '../protocol/settings.ts';

export interface LnsSettings {
  /** Where it listens and answers from. */
  readonly listen: Endpoint;
  readonly tunnel: TunnelSettings;
  /** Passwords by user name. */
  readonly users: ReadonlyMap<string, string>;
  /** Methods it wants clients to prove themselves with, most wanted first; empty: it asks nobody who he is. */
  readonly auth: readonly AuthMethod[];
  /** Its own PPP address; undefined: it says none. */
  readonly localAddress: string | undefined;
  /** Addresses for clients. */
  readonly pool: readonly string[];
  /** Name servers for clients, 0 to 2. */
  readonly dns: readonly string[];
  readonly ipv6: boolean;
  /** MRU it asks for, octets. */
  readonly mru: number;
  /** Time between its LCP Echo-Requests, ms; 0 sends none. */
  readonly echoIntervalMs: number;
  /** Numbers the data messages it sends (RFC 2661 §5.4). */
  readonly sequencing: boolean;
  /** Tunnels at once; one more is refused as xl2tpd refuses it. */
  readonly maxTunnels: number;
  /** Refuses a user who is still counted as logged in. */
  readonly oneLoginPerUser: boolean;
  readonly quirks: LnsQuirks;
}

/** How it can be made to behave like LNSes that are in use. Nothing is set in a well-behaved one. */
export interface LnsQuirks {
  /** PPP begins so long after ICCN, ms, and what came before is lost (xl2tpd starts pppd); Infinity: it never does. */
  readonly deafMs?: number;
  /** Everything is sent from here (SoftEther with two addresses, Juniper, ephemeral ports of accel-ppp). */
  readonly replyFrom?: Endpoint;
  /** Acknowledges this request and never answers it. */
  readonly ignores?: 'SCCRQ' | 'ICRQ';
  /** Refuses every call for want of resources. */
  readonly noRoomForCalls?: boolean;
  /** Result Codes of two octets (MikroTik, Android) or shifted ones (SoftEther). */
  readonly resultCode?: 'short' | 'shifted';
  /** Adds an attribute nobody knows to SCCRP and ICRP, with or without the M bit. */
  readonly unknownAvp?: 'mandatory' | 'optional';
  /** Adds a vendor's attribute whose number is that of an important one of RFC 2661. */
  readonly vendorAvp?: boolean;
  /** Puts a session id into the header of ZLBs (xl2tpd). */
  readonly zlbWithSessionId?: boolean;
  /** Sends an SLI behind every ICRP (Meraki). */
  readonly sendsSli?: boolean;
  /** What leaves in one turn leaves in reverse order (WatchGuard, Check Point). */
  readonly reversesOrder?: boolean;
  /** Sends everything twice. */
  readonly repeats?: boolean;
  /** Says no to a password by Terminate-Request alone (SoftEther), or by hanging up without a word of PPP (l2tpns). */
  readonly refusal?: 'terminate' | 'hang-up';
  /** Answers CDN with CDN and StopCCN with StopCCN (SoftEther). */
  readonly answersInKind?: boolean;
  /** Wants MPPE by CCP and ends the link without it. */
  readonly requiresMppe?: boolean;
  /** Negotiates LCP anew and challenges again so long after the call came up, ms (Juniper, H3C). */
  readonly renegotiatesAfterMs?: number;
  /** Rejects every LCP option, and asks for nothing but authentication (SoftEther). */
  readonly rejectsLcpOptions?: boolean;
  /** An LCP Echo-Request with magic number 0 in front of everything else it says (SoftEther). */
  readonly earlyEcho?: boolean;
}

export type LnsInput =
  | { type: 'datagram'; from: Endpoint; bytes: Uint8Array }
  /** An IP packet for one of the clients. */
  | { type: 'packet'; bytes: Uint8Array }
  /** Hangs up on everybody: by StopCCN, by CDN alone, or by LCP Terminate-Request. */
  | { type: 'hang-up'; by: 'StopCCN' | 'CDN' | 'LCP' }
  | { type: 'number-data'; on: boolean }
  | { type: 'tick' };

export type LnsEffect =
  | { type: 'send'; from: Endpoint; to: Endpoint; bytes: Uint8Array }
  /** An IP packet from a client. */
  | { type: 'packet'; bytes: Uint8Array }
  | { type: 'login'; username: string; address: string }
  | { type: 'logout'; username: string; address: string }
  | { type: 'dropped'; why: string };
