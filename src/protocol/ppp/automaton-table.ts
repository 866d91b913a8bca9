/**
 * The option-negotiation automaton of RFC 1661 §4.1, cell for cell as printed there.
 *
 * Every control protocol of PPP (LCP, IPCP, IPV6CP) is one of these. A cell reads `actions/next state`; a dash is an event that
 * cannot happen in that state. The letters after a state are the RFC's footnotes: p passive option, r restart option, x crossed
 * connection; we use none of the options, the letters stay for comparison.
 */

export const STATES = ['initial', 'starting', 'closed', 'stopped', 'closing', 'stopping', 'req-sent', 'ack-rcvd', 'ack-sent', 'opened'] as const;
/** This-Layer-Up, -Down, -Started, -Finished; Initialize and Zero Restart Count; Send Configure-Request, -Ack, -Nak/Reject, Terminate-Request, -Ack, Code-Reject, Echo-Reply. */
export const ACTIONS = ['tlu', 'tld', 'tls', 'tlf', 'irc', 'zrc', 'scr', 'sca', 'scn', 'str', 'sta', 'scj', 'ser'] as const;

export type State = (typeof STATES)[number];
export type Action = (typeof ACTIONS)[number];
export type Event = keyof typeof TABLE;

type Next = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9';
type Note = '' | 'p' | 'r' | 'x';
type Cell = '-' | `${Next}${Note}` | `${string}/${Next}${Note}`;
type Row = readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell];

// biome-ignore format: a table
export const TABLE = {
  //        0 initial  1 starting    2 closed     3 stopped          4 closing  5 stopping  6 req-sent    7 ack-rcvd   8 ack-sent   9 opened
  up:     ['2',       'irc,scr/6',  '-',         '-',               '-',       '-',        '-',          '-',         '-',         '-'],
  down:   ['-',       '-',          '0',         'tls/1',           '0',       '1',        '1',          '1',         '1',         'tld/1'],
  open:   ['tls/1',   '1',          'irc,scr/6', '3r',              '5r',      '5r',       '6',          '7',         '8',         '9r'],
  close:  ['0',       'tlf/0',      '2',         '2',               '4',       '4',        'irc,str/4',  'irc,str/4', 'irc,str/4', 'tld,irc,str/4'],

  'to+':  ['-',       '-',          '-',         '-',               'str/4',   'str/5',    'scr/6',      'scr/6',     'scr/8',     '-'],
  'to-':  ['-',       '-',          '-',         '-',               'tlf/2',   'tlf/3',    'tlf/3p',     'tlf/3p',    'tlf/3p',    '-'],

  'rcr+': ['-',       '-',          'sta/2',     'irc,scr,sca/8',   '4',       '5',        'sca/8',      'sca,tlu/9', 'sca/8',     'tld,scr,sca/8'],
  'rcr-': ['-',       '-',          'sta/2',     'irc,scr,scn/6',   '4',       '5',        'scn/6',      'scn/7',     'scn/6',     'tld,scr,scn/6'],
  rca:    ['-',       '-',          'sta/2',     'sta/3',           '4',       '5',        'irc/7',      'scr/6x',    'irc,tlu/9', 'tld,scr/6x'],
  rcn:    ['-',       '-',          'sta/2',     'sta/3',           '4',       '5',        'irc,scr/6',  'scr/6x',    'irc,scr/8', 'tld,scr/6x'],

  rtr:    ['-',       '-',          'sta/2',     'sta/3',           'sta/4',   'sta/5',    'sta/6',      'sta/6',     'sta/6',     'tld,zrc,sta/5'],
  rta:    ['-',       '-',          '2',         '3',               'tlf/2',   'tlf/3',    '6',          '6',         '8',         'tld,scr/6'],

  ruc:    ['-',       '-',          'scj/2',     'scj/3',           'scj/4',   'scj/5',    'scj/6',      'scj/7',     'scj/8',     'scj/9'],
  'rxj+': ['-',       '-',          '2',         '3',               '4',       '5',        '6',          '6',         '8',         '9'],
  'rxj-': ['-',       '-',          'tlf/2',     'tlf/3',           'tlf/2',   'tlf/3',    'tlf/3',      'tlf/3',     'tlf/3',     'tld,irc,str/5'],

  rxr:    ['-',       '-',          '2',         '3',               '4',       '5',        '6',          '7',         '8',         'ser/9'],
} as const satisfies Record<string, Row>;

export const EVENTS = Object.keys(TABLE) as Event[];

export interface Transition {
  readonly actions: readonly Action[];
  readonly next: State;
}

const isAction = (word: string): word is Action => (ACTIONS as readonly string[]).includes(word);

/** The transition for `event` in `state`, or undefined where the RFC prints a dash. */
export function transition(state: State, event: Event): Transition | undefined {
  const cell = TABLE[event][STATES.indexOf(state)] as Cell;
  if (cell === '-') return undefined;
  const [target, list = ''] = cell.split('/').reverse();
  return { actions: list.split(',').filter(isAction), next: STATES[Number(target?.[0])] as State };
}
