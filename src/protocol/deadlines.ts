/** Named deadlines of one machine: state like any other, so that a test can read them and a driver can poll them. */

/** Milliseconds on a monotonic clock. The core never reads a clock; every `now` is handed in. */
export type Instant = number;

export class Deadlines<Name extends string> {
  readonly #at = new Map<Name, Instant>();

  set(name: Name, at: Instant): void {
    this.#at.set(name, at);
  }
  clear(name: Name): void {
    this.#at.delete(name);
  }
  clearAll(): void {
    this.#at.clear();
  }
  get(name: Name): Instant | undefined {
    return this.#at.get(name);
  }
  /** The earliest one, undefined when none is set. */
  get next(): Instant | undefined {
    return this.#at.size === 0 ? undefined : Math.min(...this.#at.values());
  }
  /** Removes and returns what is due at `now`, earliest first. */
  takeDue(now: Instant): Name[] {
    const due = [...this.#at].filter(([, at]) => at <= now).sort((a, b) => a[1] - b[1]);
    for (const [name] of due) this.#at.delete(name);
    return due.map(([name]) => name);
  }
}

/** The earliest of several deadlines, some of which may not be set. */
export function earliest(...instants: readonly (Instant | undefined)[]): Instant | undefined {
  const set = instants.filter((at) => at !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
}
