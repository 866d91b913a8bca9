/** The other end of an authentication: the side that asks who is there, and says whether it believes the answer. */
import type { Entropy, Machine } from '../protocol/machine.ts';
import type { AuthEffect, AuthInput } from '../protocol/ppp/authentication-io.ts';
import { onWire } from '../protocol/ppp/on-wire.ts';
import type { AuthMethod } from '../protocol/settings.ts';
import { readChap } from '../wire/chap-message.ts';
import { readPap } from '../wire/pap-message.ts';
import { PROTOCOL } from '../wire/ppp-frame.ts';
import { ChapAuthenticator } from './chap-authenticator.ts';
import { CHAP_VERIFIER } from './chap-verifier.ts';
import { PapAuthenticator } from './pap-authenticator.ts';

export interface AuthenticatorSettings {
  readonly method: AuthMethod;
  /** What we call ourselves in a CHAP challenge. */
  readonly name: string;
  /** The password that goes with a user name; undefined: no such user. */
  readonly passwordOf: (username: string) => string | undefined;
}

/**
 * Takes the inputs and gives the effects of the machines in `protocol/ppp`, seen from the other end: `start` challenges (with
 * CHAP at any time again), the message of `succeeded` is the user's name, and `failed` comes after the refusal has left.
 */
export function authenticator(settings: AuthenticatorSettings, entropy: Entropy): Machine<AuthInput, AuthEffect> {
  const { method, name, passwordOf } = settings;
  return method === 'pap'
    ? onWire(PROTOCOL.pap, readPap, new PapAuthenticator(passwordOf))
    : onWire(PROTOCOL.chap, readChap, new ChapAuthenticator(CHAP_VERIFIER[method], name, passwordOf, entropy));
}
