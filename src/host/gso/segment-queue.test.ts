import { describe, expect, it } from 'vitest';
import { SegmentQueue } from './segment-queue.ts';

/** Sizes of the segments of each message that would be sent. */
function messages(sizes: readonly number[]): number[][] {
  const queue = new SegmentQueue();
  for (const size of sizes) queue.add(0, 10, 0, size - 10);
  const out: number[][] = [];
  for (; !queue.isEmpty; ) {
    const group = queue.nextGroup(false);
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

  it('as many as fit', () => {
    expect(lengths(messages(Array(46).fill(1470)))).toEqual([44, 2]); // 64,680 of 65,507 octets
    expect(lengths(messages([...Array(130).fill(74), 20]))).toEqual([64, 64, 3]);
    expect(lengths(messages(Array(64).fill(74)))).toEqual([64]);
    expect(messages([...Array(64).fill(74), 20])).toEqual([Array(64).fill(74), [20]]);
  });

  it.each([
    ['waits for others that could join it', [1470, 1470], 0],
    ['leaves when it is full', Array(44).fill(1470), 44],
    ['leaves when the next one is smaller', [1470, 1470, 900], 3],
    ['leaves when the next one is larger', [900, 900, 1470], 2],
  ])('a message %s', (_what, sizes, group) => {
    const queue = new SegmentQueue();
    for (const size of sizes) queue.add(0, 10, 0, size - 10);
    expect(queue.nextGroup(true)).toBe(group);
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

it('has room for two super-packets of the smallest segments there are, and keeps them in order', () => {
  const queue = new SegmentQueue();
  for (let k = 0; k < 8192; k++) queue.add(k, 52, 2 * k, 8);
  expect(queue.hasRoom).toBe(true);
  for (let k = 8192; k < 16_384; k++) queue.add(k, 52, 2 * k, 8);
  expect(queue.hasRoom).toBe(false);
  const wrong = Array.from({ length: 16_384 }, (_, k) => k).filter(
    (k) => queue.headerAt[k] !== k || queue.payloadAt[k] !== 2 * k || queue.octets(k) !== 60,
  );
  expect(wrong).toEqual([]);
});
