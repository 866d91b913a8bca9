import { describe, expect, it, vi } from 'vitest';
import type { Likeness, Quick } from '../../offload/arena.ts';
import { quickOf, summableMemory } from './quick-memory.ts';

/** One number after the other, as RFC 1071 §4.1 has it, but for the byte order. */
function slowSum(octets: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at += 2)
    sum += (octets[at] as number) + (at + 1 < to ? (octets[at + 1] as number) * 256 : 0);
  return sum;
}

const PAGE = 65_536;

describe('the sum in WebAssembly', () => {
  const octets = summableMemory(200_000);
  const quick = quickOf(octets) as Quick;
  const sum = (from: number, to: number) => quick.sum(from, to);
  for (let at = 0; at < octets.length; at++) octets[at] = (at * 7919 + (at >> 3)) & 0xff;

  it('is there on this machine', () => expect(quick).toBeDefined());

  it('is the same for every length and every place', () => {
    for (let from = 0; from < 33; from++)
      for (let length = 0; length < 200; length++)
        expect(sum(from, from + length) >>> 0).toBe(slowSum(octets, from, from + length));
    for (const [from, to] of [
      [3, 65_538],
      [0, 131_070],
    ] as const)
      expect(sum(from, to) >>> 0).toBe(slowSum(octets, from, to));
  });

  it('holds the largest sum there can be', () => {
    const full = summableMemory(131_072).fill(0xff);
    expect((quickOf(full)?.sum(0, 131_070) ?? 0) >>> 0).toBe(65_535 * 65_535);
  });

  it('counts from the beginning of its memory alone', () => {
    expect(quickOf(octets.subarray(16))).toBeUndefined();
    expect(quickOf(new Uint8Array(64))).toBeUndefined();
  });

  it('is the same where WebAssembly has no vectors', () => {
    class Module {
      constructor() {
        throw new Error('unknown opcode');
      }
    }
    const { WebAssembly } = globalThis as unknown as { WebAssembly: { Memory: unknown } };
    vi.stubGlobal('WebAssembly', { Memory: WebAssembly.Memory, Module });
    const plain = summableMemory(PAGE).fill(7);
    const sum = quickOf(plain)?.sum(3, 1000);
    vi.unstubAllGlobals();
    expect(sum).toBe(slowSum(plain, 3, 1000));
  });

  it('is done without where there is no WebAssembly', () => {
    vi.stubGlobal('WebAssembly', undefined);
    const plain = summableMemory(100);
    vi.unstubAllGlobals();
    expect(plain).toHaveLength(100);
    expect(quickOf(plain)).toBeUndefined();
  });
});

