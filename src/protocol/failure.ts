/** Every way a connection can end badly: whose fault it is, whether trying again soon can help, and what the peer is told. */

export type Fault = 'network' | 'peer' | 'user' | 'host';

/** How the next attempt is timed: exponential backoff; longer waits for a server that is full; slow where only a person can help. */
export type Retry = 'backoff' | 'busy' | 'slow';

/** Result and general error code (RFC 2661 §4.4.2) of the message that tells the peer. */
export interface Cause {
  readonly result: number;
  readonly error?: number;
}

interface FailureSpec {
  readonly fault: Fault;
  readonly retry: Retry;
  /** StopCCN with which we leave when this ends the control connection. */
  readonly stopCcn: Cause;
  /** CDN with which we leave when this ends the call alone. */
  readonly cdn: Cause;
  /** What it means, for a person. */
  readonly words: string;
}

const SHUT_DOWN: Cause = { result: 6 };
const ADMINISTRATIVE: Cause = { result: 3 };
const LOST_CARRIER: Cause = { result: 1 };
const FSM_ERROR: Cause = { result: 7 };
const generalError = (error: number): Cause => ({ result: 2, error });

// biome-ignore format: a table
export const FAILURE = {
  // reaching a server
  'resolve-failed':        { fault: 'network', retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server name could not be resolved' },
  'no-route':              { fault: 'network', retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'there is no route to the server outside the tunnel' },
  'no-answer':             { fault: 'network', retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server did not answer' },
  'uplink-changed':        { fault: 'network', retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the uplink changed under the tunnel' },
  // the control connection
  'tunnel-silent':         { fault: 'peer',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server received our tunnel request but never answered it' },
  'tunnel-refused':        { fault: 'peer',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server refused the tunnel' },
  'tunnel-busy':           { fault: 'peer',    retry: 'busy',    stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server has no room for another tunnel' },
  'tunnel-secret-needed':  { fault: 'user',    retry: 'slow',    stopCcn: { result: 4 },   cdn: ADMINISTRATIVE,  words: 'the server wants a tunnel secret and none is configured' },
  'tunnel-secret-refused': { fault: 'user',    retry: 'slow',    stopCcn: { result: 4 },   cdn: ADMINISTRATIVE,  words: 'the server did not accept our tunnel secret' },
  'tunnel-secret-wrong':   { fault: 'user',    retry: 'slow',    stopCcn: { result: 4 },   cdn: ADMINISTRATIVE,  words: 'the server does not know the tunnel secret' },
  'tunnel-closed':         { fault: 'peer',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server closed the tunnel' },
  'control-lost':          { fault: 'network', retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: LOST_CARRIER,    words: 'the server stopped acknowledging control messages' },
  'version-unsupported':   { fault: 'peer',    retry: 'slow',    stopCcn: { result: 5, error: 0x0100 }, cdn: ADMINISTRATIVE, words: 'the server does not speak L2TP version 2' },
  'malformed-message':     { fault: 'peer',    retry: 'backoff', stopCcn: generalError(3), cdn: generalError(3), words: 'the server sent a control message that cannot be read' },
  'unknown-mandatory':     { fault: 'peer',    retry: 'slow',    stopCcn: generalError(8), cdn: generalError(8), words: 'the server demands an extension of L2TP that we do not know' },
  'unexpected-message':    { fault: 'peer',    retry: 'backoff', stopCcn: FSM_ERROR,       cdn: generalError(1), words: 'the server sent a message that does not belong there' },
  // the call
  'call-silent':           { fault: 'peer',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server received our call request but never answered it' },
  'call-refused':          { fault: 'peer',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server refused the call' },
  'call-busy':             { fault: 'peer',    retry: 'busy',    stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server has no room for another call' },
  'call-closed':           { fault: 'peer',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server closed the call' },
  // PPP
  'lcp-silent':            { fault: 'peer',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: LOST_CARRIER,    words: 'the server accepted the call but does not speak PPP' },
  'lcp-failed':            { fault: 'peer',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the two ends could not agree on the PPP link' },
  'looped-back':           { fault: 'network', retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: LOST_CARRIER,    words: 'our own PPP packets come back to us' },
  'auth-method-refused':   { fault: 'user',    retry: 'slow',    stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server insists on an authentication that is not allowed here' },
  'auth-rejected':         { fault: 'user',    retry: 'slow',    stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server did not accept the user name or password' },
  'auth-silent':           { fault: 'peer',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server did not finish the authentication' },
  'peer-not-trusted':      { fault: 'peer',    retry: 'slow',    stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server could not prove that it knows the password' },
  'encryption-required':   { fault: 'peer',    retry: 'slow',    stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server insists on encryption (MPPE), which l2tpwan does not have' },
  'no-address':            { fault: 'peer',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server gave us no IP address' },
  'ppp-terminated':        { fault: 'peer',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: ADMINISTRATIVE,  words: 'the server ended the PPP link' },
  'echo-lost':             { fault: 'network', retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: LOST_CARRIER,    words: 'the server answers no LCP echo and sends no data' },
  // this machine
  'device-failed':         { fault: 'host',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: generalError(4), words: 'the tunnel device could not be made, or was lost' },
  'port-in-use':           { fault: 'host',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: generalError(4), words: 'the UDP port is taken by another program' },
  'network-failed':        { fault: 'host',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: generalError(4), words: 'the network of this machine could not be configured' },
  'internal-error':        { fault: 'host',    retry: 'backoff', stopCcn: SHUT_DOWN,       cdn: generalError(4), words: 'l2tpwan itself made a mistake' },
} as const satisfies Record<string, FailureSpec>;

export type FailureCode = keyof typeof FAILURE;

/** What the peer said when it hung up, kept word for word (codes as on the wire). */
export interface PeerWords {
  readonly message: 'StopCCN' | 'CDN' | 'LCP Terminate-Request' | 'PAP Nak' | 'CHAP Failure';
  readonly result?: number;
  readonly error?: number;
  readonly text?: string;
}

export interface Failure {
  readonly code: FailureCode;
  /** One sentence of particulars: which rule, which value. Never a secret. */
  readonly detail: string;
  readonly peer?: PeerWords;
}
