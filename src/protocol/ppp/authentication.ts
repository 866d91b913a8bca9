/** How we prove who we are: the machine for whichever method LCP agreed on, from the first packet of the phase to the last re-challenge. */
import { readChap } from '../../wire/chap-message.ts';
import { readPap } from '../../wire/pap-message.ts';
import { PROTOCOL } from '../../wire/ppp-frame.ts';
import type { Entropy, Machine } from '../machine.ts';
import type { AuthMethod } from '../settings.ts';
import type { AuthEffect, AuthInput, Credentials } from './authentication-io.ts';
import { Chap, chapMd5 } from './chap.ts';
import { msChap, msChapV2 } from './ms-chap.ts';
import { onWire } from './on-wire.ts';
import { Pap } from './pap.ts';

export type { AuthEffect, AuthInput, Credentials } from './authentication-io.ts';

/** One machine lasts as long as LCP stays open: it goes on answering challenges after `succeeded`. */
export function authentication(
  method: AuthMethod,
  credentials: Credentials,
  entropy: Entropy,
): Machine<AuthInput, AuthEffect> {
  switch (method) {
    case 'pap':
      return onWire(PROTOCOL.pap, readPap, new Pap(credentials, entropy));
    case 'chap-md5':
      return onWire(PROTOCOL.chap, readChap, new Chap(chapMd5(credentials), credentials));
    case 'ms-chap':
      return onWire(PROTOCOL.chap, readChap, new Chap(msChap(credentials), credentials));
    case 'ms-chap-v2':
      return onWire(PROTOCOL.chap, readChap, new Chap(msChapV2(credentials, entropy), credentials));
  }
}
