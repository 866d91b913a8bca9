import { describe, expect, it, vi } from 'vitest';
import { quickSumOf, summableMemory } from './quick-sum.ts';

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
  const sum = quickSumOf(octets) as (from: number, to: number) => number;
  for (let at = 0; at < octets.length; at++) octets[at] = (at * 7919 + (at >> 3)) & 0xff;

  it('is there on this machine', () => expect(sum).toBeTypeOf('function'));

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
    expect((quickSumOf(full)?.(0, 131_070) ?? 0) >>> 0).toBe(65_535 * 65_535);
  });

  it('counts from the beginning of its memory alone', () => {
    expect(quickSumOf(octets.subarray(16))).toBeUndefined();
    expect(quickSumOf(new Uint8Array(64))).toBeUndefined();
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
    const sum = quickSumOf(plain)?.(3, 1000);
    vi.unstubAllGlobals();
    expect(sum).toBe(slowSum(plain, 3, 1000));
  });

  it('is done without where there is no WebAssembly', () => {
    vi.stubGlobal('WebAssembly', undefined);
    const plain = summableMemory(100);
    vi.unstubAllGlobals();
    expect(plain).toHaveLength(100);
    expect(quickSumOf(plain)).toBeUndefined();
  });
});
