/** What a command's end tells a script: the numbers of sysexits.h. */
export const EXIT = {
  ok: 0,
  /** The command line is wrong. */
  usage: 64,
  /** No daemon answers, or one already does. */
  unavailable: 69,
  /** A mistake of ours. */
  software: 70,
  /** The machine will not do it. */
  osError: 71,
  noPermission: 77,
  /** The configuration is wrong. */
  configuration: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
