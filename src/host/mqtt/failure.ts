/** A failure as the port wants it. */
import { type MqttFailure, MqttRefused, type MqttStage } from '../../ports/mqtt.ts';

export const refusal = (stage: MqttStage, words: string, detail = ''): MqttRefused =>
  new MqttRefused({ stage, words, detail });

/** What Node puts into errors of the system, of TLS, and of files. */
export interface CodedError extends Error {
  readonly code?: string | number;
}

/** What the system said, as short as it can be had. */
export const detailOf = ({ code, message }: CodedError): string => String(code ?? message);

/** The failure in whatever was thrown; what is not one of ours is a mistake, for which no tunnel is to be hung up. */
export const failureOf = (error: unknown): MqttFailure =>
  error instanceof MqttRefused
    ? error.failure
    : { stage: 'files', words: `an internal error: ${String(error)}`, detail: detailOf(error as Error) };

/** What may be secret in a query: all of it, and each value that is too long to be in a sentence by accident. */
export const tokensOf = (query = ''): string[] => [
  query.slice(1),
  ...[...new URLSearchParams(query).values()].filter(({ length }) => length >= 8),
];

/** @param secrets are not to be read by anybody, even where a broker repeats them */
export function withoutSecrets(failure: MqttFailure, secrets: readonly (string | undefined)[]): MqttFailure {
  const blank = (text: string) =>
    secrets.reduce<string>((left, secret) => (secret ? left.replaceAll(secret, '…') : left), text);
  return { ...failure, words: blank(failure.words), detail: blank(failure.detail) };
}
