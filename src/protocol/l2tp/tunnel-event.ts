/** Which event of the tunnel's table a control message is: the judgement that RFC 2661 §7.2.1 calls "acceptable". */
import type { MessageOf } from '../../wire/message-table.ts';
import type { Cause, Failure } from '../failure.ts';
import type { Handshake } from './handshake.ts';
import { failureOf, type Progress } from './hang-up-table.ts';
import type { Refusal } from './tunnel-io.ts';
import { type TunnelEvent, type TunnelState, tunnelRow } from './tunnel-table.ts';

/** What an event brings with it. */
export interface Occasion {
  /** Why it is the end. */
  readonly failure?: Failure;
  /** How the peer is told, where that does not follow from the failure. */
  readonly cause?: Cause;
  readonly text?: string;
}

export type Happening = readonly [TunnelEvent, Occasion];

/** What must be known to judge. */
export interface Circumstances {
  readonly state: TunnelState;
  readonly handshake: Handshake;
  readonly progress: Progress;
  readonly refuse: ((request: MessageOf<'SCCRQ'>) => Refusal | undefined) | undefined;
}

export type TunnelMessage = MessageOf<'SCCRQ'> | MessageOf<'SCCRP'> | MessageOf<'SCCCN'> | MessageOf<'StopCCN'>;

export function happeningOf(message: TunnelMessage, circumstances: Circumstances): Happening {
  const { state, progress, handshake, refuse } = circumstances;
  const { kind } = message;
  if (kind === 'StopCCN') return [kind, { failure: failureOf(kind, message.resultCode, progress, STAGE[state]) }];
  // Where the state alone decides, the table has a row without judgement; where it has none, nobody asked for this.
  if (tunnelRow(state, kind) !== undefined) return [kind, { failure: unexpected(kind, state) }];
  if (tunnelRow(state, `${kind}+`) === undefined) return ['fault', { failure: unexpected(kind, state) }];
  const failure = kind === 'SCCCN' ? handshake.judgeResponse(message) : handshake.judge(message);
  if (failure !== undefined) return [`${kind}-`, { failure }];
  const refusal = kind === 'SCCRQ' ? refuse?.(message) : undefined;
  if (refusal === undefined) return [`${kind}+`, {}];
  return [
    `${kind}-`,
    { ...refusal, failure: { code: 'tunnel-refused', detail: refusal.text ?? 'refused by this end' } },
  ];
}

/** An SCCRQ while our own is out (§4.4.3); undefined: it leads to nothing, or to a tunnel of its own. */
export function collisionOf(request: MessageOf<'SCCRQ'>, handshake: Handshake): Happening | undefined {
  switch (handshake.compareTies(request)) {
    case 'lose':
      return ['SCCRQ lose tie', {}];
    case 'equal': {
      const detail = 'both ends asked for a tunnel at the same moment, with the same tie breaker';
      return ['SCCRQ tie', { failure: { code: 'tunnel-refused', detail } }];
    }
    default:
      return undefined;
  }
}

/** A message that does not belong into this state (§7.1). */
export const unexpected = (kind: string, state: keyof typeof STAGE): Failure => ({
  code: 'unexpected-message',
  detail: `${kind} came ${STAGE[state]}`,
});

const STAGE = {
  idle: 'before any SCCRQ',
  'wait-ctl-reply': 'while we waited for SCCRP',
  'wait-ctl-conn': 'while we waited for SCCCN',
  established: 'on an open tunnel',
  closing: 'after our StopCCN',
  closed: 'after the end',
} as const;
