/** How a CHAP response is checked, and in which words the verdict is given, for each algorithm (RFC 1994, RFC 2433, RFC 2759). */
import { chapMd5Response } from '../crypto/chap-md5.ts';
import {
  accountOf,
  challengeResponse,
  generateAuthenticatorResponse,
  generateNtResponse,
  ntPasswordHash,
} from '../crypto/ms-chap.ts';
import type { AuthMethod } from '../protocol/settings.ts';
import { sameOctets } from '../wire/bytes.ts';
import {
  CHALLENGE_OCTETS,
  MS_CHAP_VALUE_OCTETS,
  readMsChapV2Value,
  readMsChapValue,
  writeMsChapFailure,
  writeMsChapV2Success,
} from '../wire/ms-chap-field.ts';
import { utf8Of, utf16leOf } from '../wire/text.ts';

export interface ChapTrial {
  readonly id: number;
  readonly challenge: Uint8Array;
  /** The Value of the Response. */
  readonly value: Uint8Array;
  /** The Name of the Response. */
  readonly name: Uint8Array;
  readonly password: string;
}

export interface ChapVerifier {
  /** Octets of a challenge. */
  readonly challengeOctets: number;
  /** @returns the text of the Success; undefined: the response is wrong */
  accept(trial: ChapTrial): string | undefined;
  /** The text of the Failure. */
  refuse(challenge: Uint8Array): string;
}

export const CHAP_VERIFIER: Record<Exclude<AuthMethod, 'pap'>, ChapVerifier> = {
  'chap-md5': {
    challengeOctets: 16,
    accept: ({ id, challenge, value, password }) =>
      sameOctets(value, chapMd5Response(id, utf8Of(password), challenge)) ? GRANTED : undefined,
    refuse: () => DENIED,
  },
  'ms-chap': {
    challengeOctets: CHALLENGE_OCTETS['ms-chap'],
    accept: ({ challenge, value, password }) => {
      if (value.length !== MS_CHAP_VALUE_OCTETS) return undefined;
      const { ntResponse, useNtResponse } = readMsChapValue(value);
      const expected = challengeResponse(challenge, ntPasswordHash(utf16leOf(password)));
      return useNtResponse && sameOctets(ntResponse, expected) ? GRANTED : undefined;
    },
    refuse: (challenge) => writeMsChapFailure({ ...NO_SUCH_ACCOUNT, challenge, version: 2 }),
  },
  'ms-chap-v2': {
    challengeOctets: CHALLENGE_OCTETS['ms-chap-v2'],
    accept: ({ challenge, value, name, password }) => {
      if (value.length !== MS_CHAP_VALUE_OCTETS) return undefined;
      const { peerChallenge, ntResponse } = readMsChapV2Value(value);
      const exchange = {
        authenticatorChallenge: challenge,
        peerChallenge,
        userName: accountOf(name),
        passwordUtf16le: utf16leOf(password),
      };
      if (!sameOctets(ntResponse, generateNtResponse(exchange))) return undefined;
      const authenticatorResponse = generateAuthenticatorResponse(exchange, ntResponse);
      return writeMsChapV2Success({ authenticatorResponse, message: GRANTED });
    },
    refuse: (challenge) => writeMsChapFailure({ ...NO_SUCH_ACCOUNT, challenge, version: 3 }),
  },
};

const GRANTED = 'Access granted';
const DENIED = 'Access denied';
const NO_SUCH_ACCOUNT = { error: 691, retry: false, message: DENIED };
