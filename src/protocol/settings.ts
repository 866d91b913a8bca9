/** What one connection is told by its configuration: everything the engine itself needs, checked and with defaults filled in. */

export const AUTH_METHODS = ['chap-md5', 'ms-chap-v2', 'ms-chap', 'pap'] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** A server as configured: a name or an address, and a UDP port (1-65535). */
export interface Server {
  readonly host: string;
  readonly port: number;
}

export interface TunnelSettings {
  /** Host Name AVP (RFC 2661 §4.4.3), 1 to 255 octets of UTF-8. */
  readonly hostName: string;
  /** Vendor Name AVP; '' sends none. */
  readonly vendorName: string;
  /** Shared secret of tunnel authentication (§5.1.1); undefined: we do not challenge the peer, and cannot answer its challenge. */
  readonly secret: string | undefined;
  /** Receive Window Size we announce, messages (1-65535). */
  readonly receiveWindow: number;
  /** Silence after which a HELLO is sent, ms; 0 sends none. */
  readonly helloIntervalMs: number;
  /** Hide what may be hidden (§4.3); needs a secret. */
  readonly hideAvps: boolean;
  /** Go on when the peer sends an unknown AVP with the M bit, instead of tearing down (§4.1). */
  readonly tolerateUnknownMandatory: boolean;
}

export interface LinkSettings {
  /** UTF-8 text, passed on untouched; at most 255 octets. */
  readonly username: string;
  readonly password: string;
  /** Authentication methods allowed, most wanted first. */
  readonly auth: readonly AuthMethod[];
  /** MRU we ask for = the configured MTU of the tunnel, octets (128-1500…). */
  readonly mru: number;
  readonly ipv6: boolean;
  /** Time between LCP Echo-Requests, ms; 0 sends none. */
  readonly echoIntervalMs: number;
  /** Unanswered echoes, with no data in between, after which the link is dead (1-…). */
  readonly echoFailures: number;
}

export interface RedialSettings {
  /** First and longest wait of the exponential backoff, ms. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** Least wait after "no room" answers, ms. */
  readonly busyMs: number;
  /** Least wait where only a person can help, ms. */
  readonly slowMs: number;
  /** Time up after which the backoff starts from its beginning, ms. */
  readonly resetAfterMs: number;
}

export interface ClientSettings {
  /** At least one. */
  readonly servers: readonly Server[];
  readonly serverOrder: 'listed' | 'random';
  /** Whose SCCRP is taken when it comes from another address than was dialled: `listed` = one of the servers' addresses. */
  readonly acceptReplyFrom: 'listed' | 'any' | 'strict';
  /** Silence after which the next address is tried while there is one, ms. */
  readonly connectTimeoutMs: number;
  /** UDP source port; 0 = ephemeral. */
  readonly sourcePort: number;
  /** Largest MTU the tunnel may have, octets. */
  readonly mtu: number;
  /** Whether echoes try out what the path carries. */
  readonly mtuProbe: boolean;
  readonly redial: RedialSettings;
  readonly tunnel: TunnelSettings;
  readonly link: LinkSettings;
}
