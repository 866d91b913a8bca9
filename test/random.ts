// Random numbers that can be had again: print the seed, and the run can be repeated.

export interface Random {
  /** 0 up to, but not, 1. */
  next(): number;
  /** A whole number from 0 to n - 1. */
  below(n: number): number;
  octets(n: number): Uint8Array;
}

/** mulberry32: 32 bits of state, good enough to test with. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return { next, below, octets: (n) => Uint8Array.from({ length: n }, () => below(256)) };
}
