/** The Password Authentication Protocol from the side that has the password (RFC 1334 §2): it asks until it is answered. */
import { LONGEST_PAP_FIELD, type PapMessage, writePap } from '../../wire/pap-message.ts';
import { PROTOCOL } from '../../wire/ppp-frame.ts';
import { textOf, utf8Of } from '../../wire/text.ts';
import { Deadlines, type Instant } from '../deadlines.ts';
import type { Failure } from '../failure.ts';
import type { Entropy, Machine } from '../machine.ts';
import type { AuthEffect, Credentials, MethodInput } from './authentication-io.ts';
import { shownText } from './shown-text.ts';

type State =
  | { name: 'initial' }
  /** Requests `firstId`, `firstId + 1` … have left, `sent` of them. */
  | { name: 'asking'; firstId: number; sent: number }
  | { name: 'accepted' }
  | { name: 'failed' };

export class Pap implements Machine<MethodInput<PapMessage>, AuthEffect> {
  readonly #credentials: Credentials;
  readonly #entropy: Entropy;
  readonly #deadlines = new Deadlines<'request'>();
  #state: State = { name: 'initial' };

  constructor(credentials: Credentials, entropy: Entropy) {
    this.#credentials = credentials;
    this.#entropy = entropy;
  }

  get deadline(): Instant | undefined {
    return this.#deadlines.next;
  }

  handle(input: MethodInput<PapMessage>, now: Instant): AuthEffect[] {
    switch (input.type) {
      case 'start':
        this.#state = { name: 'asking', firstId: this.#entropy(1)[0] as number, sent: 0 };
        return this.#ask(now);
      case 'message':
        return this.#receive(input.message);
      case 'tick':
        return this.#deadlines.takeDue(now).length > 0 ? this.#ask(now) : [];
    }
  }

  /** Sends the next request. Its identifier MUST change each time (RFC 1334 §2.2.1). */
  #ask(now: Instant): AuthEffect[] {
    const state = this.#state;
    if (state.name !== 'asking') return [];
    const [peerId, password] = [utf8Of(this.#credentials.username), utf8Of(this.#credentials.password)];
    if (Math.max(peerId.length, password.length) > LONGEST_PAP_FIELD) return this.#fail(TOO_LONG);
    if (state.sent === REQUESTS) return this.#fail(SILENT);
    const id = (state.firstId + state.sent) & 0xff;
    this.#state = { ...state, sent: state.sent + 1 };
    this.#deadlines.set('request', now + REQUEST_INTERVAL_MS);
    const bytes = writePap({ kind: 'authenticate-request', id, peerId, password });
    return [{ type: 'packet', protocol: PROTOCOL.pap, bytes }];
  }

  #receive(message: PapMessage): AuthEffect[] {
    if (message.kind === 'authenticate-request') return dropped('the peer was never asked to authenticate itself');
    const state = this.#state;
    if (state.name !== 'asking') return dropped(`a PAP verdict when authentication is ${state.name}`);
    // A slow authenticator answers an earlier request than the last one: any that left will do.
    if (((message.id - state.firstId) & 0xff) >= state.sent) return dropped('a PAP verdict on no request of ours');
    const text = shownText(textOf(message.message), this.#credentials.password);
    if (message.kind === 'authenticate-nak') {
      const peer = { message: 'PAP Nak', ...(text === '' ? {} : { text }) } as const;
      return this.#fail({ code: 'auth-rejected', detail: 'PAP Authenticate-Nak', peer });
    }
    this.#state = { name: 'accepted' };
    this.#deadlines.clearAll();
    return [{ type: 'succeeded', message: text }];
  }

  #fail(failure: Failure): AuthEffect[] {
    this.#state = { name: 'failed' };
    this.#deadlines.clearAll();
    return [{ type: 'failed', failure }];
  }
}

const dropped = (why: string): AuthEffect[] => [{ type: 'dropped', why }];

// RFC 1334 leaves both open; these are pppd's pap-restart and pap-max-authreq.
const REQUEST_INTERVAL_MS = 3000;
const REQUESTS = 10;

const SILENT: Failure = {
  code: 'auth-silent',
  detail: `${REQUESTS} PAP requests in ${(REQUESTS * REQUEST_INTERVAL_MS) / 1000} s had no answer`,
};
const TOO_LONG: Failure = {
  code: 'auth-method-refused',
  detail: `PAP carries at most ${LONGEST_PAP_FIELD} octets of user name and of password`,
};
