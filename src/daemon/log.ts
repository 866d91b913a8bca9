/** One line an event: date, level, connection, words. */
import { LOG_LEVELS, type Log, type LogLevel } from '../ports/log.ts';
import type { Calendar } from './calendar.ts';

export class LineLog implements Log {
  /** This and what is graver is written. */
  level: LogLevel = 'info';
  readonly #write: (line: string) => void;
  readonly #calendar: Calendar;

  /** @param write takes one line, without its end */
  constructor(write: (line: string) => void, calendar: Calendar) {
    this.#write = write;
    this.#calendar = calendar;
  }

  write(level: LogLevel, connection: string | undefined, words: string): void {
    if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(this.level)) return;
    const who = connection === undefined ? '' : `${connection}: `;
    this.#write(`${this.#calendar.dateOf(this.#calendar.now)} ${level.padEnd(5)} ${who}${oneLine(words)}`);
  }
}

/** Whatever a line is made of, it stays one line and moves no cursor. */
const oneLine = (words: string): string => words.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
