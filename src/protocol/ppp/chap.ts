/** The Challenge-Handshake Authentication Protocol from the side that is challenged (RFC 1994); what a response is made of comes from a method. */
import { chapMd5Response } from '../../crypto/chap-md5.ts';
import { sameOctets } from '../../wire/bytes.ts';
import { type ChapMessage, writeChap } from '../../wire/chap-message.ts';
import { readMsChapFailure } from '../../wire/ms-chap-field.ts';
import { PROTOCOL } from '../../wire/ppp-frame.ts';
import { textOf, utf8Of } from '../../wire/text.ts';
import { Deadlines, type Instant } from '../deadlines.ts';
import type { FailureCode, PeerWords } from '../failure.ts';
import type { Machine } from '../machine.ts';
import type { AuthMethod } from '../settings.ts';
import type { AuthEffect, Credentials, MethodInput } from './authentication-io.ts';
import { MS_CHAP_ERROR } from './ms-chap-error-table.ts';
import { shownText } from './shown-text.ts';

/** What tells CHAP with MD5 from MS-CHAP. */
export interface ChapMethod {
  readonly name: AuthMethod;
  /** @returns words when the challenge is none that this method could answer */
  respond(id: number, challenge: Uint8Array): ChapAnswer | string;
}

export interface ChapAnswer {
  /** The Value field of the Response, 1 to 255 octets. */
  readonly value: Uint8Array;
  /** Reads a Success: its words for a person, undefined when the authenticator has not proved that it knows the password. */
  accept(message: string): string | undefined;
}

/** The algorithm that every implementation must have (RFC 1994 §3). */
export const chapMd5 = ({ password }: Credentials): ChapMethod => ({
  name: 'chap-md5',
  respond: (id, challenge) => ({
    value: chapMd5Response(id, utf8Of(password), challenge),
    accept: (message) => message,
  }),
});

interface Response extends ChapAnswer {
  readonly challenge: Uint8Array;
  readonly bytes: Uint8Array;
  /** A Success has come for it. */
  isAccepted: boolean;
}

type State =
  | { name: 'initial' }
  /** LCP is open; `obstacle`: why the last challenge could not be answered. */
  | { name: 'unchallenged'; obstacle: string | undefined }
  | { name: 'answered'; last: Uint8Array }
  | { name: 'accepted' }
  | { name: 'failed' };

export class Chap implements Machine<MethodInput<ChapMessage>, AuthEffect> {
  readonly #method: ChapMethod;
  readonly #credentials: Credentials;
  readonly #deadlines = new Deadlines<'verdict' | 'repeat'>();
  /**
   * Responses by identifier, 256 at most. Accepted ones too: a challenge that comes again, late or repeated, gets the very
   * same answer, for the authenticator repeats its verdict on the first one, and with MS-CHAPv2 that proves nothing else.
   */
  readonly #responses = new Map<number, Response>();
  #state: State = { name: 'initial' };

  constructor(method: ChapMethod, credentials: Credentials) {
    this.#method = method;
    this.#credentials = credentials;
  }

  get deadline(): Instant | undefined {
    return this.#deadlines.next;
  }

  handle(input: MethodInput<ChapMessage>, now: Instant): AuthEffect[] {
    switch (input.type) {
      case 'start':
        return this.#start(now);
      case 'message':
        return this.#receive(input.message, now);
      case 'tick':
        return this.#deadlines
          .takeDue(now)
          .flatMap((name) => (name === 'verdict' ? this.#giveUp() : this.#repeat(now)));
    }
  }

  #start(now: Instant): AuthEffect[] {
    this.#state = { name: 'unchallenged', obstacle: undefined };
    this.#responses.clear();
    this.#deadlines.clearAll();
    this.#deadlines.set('verdict', now + SILENCE_MS);
    return [];
  }

  #receive(message: ChapMessage, now: Instant): AuthEffect[] {
    const { name } = this.#state;
    if (name === 'initial' || name === 'failed')
      return dropped(`a CHAP ${message.kind} when authentication is ${name}`);
    switch (message.kind) {
      case 'challenge':
        return this.#answer(message.id, message.value, now);
      case 'response':
        return dropped('the peer was never asked to authenticate itself');
      case 'success':
        return this.#accept(message.id, textOf(message.message));
      case 'failure':
        return this.#reject(message.id, textOf(message.message));
    }
  }

