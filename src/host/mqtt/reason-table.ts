/** What a broker may answer, in words: MQTT 3.1.1 §3.2.2.3 (return codes of CONNACK) and MQTT 5 §2.4 (reason codes of all answers). */
import type { MqttVersion } from '../../ports/mqtt.ts';

interface Reason {
  /** What the specification calls it. */
  readonly name: string;
  /** For people, after a colon; left out where the name says it. */
  readonly words?: string;
}

const WRONG_ACCOUNT = 'user or password is wrong';
const NOT_AUTHORISED = 'user or password is wrong or missing, or this user may not connect';
const WRONG_VERSION = 'it does not speak this version of MQTT: set the other one';
const WRONG_CLIENT_ID = 'it does not accept the client id';
const AWAY = 'it is not available now';

const CONNACK_3: Readonly<Record<number, Reason>> = {
  1: { name: 'unacceptable protocol version',    words: WRONG_VERSION },
  2: { name: 'identifier rejected',              words: WRONG_CLIENT_ID },
  3: { name: 'server unavailable',               words: AWAY },
  4: { name: 'bad user name or password',        words: WRONG_ACCOUNT },
  5: { name: 'not authorised',                   words: NOT_AUTHORISED },
};

const REASON_5: Readonly<Record<number, Reason>> = {
  128: { name: 'unspecified error' },
  129: { name: 'malformed packet' },
  130: { name: 'protocol error' },
  131: { name: 'implementation specific error' },
  132: { name: 'unsupported protocol version',   words: WRONG_VERSION },
  133: { name: 'client identifier not valid',    words: WRONG_CLIENT_ID },
  134: { name: 'bad user name or password',      words: WRONG_ACCOUNT },
  135: { name: 'not authorised',                 words: 'this user may not do that' },
  136: { name: 'server unavailable',             words: AWAY },
  137: { name: 'server busy',                    words: 'it is busy' },
  138: { name: 'banned',                         words: 'this client is banned' },
  139: { name: 'server shutting down',           words: 'it is shutting down' },
  140: { name: 'bad authentication method' },
  141: { name: 'keep alive timeout',             words: 'it has not heard from us for too long' },
  142: { name: 'session taken over',             words: 'another client with the same client id has connected' },
  143: { name: 'topic filter invalid' },
  144: { name: 'topic name invalid',             words: 'it does not accept the topic' },
  145: { name: 'packet identifier in use' },
  146: { name: 'packet identifier not found' },
  147: { name: 'receive maximum exceeded' },
  148: { name: 'topic alias invalid' },
  149: { name: 'packet too large',               words: 'the message is too large for it' },
  150: { name: 'message rate too high' },
  151: { name: 'quota exceeded' },
  152: { name: 'administrative action',          words: 'its administrator has ended the connection' },
  153: { name: 'payload format invalid' },
  154: { name: 'retain not supported',           words: 'it keeps no retained messages: switch retain off' },
  155: { name: 'QoS not supported' },
  156: { name: 'use another server',             words: 'another broker is to be used for now' },
  157: { name: 'server moved',                   words: 'the broker has moved' },
  158: { name: 'shared subscriptions not supported' },
  159: { name: 'connection rate exceeded',       words: 'there are too many connects' },
  160: { name: 'maximum connect time' },
  161: { name: 'subscription identifiers not supported' },
  162: { name: 'wildcard subscriptions not supported' },
};

export interface Answer {
  readonly words: string;
  /** `5 not authorised`, and what the broker has added. */
  readonly detail: string;
}

/** CONNACK. @param added the broker's own words (MQTT 5 §3.2.2.3.9, reason string) */
export function connackOf(version: MqttVersion, code: number, added: string | undefined): Answer {
  if (version === '5') return code === 135 ? answer(code, { ...REASON_5[code], words: NOT_AUTHORISED }, added) : reasonOf(code, added);
  return answer(code, CONNACK_3[code], undefined);
}

/** SUBACK, PUBACK and DISCONNECT of MQTT 5; SUBACK of 3.1.1 has 128 alone. */
export const reasonOf = (code: number, added?: string): Answer => answer(code, REASON_5[code], added);

function answer(code: number, reason: Partial<Reason> | undefined, added: string | undefined): Answer {
  const { name = 'unknown', words = name } = reason ?? {};
  return { words, detail: `${code} ${name}${added ? `: ${added}` : ''}` };
}
