/** The two ends that tests of MQTT need: somebody who listens to a link, and settings of a broker. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { BrokerSettings, HeardMessage, Message, MqttFailure, MqttListener } from '../../src/ports/mqtt.ts';

/** Everything one link says, and promises of it. */
export class Heard implements MqttListener {
  readonly messages: HeardMessage[] = [];
  /** In the order in which it came. */
  readonly words: string[] = [];
  readonly #isConnected = deferred<void>();
  readonly #isLost = deferred<MqttFailure>();

  connected(): void {
    this.words.push('connected');
    this.#isConnected.resolve();
  }
  message(message: HeardMessage): void {
    this.messages.push(message);
  }
  lost(failure: MqttFailure): void {
    this.words.push(`lost: ${failure.stage}`);
    this.#isLost.resolve(failure);
  }

  /** @throws Error it is lost instead */
  whenConnected(): Promise<void> {
    const lost = this.whenLost().then((failure) => {
      throw new Error(`not connected: ${failure.stage}: ${failure.words} (${failure.detail})`);
    });
    return Promise.race([this.#isConnected.promise, lost]);
  }
  whenLost(): Promise<MqttFailure> {
    return this.#isLost.promise;
  }
  /** @throws Error it is connected instead */
  whenRefused(): Promise<MqttFailure> {
    const connected = this.#isConnected.promise.then(() => {
      throw new Error('connected, and was not to be');
    });
    return Promise.race([this.whenLost(), connected]);
  }
}

export const brokerSettings = (port: number, more: Partial<BrokerSettings> = {}): BrokerSettings => ({
  server: `mqtt://127.0.0.1:${port}`,
  version: '3.1.1',
  username: undefined,
  password: undefined,
  credentialsFile: undefined,
  clientId: 'l2tpwan-test',
  keepaliveS: 60,
  connectTimeoutMs: 5000,
  ca: undefined,
  certificate: undefined,
  key: undefined,
  serverName: undefined,
  rejectUnauthorized: true,
  ...more,
});

export const retained = (topic: string, payload: string): Message => ({ topic, payload, retain: true, qos: 1 });
export const passing = (topic: string, payload: string): Message => ({ topic, payload, retain: false, qos: 1 });

/** A TCP server of a test's making on loopback. */
export class Door {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(serve: (socket: Socket) => void) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      serve(socket);
      socket.resume(); // or its end would go unnoticed
    });
  }

  static async open(serve: (socket: Socket) => void): Promise<Door> {
    const door = new Door(serve);
    door.#server.listen(0, '127.0.0.1');
    await once(door.#server, 'listening');
    return door;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are still there. */
  get guests(): number {
    return [...this.#sockets].filter(({ destroyed }) => !destroyed).length;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
