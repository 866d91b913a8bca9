import { Malformed } from '../../src/wire/malformed.ts';

/** Everything a reader may do: a value, or Malformed, which is undefined here. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
