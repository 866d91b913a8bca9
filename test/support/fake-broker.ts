/** An MQTT broker in memory, behind the port: it keeps what is retained, publishes wills, and does as badly as a test wants. */
import {
  type BrokerSettings,
  type HeardMessage,
  type Message,
  type MqttFailure,
  type MqttLink,
  type MqttListener,
  type MqttPort,
  MqttRefused,
} from '../../src/ports/mqtt.ts';

interface Session {
  readonly broker: BrokerSettings;
  readonly will: Message | undefined;
  readonly listener: MqttListener;
  readonly filters: string[];
  readonly waiting: { message: Message; done: () => void; fail: (error: Error) => void }[];
  isConnected: boolean;
  isOver: boolean;
}

export class FakeBroker implements MqttPort {
  readonly retained = new Map<string, string>();
  /** Everything that was ever published, by whom. */
  readonly log: { client: string; topic: string; payload: string; retain: boolean; qos: number }[] = [];
  /** Every connection that was asked for. */
  readonly asked: BrokerSettings[] = [];
  /** Why nobody is let in. */
  refusal: MqttFailure | undefined;
  /** Nobody hears anything. */
  isMute = false;
  /** It takes everything and acknowledges nothing. */
  isStalled = false;
  /** How many messages it takes before it has acknowledged them; with one more it hangs up. */
  receiveMaximum = 65_535;
  /** Topics about which it says nothing, whether they are asked for or published to. */
  ignores: (topic: string) => boolean = () => false;
  /** Messages to such topics are refused, or vanish. */
  forbids: (topic: string) => 'refused' | 'vanishes' | false = () => false;
  /** Topics that nobody may subscribe to. */
  hides: (topic: string) => boolean = () => false;
  readonly #sessions = new Set<Session>();

  get clients(): string[] {
    return [...this.#sessions].filter(({ isConnected }) => isConnected).map(({ broker }) => broker.clientId);
  }

  connect(broker: BrokerSettings, will: Message | undefined, listener: MqttListener): MqttLink {
    const session: Session = { broker, will, listener, filters: [], waiting: [], isConnected: false, isOver: false };
    this.asked.push(broker);
    this.#sessions.add(session);
    queueMicrotask(() => this.#letIn(session));
    return {
      receiveMaximum: this.receiveMaximum,
      publish: (message) =>
        new Promise((done, fail) => {
          if (session.isOver || !session.isConnected) throw new Error('published without a connection');
          if (this.ignores(message.topic)) return;
          session.waiting.push({ message, done, fail });
          if (session.waiting.filter((each) => each.message.qos === 1).length > this.receiveMaximum)
            this.#end(session, { stage: 'lost', words: 'receive maximum exceeded', detail: '' }, true);
          queueMicrotask(() => this.#work(session));
        }),
      subscribe: async (topics) => {
        await Promise.resolve();
        if (session.isOver) throw new MqttRefused(GONE);
        if (topics.some((topic) => this.ignores(topic))) await new Promise<never>(() => undefined);
        const hidden = topics.filter((topic) => this.hides(topic));
        const granted = topics.filter((topic) => !this.hides(topic));
        session.filters.push(...granted);
        for (const [topic, payload] of this.retained)
          if (granted.some((filter) => matches(filter, topic)))
            queueMicrotask(() => this.#deliver(session, { topic, payload, retain: true }));
        if (hidden.length > 0)
          throw new MqttRefused({ stage: 'subscribe', words: `may not hear ${hidden.join(', ')}`, detail: '' });
      },
      end: async () => {
        this.#work(session);
        session.isOver = true;
        session.isConnected = false;
        this.#sessions.delete(session);
        await Promise.resolve();
      },
    };
  }

  /** Somebody else publishes. */
  publish(topic: string, payload: string, retain = false): void {
    this.#take('somebody', { topic, payload, retain, qos: 1 });
  }

  /** Acknowledges again. */
  recover(): void {
    this.isStalled = false;
    for (const session of this.#sessions) {
      if (!session.isConnected) this.#letIn(session);
      this.#work(session);
    }
  }

  /** Every connection is cut; wills are published. */
  cut(words = 'the broker went away'): void {
    for (const session of [...this.#sessions]) this.#end(session, { stage: 'lost', words, detail: '' }, true);
  }

  /** Topics of what was published since the last time this was asked, in order. */
  takeTopics(): string[] {
    return this.log.splice(0).map(({ topic }) => topic);
  }

  last(topic: string): unknown {
    const payload = this.log.filter((each) => each.topic === topic).at(-1)?.payload;
    return payload === undefined || payload === '' ? payload : parse(payload);
  }

  #letIn(session: Session): void {
    if (session.isOver || this.isStalled) return;
    if (this.refusal !== undefined) {
      this.#end(session, this.refusal, false);
      return;
    }
    for (const other of [...this.#sessions])
      if (other !== session && other.isConnected && other.broker.clientId === session.broker.clientId)
        this.#end(other, { stage: 'lost', words: 'another client took over', detail: '' }, true);
    session.isConnected = true;
    session.listener.connected();
  }

  #work(session: Session): void {
    if (this.isStalled || session.isOver) return;
    for (const { message, done, fail } of session.waiting.splice(0)) {
      const fate = this.forbids(message.topic);
      if (fate === 'refused')
        fail(new MqttRefused({ stage: 'publish', words: `may not publish ${message.topic}`, detail: '' }));
      else {
        if (fate === false) this.#take(session.broker.clientId, message);
        done();
      }
    }
  }

  #take(client: string, message: Message): void {
    const { topic, payload, retain, qos } = message;
    this.log.push({ client, topic, payload, retain, qos });
    if (retain && payload === '') this.retained.delete(topic);
    else if (retain) this.retained.set(topic, payload);
    for (const session of this.#sessions) this.#deliver(session, { topic, payload, retain: false });
  }

  #deliver(session: Session, message: HeardMessage): void {
    if (!this.isMute && session.isConnected && session.filters.some((filter) => matches(filter, message.topic)))
      session.listener.message(message);
  }

  #end(session: Session, failure: MqttFailure, withWill: boolean): void {
    const wasConnected = session.isConnected;
    session.isOver = true;
    session.isConnected = false;
    this.#sessions.delete(session);
    for (const { fail } of session.waiting.splice(0)) fail(new MqttRefused(failure));
    if (withWill && wasConnected && session.will !== undefined) this.#take('will', session.will);
    session.listener.lost(failure);
  }
}

const GONE: MqttFailure = { stage: 'lost', words: 'gone', detail: '' };

const parse = (payload: string): unknown => {
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
};

/** MQTT's rules for filters (MQTT 3.1.1 §4.7). */
export function matches(filter: string, topic: string): boolean {
  const [wanted, found] = [filter.split('/'), topic.split('/')];
  if (wanted.at(-1) === '#') return wanted.slice(0, -1).every((level, at) => level === '+' || level === found[at]);
  return wanted.length === found.length && wanted.every((level, at) => level === '+' || level === found[at]);
}
