import { endianness } from 'node:os';
import { describe, expect, it } from 'vitest';
import { random } from '../../test/random.ts';
import { Arena } from './arena.ts';

const hex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16));

describe('an arena', () => {
  it('has numbers in network byte order at any place', () => {
    const arena = Arena.over(hex('0001020384858687'));
    expect([arena.u8(4), arena.u16(3), arena.u16(4), arena.i32(0), arena.i32(1), arena.i32(4)]).toEqual([
      0x84,
      0x0384,
      0x8485,
      0x0001_0203,
      0x0102_0384,
      0x8485_8687 - 2 ** 32,
    ]);
    arena.putU16(1, 0x1_fffe);
    arena.putI32(3, 0x9876_5432 | 0);
    expect(arena.octets).toEqual(hex('00fffe9876543287'));
  });

  it('wants memory at a multiple of four', () => {
    const memory = new Uint8Array(16);
    expect(() => Arena.over(memory.subarray(2))).toThrow(RangeError);
    expect(Arena.over(memory.subarray(4, 11)).holds(0, 7)).toBe(true);
  });

  it('holds what is in it and nothing else', () => {
    const arena = Arena.ofSize(8);
    expect([arena.holds(0, 8), arena.holds(8, 8), arena.holds(0, 9), arena.holds(-1, 4), arena.holds(5, 4)]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('compares octets at even and odd places', () => {
    const octets = random(3).octets(80);
    octets.copyWithin(40, 0, 40);
    const arena = Arena.over(octets);
    for (const [a, b] of [
      [0, 40],
      [1, 41],
      [3, 43],
    ] as const)
      for (let count = 0; count < 30; count++) {
        expect(arena.same(a, b, count)).toBe(true);
        for (let i = 0; i < count; i++) {
          arena.putU8(b + i, arena.u8(b + i) ^ 1);
          expect(arena.same(a, b, count)).toBe(false);
          arena.putU8(b + i, arena.u8(b + i) ^ 1);
        }
      }
  });

  it('copies octets from any place to any other, and nothing else', () => {
    const source = random(4).octets(64);
    for (let from = 0; from < 5; from++)
      for (let to = 0; to < 5; to++)
        for (let count = 0; count < 24; count++) {
          const arena = Arena.over(new Uint8Array(64).fill(0xee));
          arena.copyFrom(Arena.over(source), from, 8 + to, count);
          const wanted = new Uint8Array(64).fill(0xee);
          wanted.set(source.subarray(from, from + count), 8 + to);
          expect(arena.octets).toEqual(wanted);
        }
  });

  it('knows the byte order of the machine', () => {
    expect(Arena.ofSize(0).isLittleEndian).toBe(endianness() === 'LE');
  });
});
