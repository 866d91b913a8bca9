/** What it means when a peer sends StopCCN or CDN: its codes and words (RFC 2661 §4.4.2) become an entry of the failure table. */
import type { ResultCode } from '../../wire/avp-value.ts';
import { describeResult } from '../../wire/result-table.ts';
import type { Failure, FailureCode, PeerWords } from '../failure.ts';

/** How far we had come. */
export type Progress = 'opening' | 'opening without secret' | 'opening with secret' | 'in use';

interface Row {
  readonly message: 'StopCCN' | 'CDN';
  /** `opening` covers all of its kinds; left out: at any time. */
  readonly progress?: Progress;
  /** Result and error code, the text: left out, anything will do. */
  readonly result?: number;
  readonly error?: number;
  readonly text?: RegExp;
  readonly code: FailureCode;
}

/** INTEROP: servers say what is the matter in words only, "Reached configured max-tunnels limit" (Beeline) for one. */
const NO_ROOM = /\bmax|limit|too many|resource|capacity|\bbusy|\bfull\b/i;
const NO_SECRET = /\bno\b.*\b(secret|key)\b/i; // xl2tpd, l2tpns: "No secret key on our end"
const SECRET = /secret|challenge|authenticat/i; // xl2tpd, l2tpns: "Invalid challenge authentication"

/** The first row that fits counts. */
export const HANG_UP_TABLE: readonly Row[] = [
  { message: 'StopCCN',                                     result: 2, error: 4,    code: 'tunnel-busy' },
  { message: 'StopCCN', progress: 'opening',                result: 3,              code: 'tunnel-busy' },
  { message: 'StopCCN', progress: 'opening',                text: NO_ROOM,          code: 'tunnel-busy' },
  { message: 'StopCCN', progress: 'opening',                result: 5,              code: 'version-unsupported' },
  { message: 'StopCCN', progress: 'opening with secret',    text: NO_SECRET,        code: 'tunnel-secret-wrong' },
  { message: 'StopCCN', progress: 'opening with secret',    text: SECRET,           code: 'tunnel-secret-refused' },
  { message: 'StopCCN', progress: 'opening with secret',    result: 4,              code: 'tunnel-secret-refused' },
  { message: 'StopCCN', progress: 'opening without secret', text: SECRET,           code: 'tunnel-secret-needed' },
  { message: 'StopCCN', progress: 'opening',                                        code: 'tunnel-refused' },
  { message: 'StopCCN', progress: 'in use',                                          code: 'tunnel-closed' },
  { message: 'CDN',                                         result: 2, error: 4,    code: 'call-busy' },
  { message: 'CDN',                                         result: 4,              code: 'call-busy' },
  { message: 'CDN',                                         result: 5,              code: 'call-busy' },
  { message: 'CDN',                                         result: 8,              code: 'call-busy' },
  { message: 'CDN',     progress: 'opening',                text: NO_ROOM,          code: 'call-busy' },
  { message: 'CDN',     progress: 'opening',                                        code: 'call-refused' },
  { message: 'CDN',     progress: 'in use',                                          code: 'call-closed' },
];

/**
 * The failure that a peer's hang-up is.
 * @param stage what we were waiting for, as the end of a sentence: "while we waited for SCCRP"
 */
export function failureOf(message: 'StopCCN' | 'CDN', words: ResultCode, progress: Progress, stage: string): Failure {
  const row = HANG_UP_TABLE.find((each) => fits(each, message, words, progress));
  const code = row?.code ?? (message === 'CDN' ? 'call-closed' : 'tunnel-closed');
  const peer: PeerWords = { message, ...words };
  return { code, detail: `${message} came ${stage}: ${describeResult(message, words)}`, peer };
}

const fits = (row: Row, message: Row['message'], { result, error, text }: ResultCode, progress: Progress): boolean =>
  row.message === message &&
  progress.startsWith(row.progress ?? '') &&
  (row.result === undefined || row.result === result) &&
  (row.error === undefined || row.error === error) &&
  (row.text === undefined || row.text.test(text ?? ''));
