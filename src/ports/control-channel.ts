/** The way in for people and programs on this machine: one request a client, one or more answers. Both are text of one line. */

export interface Reply {
  write(answer: string): void;
  /** Nothing more will be written. */
  end(): void;
}

/** What is said in place of an answer, as JSON, while too many others are being served. */
export interface Busy {
  readonly error: 'busy';
  readonly words: string;
}

/**
 * Answers one request, now or later.
 * @returns called once the client has gone, whether or not everything was answered
 */
export type Serve = (request: string, reply: Reply) => () => void;
