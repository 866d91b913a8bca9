import { describe, expect, it } from 'vitest';
import { SegmentQueue } from './segment-queue.ts';

/** Sizes of the segments of each message that would be sent. */
function messages(sizes: readonly number[]): number[][] {
  const queue = new SegmentQueue();
  for (const size of sizes) queue.add(0, 10, 0, size - 10);
  const out: number[][] = [];
  for (; !queue.isEmpty; ) {
    const group = queue.nextGroup();
    out.push(sizes.slice(queue.next, queue.next + group));
    queue.next += group;
  }
  return out;
}
const lengths = (groups: number[][]) => groups.map(({ length }) => length);

describe('segments leave together', () => {
  it('when they are of one size, the last one possibly smaller', () => {
    expect(messages([1470, 1470, 900, 1470, 1470])).toEqual([
      [1470, 1470, 900],
      [1470, 1470],
    ]);
    expect(messages([52, 52, 1470, 1470])).toEqual([
      [52, 52],
      [1470, 1470],
    ]);
    expect(messages([80])).toEqual([[80]]);
  });

  it('evenly, when they are more than fit', () => {
    expect(lengths(messages(Array(46).fill(1470)))).toEqual([23, 23]);
    expect(lengths(messages(Array(44).fill(1470)))).toEqual([44]); // 64,680 of 65,507 octets
    expect(lengths(messages([...Array(130).fill(74), 20]))).toEqual([44, 44, 43]);
    expect(lengths(messages(Array(64).fill(74)))).toEqual([64]);
    expect(lengths(messages(Array(65).fill(74)))).toEqual([33, 32]);
  });

  it('never with more than one datagram may have', () => {
    for (const size of [40, 74, 1023, 1024, 1470, 1500, 8990, 60_000, 65_507]) {
      const groups = messages(Array(150).fill(size));
      expect(groups.flat()).toHaveLength(150);
      for (const group of groups) {
        expect(group.length).toBeLessThanOrEqual(64);
        expect(group.length * size).toBeLessThanOrEqual(65_507);
      }
    }
  });
});
