/** PAP from the side that is given the password (RFC 1334 §2). */
import { Deadlines, type Instant } from '../protocol/deadlines.ts';
import type { Machine } from '../protocol/machine.ts';
import type { AuthEffect, MethodInput } from '../protocol/ppp/authentication-io.ts';
import { type PapMessage, writePap } from '../wire/pap-message.ts';
import { PROTOCOL } from '../wire/ppp-frame.ts';
import { textOf, utf8Of } from '../wire/text.ts';

type State = 'initial' | 'waiting' | 'accepted' | 'refused' | 'gave up';

export class PapAuthenticator implements Machine<MethodInput<PapMessage>, AuthEffect> {
  readonly #passwordOf: (username: string) => string | undefined;
  readonly #deadlines = new Deadlines<'request'>();
  #state: State = 'initial';

  constructor(passwordOf: (username: string) => string | undefined) {
    this.#passwordOf = passwordOf;
  }

  get deadline(): Instant | undefined {
    return this.#deadlines.next;
  }

  handle(input: MethodInput<PapMessage>, now: Instant): AuthEffect[] {
    switch (input.type) {
      case 'start':
        this.#state = 'waiting';
        this.#deadlines.set('request', now + PATIENCE_MS);
        return [];
      case 'message':
        return this.#receive(input.message);
      case 'tick':
        if (this.#deadlines.takeDue(now).length === 0) return [];
        this.#state = 'gave up';
        return [{ type: 'failed', failure: { code: 'auth-silent', detail: 'no PAP request came' } }];
    }
  }

  #receive(message: PapMessage): AuthEffect[] {
    if (message.kind !== 'authenticate-request') return dropped(`a PAP ${message.kind} from the side that must ask`);
    switch (this.#state) {
      case 'initial':
      case 'gave up':
        return dropped('a PAP request out of time');
      case 'waiting':
        return this.#decide(message.id, textOf(message.peerId), textOf(message.password));
      // "MUST return the same reply Code returned when the Authentication phase completed" (§2.2.1)
      case 'accepted':
      case 'refused':
        return [this.#verdict(message.id)];
    }
  }

  #decide(id: number, username: string, password: string): AuthEffect[] {
    const accepted = this.#passwordOf(username) === password;
    this.#state = accepted ? 'accepted' : 'refused';
    this.#deadlines.clearAll();
    return [
      this.#verdict(id),
      accepted
        ? { type: 'succeeded', message: username }
        : { type: 'failed', failure: { code: 'auth-rejected', detail: 'wrong name or password by PAP' } },
    ];
  }

  #verdict(id: number): AuthEffect {
    const bytes =
      this.#state === 'accepted'
        ? writePap({ kind: 'authenticate-ack', id, message: utf8Of('Login ok') })
        : writePap({ kind: 'authenticate-nak', id, message: utf8Of('Login incorrect') });
    return { type: 'packet', protocol: PROTOCOL.pap, bytes };
  }
}

const dropped = (why: string): AuthEffect[] => [{ type: 'dropped', why }];

const PATIENCE_MS = 30_000;
