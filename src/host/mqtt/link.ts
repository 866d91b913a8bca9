/** One connection to a broker, from the name lookup to its end. */
import type { Duplex } from 'node:stream';
import { type IClientOptions, type IConnackPacket, MqttClient } from 'mqtt';
import {
  type BrokerSettings,
  type Message,
  type MqttFailure,
  type MqttLink,
  type MqttListener,
  MqttRefused,
} from '../../ports/mqtt.ts';
import { type CodedError, failureOf, tokensOf, withoutSecrets } from './failure.ts';
import { type Credentials, credentialsOf } from './files.ts';
import {
  broken,
  closed,
  complaint,
  farewell,
  mute,
  type Progress,
  tooLarge,
  unheard,
  unpublished,
} from './link-failure.ts';
import { PacketLengths } from './packet-lengths.ts';
import { Transport } from './transport.ts';

type Reject = (refused: MqttRefused) => void;

export class Link implements MqttLink {
  readonly #broker: BrokerSettings;
  readonly #will: Message | undefined;
  readonly #listener: MqttListener;
  readonly #transport: Transport;
  readonly #patience: NodeJS.Timeout;
  /** Whoever waits for an answer of the broker. */
  readonly #pending = new Set<Reject>();
  #credentials: Credentials = { username: undefined, password: undefined };
  #client: MqttClient | undefined;
  #connack: IConnackPacket | undefined;
  #hasEnded: () => void = () => undefined;
  #state: 'connecting' | 'connected' | 'ending' | 'over' = 'connecting';

  constructor(broker: BrokerSettings, will: Message | undefined, listener: MqttListener) {
    this.#broker = broker;
    this.#will = will;
    this.#listener = listener;
    this.#transport = new Transport(broker);
    this.#patience = setTimeout(() => this.#tooSlow(), broker.connectTimeoutMs);
    void this.#open();
  }

  get receiveMaximum(): number {
    // 0 is forbidden; a link that must not publish at all would be of no use.
    return Math.max(1, this.#connack?.properties?.receiveMaximum ?? MOST_UNDER_WAY);
  }

  publish({ topic, payload, retain, qos }: Message): Promise<void> {
    return this.#ask((client, resolve, reject) =>
      client.publish(topic, payload, { qos, retain }, (error, packet) => {
        if (!error) return resolve();
        if (error.message === CLOSED) return;
        const reason = packet?.cmd === 'puback' ? packet.properties?.reasonString : undefined;
        reject(unpublished(topic, error, reason));
      }),
    );
  }

