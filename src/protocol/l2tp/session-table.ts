/**
 * What a session does when something happens: the tables of RFC 2661 §7.4.1 (LAC) and §7.4.2 (LNS) for incoming calls, row by row.
 *
 * A message whose contents decide has two rows, `ICRP+` for an acceptable one and `ICRP-` for one that is not. What has no
 * row is ignored. A session begins in its first state and ends in `idle`, out of which nothing leads any more. The LAC's
 * very first step, from `idle` to `wait-tunnel` when the telephone rings, is its owner's: it makes the session and the tunnel.
 */

export type SessionState = 'idle' | 'wait-tunnel' | 'wait-reply' | 'wait-connect' | 'established';

export type SessionEvent =
  | 'tunnel open'
  | 'close'
  | 'ICRQ' | 'ICRQ+' | 'ICRQ-'
  | 'ICRP' | 'ICRP+' | 'ICRP-'
  | 'ICCN' | 'ICCN+'
  | 'CDN'
  | 'silence' /** Acknowledged, but not answered. */
  | 'tunnel closed'; /** All sessions go with it (§5.7). */

export type SessionAction =
  | 'send ICRQ' | 'send ICRP' | 'send ICCN' | 'send CDN'
  | 'connect' /** PPP may flow. */
  | 'clean up';

export type SessionRow = readonly [SessionState, SessionEvent, readonly SessionAction[], SessionState];

export const LAC_TABLE: readonly SessionRow[] = [
  // state         event            action                     new state
  ['wait-tunnel',  'close',         ['clean up'],              'idle'],
  ['wait-tunnel',  'tunnel open',   ['send ICRQ'],             'wait-reply'],
  ['wait-reply',   'ICRP+',         ['send ICCN', 'connect'],  'established'],
  ['wait-reply',   'ICRP-',         ['send CDN', 'clean up'],  'idle'],
  ['wait-reply',   'ICRQ',          ['send CDN', 'clean up'],  'idle'],
  ['wait-reply',   'CDN',           ['clean up'],              'idle'],
  ['wait-reply',   'ICCN',          ['clean up'],              'idle'],
  ['wait-reply',   'close',         ['send CDN', 'clean up'],  'idle'],
  ['established',  'CDN',           ['clean up'],              'idle'],
  ['established',  'ICRQ',          ['send CDN', 'clean up'],  'idle'],
  ['established',  'ICRP',          ['send CDN', 'clean up'],  'idle'],
  ['established',  'ICCN',          ['send CDN', 'clean up'],  'idle'],
  ['established',  'close',         ['send CDN', 'clean up'],  'idle'],

  // What §7.4.1 leaves to the text.
  ['wait-reply',   'silence',       ['send CDN', 'clean up'],  'idle'],
  ['wait-tunnel',  'tunnel closed', ['clean up'],              'idle'],
  ['wait-reply',   'tunnel closed', ['clean up'],              'idle'],
  ['established',  'tunnel closed', ['clean up'],              'idle'],
];

export const LNS_TABLE: readonly SessionRow[] = [
  // state         event            action                     new state
  ['idle',         'ICRQ+',         ['send ICRP'],             'wait-connect'],
  ['idle',         'ICRQ-',         ['send CDN', 'clean up'],  'idle'],
  ['idle',         'ICRP',          ['send CDN', 'clean up'],  'idle'],
  ['idle',         'ICCN',          ['clean up'],              'idle'],
  ['wait-connect', 'ICCN+',         ['connect'],               'established'],
  ['wait-connect', 'ICRQ',          ['send CDN', 'clean up'],  'idle'],
  ['wait-connect', 'ICRP',          ['send CDN', 'clean up'],  'idle'],
  ['idle',         'CDN',           ['clean up'],              'idle'],
  ['wait-connect', 'CDN',           ['clean up'],              'idle'],
  ['established',  'CDN',           ['clean up'],              'idle'],
  ['wait-connect', 'close',         ['send CDN', 'clean up'],  'idle'],
  ['established',  'close',         ['send CDN', 'clean up'],  'idle'],
  ['established',  'ICRQ',          ['send CDN', 'clean up'],  'idle'],
  ['established',  'ICRP',          ['send CDN', 'clean up'],  'idle'],
  ['established',  'ICCN',          ['send CDN', 'clean up'],  'idle'],

  // What §7.4.2 leaves to the text. Its row for an ICCN that is not acceptable is missing: to us every ICCN is.
  ['idle',         'close',         ['clean up'],              'idle'],
  ['wait-connect', 'silence',       ['send CDN', 'clean up'],  'idle'],
  ['idle',         'tunnel closed', ['clean up'],              'idle'],
  ['wait-connect', 'tunnel closed', ['clean up'],              'idle'],
  ['established',  'tunnel closed', ['clean up'],              'idle'],
];

/** The row for an event in a state; undefined: nothing happens. */
export const sessionRow = (role: 'lac' | 'lns', state: SessionState, event: SessionEvent): SessionRow | undefined =>
  ROWS[role].get(`${state} ${event}`);

const indexed = (table: readonly SessionRow[]): ReadonlyMap<string, SessionRow> =>
  new Map(table.map((row) => [`${row[0]} ${row[1]}`, row]));
const ROWS = { lac: indexed(LAC_TABLE), lns: indexed(LNS_TABLE) };
