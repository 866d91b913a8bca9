/** A connection to an MQTT broker as a host makes it: once, when asked; it is never mended by itself. */

export const MQTT_VERSIONS = ['3.1.1', '5'] as const;
export type MqttVersion = (typeof MQTT_VERSIONS)[number];

/** Where the broker is and how it is to be met. Files are read anew for every connection. */
export interface BrokerSettings {
  /** `mqtt:`, `mqtts:`, `ws:` or `wss:` URL without user information and query; everybody may see it. */
  readonly server: string;
  /** The query of a WebSocket's URL, `?` included; it may be a token, so nobody is to see it. */
  readonly query?: string;
  readonly version: MqttVersion;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Path of a file that holds both, a line each; it goes before `username` and `password`. */
  readonly credentialsFile: string | undefined;
  readonly clientId: string;
  /** Seconds, 0 (never) to 65535. */
  readonly keepaliveS: number;
  /** From the first packet to CONNACK, name lookup and TLS included. */
  readonly connectTimeoutMs: number;
  /** Path of a PEM file with the certificates to trust instead of the usual ones. */
  readonly ca: string | undefined;
  /** Paths of PEM files: the client's certificate and its private key. */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** The name asked for in TLS (SNI) and expected in the broker's certificate; undefined: the URL's. */
  readonly serverName: string | undefined;
  /** false: any certificate will do. */
  readonly rejectUnauthorized: boolean;
}

/** What is published. */
export interface Message {
  readonly topic: string;
  /** Sent as UTF-8; empty and retained: the broker forgets what it had. */
  readonly payload: string;
  readonly retain: boolean;
  /** 1: fulfilled once the broker has acknowledged it. */
  readonly qos: 0 | 1;
}

/** What comes in; a retained one was published before we subscribed. */
export interface HeardMessage {
  readonly topic: string;
  /** Read as UTF-8. */
  readonly payload: string;
  readonly retain: boolean;
}

export const MQTT_STAGES = [
  /** A file of ours could not be read, or does not hold what it should. */
  'files',
  /** The broker's name has no address. */
  'dns',
  /** Nobody answers, or the door is shut. */
  'tcp',
  /** TLS: a certificate, of either end. */
  'tls',
  /** The web server there does not speak MQTT over WebSocket. */
  'websocket',
  /** The broker refused us, or did not answer. */
  'connack',
  /** It does not let us hear a topic. */
  'subscribe',
  /** It does not take a message. */
  'publish',
  /** It was connected, and is no longer. */
  'lost',
] as const;
export type MqttStage = (typeof MQTT_STAGES)[number];

export interface MqttFailure {
  readonly stage: MqttStage;
  /** For people, one sentence without a full stop, which names the certificate, file or topic; no secret. */
  readonly words: string;
  /** What the system, TLS or the broker said, as it said it: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `5 not authorised`; '' for nothing. */
  readonly detail: string;
}

/** What the promises of a link are rejected with. */
export class MqttRefused extends Error {
  override readonly name = 'MqttRefused';
  readonly failure: MqttFailure;

  constructor(failure: MqttFailure) {
    super(failure.words);
    this.failure = failure;
  }
}

export interface MqttListener {
  /** CONNACK is there. Once at most, never before `connect` has returned. */
  connected(): void;
  message(message: HeardMessage): void;
  /**
   * It could not be connected, or is no longer. Once at most, never before `connect` has returned, and the last thing that is heard;
   * not heard after `end`.
   */
  lost(failure: MqttFailure): void;
}

export interface MqttLink {
  /** Messages of QoS 1 that the broker takes before it has acknowledged the first of them, at least 1. Only once connected. */
  readonly receiveMaximum: number;
  /**
   * Messages leave in the order in which they were published. Only once connected.
   * @throws MqttRefused `publish`, or the reason of `lost` for everything that was not acknowledged by then
   */
  publish(message: Message): Promise<void>;
  /** @param topics may hold wildcards; QoS 1 @throws MqttRefused `subscribe`, which names the refused ones; `lost` */
  subscribe(topics: readonly string[]): Promise<void>;
  /**
   * Closes with DISCONNECT, so that there is no will, after what has been published was acknowledged; after `withinMs` in any case.
   * Safe in every state, also twice. Never rejects; fulfilled when nothing of the connection is left.
   */
  end(withinMs: number): Promise<void>;
}

export interface MqttPort {
  /**
   * Begins to connect with a clean session. Never throws: what goes wrong is heard as `lost`.
   * @param will what the broker says when it loses us; undefined: nothing
   */
  connect(broker: BrokerSettings, will: Message | undefined, listener: MqttListener): MqttLink;
}

/** What came of trying a broker out: step by step, until one failed. */
export interface MqttVerdict {
  readonly ok: boolean;
  readonly server: string;
  readonly steps: readonly {
    readonly step: 'load' | 'connect' | 'subscribe' | 'publish' | 'read-back' | 'discovery';
    readonly ok: boolean;
    /** What was done, or why it could not be; no secret. */
    readonly words: string;
    readonly ms: number;
  }[];
  /** Why it failed; null when it did not. */
  readonly failure: MqttFailure | null;
}
