/** How Microsoft's two dialects of CHAP answer a challenge, and how version 2 has the authenticator prove itself (RFC 2433, RFC 2759). */
import {
  accountOf,
  challengeResponse,
  generateAuthenticatorResponse,
  generateNtResponse,
  ntPasswordHash,
} from '../../crypto/ms-chap.ts';
import {
  CHALLENGE_OCTETS,
  readMsChapV2Success,
  writeMsChapV2Value,
  writeMsChapValue,
} from '../../wire/ms-chap-field.ts';
import { utf8Of, utf16leOf } from '../../wire/text.ts';
import type { Entropy } from '../machine.ts';
import type { Credentials } from './authentication-io.ts';
import type { ChapMethod } from './chap.ts';

/** Version 1. The LAN Manager response is left empty, as RFC 2433 §6 wants it. */
export const msChap = ({ password }: Credentials): ChapMethod => ({
  name: 'ms-chap',
  respond: (_, challenge) => {
    if (challenge.length !== CHALLENGE_OCTETS['ms-chap']) return oddChallenge(challenge, 8);
    const ntResponse = challengeResponse(challenge, ntPasswordHash(utf16leOf(password)));
    return { value: writeMsChapValue({ ntResponse, useNtResponse: true }), accept: (message) => message };
  },
});

/** Version 2. "If the authenticator response is either missing or incorrect, the peer MUST end the session" (RFC 2759 §5). */
export const msChapV2 = ({ username, password }: Credentials, entropy: Entropy): ChapMethod => ({
  name: 'ms-chap-v2',
  respond: (_, challenge) => {
    if (challenge.length !== CHALLENGE_OCTETS['ms-chap-v2']) return oddChallenge(challenge, 16);
    const exchange = {
      authenticatorChallenge: challenge,
      peerChallenge: entropy(CHALLENGE_OCTETS['ms-chap-v2']),
      userName: accountOf(utf8Of(username)),
      passwordUtf16le: utf16leOf(password),
    };
    const ntResponse = generateNtResponse(exchange);
    const proof = generateAuthenticatorResponse(exchange, ntResponse);
    return {
      value: writeMsChapV2Value({ peerChallenge: exchange.peerChallenge, ntResponse }),
      accept: (message) => {
        const success = readMsChapV2Success(message);
        return success.authenticatorResponse === proof ? success.message : undefined;
      },
    };
  },
});

const oddChallenge = (challenge: Uint8Array, wanted: number): string =>
  `a challenge of ${challenge.length} octets where MS-CHAP has ${wanted}`;
