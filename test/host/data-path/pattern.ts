/** What is sent in tests: octets that nobody has to keep, for everybody knows which one stands where. */

/** A prime: no size of a segment, a page or a buffer is in step with it. */
const PERIOD = 1_048_573;
const LONGEST_CHUNK = 256 * 1024;

const block = new Uint8Array(PERIOD + LONGEST_CHUNK);
let state = 0x9e37_79b9;
for (let i = 0; i < PERIOD; i++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  block[i] = state >>> 24;
}
block.copyWithin(PERIOD, 0, LONGEST_CHUNK);

/** @param octets at most 256 KB */
export function patternAt(seed: number, offset: number, octets: number): Uint8Array {
  const from = (seed * 104_729 + offset) % PERIOD;
  return block.subarray(from, from + octets);
}

/** Where a chunk of a stream differs from what it should be; undefined: nowhere. */
export function differenceAt(seed: number, offset: number, chunk: Uint8Array): number | undefined {
  for (let at = 0; at < chunk.length; at += LONGEST_CHUNK) {
    const part = chunk.subarray(at, at + LONGEST_CHUNK);
    const wanted = patternAt(seed, offset + at, part.length);
    if (Buffer.compare(part, wanted) !== 0) return offset + at + part.findIndex((octet, i) => octet !== wanted[i]);
  }
  return undefined;
}
