/** Keeps one connection to the broker: made, made again after growing waits, made anew when asked to. */
import type { Alarm, Clock } from '../ports/clock.ts';
import type { LogLevel } from '../ports/log.ts';
import type { BrokerSettings, HeardMessage, Message, MqttFailure, MqttLink, MqttPort } from '../ports/mqtt.ts';
import type { Instant } from '../protocol/deadlines.ts';
import type { Entropy } from '../protocol/machine.ts';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 300_000;
/** Being connected this long makes the next wait a first one again. */
const SETTLED_MS = 60_000;
/** After something that may help, a tunnel that came up for instance: routes take a moment. */
const HURRY_MS = 500;
/** Between two of those: however often a tunnel comes up, the second one waits for its time. */
const HURRIES_APART_MS = 10_000;
/** For a goodbye before the next connection. */
const GOODBYE_MS = 500;

/** What one connection is for. */
export interface Visit {
  readonly broker: BrokerSettings;
  readonly will: Message | undefined;
  connected(link: MqttLink): void;
  message(message: HeardMessage): void;
  /** The link is of no use any more. */
  over(): void;
}

export type KeeperState = 'off' | 'connecting' | 'connected' | 'waiting';

export interface KeeperParts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** The adapter, loaded when it is first needed. */
  readonly load: () => Promise<MqttPort>;
  readonly log: (level: LogLevel, words: string) => void;
  /** Asked before each connection. */
  readonly visit: () => Visit;
}

interface Current {
  readonly visit: Visit;
  link: MqttLink | undefined;
}

export class Keeper {
  readonly #parts: KeeperParts;
  readonly #alarm: Alarm;
  readonly #hurrying: Alarm;
  #state: KeeperState = 'off';
  #current: Current | undefined;
  #failure: MqttFailure | undefined;
  #attempts = 0;
  #connectedAt: Instant = 0;
  /** Of the last attempt in a hurry, or of the one that is to come. */
  #hurryAt: Instant = Number.NEGATIVE_INFINITY;
  #turn = 0;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#alarm = parts.clock.alarm(() => this.#connect());
    this.#hurrying = parts.clock.alarm(() => this.#connectAnew());
  }

  get state(): KeeperState {
    return this.#state;
  }
  /** Why it was not connected, the last time; undefined: it is. */
  get failure(): MqttFailure | undefined {
    return this.#failure;
  }

  begin(): void {
    if (this.#state === 'off') this.#connect();
  }

  /** Something has changed that may help. */
  hurry(): void {
    if (this.#state !== 'waiting' && this.#state !== 'connecting') return;
    const now = this.#parts.clock.now();
    if (now < this.#hurryAt) return;
    this.#hurryAt = Math.max(now + HURRY_MS, this.#hurryAt + HURRIES_APART_MS);
    this.#hurrying.set(this.#hurryAt);
  }

  /** Ends the connection properly and makes another one at once. */
  again(): void {
    if (this.#state === 'off') return;
    const over = this.#leave(GOODBYE_MS);
    this.#state = 'connecting';
    this.#alarm.set(undefined);
    const turn = ++this.#turn;
    void over.then(() => {
      if (this.#turn === turn && this.#current === undefined && this.#state === 'connecting') this.#connect();
    });
  }

  /** The broker does not answer any more. */
  lose(failure: MqttFailure): void {
    if (this.#current !== undefined) this.#lost(this.#current, failure);
  }

  /** @param withinMs for the goodbye */
  end(withinMs: number): Promise<void> {
    this.#alarm.close();
    this.#hurrying.close();
    this.#state = 'off';
    return this.#leave(withinMs);
  }

  #leave(withinMs: number): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    current?.visit.over();
    return current?.link?.end(withinMs) ?? Promise.resolve();
  }

  /** Now, and after short waits again if need be: the failures before were those of another way. */
  #connectAnew(): void {
    if (this.#state !== 'waiting' && this.#state !== 'connecting') return;
    this.#attempts = 0;
    // Somebody takes leave for the next connection, which will not be long.
    if (this.#state === 'connecting' && this.#current === undefined) return;
    // What has begun on the old way may wait for ever for an answer.
    void this.#leave(0);
    this.#alarm.set(undefined);
    this.#connect();
  }

  #connect(): void {
    const current: Current = { visit: this.#parts.visit(), link: undefined };
    this.#current = current;
    this.#state = 'connecting';
    const { visit } = current;
    this.#parts.load().then(
      (port) => {
        if (this.#current !== current) return;
        current.link = port.connect(visit.broker, visit.will, {
          connected: () => this.#connected(current),
          message: (message) => {
            if (this.#current === current) visit.message(message);
          },
          lost: (failure) => this.#lost(current, failure),
        });
      },
      (error: unknown) => {
        const detail = error instanceof Error ? error.message : String(error);
        this.#lost(current, { stage: 'files', words: 'what speaks MQTT could not be loaded', detail });
      },
    );
  }

  #connected(current: Current): void {
    if (this.#current !== current || current.link === undefined) return;
    this.#state = 'connected';
    this.#failure = undefined;
    this.#connectedAt = this.#parts.clock.now();
    current.visit.connected(current.link);
  }

  #lost(current: Current, failure: MqttFailure): void {
    if (this.#current !== current) return;
    const { clock, log } = this.#parts;
    const now = clock.now();
    if (this.#state === 'connected' && now - this.#connectedAt >= SETTLED_MS) this.#attempts = 0;
    void this.#leave(0);
    const wait = this.#nextWait();
    this.#state = 'waiting';
    this.#alarm.set(now + wait);
    const isNews = this.#failure?.words !== failure.words;
    this.#failure = failure;
    log(
      isNews ? 'warn' : 'debug',
      `${failureWords(failure)}; next attempt in ${Math.max(1, Math.round(wait / 1000))} s`,
    );
  }

  /** Jitter: many clients that lost one broker together must not come back together. */
  #nextWait(): number {
    const [a = 0, b = 0] = this.#parts.entropy(2);
    const doubled = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.#attempts++, 20));
    return Math.round(doubled * (0.5 + (a * 256 + b) / 65535 / 2));
  }
}

export const failureWords = ({ words, detail }: MqttFailure): string =>
  detail === '' || words.includes(detail) ? words : `${words} (${detail})`;
