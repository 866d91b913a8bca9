/** What happened to each connection lately: a bounded ring of events, each with its words. */
import type { LogLevel } from '../ports/log.ts';
import type { ClientEvent, Stage } from '../protocol/client-io.ts';
import type { Instant } from '../protocol/deadlines.ts';
import type { AuthMethod } from '../protocol/settings.ts';
import type { Calendar } from './calendar.ts';
import {
  type FailureView,
  failureView,
  failureWords,
  type ServerView,
  serverView,
  serverWords,
} from './failure-view.ts';
import { STAGE } from './stage-table.ts';

/** Kept for each connection. Ours: the last hours of a server that refuses us, weeks of one that is well. */
const KEPT = 200;

/** What the daemon has to say about a connection besides what its engine says. */
export type ConnectionEvent = ClientEvent | { kind: 'notice'; level: LogLevel; words: string };

/** One event for people and other programs. */
export interface EventView {
  /** Date, ISO 8601. */
  readonly at: string;
  readonly connection: string;
  readonly kind: 'stage' | 'authenticated' | 'failed' | 'retry' | 'warning' | 'notice';
  readonly level: LogLevel;
  /** The whole event as one line. */
  readonly words: string;
  readonly stage?: Stage;
  readonly server?: ServerView;
  readonly failure?: FailureView;
  readonly method?: AuthMethod | 'none';
  readonly retryInMs?: number;
  readonly warning?: string;
}

type Told = Omit<EventView, 'at' | 'connection'>;

export class Events {
  readonly #calendar: Calendar;
  readonly #rings = new Map<string, { serial: number; at: Instant; told: Told }[]>();
  readonly #listeners = new Set<(event: EventView) => void>();
  #serial = 0;

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  /** @param shown makes text of the peer fit to be shown @param detail what is added to the words */
  record(connection: string, event: ConnectionEvent, shown: (text: string) => string, detail = ''): EventView {
    const told = tell(event, shown, detail);
    const at = this.#calendar.now;
    const ring = this.#rings.get(connection) ?? [];
    this.#rings.set(connection, ring);
    ring.push({ serial: ++this.#serial, at, told });
    if (ring.length > KEPT) ring.shift();
    const view = { at: this.#calendar.dateOf(at), connection, ...told };
    for (const listener of this.#listeners) listener(view);
    return view;
  }

  /** Of one connection, or of all, oldest first. */
  list(connection?: string): EventView[] {
    const rings = [...this.#rings].filter(([name]) => connection === undefined || name === connection);
    return rings
      .flatMap(([name, ring]) => ring.map((entry) => ({ name, ...entry })))
      .sort((a, b) => a.serial - b.serial)
      .map(({ name, at, told }) => ({ at: this.#calendar.dateOf(at), connection: name, ...told }));
  }

  /** Calls `listener` with every event from now on; returns how to end that. */
  follow(listener: (event: EventView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  forget(connection: string): void {
    this.#rings.delete(connection);
  }
}

function tell(event: ConnectionEvent, shown: (text: string) => string, detail: string): Told {
  switch (event.kind) {
    case 'stage': {
      const { level, words } = STAGE[event.stage];
      const server = serverView(event.server);
      const where = server === null ? 'the server' : serverWords(server);
      return {
        kind: 'stage',
        level,
        words: words.replace('SERVER', where) + detail,
        stage: event.stage,
        ...(server && { server }),
      };
    }
    case 'authenticated': {
      const how =
        event.method === 'none' ? 'the server asked for no authentication' : `authenticated by ${event.method}`;
      const message = shown(event.message);
      const words = message === '' ? how : `${how}, the server said: "${message}"`;
      return { kind: 'authenticated', level: 'info', words, method: event.method };
    }
    case 'failed': {
      const failure = failureView(event.failure, event.stage, event.server, shown);
      return { kind: 'failed', level: 'warn', words: failureWords(failure), failure };
    }
    case 'retry-in':
      return {
        kind: 'retry',
        level: 'info',
        words: `next attempt in ${secondsOf(event.ms)} s`,
        retryInMs: Math.round(event.ms),
      };
    case 'warning':
      return { kind: 'warning', level: 'warn', words: shown(event.detail), warning: event.code };
    case 'notice':
      return { kind: 'notice', level: event.level, words: event.words };
    default:
      return event satisfies never;
  }
}

const secondsOf = (ms: number): string => (ms < 10_000 ? (ms / 1000).toFixed(1) : String(Math.round(ms / 1000)));
