/** Chance that follows from a seed: the same run every time it is asked for. */
import type { Entropy } from '../../src/protocol/machine.ts';

export class Chance {
  #state: number;

  /** @param seed any integer */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 up to, but not including, 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  /** A whole number from 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }
  /** @param probability 0 to 1 */
  happens(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
  readonly entropy: Entropy = (count) => Uint8Array.from({ length: count }, () => this.below(256));
}