  /** "Whenever a Challenge packet is received, the peer MUST transmit" a Response (RFC 1994 §4.1): now, and at any later time. */
  #answer(id: number, challenge: Uint8Array, now: Instant): AuthEffect[] {
    const before = this.#responses.get(id);
    if (before !== undefined && sameOctets(before.challenge, challenge)) return packet(before.bytes);
    const answer = this.#method.respond(id, challenge);
    if (typeof answer === 'string') {
      if (this.#state.name === 'unchallenged') this.#state = { name: 'unchallenged', obstacle: answer };
      return dropped(answer);
    }
    const bytes = writeChap({ kind: 'response', id, value: answer.value, name: utf8Of(this.#credentials.username) });
    this.#responses.set(id, { ...answer, challenge: challenge.slice(), bytes, isAccepted: false });
    if (this.#state.name === 'accepted') return packet(bytes);
    if (this.#state.name === 'unchallenged') this.#deadlines.set('verdict', now + SILENCE_MS);
    this.#deadlines.set('repeat', now + REPEAT_MS);
    this.#state = { name: 'answered', last: bytes };
    return packet(bytes);
  }

  #accept(id: number, text: string): AuthEffect[] {
    const response = this.#responses.get(id);
    if (response === undefined || response.isAccepted) return dropped('a CHAP success for no response of ours');
    response.isAccepted = true;
    const message = response.accept(text);
    if (message === undefined) return this.#fail('peer-not-trusted', 'the proof in its Success is missing or wrong');
    if (this.#state.name === 'accepted') return [];
    this.#state = { name: 'accepted' };
    this.#deadlines.clearAll();
    return [{ type: 'succeeded', message: shownText(message, this.#credentials.password) }];
  }

  /** MS-CHAP says why by a number (RFC 2759 §6). Another try with the same credentials would not go better, whatever its R= allows. */
  #reject(id: number, text: string): AuthEffect[] {
    if (this.#responses.get(id)?.isAccepted !== false) return dropped('a CHAP failure for no response of ours');
    const error = readMsChapFailure(text)?.error;
    const shown = shownText(text, this.#credentials.password);
    return this.#fail(
      'auth-rejected',
      error === undefined ? 'CHAP Failure' : `error ${error}, ${MS_CHAP_ERROR[error] ?? 'of unknown meaning'}`,
      { message: 'CHAP Failure', ...(error !== undefined && { error }), ...(shown !== '' && { text: shown }) },
    );
  }

  /**
   * The Success may have got lost, and an authenticator that takes us for known has no reason to challenge again: it
   * "MUST allow repeated Response packets" (RFC 1994 §4.1).
   */
  #repeat(now: Instant): AuthEffect[] {
    if (this.#state.name !== 'answered') return [];
    this.#deadlines.set('repeat', now + REPEAT_MS);
    return packet(this.#state.last);
  }

  #giveUp(): AuthEffect[] {
    const state = this.#state;
    const awaited = state.name === 'unchallenged' ? 'challenge' : 'verdict on our response';
    const obstacle = state.name === 'unchallenged' && state.obstacle !== undefined ? `, only ${state.obstacle}` : '';
    return this.#fail('auth-silent', `no ${awaited} in ${SILENCE_MS / 1000} s${obstacle}`);
  }

  #fail(code: FailureCode, words: string, peer?: PeerWords): AuthEffect[] {
    this.#state = { name: 'failed' };
    this.#responses.clear();
    this.#deadlines.clearAll();
    return [{ type: 'failed', failure: { code, detail: `${this.#method.name}: ${words}`, ...(peer && { peer }) } }];
  }
}

const packet = (bytes: Uint8Array): AuthEffect[] => [{ type: 'packet', protocol: PROTOCOL.chap, bytes }];
const dropped = (why: string): AuthEffect[] => [{ type: 'dropped', why }];

const SILENCE_MS = 30_000; // ours: ten challenges of pppd's chap-restart
const REPEAT_MS = 5000; // ours: a RADIUS server has usually answered by then
