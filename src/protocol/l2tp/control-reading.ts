/** Whether a control message can be taken as it is: unknown messages and AVPs, with and without the M bit (RFC 2661 §4.1, §4.2, §7.1). */
import { readAvps } from '../../wire/avp.ts';
import { Reader } from '../../wire/bytes.ts';
import { Malformed } from '../../wire/malformed.ts';
import { type IgnoredAvp, readMessage } from '../../wire/message.ts';
import { type ControlMessage, type MessageKind, messageKindOf } from '../../wire/message-table.ts';
import type { Failure, FailureCode } from '../failure.ts';
import type { TunnelEffect } from './tunnel-io.ts';

export interface ReadingRules {
  /** Opens hidden AVPs. */
  readonly secret: Uint8Array | undefined;
  readonly tolerateUnknownMandatory: boolean;
}

export type Reading =
  | { type: 'message'; message: ControlMessage; remarks: readonly TunnelEffect[] }
  /**
   * The tunnel, or the session that `kind` and the header name, cannot go on. `kind` is undefined for an unknown message,
   * `message` for one that cannot be read.
   */
  | { type: 'fault'; kind: MessageKind | undefined; message: ControlMessage | undefined; failure: Failure }
  | { type: 'ignore'; why: string };

/** @param body what follows the header, not empty */
export function readControl(body: Uint8Array, rules: ReadingRules): Reading {
  try {
    const read = readMessage(body, rules.secret && { secret: rules.secret });
    if (read.kind === 'message') return judge(read.message, read.ignored, rules);
    const detail = `message type ${read.type} is unknown`;
    if (!read.mandatory || rules.tolerateUnknownMandatory) return { type: 'ignore', why: detail };
    return fault(undefined, undefined, 'unknown-mandatory', `${detail}, and mandatory`);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const isLocked = rules.secret === undefined && hidesSomething(body);
    return fault(kindOf(body), undefined, isLocked ? 'tunnel-secret-needed' : 'malformed-message', error.message);
  }
}

/** What §4.1 makes an end of, when the M bit is set. */
const FATAL: readonly IgnoredAvp['why'][] = ['unknown', 'vendor', 'hidden'];

/** A datagram holds ten thousand empty AVPs; the first few tell what there is to tell. */
const MOST_REMARKS = 16;

function judge(message: ControlMessage, ignored: readonly IgnoredAvp[], rules: ReadingRules): Reading {
  const { kind } = message;
  // What ends a session or the tunnel anyway is heard out, to know why.
  const ends = kind === 'StopCCN' || kind === 'CDN';
  const fatal = ends ? [] : ignored.filter(({ mandatory, why }) => mandatory && FATAL.includes(why));
  const hidden = fatal.find(({ why }) => why === 'hidden');
  // Not a matter of tolerance: the peer relies on something that it takes us to have understood.
  if (hidden !== undefined && rules.secret === undefined)
    return fault(kind, message, 'tunnel-secret-needed', `its ${kind} hides AVP ${hidden.type} with a secret`);
  if (hidden !== undefined)
    return fault(
      kind,
      message,
      'tunnel-secret-wrong',
      `our secret does not open the hidden AVP ${hidden.type} in its ${kind}`,
    );
  const [first] = fatal;
  if (first !== undefined && !rules.tolerateUnknownMandatory)
    return fault(kind, message, 'unknown-mandatory', inWords(first, kind));
  const remarks = ignored.slice(0, MOST_REMARKS).map((avp): TunnelEffect => {
    const detail = `${inWords(avp, kind)}, ignored`;
    return fatal.includes(avp) ? { type: 'warning', code: 'unknown-avp', detail } : { type: 'dropped', why: detail };
  });
  return { type: 'message', message, remarks };
}

const fault = (
  kind: MessageKind | undefined,
  message: ControlMessage | undefined,
  code: FailureCode,
  detail: string,
): Reading => ({ type: 'fault', kind, message, failure: { code, detail } });

const inWords = ({ vendor, type, mandatory, why }: IgnoredAvp, kind: MessageKind): string =>
  `${mandatory ? 'mandatory ' : ''}AVP ${type}${vendor === 0 ? '' : ` of vendor ${vendor}`} in ${kind} (${why})`;

/** What the message would have been: Message Type is the first AVP, its value behind 6 octets. */
function kindOf(body: Uint8Array): MessageKind | undefined {
  return body.length < 8 ? undefined : messageKindOf(new Reader(body.subarray(6, 8), '§4.4.1').u16());
}

function hidesSomething(body: Uint8Array): boolean {
  try {
    return readAvps(body).some(({ hidden }) => hidden);
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}
