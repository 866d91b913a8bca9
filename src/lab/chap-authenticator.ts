/** CHAP from the side that challenges, when a link comes up and whenever it likes afterwards (RFC 1994). */
import { Deadlines, type Instant } from '../protocol/deadlines.ts';
import type { Entropy, Machine } from '../protocol/machine.ts';
import type { AuthEffect, MethodInput } from '../protocol/ppp/authentication-io.ts';
import { type ChapMessage, writeChap } from '../wire/chap-message.ts';
import { PROTOCOL } from '../wire/ppp-frame.ts';
import { textOf, utf8Of } from '../wire/text.ts';
import type { ChapVerifier } from './chap-verifier.ts';

type State =
  | { name: 'idle' }
  | { name: 'challenging'; id: number; challenge: Uint8Array; sent: number }
  /** The verdict stays at hand for repeated responses. */
  | { name: 'decided'; id: number; verdict: Uint8Array };

export class ChapAuthenticator implements Machine<MethodInput<ChapMessage>, AuthEffect> {
  readonly #verifier: ChapVerifier;
  readonly #name: string;
  readonly #passwordOf: (username: string) => string | undefined;
  readonly #entropy: Entropy;
  readonly #deadlines = new Deadlines<'challenge'>();
  #nextId: number;
  #state: State = { name: 'idle' };

  constructor(
    verifier: ChapVerifier,
    name: string,
    passwordOf: (username: string) => string | undefined,
    entropy: Entropy,
  ) {
    this.#verifier = verifier;
    this.#name = name;
    this.#passwordOf = passwordOf;
    this.#entropy = entropy;
    this.#nextId = entropy(1)[0] as number;
  }

  get deadline(): Instant | undefined {
    return this.#deadlines.next;
  }

  handle(input: MethodInput<ChapMessage>, now: Instant): AuthEffect[] {
    switch (input.type) {
      case 'start': {
        const challenge = this.#entropy(this.#verifier.challengeOctets);
        this.#state = { name: 'challenging', id: this.#nextId, challenge, sent: 0 };
        this.#nextId = (this.#nextId + 1) & 0xff;
        return this.#challenge(now);
      }
      case 'message':
        return this.#receive(input.message);
      case 'tick':
        return this.#deadlines.takeDue(now).length > 0 ? this.#challenge(now) : [];
    }
  }

  /** The same challenge again and again, as pppd does it: an answer that comes late still fits. */
  #challenge(now: Instant): AuthEffect[] {
    const state = this.#state;
    if (state.name !== 'challenging') return [];
    if (state.sent === CHALLENGES) {
      this.#state = { name: 'idle' };
      return [{ type: 'failed', failure: { code: 'auth-silent', detail: 'nobody answered the CHAP challenge' } }];
    }
    this.#state = { ...state, sent: state.sent + 1 };
    this.#deadlines.set('challenge', now + CHALLENGE_INTERVAL_MS);
    return [packet({ kind: 'challenge', id: state.id, value: state.challenge, name: utf8Of(this.#name) })];
  }

  #receive(message: ChapMessage): AuthEffect[] {
    if (message.kind !== 'response') return dropped(`a CHAP ${message.kind} from the side that must answer`);
    const state = this.#state;
    if (state.name === 'idle' || message.id !== state.id) return dropped('a CHAP response to no challenge of ours');
    // "MUST return the same reply Code previously returned for that specific Challenge" (§4.1)
    if (state.name === 'decided') return [{ type: 'packet', protocol: PROTOCOL.chap, bytes: state.verdict }];
    return this.#decide(state.id, state.challenge, message.value, message.name);
  }

  #decide(id: number, challenge: Uint8Array, value: Uint8Array, name: Uint8Array): AuthEffect[] {
    const username = textOf(name);
    const password = this.#passwordOf(username);
    const accepted =
      password === undefined ? undefined : this.#verifier.accept({ id, challenge, value, name, password });
    const text = utf8Of(accepted ?? this.#verifier.refuse(challenge));
    const verdict = writeChap({ kind: accepted === undefined ? 'failure' : 'success', id, message: text });
    this.#state = { name: 'decided', id, verdict };
    this.#deadlines.clearAll();
    return [
      { type: 'packet', protocol: PROTOCOL.chap, bytes: verdict },
      accepted === undefined
        ? { type: 'failed', failure: { code: 'auth-rejected', detail: 'wrong name or password by CHAP' } }
        : { type: 'succeeded', message: username },
    ];
  }
}

const packet = (message: ChapMessage): AuthEffect => ({
  type: 'packet',
  protocol: PROTOCOL.chap,
  bytes: writeChap(message),
});
const dropped = (why: string): AuthEffect[] => [{ type: 'dropped', why }];

const CHALLENGE_INTERVAL_MS = 3000; // pppd's chap-restart
const CHALLENGES = 10; // pppd's chap-max-challenge
