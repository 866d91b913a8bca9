/** A failure as people and other programs see it: whose fault, which words, what the peer itself said. */
import type { Candidate, Stage } from '../protocol/client-io.ts';
import { FAILURE, type Failure, type FailureCode, type Fault, type Retry } from '../protocol/failure.ts';
import { STAGE } from './stage-table.ts';

export interface ServerView {
  /** As the user wrote it. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export interface FailureView {
  /** One of the failure table. */
  readonly code: FailureCode;
  readonly fault: Fault;
  readonly retry: Retry;
  /** The stage that the connection was in. */
  readonly stage: Stage;
  readonly server: ServerView | null;
  /** What went wrong, in words that stay the same. */
  readonly words: string;
  /** The particulars. */
  readonly detail: string;
  /** What the peer said, codes as on the wire; null when it said nothing. */
  readonly peer: {
    readonly message: string;
    readonly result: number | null;
    readonly error: number | null;
    readonly text: string | null;
  } | null;
}

/** @param shown makes text of the peer fit to be shown: without control characters, without secrets */
export function failureView(
  failure: Failure,
  stage: Stage,
  server: Candidate | undefined,
  shown: (text: string) => string,
): FailureView {
  const { fault, retry, words } = FAILURE[failure.code];
  const { peer } = failure;
  return {
    code: failure.code,
    fault,
    retry,
    stage,
    server: serverView(server),
    words,
    detail: shown(failure.detail),
    peer: peer
      ? {
          message: peer.message,
          result: peer.result ?? null,
          error: peer.error ?? null,
          text: peer.text === undefined ? null : shown(peer.text),
        }
      : null,
  };
}

/** `failed while authenticating: the server did not accept the user name or password (auth-rejected): …` */
export function failureWords({ code, stage, words, detail, peer }: FailureView): string {
  const said = peer?.text ? `; the server said: "${peer.text}"` : '';
  return `failed while ${STAGE[stage].failing}: ${words} (${code}): ${detail}${detail.includes(peer?.text ?? '\0') ? '' : said}`;
}

export const serverView = (server: Candidate | undefined): ServerView | null =>
  server === undefined ? null : { name: server.name, address: server.address, port: server.port };

/** `lns.example.net (10.5.1.9)`; the port only when it is not the usual one. */
export function serverWords({ name, address, port }: ServerView): string {
  const where = port === 1701 ? address : `${address} port ${port}`;
  return name === address && port === 1701 ? address : name === address ? where : `${name} (${where})`;
}
