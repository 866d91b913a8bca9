import { describe, expect, it } from 'vitest';
import { FakeMemory } from '../../../test/support/fake-memory.ts';
import type { Native } from '../native/koffi.ts';
import { layoutOf } from '../native/layout.ts';
import { SegmentQueue } from './segment-queue.ts';

function queueOn(machine: ConstructorParameters<typeof FakeMemory>[0]) {
  const memory = new FakeMemory(machine);
  return { memory, queue: new SegmentQueue(memory.native as Native) };
}
const MACHINES = [
  { pointerOctets: 8, isLittleEndian: true },
  { pointerOctets: 4, isLittleEndian: true },
  { pointerOctets: 8, isLittleEndian: false },
  { pointerOctets: 4, isLittleEndian: false },
] as const;

/** Sizes of the segments of each message that would be sent. */
function messages(sizes: readonly number[]): number[][] {
  const { queue } = queueOn(MACHINES[0]);
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
    const { queue } = queueOn(MACHINES[0]);
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

describe.each(MACHINES)(
  'with pointers of $pointerOctets octets, little endian: $isLittleEndian, there is',
  (machine) => {
    const { iovec, getLong } = layoutOf(machine);
    // Headers on both sides of a multiple of 2^32, if there are any such.
    const [headers, packets] =
      machine.pointerOctets === 8 ? [0x7f11_ffff_f000, 0x7f12_3456_7000] : [0xf234_5000, 0x8000];
    /** Base and length of the header, then of the payload. */
    const iovecsOf = ({ memory, queue }: ReturnType<typeof queueOn>, k: number) => {
      const { buffer, byteOffset } = memory.at(queue.iovecsAt(k), 2 * iovec.octets);
      const words = new Uint32Array(buffer, byteOffset, (2 * iovec.octets) >> 2);
      return [iovec.base, iovec.len, iovec.octets + iovec.base, iovec.octets + iovec.len].map((at) =>
        getLong(words, at),
      );
    };

    it('room for two super-packets of the smallest segments there are, and they are kept in order', () => {
      const end = queueOn(machine);
      const { queue } = end;
      for (let k = 0; k < 8192; k++) queue.add(headers + k, 52, packets + 2 * k, 8);
      expect(queue.hasRoom).toBe(true);
      for (let k = 8192; k < 16_384; k++) queue.add(headers + k, 52, packets + 2 * k, 8);
      expect(queue.hasRoom).toBe(false);
      const wrong = Array.from({ length: 16_384 }, (_, k) => k).filter(
        (k) => String(iovecsOf(end, k)) !== String([headers + k, 52, packets + 2 * k, 8]) || queue.octets(k) !== 60,
      );
      expect(wrong).toEqual([]);
    });

    it('what there would be one by one of the segments of a packet that was cut', () => {
      const end = queueOn(machine);
      const { queue } = end;
      const cut = {
        headerAt: 512,
        headerStep: 72,
        headerOctets: 52,
        payloadAt: 1000,
        payloadOctets: 1408,
        lastOctets: 9,
      };
      queue.add(headers, 10, packets, 20);
      for (let times = 0; times < 200; times++) queue.addCut(cut, 3, headers, packets, 10);
      const places = [0, 1, 2].map((k) => [headers + 502 + 72 * k, 62, packets + 1000 + 1408 * k, k < 2 ? 1408 : 9]);
      const wrong = Array.from({ length: 600 }, (_, k) => k).filter(
        (k) =>
          String(iovecsOf(end, 1 + k)) !== String(places[k % 3]) || queue.octets(1 + k) !== (k % 3 < 2 ? 1470 : 71),
      );
      expect(wrong).toEqual([]);
      expect([queue.waiting, ...iovecsOf(end, 0)]).toEqual([601, headers, 10, packets, 20]);
    });

    it('nothing left of what was there before', () => {
      const end = queueOn(machine);
      const { queue } = end;
      queue.add(headers, 0xffff, packets, 0xffff);
      queue.clear();
      queue.add(packets, 0, packets, 65_545);
      queue.add(headers, 1, packets, 0);
      expect([0, 1].map((k) => iovecsOf(end, k))).toEqual([
        [packets, 0, packets, 65_545],
        [headers, 1, packets, 0],
      ]);
      expect([0, 1].map((k) => [queue.isWhole(k), queue.octets(k)])).toEqual([
        [true, 65_545],
        [false, 1],
      ]);
    });
  },
);
