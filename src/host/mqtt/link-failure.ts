/** Why a connection that carried MQTT was refused, or broke, in the port's words. */
import type { IConnackPacket } from 'mqtt';
import type { BrokerSettings, MqttFailure } from '../../ports/mqtt.ts';
import { addressOf } from './address.ts';
import { type CodedError, detailOf } from './failure.ts';
import { connackOf, reasonOf } from './reason-table.ts';
import { isTlsError, refusedLate } from './tls-failure.ts';

/** How far it was. */
export interface Progress {
  readonly broker: BrokerSettings;
  readonly wasConnected: boolean;
  /** The broker's answer, once it is there. */
  readonly connack: IConnackPacket | undefined;
}

/** MQTT.js has something to complain about: the broker's CONNACK, its silence, or what it sends. */
export function complaint(error: CodedError, progress: Progress): MqttFailure {
  const { broker, connack } = progress;
  const code = connack?.returnCode || connack?.reasonCode;
  if (code) {
    const { words, detail } = connackOf(broker.version, code, connack?.properties?.reasonString);
    return { stage: 'connack', words: `the broker refuses the connection: ${words}`, detail };
  }
  if (error.message === 'Keepalive timeout') {
    const seconds = (connack?.properties?.serverKeepAlive ?? broker.keepaliveS) * 1.5;
    const words = `the broker has said nothing for ${seconds} s, not even when asked`;
    return { stage: 'lost', words, detail: 'keepalive timeout' };
  }
  return broken(error, progress);
}

/** The stream has failed, or carries something else than MQTT. */
export function broken(error: CodedError, { broker, wasConnected }: Progress): MqttFailure {
  const address = addressOf(broker.server);
  if (address.isSecure && isTlsError(error)) return refusedLate(error, { address, ours: broker.certificate });
  const { words } = address;
  const why = BREAKS[String(error.code)] ?? error.message;
  const detail = detailOf(error);
  if (!wasConnected && why === CUT_OFF) return { ...closed({ broker, wasConnected }), detail };
  return wasConnected
    ? { stage: 'lost', words: `the connection to ${words} is lost: ${why}`, detail }
    : { stage: 'connack', words: `${words} does not answer in MQTT: ${why}`, detail };
}

/** The other end has closed it without a word. */
export function closed({ broker, wasConnected }: Pick<Progress, 'broker' | 'wasConnected'>): MqttFailure {
  const { words, isSecure } = addressOf(broker.server);
  if (wasConnected) return { stage: 'lost', words: `${words} has closed the connection`, detail: '' };
  const guess = isSecure ? '' : ', as a port does that wants TLS';
  return { stage: 'connack', words: `${words} closed the connection instead of an answer${guess}`, detail: '' };
}

/** DISCONNECT of MQTT 5. */
export function farewell(code: number, reason: string | undefined): MqttFailure {
  const { words, detail } = reasonOf(code, reason);
  return { stage: 'lost', words: `the broker has ended the connection: ${words}`, detail };
}

/** It is there, and says nothing. */
export function mute({ server, connectTimeoutMs }: BrokerSettings): MqttFailure {
  const words = `${addressOf(server).words} is there, but does not answer in MQTT within ${connectTimeoutMs / 1000} s`;
  return { stage: 'connack', words, detail: 'timeout' };
}

/** Somebody publishes to one of our topics what this machine may have no memory for. */
export function tooLarge(octets: number, most: number): MqttFailure {
  const words = `the broker passes a message of ${octets} octets on to us, and more than ${most} are not taken`;
  return { stage: 'lost', words, detail: 'packet too large' };
}

/** A message that is not taken. */
export function unpublished(topic: string, error: CodedError, reason: string | undefined): MqttFailure {
  const { words, detail } = answerTo(error, reason);
  return { stage: 'publish', words: `the broker does not take ${topic}: ${words}`, detail };
}

/** @param answers for each topic the code of SUBACK: 128 and above are refusals */
export function unheard(topics: readonly string[], answers: readonly unknown[], error: CodedError): MqttFailure {
  const codes = topics.map((_, index) => Number(answers[index] ?? 0));
  const refused = topics.filter((_, index) => (codes[index] ?? 0) >= 128);
  const code = codes.find((each) => each >= 128);
  const { words, detail } = code === undefined ? answerTo(error) : reasonOf(code);
  const which = (refused.length === 0 ? topics : refused).join(', ');
  // MQTT 3.1.1 knows no reason but "failure", and commonly it means this.
  const why = code === 128 ? 'this user may not, it seems' : words;
  return { stage: 'subscribe', words: `the broker does not let us hear ${which}: ${why}`, detail };
}

/** A PUBACK that says no, or MQTT.js itself. */
const answerTo = (error: CodedError, reason?: string): { words: string; detail: string } =>
  typeof error.code === 'number' ? reasonOf(error.code, reason) : { words: error.message, detail: detailOf(error) };

const CUT_OFF = 'the other end has cut it off';

const BREAKS: Readonly<Record<string, string>> = {
  ECONNRESET: CUT_OFF,
  EPIPE: CUT_OFF,
  ETIMEDOUT: 'nothing gets through any more',
  EHOSTUNREACH: 'there is no way there any more',
  ENETUNREACH: 'there is no way there any more',
};
