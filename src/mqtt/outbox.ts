/** What waits for the broker, in bounded memory: the newest state of each topic, and the latest events. */
import type { Alarm, Clock } from '../ports/clock.ts';
import { type Message, type MqttFailure, type MqttLink, MqttRefused } from '../ports/mqtt.ts';
import type { Instant } from '../protocol/deadlines.ts';
import { Retained } from './retained.ts';

/** Messages that the broker has not acknowledged yet, fewer where it takes fewer; what comes after them waits here, where the newest wins. */
const WINDOW = 16;
/** Events that wait; the oldest are left out then. */
const MOST_EVENTS = 64;
/** Ours: a broker that takes so long to acknowledge a message is not there any more, long before TCP says so. */
const PATIENCE_MS = 20_000;

export interface OutboxOwner {
  /** The broker does not answer any more. */
  stuck(): void;
  /** It does not take this message; told once for each topic of a connection to it. */
  refused(failure: MqttFailure, topic: string): void;
  /** Nothing waits any more, and everything has been acknowledged. */
  drained?(): void;
}

export class Outbox {
  readonly retained = new Retained();
  readonly #clock: Clock;
  readonly #owner: OutboxOwner;
  readonly #patience: Alarm;
  readonly #events: Message[] = [];
  readonly #refused = new Set<string>();
  /** When each message that is under way left, oldest first. */
  readonly #underWay = new Set<{ readonly at: Instant }>();
  #link: MqttLink | undefined;
  #leftOut = 0;

  constructor(clock: Clock, owner: OutboxOwner) {
    this.#clock = clock;
    this.#owner = owner;
    this.#patience = clock.alarm(() => this.#owner.stuck());
  }

  /** The broker is there: it is told everything that it is to know. */
  attach(link: MqttLink): void {
    this.detach();
    this.#link = link;
    this.retained.all();
    this.pump();
  }

  detach(): void {
    this.#link = undefined;
    this.#underWay.clear();
    this.#refused.clear();
    this.#patience.set(undefined);
  }

  /** Something said once. */
  say(message: Message): void {
    this.#events.push(message);
    if (this.#events.length > MOST_EVENTS) {
      this.#events.shift();
      this.#leftOut++;
    }
    this.pump();
  }

  /** How many events were left out since this was asked last. */
  takeLeftOut(): number {
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }

  get isIdle(): boolean {
    return this.#underWay.size === 0;
  }

  /** Publishes as much as may be under way. */
  pump(): void {
    while (this.#link !== undefined && this.#underWay.size < Math.min(WINDOW, this.#link.receiveMaximum)) {
      const message = this.retained.next() ?? this.#events.shift();
      if (message === undefined) return;
      this.#publish(this.#link, message);
    }
  }

  #publish(link: MqttLink, message: Message): void {
    const entry = { at: this.#clock.now() };
    this.#underWay.add(entry);
    this.#watch();
    const over = () => {
      if (this.#link !== link) return;
      this.#underWay.delete(entry);
      this.#watch();
      this.pump();
      if (this.isIdle) this.#owner.drained?.();
    };
    link.publish(message).then(
      () => {
        if (this.#link === link) this.retained.acknowledged(message);
        over();
      },
      (error: unknown) => {
        if (!(error instanceof MqttRefused)) throw error;
        const { failure } = error;
        if (this.#link === link && failure.stage === 'publish' && !this.#refused.has(message.topic)) {
          this.#refused.add(message.topic);
          this.#owner.refused(failure, message.topic);
        }
        over();
      },
    );
  }

  #watch(): void {
    const [oldest] = this.#underWay;
    this.#patience.set(oldest === undefined ? undefined : oldest.at + PATIENCE_MS);
  }
}
