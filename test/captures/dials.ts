// What tshark read of the dials in the captures (test/fixtures/dials.json, made by dials.mjs).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is missing in a dial that did not come that far is missing here. Pairs of ids: the client's, the server's. */
export interface Dial {
  readonly called: string;
  readonly answeredFrom: string;
  readonly hostName: string;
  readonly tunnel: readonly [number, number];
  readonly session?: readonly [number, number];
  /** Of the client in its SCCCN, hexadecimal. */
  readonly challengeResponse?: string;
  /** That the server asked for. */
  readonly mru?: number;
  /** PPP protocol number and, for CHAP, the algorithm. */
  readonly authentication?: readonly [string, string | null];
  /** Message of CHAP Success or PAP Authenticate-Ack. */
  readonly welcome?: string;
  readonly address?: string;
  readonly dns?: readonly string[];
  readonly peerAddress?: string;
  /** The client's, hexadecimal. */
  readonly interfaceId?: string;
  /** IP packets from the server to the client inside the tunnel, after both had agreed to carry them. */
  readonly packets: { readonly ipv4: number; readonly ipv6: number };
  /** The first of each kind that the server sent, be it of its own accord or in answer to the client's. */
  readonly lastWords: Readonly<
    Record<string, { readonly result?: number; readonly error?: number; readonly text?: string }>
  >;
}

const DIALS: Readonly<Record<string, Dial>> = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/dials.json'), 'utf8'),
).dials;

export function dialOf(name: string): Dial {
  const dial = DIALS[name];
  if (dial === undefined) throw new Error(`no dial ${name}: make dials.json anew`);
  return dial;
}
