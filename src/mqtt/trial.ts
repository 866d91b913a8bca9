/** Tries a broker out as the bridge would use it: connects, publishes, reads back, and says what fails in words. */
import type { Clock } from '../ports/clock.ts';
import type { BrokerSettings, HeardMessage, MqttFailure, MqttLink, MqttPort, MqttVerdict } from '../ports/mqtt.ts';
import { MqttRefused } from '../ports/mqtt.ts';
import type { Entropy } from '../protocol/machine.ts';
import { failureWords } from './keeper.ts';

/** For each answer of the broker, once it is connected, and for a message to come back. */
const ANSWER_MS = 5000;
const GOODBYE_MS = 500;

export interface TrialParts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly load: () => Promise<MqttPort>;
  readonly broker: BrokerSettings;
  /** Where the message goes. */
  readonly topic: string;
  /** A topic of Home Assistant's discovery that nobody minds; undefined: it is switched off. */
  readonly discovery: string | undefined;
}

type Step = MqttVerdict['steps'][number];

/** Never rejects. Takes as long as the broker does: connecting as long as its settings allow, each later step 5 s at most. */
export async function tryBroker(parts: TrialParts): Promise<MqttVerdict> {
  const trial = new Trial(parts);
  const failure = await trial.run().then(
    () => null,
    (error: unknown): MqttFailure => {
      if (error instanceof MqttRefused) return error.failure;
      return {
        stage: 'files',
        words: 'what speaks MQTT could not be loaded',
        detail: error instanceof Error ? error.message : '',
      };
    },
  );
  return { ok: failure === null, server: parts.broker.server, steps: trial.steps, failure };
}

class Trial {
  readonly steps: Step[] = [];
  readonly #parts: TrialParts;
  readonly #waiting = new Set<{ isMeant: (message: HeardMessage) => boolean; heard: () => void }>();
  #abandon: (error: MqttRefused) => void = () => undefined;

  constructor(parts: TrialParts) {
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { load, topic, discovery, broker } = this.#parts;
    const port = await this.#step('load', () => load(), 'MQTT is loaded');
    const lost = new Promise<never>((_, reject) => {
      this.#abandon = reject;
    });
    lost.catch(() => undefined);
    const link = await this.#step('connect', () => this.#connect(port), `connected to ${broker.server}`);
    try {
      const nonce = Array.from(this.#parts.entropy(8), (octet) => octet.toString(16).padStart(2, '0')).join('');
      await this.#try(link, lost, topic, nonce, ['subscribe', 'publish', 'read-back']);
      // Empty, so that it announces nothing.
      if (discovery !== undefined) await this.#try(link, lost, discovery, '', ['discovery', 'discovery', 'discovery']);
    } finally {
      await link.end(GOODBYE_MS);
    }
  }

  #connect(port: MqttPort): Promise<MqttLink> {
    return new Promise((resolve, reject) => {
      const link = port.connect(this.#parts.broker, undefined, {
        connected: () => resolve(link),
        message: (message) => {
          for (const each of this.#waiting) if (each.isMeant(message)) each.heard();
        },
        lost: (failure) => {
          reject(new MqttRefused(failure));
          this.#abandon(new MqttRefused(failure));
        },
      });
    });
  }

  async #try(
    link: MqttLink,
    lost: Promise<never>,
    topic: string,
    payload: string,
    names: Step['step'][],
  ): Promise<void> {
    const [subscribe = 'subscribe', publish = 'publish', readBack = 'read-back'] = names;
    // What is lost already says so first: it knows why.
    const within = <Value>(work: Promise<Value>, late: MqttFailure) => this.#within(Promise.race([lost, work]), late);
    await this.#step(subscribe, () => within(link.subscribe([topic]), unanswered(topic)), `may hear ${topic}`);
    const back = this.#hear((message) => message.topic === topic && message.payload === payload);
    const message = { topic, payload, retain: false, qos: 1 } as const;
    await this.#step(publish, () => within(link.publish(message), unacknowledged(topic)), `${topic} was taken`);
    await this.#step(readBack, () => within(back, silent(topic)), `${topic} came back`);
  }

  #hear(isMeant: (message: HeardMessage) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add({ isMeant, heard: resolve });
    });
  }

  /** @param late what is wrong when it takes longer than an answer may */
  #within<Value>(work: Promise<Value>, late: MqttFailure): Promise<Value> {
    const { clock } = this.#parts;
    return new Promise((resolve, reject) => {
      const alarm = clock.alarm(() => reject(new MqttRefused(late)));
      alarm.set(clock.now() + ANSWER_MS);
      void work.then(resolve, reject).finally(() => alarm.close());
    });
  }

  async #step<Value>(step: Step['step'], work: () => Promise<Value>, words: string): Promise<Value> {
    const began = this.#parts.clock.now();
    const note = (ok: boolean, said: string) =>
      this.steps.push({ step, ok, words: said, ms: Math.round(this.#parts.clock.now() - began) });
    try {
      const value = await work();
      note(true, words);
      return value;
    } catch (error) {
      note(false, error instanceof MqttRefused ? failureWords(error.failure) : 'what speaks MQTT could not be loaded');
      throw error;
    }
  }
}

const unanswered = (topic: string): MqttFailure => ({
  stage: 'subscribe',
  words: `the broker does not say within ${ANSWER_MS / 1000} s whether we may hear ${topic}`,
  detail: 'timeout',
});

const unacknowledged = (topic: string): MqttFailure => ({
  stage: 'publish',
  words: `the broker does not acknowledge a message to ${topic} within ${ANSWER_MS / 1000} s`,
  detail: 'timeout',
});

const silent = (topic: string): MqttFailure => ({
  stage: 'publish',
  words: `the broker took a message to ${topic} and did not give it back: its access rules do not let us write or read there`,
  detail: '',
});
