/** Where the daemon's words go: one line an event. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Log {
  /** @param connection its name, undefined for the daemon itself */
  write(level: LogLevel, connection: string | undefined, words: string): void;
}
