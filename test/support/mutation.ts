/** Octets as an enemy, or a bad memory chip, would have them. */
import { concat } from '../../src/wire/bytes.ts';
import type { Chance } from './chance.ts';

const EXTREMES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

type Mutation = (bytes: Uint8Array, chance: Chance) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  (bytes, chance) => changed(bytes, chance, (octet) => octet ^ (1 << chance.below(8))),
  (bytes, chance) => changed(bytes, chance, () => chance.below(256)),
  (bytes, chance) => changed(bytes, chance, () => chance.pick(EXTREMES)),
  (bytes, chance) => bytes.slice(0, chance.below(bytes.length + 1)),
  (bytes, chance) => concat(bytes, chance.entropy(chance.below(32))),
  (bytes, chance) => {
    const from = chance.below(bytes.length + 1);
    const to = from + chance.below(bytes.length + 1 - from);
    return concat(bytes.subarray(0, to), bytes.subarray(from)); // a part twice
  },
  (bytes, chance) => {
    const from = chance.below(bytes.length + 1);
    return concat(bytes.subarray(0, from), bytes.subarray(from + chance.below(8))); // a part left out
  },
];

/** A changed copy: one change, mostly, sometimes several. */
export function mutated(bytes: Uint8Array, chance: Chance): Uint8Array {
  let out: Uint8Array = bytes.slice();
  do out = chance.pick(MUTATIONS)(out, chance);
  while (chance.happens(0.3));
  return out;
}

function changed(bytes: Uint8Array, chance: Chance, change: (octet: number) => number): Uint8Array {
  const out = bytes.slice();
  const at = chance.below(out.length);
  if (out.length > 0) out[at] = change(out[at] ?? 0);
  return out;
}
