/**
 * What a control connection does when something happens: the table of RFC 2661 §7.2.1, row by row.
 *
 * A message whose contents decide has two rows, `SCCRP+` for an acceptable one and `SCCRP-` for one that is not; where the
 * RFC does not ask, it has one. What has no row is ignored: a SCCRQ that does not win a tie is such a case.
 * `idle` is the first state and the last one: after `clean up` nothing leads out of it again.
 */

export type TunnelState = 'idle' | 'wait-ctl-reply' | 'wait-ctl-conn' | 'established';

export type TunnelEvent =
  | 'open'
  | 'close'
  | 'SCCRQ' | 'SCCRQ+' | 'SCCRQ-'
  | 'SCCRQ lose tie' /** Our own SCCRQ is withdrawn, the peer's is answered. */
  | 'SCCRQ tie' /** Equal tie breakers: both are withdrawn (§4.4.3). */
  | 'SCCRP' | 'SCCRP+' | 'SCCRP-'
  | 'SCCCN' | 'SCCCN+' | 'SCCCN-'
  | 'StopCCN'
  | 'call message' /** One that belongs to a session, or asks for one. */
  | 'fault' /** A message that cannot be taken (§4.1, §7.1), or silence where an answer is due. */
  | 'lost'; /** Retransmission has given up (§5.8). */

export type TunnelAction =
  | 'send SCCRQ' | 'send SCCRP' | 'send SCCCN' | 'send StopCCN'
  | 'tunnel open' /** Tell waiting sessions. */
  | 'pass on' /** The session will know what to do. */
  | 'requeue SCCRQ' /** Begin anew in `idle` with the peer's SCCRQ. */
  | 'clean up';

export type TunnelRow = readonly [TunnelState, TunnelEvent, readonly TunnelAction[], TunnelState];

export const TUNNEL_TABLE: readonly TunnelRow[] = [
  // state           event             action                            new state
  ['idle',           'open',           ['send SCCRQ'],                   'wait-ctl-reply'],
  ['idle',           'SCCRQ+',         ['send SCCRP'],                   'wait-ctl-conn'],
  ['idle',           'SCCRQ-',         ['send StopCCN', 'clean up'],     'idle'],
  ['idle',           'SCCRP',          ['send StopCCN', 'clean up'],     'idle'],
  ['idle',           'SCCCN',          ['clean up'],                     'idle'],
  ['wait-ctl-reply', 'SCCRP+',         ['send SCCCN', 'tunnel open'],    'established'],
  ['wait-ctl-reply', 'SCCRP-',         ['send StopCCN', 'clean up'],     'idle'],
  ['wait-ctl-reply', 'SCCRQ lose tie', ['requeue SCCRQ'],                'idle'],
  ['wait-ctl-reply', 'SCCCN',          ['send StopCCN', 'clean up'],     'idle'],
  ['wait-ctl-conn',  'SCCCN+',         ['tunnel open'],                  'established'],
  ['wait-ctl-conn',  'SCCCN-',         ['send StopCCN', 'clean up'],     'idle'],
  ['wait-ctl-conn',  'SCCRP',          ['send StopCCN', 'clean up'],     'idle'],
  ['wait-ctl-conn',  'SCCRQ',          ['send StopCCN', 'clean up'],     'idle'],
  ['established',    'close',          ['send StopCCN', 'clean up'],     'idle'],
  ['established',    'SCCRQ',          ['send StopCCN', 'clean up'],     'idle'],
  ['established',    'SCCRP',          ['send StopCCN', 'clean up'],     'idle'],
  ['established',    'SCCCN',          ['send StopCCN', 'clean up'],     'idle'],
  ['idle',           'StopCCN',        ['clean up'],                     'idle'],
  ['wait-ctl-reply', 'StopCCN',        ['clean up'],                     'idle'],
  ['wait-ctl-conn',  'StopCCN',        ['clean up'],                     'idle'],
  ['established',    'StopCCN',        ['clean up'],                     'idle'],

  // What §7.2.1 leaves to the text: local ends before the tunnel is open (§7.6), ties (§4.4.3), faults (§7.1), loss (§5.8).
  ['idle',           'close',          ['clean up'],                     'idle'],
  ['wait-ctl-reply', 'close',          ['send StopCCN', 'clean up'],     'idle'],
  ['wait-ctl-conn',  'close',          ['send StopCCN', 'clean up'],     'idle'],
  ['wait-ctl-reply', 'SCCRQ tie',      ['clean up'],                     'idle'],
  ['wait-ctl-reply', 'call message',   ['send StopCCN', 'clean up'],     'idle'],
  ['wait-ctl-conn',  'call message',   ['send StopCCN', 'clean up'],     'idle'],
  ['established',    'call message',   ['pass on'],                      'established'],
  ['idle',           'fault',          ['send StopCCN', 'clean up'],     'idle'],
  ['wait-ctl-reply', 'fault',          ['send StopCCN', 'clean up'],     'idle'],
  ['wait-ctl-conn',  'fault',          ['send StopCCN', 'clean up'],     'idle'],
  ['established',    'fault',          ['send StopCCN', 'clean up'],     'idle'],
  ['wait-ctl-reply', 'lost',           ['clean up'],                     'idle'],
  ['wait-ctl-conn',  'lost',           ['clean up'],                     'idle'],
  ['established',    'lost',           ['clean up'],                     'idle'],
];

/** The row for an event in a state; undefined: nothing happens. */
export const tunnelRow = (state: TunnelState, event: TunnelEvent): TunnelRow | undefined => ROWS.get(`${state} ${event}`);

const ROWS: ReadonlyMap<string, TunnelRow> = new Map(TUNNEL_TABLE.map((row) => [`${row[0]} ${row[1]}`, row]));
