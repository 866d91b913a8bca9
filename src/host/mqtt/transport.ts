/** What carries MQTT to the broker, one layer on the other: TCP, TLS, WebSocket. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { BrokerSettings, MqttFailure, MqttStage } from '../../ports/mqtt.ts';
import { addressOf, type BrokerAddress, isAddress } from './address.ts';

export class Transport {
  readonly address: BrokerAddress;
  readonly #broker: BrokerSettings;
  #stage: MqttStage = 'files';
  #socket: Socket | undefined;
  #isClosed = false;

  constructor(broker: BrokerSettings) {
    this.#broker = broker;
    this.address = addressOf(broker.server);
  }

  /** @returns undefined when it was closed meanwhile @throws MqttRefused with the layer that failed */
  async open(): Promise<Duplex | undefined> {
    const { address } = this;
    const broker = this.#broker;
    // Only what is needed is loaded: TLS and WebSocket are memory.
    const tls = address.isSecure ? await import('./tls.ts') : undefined;
    const means = await tls?.tlsMeans(broker);
    const { connectTcp } = await import('./tcp.ts');
    if (this.#isClosed) return undefined;
    this.#stage = isAddress(address.host) ? 'tcp' : 'dns';
    const tcp = await connectTcp(address, (socket) => {
      this.#use(socket);
      socket.once('lookup', () => {
        this.#stage = 'tcp';
      });
    });
    if (tls !== undefined && means !== undefined) {
      this.#stage = 'tls';
      this.#use(await tls.connectTls(tcp, address, broker, means));
    }
    if (!address.isWebSocket) return this.#socket;
    this.#stage = 'websocket';
    const { overWebSocket } = await import('./websocket.ts');
    return this.#socket && overWebSocket(broker.server + (broker.query ?? ''), address, this.#socket);
  }

  /** What is said when it takes too long to open. */
  tooSlow(): MqttFailure {
    const { host, words } = this.address;
    const within = `within ${this.#broker.connectTimeoutMs / 1000} s`;
    switch (this.#stage) {
      case 'dns':
        return {
          stage: 'dns',
          words: `no name server says ${within} which address the broker ${host} has`,
          detail: 'timeout',
        };
      case 'tls':
        return {
          stage: 'tls',
          words: `${words} is there, but completes no TLS handshake ${within}`,
          detail: 'timeout',
        };
      case 'websocket':
        return { stage: 'websocket', words: `${words} is there, but opens no WebSocket ${within}`, detail: 'timeout' };
      default:
        return { stage: 'tcp', words: `${words} does not answer ${within}`, detail: 'timeout' };
    }
  }

  /** Ends it at once, whatever there is of it. */
  close(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
  }

  #use(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', () => undefined); // whoever waits for it hears of it as well
  }
}
