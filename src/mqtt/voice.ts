/** What is said once, and kept by nobody: events, lines of the log, answers. */
import type { EventView } from '../daemon/events.ts';
import type { Clock } from '../ports/clock.ts';
import { LOG_LEVELS, type LogLevel } from '../ports/log.ts';
import { Allowance } from './allowance.ts';
import { eventDocument, loggingDocument } from './documents.ts';
import type { Outbox } from './outbox.ts';
import { isNameable, type TOPIC, type Topics } from './topics.ts';

/** Log lines that are published in any minute. */
const MOST_LINES = 60;
const MINUTE_MS = 60_000;

export interface VoiceParts {
  readonly clock: Clock;
  readonly outbox: Outbox;
  /** Those of now. */
  readonly topics: () => Topics;
  /** Lines that are published: these and graver ones. */
  readonly logging: () => LogLevel | 'off';
}

export class Voice {
  readonly #parts: VoiceParts;
  readonly #lines: Allowance;

  constructor(parts: VoiceParts) {
    this.#parts = parts;
    this.#lines = new Allowance(parts.clock, MOST_LINES, MINUTE_MS);
  }

  /** Of the bridge itself; `connection`: the one it is about. */
  tell(kind: string, words: string, connection?: string): void {
    this.say('bridgeEvent', '', { at: this.#date, kind, words, ...(connection && { connection }) });
  }

  event(event: EventView): void {
    if (isNameable(event.connection)) this.say('event', event.connection, eventDocument(event));
  }

  /** A line of the daemon's log. */
  line(level: LogLevel, connection: string | undefined, words: string): void {
    const logging = this.#parts.logging();
    if (logging === 'off' || LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(logging)) return;
    if (this.#lines.take()) this.say('bridgeLogging', '', loggingDocument(this.#date, level, connection, words), 0);
  }

  /** When the broker is there; on which topic is found out only then, for the base may be another one by then. */
  say(kind: keyof typeof TOPIC, name: string, document: object, qos: 0 | 1 = 1): void {
    const { outbox, topics } = this.#parts;
    const message = { payload: JSON.stringify(document), retain: false, qos };
    outbox.say({
      ...message,
      get topic() {
        return topics().of(kind, name);
      },
    });
  }

  get #date(): string {
    return new Date(this.#parts.clock.wallClock()).toISOString();
  }
}