  subscribe(topics: readonly string[]): Promise<void> {
    return this.#ask((client, resolve, reject) =>
      client.subscribe([...topics], { qos: 1 }, (error, _grants, packet) => {
        if (!error) return resolve();
        if (error.message === CLOSED) return;
        reject(unheard(topics, packet?.granted ?? [], error));
      }),
    );
  }

  async end(withinMs: number): Promise<void> {
    if (this.#state === 'connected') await this.#takeLeave(withinMs);
    if (this.#state !== 'over') this.#close();
  }

  /** DISCONNECT, once everything is acknowledged: MQTT.js waits for that. */
  #takeLeave(withinMs: number): Promise<void> {
    this.#state = 'ending';
    return new Promise((resolve) => {
      const limit = setTimeout(resolve, withinMs);
      this.#hasEnded = () => {
        clearTimeout(limit);
        resolve();
      };
      this.#client?.end(false, this.#hasEnded);
    });
  }

  async #open(): Promise<void> {
    try {
      this.#credentials = await credentialsOf(this.#broker);
      const stream = await this.#transport.open();
      if (stream === undefined || this.#state !== 'connecting') stream?.destroy();
      else this.#begin(stream);
    } catch (error) {
      this.#fail(failureOf(error));
    }
  }

  #begin(stream: Duplex): void {
    let goodbye: MqttFailure | undefined;
    stream.on('error', (error: CodedError) => this.#fail(broken(error, this.#progress)));
    const lengths = new PacketLengths();
    stream.on('data', (octets: Uint8Array) => {
      const length = lengths.greatest(octets);
      if (length > LARGEST_PACKET) this.#fail(tooLarge(length, LARGEST_PACKET));
    });
    this.#client = new MqttClient(() => stream as never, this.#options())
      .on('packetreceive', (packet) => {
        if (packet.cmd === 'connack') this.#connack ??= packet;
      })
      .on('connect', () => this.#connected())
      .on('message', (topic, payload, { retain }) => {
        if (this.#state === 'connected') this.#listener.message({ topic, payload: payload.toString(), retain });
      })
      .on('disconnect', ({ reasonCode = 0, properties }) => {
        goodbye = farewell(reasonCode, properties?.reasonString);
      })
      .on('error', (error) => this.#fail(complaint(error, this.#progress)))
      .on('close', () => this.#fail(goodbye ?? closed(this.#progress)));
  }

  #options(): IClientOptions {
    const { version, clientId, keepaliveS } = this.#broker;
    const { username, password } = this.#credentials;
    const isFive = version === '5';
    return {
      protocolId: 'MQTT',
      protocolVersion: isFive ? 5 : 4,
      clientId,
      clean: true,
      keepalive: keepaliveS,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(this.#will !== undefined && { will: { ...this.#will, payload: Buffer.from(this.#will.payload) } }),
      ...(isFive && { properties: { maximumPacketSize: LARGEST_PACKET } }),
      reconnectPeriod: 0,
      resubscribe: false,
      connectTimeout: LONGER_THAN_OURS_MS,
      timerVariant: 'native',
      writeCache: false, // 65536 buffers made in advance, one for each number
    };
  }

  get #progress(): Progress {
    return { broker: this.#broker, wasConnected: this.#state !== 'connecting', connack: this.#connack };
  }

  #connected(): void {
    clearTimeout(this.#patience);
    if (this.#state !== 'connecting') return;
    this.#state = 'connected';
    this.#listener.connected();
  }

  #tooSlow(): void {
    this.#fail(this.#client === undefined ? this.#transport.tooSlow() : mute(this.#broker));
  }

  #fail(failure: MqttFailure): void {
    if (this.#state === 'over') return;
    const wasEnding = this.#state === 'ending';
    const { password, query } = this.#broker;
    const told = withoutSecrets(failure, [this.#credentials.password, password, ...tokensOf(query)]);
    this.#close(told);
    if (!wasEnding) this.#listener.lost(told);
  }

  #close(why: MqttFailure = ENDED): void {
    this.#state = 'over';
    clearTimeout(this.#patience);
    for (const reject of this.#pending) reject(new MqttRefused(why));
    this.#pending.clear();
    this.#client?.end(true);
    this.#transport.close();
    this.#hasEnded();
  }

  #ask(question: (client: MqttClient, resolve: () => void, reject: (why: MqttFailure) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const client = this.#client;
      if (this.#state !== 'connected' || client === undefined) return reject(new MqttRefused(ENDED));
      const settle = (answer: () => void) => {
        if (this.#pending.delete(reject)) answer();
      };
      this.#pending.add(reject);
      question(
        client,
        () => settle(resolve),
        (why) => settle(() => reject(new MqttRefused(why))),
      );
    });
  }
}

/** Octets. Ours, because what is meant for us has some hundred; MQTT 5 tells the broker, which then keeps the others to itself. */
const LARGEST_PACKET = 65_536;

/** What holds without a Receive Maximum (MQTT 5 §3.2.2.3.3), and in 3.1.1, whose packet identifiers are no more than that. */
const MOST_UNDER_WAY = 65_535;

/** MQTT.js has a patience of its own, which begins after ours. */
const LONGER_THAN_OURS_MS = 2 ** 31 - 1;

/** What MQTT.js says of all that is unanswered when it gives up; why it does is heard a moment later, and then they are told. */
const CLOSED = 'Connection closed';

const ENDED: MqttFailure = { stage: 'lost', words: 'there is no connection to the broker', detail: '' };