describe('the comparison in WebAssembly', () => {
  const STEP = 101;
  const MOST = 7;
  const FREE = [5, 20, 21]; // what need not be the same
  const COUNTED = [24, 25, 26, 27, 30, 31]; // a number that counts on by 1396, and the lower half of one that does by 1
  /** Of 101 octets, 37 are compared, 10 are a header of its own sum, and 80 are covered by another one. */
  const WANTED: Likeness = {
    key: 4711,
    mask: Uint8Array.from({ length: 37 }, (_, i) => ([...FREE, ...COUNTED, 12, 13].includes(i) ? 0 : 0xff)),
    header: { from: 4, to: 14 },
    covered: { from: 18, to: 98 },
    rest: 0x1234,
    counted: [
      { at: 28, by: 1, bits: 0xffff },
      { at: 24, by: 1396, bits: -1 },
    ],
    excluded: [
      { at: 12, value: 0xffff },
      { at: 90, value: 0 },
    ],
    last: { at: 40, bits: 0 },
  };
  const octets = summableMemory(PAGE);
  const numbers = new DataView(octets.buffer);
  const quick = quickOf(octets) as Quick;
  const FROM = 1003;

  /** Stretches that are as wanted, the one in front of them included. Both numbers run over on their way. */
  function fill(): void {
    octets.fill(0xaa);
    for (let k = -1; k < MOST; k++) {
      const at = FROM + k * STEP;
      for (let i = 0; i < STEP; i++) octets[at + i] = i < 37 && !FREE.includes(i) ? i * 5 : (k * 77 + i * 31) & 0xff;
      numbers.setUint16(at + 30, 0xfffe + k);
      numbers.setUint32(at + 24, 0xffff_f800 + 1396 * k);
      completeBoth(at);
    }
    quick.seek(WANTED);
  }
  function completeBoth(at: number): void {
    complete(at + 4, at + 14, at + 12, 0);
    complete(at + 18, at + 98, at + 90, 0x1234);
  }
  /** Writes at a place what makes the sum 0xffff. */
  function complete(from: number, to: number, place: number, rest: number): void {
    octets.fill(0, place, place + 2);
    const missing = 0xffff - ((slowSum(octets, from, to) + rest) % 0xffff);
    octets[place] = missing & 0xff;
    octets[place + 1] = missing >> 8;
  }
  const alike = (most = MOST) => quick.alike(FROM, STEP, STEP, most);

  it('goes on to the last one, or as far as it may', () => {
    fill();
    expect([alike(), alike(3), alike(0)]).toEqual([MOST, 3, 0]);
    expect(quick.sought).toBe(4711);
  });

  it('begins with another stretch than the one right in front', () => {
    fill();
    const before = octets.slice(FROM - STEP, FROM);
    for (const at of [FROM + MOST * STEP + 3, 5]) {
      octets.fill(0, FROM - STEP, FROM);
      octets.set(before, at);
      expect([quick.alike(FROM, FROM - at, STEP, MOST), alike()]).toEqual([MOST, 0]);
      octets[at + 6] = (octets[at + 6] as number) ^ 1;
      expect(quick.alike(FROM, FROM - at, STEP, MOST)).toBe(0);
    }
  });

  it('ends behind a stretch that has one of the bits that say so', () => {
    fill();
    quick.seek({ ...WANTED, last: { at: 98, bits: 0x09 } });
    const put = (k: number, value: number) => {
      octets[FROM + k * STEP + 98] = value;
    };
    for (let k = -1; k < MOST; k++) put(k, 0xf6);
    expect(alike()).toBe(MOST);
    put(-1, 0xff);
    expect(alike()).toBe(MOST);
    put(4, 0x08);
    expect(alike()).toBe(5);
    put(2, 0x01);
    expect([alike(), alike(2)]).toEqual([3, 2]);
  });

  it('ends where one octet is different that is compared or summed up, and nowhere else', () => {
    for (let k = 0; k < MOST; k++)
      for (let i = 0; i < STEP; i++) {
        fill();
        const at = FROM + k * STEP + i;
        octets[at] = (octets[at] as number) ^ 0x10;
        const isFree = i >= 98;
        if (alike() !== (isFree ? MOST : k)) expect.fail(`octet ${i} of ${k}: ${alike()}`);
      }
  });

  it('ends where a number does not count on, right as the sums may be', () => {
    for (let k = 0; k < MOST; k++)
      for (const i of COUNTED)
        for (let bit = 1; bit < 0x100; bit *= 2) {
          fill();
          const at = FROM + k * STEP;
          octets[at + i] = (octets[at + i] as number) ^ bit;
          completeBoth(at);
          if (alike() !== k) expect.fail(`octet ${i} of ${k}: ${alike()}`);
        }
  });

  it.each([
    ['of the header', 12, 8, 4, 14, 0, 0xffff],
    ['of what is covered', 90, 40, 18, 98, 0x1234, 0],
  ] as const)(
    'ends where a checksum %s is right, but in the other form of zero',
    (_, place, spare, from, to, rest, odd) => {
      for (let k = 0; k < MOST; k++) {
        fill();
        const at = FROM + k * STEP;
        // Two other octets, which need not be the same then, take up what is left for the checksum.
        quick.seek({ ...WANTED, mask: WANTED.mask.map((octet, i) => (i === 8 || i === 9 ? 0 : octet)) });
        numbers.setUint16(at + place, odd);
        complete(at + from, at + to, at + spare, rest);
        expect(slowSum(octets, at + from, at + to) + rest).toSatisfy((sum: number) => sum % 0xffff === 0);
        expect(alike()).toBe(k);
        numbers.setUint16(at + place, 0xffff - odd);
        expect(alike()).toBe(MOST);
      }
    },
  );

  it('is not done where WebAssembly has no vectors', () => {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: { Memory: unknown } };
    vi.stubGlobal('WebAssembly', { Memory: WebAssembly.Memory });
    const plain = quickOf(summableMemory(PAGE));
    plain?.seek(WANTED);
    vi.unstubAllGlobals();
    expect(plain?.alike(FROM, STEP, STEP, MOST)).toBe(0);
  });
});
