/** One line an event: date, level, connection, words. */
import { LOG_LEVELS, type Log, type LogLevel } from '../ports/log.ts';
import type { Calendar } from './calendar.ts';

export class LineLog implements Log {
  /** This and what is graver is written. */
  level: LogLevel = 'info';
  readonly #write: (line: string, level: LogLevel) => void;
  readonly #calendar: Calendar | undefined;
  #follower: (level: LogLevel, connection: string | undefined, words: string) => void = () => undefined;

  /**
   * @param write takes one line, without its end
   * @param calendar none: whoever takes the lines dates them, and knows an error from the rest by itself
   */
  constructor(write: (line: string, level: LogLevel) => void, calendar?: Calendar) {
    this.#write = write;
    this.#calendar = calendar;
  }

  /** Hears everything from now on, whatever is written: there is one that does. */
  follow(follower: (level: LogLevel, connection: string | undefined, words: string) => void): void {
    this.#follower = follower;
  }

  write(level: LogLevel, connection: string | undefined, words: string): void {
    this.#follower(level, connection, oneLine(words));
    if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(this.level)) return;
    const who = connection === undefined ? '' : `${connection}: `;
    const head =
      this.#calendar === undefined
        ? UNDATED[level]
        : `${this.#calendar.dateOf(this.#calendar.now)} ${level.padEnd(5)} `;
    this.#write(`${head}${who}${oneLine(words)}`, level);
  }
}

/** Procd makes `err` of what comes by standard error and `info` of all the rest. */
const UNDATED: Readonly<Record<LogLevel, string>> = { error: '', warn: 'warning: ', info: '', debug: 'debug: ' };

/** Whatever a line is made of, it stays one line and moves no cursor. */
const oneLine = (words: string): string => words.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
