/** The `mqtt` part of the configuration file as people write it: every field, its unit, its bounds and what holds without it. */
import * as z from 'zod/mini';
import { LOG_LEVELS } from '../ports/log.ts';
import { MQTT_VERSIONS } from '../ports/mqtt.ts';
import { absolutePath, matching, octets, oneOf, seconds, text, whole, yesOrNo } from './field-kinds.ts';

const SERVER_WORDS =
  'mqtt://HOST, mqtts://HOST, ws://HOST/PATH or wss://HOST/PATH, with :PORT where it is not the usual one, without a user name';

/** Levels of a topic; nothing that a broker or a subscriber takes for anything else. */
const topic = matching(
  'a topic of 1 to 200 octets: no +, # or control character, no $ or / at its beginning, no / at its end, no //',
  (value) => octets(value) >= 1 && octets(value) <= 200 && !/[+#\p{Cc}\p{Cs}]|\/\/|^[$/]|\/$/u.test(value),
);

export const MQTT = z.strictObject(
  {
    /** Whether anything is published. */
    enabled: z._default(yesOrNo, false),
    /** The broker. */
    server: z._default(matching(SERVER_WORDS, isServer), 'mqtt://localhost:1883'),
    /** Version of MQTT. */
    version: z._default(oneOf(MQTT_VERSIONS), '3.1.1'),
    username: z.optional(text(1, 255)),
    password: z.optional(text(1, 255)),
    /** A file that holds the user name in its first line and the password in its second, instead of both. */
    credentialsFile: z.optional(absolutePath),
    /** What the broker knows us by; `l2tpwan-` and the id unless given. */
    clientId: z.optional(text(1, 255)),
    /** Seconds of silence after which we ask whether the broker is there. */
    keepalive: z._default(whole(5, 65_535, 'of seconds '), 60),
    /** Seconds for reaching the broker, TLS included. */
    connectTimeout: z._default(seconds(1, 300), 10),
    /** What all our topics begin with. */
    baseTopic: z._default(topic, 'l2tpwan'),
    /** Whether the broker keeps states for those who subscribe later. */
    retain: z._default(yesOrNo, true),
    /** PEM file of the certificates that are trusted instead of the usual ones. */
    ca: z.optional(absolutePath),
    /** PEM files of our own certificate and its key, for brokers that want one. */
    certificate: z.optional(absolutePath),
    key: z.optional(absolutePath),
    /** The name that the broker's certificate is for, where it is not the one in `server`. */
    serverName: z.optional(
      matching('a host name', (value) => /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/i.test(value)),
    ),
    /** false: any certificate will do. */
    rejectUnauthorized: z._default(yesOrNo, true),
    /** Seconds between measurements. */
    interval: z._default(seconds(1, 3600), 10),
    /** Lines of the log that are published: these and graver ones. */
    logging: z._default(oneOf(['off', ...LOG_LEVELS]), 'warn'),
    /** Whether connections may be switched on and off, redialled and reloaded by MQTT. */
    commands: z._default(yesOrNo, false),
    /** Whether Home Assistant is told what there is. */
    discovery: z._default(yesOrNo, true),
    /** Where Home Assistant listens for that. */
    discoveryPrefix: z._default(topic, 'homeassistant'),
    /** Where Home Assistant says that it has started. */
    discoveryStatusTopic: z._default(topic, 'homeassistant/status'),
    /** What tells this router from others on the same broker; made of the machine unless given. */
    id: z.optional(
      matching('1 to 32 letters, digits, hyphens and underscores', (value) => /^[\w-]{1,32}$/.test(value)),
    ),
  },
  '{ "enabled": true, "server": …, … }',
);

export type FileMqtt = z.output<typeof MQTT>;

const SCHEMES: ReadonlySet<string> = new Set(['mqtt:', 'mqtts:', 'ws:', 'wss:']);

function isServer(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !SCHEMES.has(url.protocol) || /[\s@#]/.test(value) || url.hostname === '') return false;
  return url.port !== '0' && (url.protocol.startsWith('ws') || (url.pathname.length <= 1 && url.search === ''));
}
