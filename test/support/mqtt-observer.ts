/** A subscriber to everything a broker has, at the broker's own socket: what is published is remembered, octet for octet. */
import { connect } from 'node:net';
import { MqttClient } from 'mqtt';

export interface Published {
  readonly topic: string;
  readonly payload: string;
  /** As it was published, not as it is delivered (MQTT 5 §3.8.3.1, retain as published). */
  readonly retain: boolean;
  /** Monotonic, ms. */
  readonly at: number;
}

export interface Account {
  readonly username: string;
  readonly password: string;
}

export class Observer {
  readonly heard: Published[] = [];
  readonly #client: MqttClient;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload, { retain }) => {
      this.heard.push({ topic, payload: payload.toString(), retain, at: performance.now() });
    });
  }

  /** @returns once it hears everything @throws Error the broker does not let it */
  static async connect(socketPath: string, account?: Account): Promise<Observer> {
    const client = new MqttClient(() => connect(socketPath) as never, {
      protocolVersion: 5,
      clientId: `observer-${process.pid}-${performance.now()}`,
      reconnectPeriod: 0,
      ...account,
    });
    client.on('error', () => undefined);
    const observer = new Observer(client);
    await client.subscribeAsync('#', { qos: 1, rap: true, nl: true });
    return observer;
  }

  /** The last that was said there; undefined: nothing, or it was taken away. */
  last(topic: string): Published | undefined {
    const found = this.heard.findLast((each) => each.topic === topic);
    return found?.payload === '' ? undefined : found;
  }

  /** What the broker keeps. */
  get kept(): Map<string, string> {
    const kept = new Map<string, string>();
    for (const { topic, payload, retain } of this.heard) {
      if (!retain) continue;
      if (payload === '') kept.delete(topic);
      else kept.set(topic, payload);
    }
    return kept;
  }

  async publish(topic: string, payload: string, retain = false): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos: 1, retain });
  }

  /** @throws Error it does not become so */
  async until(isSo: () => boolean, what: string, withinMs = 20_000): Promise<void> {
    const end = performance.now() + withinMs;
    while (!isSo()) {
      if (performance.now() > end) throw new Error(`not ${what} within ${withinMs / 1000} s:\n${this.#tail()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Fulfilled when nothing has been said for so long. */
  quiet(ms = 700): Promise<void> {
    const since = performance.now();
    return this.until(() => performance.now() - Math.max(since, this.heard.at(-1)?.at ?? 0) >= ms, 'quiet');
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }

  #tail(): string {
    return this.heard
      .slice(-20)
      .map(({ topic, payload }) => `${topic} ${payload.slice(0, 300)}`)
      .join('\n');
  }
}
