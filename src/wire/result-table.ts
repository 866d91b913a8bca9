/** What the result and error codes of StopCCN and CDN mean (RFC 2661 §4.4.2), and how to say it to a person. */
import type { ResultCode } from './avp-value.ts';

type Names = Readonly<Record<number, string>>;

const STOPCCN_RESULT: Names = {
  0: 'reserved',
  1: 'general request to clear control connection',
  2: 'general error',
  3: 'control channel already exists',
  4: 'requester is not authorized to establish a control channel',
  5: 'the protocol version of the requester is not supported',
  6: 'requester is being shut down',
  7: 'finite state machine error',
};

const CDN_RESULT: Names = {
   0: 'reserved',
   1: 'call disconnected due to loss of carrier',
   2: 'general error',
   3: 'call disconnected for administrative reasons',
   4: 'call failed due to lack of appropriate facilities being available (temporary condition)',
   5: 'call failed due to lack of appropriate facilities being available (permanent condition)',
   6: 'invalid destination',
   7: 'call failed due to no carrier detected',
   8: 'call failed due to detection of a busy signal',
   9: 'call failed due to lack of a dial tone',
  10: 'call was not established within time allotted by LAC',
  11: 'call was connected but no appropriate framing was detected',
};

const GENERAL_ERROR: Names = {
  0: 'no general error',
  1: 'no control connection exists yet for this LAC-LNS pair',
  2: 'length is wrong',
  3: 'a field value was out of range or a reserved field was non-zero',
  4: 'insufficient resources to handle this operation now',
  5: 'the session id is invalid in this context',
  6: 'a generic vendor-specific error occurred in the LAC',
  7: 'try another LNS',
  8: 'shut down due to an unknown AVP with the M bit set',
};

/** C0, DEL, C1, and those that move lines or turn the direction of writing. */
const CONTROL_CHARACTERS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** Result 2 of both messages: the error code tells what happened. */
const SEE_ERROR = 2;
/** Result 5 of StopCCN: the error code is the highest version supported, in the shape of the Protocol Version AVP. */
const SEE_VERSION = 5;

/**
 * One line for a person: `general error: insufficient resources to handle this operation now (StopCCN result 2, error 4),
 * "no more tunnels"`. The peer's text is quoted without control characters.
 */
export function describeResult(message: 'StopCCN' | 'CDN', { result, error, text }: ResultCode): string {
  const name = (message === 'CDN' ? CDN_RESULT : STOPCCN_RESULT)[result] ?? 'unknown result';
  const codes = `${message} result ${result}${error === undefined ? '' : `, error ${error}`}`;
  const said = (text ?? '').replace(CONTROL_CHARACTERS, ' ').trim();
  return `${name}${detailOf(message, result, error)} (${codes})${said === '' ? '' : `, "${said}"`}`;
}

function detailOf(message: 'StopCCN' | 'CDN', result: number, error: number | undefined): string {
  if (error === undefined) return '';
  if (message === 'StopCCN' && result === SEE_VERSION) return `: it supports up to ${error >> 8}.${error & 0xff}`;
  if (error === 0 && result !== SEE_ERROR) return '';
  return `: ${GENERAL_ERROR[error] ?? 'unknown error'}`;
}
