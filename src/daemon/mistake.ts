/** What is done about an error that nobody foresaw: a mistake of ours, told to whoever is to mend it. */

/** Frames of the stack that are told: enough to find the place. */
const FRAMES = 4;

/** `TypeError: …`, for a person. */
export const nameOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : `something odd was thrown: ${typeof error}`;

/** The same with the place where it happened, for a log. */
export function confession(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => /^\s*at /.test(line));
  const where = frames.slice(0, FRAMES).map((frame) => frame.trim());
  return [`internal error, please report it: ${nameOf(error)}`, ...where].join(' ');
}

/** The first and the longest wait, ms: too long to fill a log, short enough to heal by itself. */
const WAIT_MS = { first: 10_000, longest: 300_000 };

/** How long to leave a thing alone, ms, after so many mistakes in it, one after the other. */
export const waitAfter = (mistakes: number): number =>
  Math.min(WAIT_MS.longest, WAIT_MS.first * 2 ** Math.min(mistakes - 1, 10));
