import { describe, expect, it } from 'vitest';
import { layoutOf } from './layout.ts';

// sizeof and offsetof as a C compiler prints them for bits/socket.h and linux/errqueue.h, x86-64 and i386.
const COMPILED = [
  {
    pointerOctets: 8,
    iovec: { octets: 16, base: 0, len: 8 },
    msghdr: { octets: 56, name: 0, namelen: 8, iov: 16, iovlen: 24, control: 32, controllen: 40, flags: 48 },
    mmsghdr: { octets: 64, len: 56 },
    cmsghdr: { octets: 16, len: 0, level: 8, type: 12 },
    cmsgLen: [20, 18],
    cmsgSpace: [24, 24],
  },
  {
    pointerOctets: 4,
    iovec: { octets: 8, base: 0, len: 4 },
    msghdr: { octets: 28, name: 0, namelen: 4, iov: 8, iovlen: 12, control: 16, controllen: 20, flags: 24 },
    mmsghdr: { octets: 32, len: 28 },
    cmsghdr: { octets: 12, len: 0, level: 4, type: 8 },
    cmsgLen: [16, 14],
    cmsgSpace: [16, 16],
  },
] as const;

describe.each(COMPILED)('the layout with pointers of $pointerOctets octets', (compiled) => {
  const layout = layoutOf({ pointerOctets: compiled.pointerOctets, isLittleEndian: true });

  it('is the compiler’s', () => {
    const { iovec, msghdr, mmsghdr, cmsghdr } = layout;
    expect({
      ...{ pointerOctets: layout.pointerOctets, iovec, msghdr, mmsghdr, cmsghdr },
      cmsgLen: [4, 2].map(layout.cmsgLen),
      cmsgSpace: [4, 2].map(layout.cmsgSpace),
    }).toEqual(compiled);
  });
});

describe.each([
  { pointerOctets: 8, isLittleEndian: true, base: 0x7f12_ffff_ff00 },
  { pointerOctets: 8, isLittleEndian: true, base: 0x0000_8000_0000 },
  { pointerOctets: 8, isLittleEndian: false, base: 0x7f12_ffff_ff00 },
  { pointerOctets: 4, isLittleEndian: true, base: 0x7fff_ff00 },
  { pointerOctets: 4, isLittleEndian: false, base: 0xfff0_0000 },
] as const)('several iovecs, $pointerOctets octets a pointer, from $base', ({ base, ...machine }) => {
  const { putIovec, putIovecs, iovec } = layoutOf(machine);

  it.each([
    [1, 0, 7],
    [5, 100, 100],
    [5, 1470, 1408],
    [3, 0x7fff_ffff, 0],
  ])('are those that there would be one by one: %i of them, %i octets between them', (count, step, len) => {
    for (const stride of [iovec.octets, 2 * iovec.octets]) {
      const [one, several] = [new Uint32Array(64).fill(0xeeee_eeee), new Uint32Array(64).fill(0xeeee_eeee)];
      for (let k = 0; k < count; k++) putIovec(one, 8 + k * stride, base + k * step, len);
      putIovecs(several, 8, stride, count, base, step, len);
      expect(several).toEqual(one);
    }
  });
});

describe('a long', () => {
  const memory = new ArrayBuffer(16);
  const words = new Uint32Array(memory);
  const view = new DataView(memory);

  it.each([0, 1, 0x7fff_ffff, 0xffff_ffff, 0x1_0000_0000, 0x7fff_1234_5678, 2 ** 53 - 1])(
    'of 8 octets is %i',
    (value) => {
      const { putLong, getLong } = layoutOf({ pointerOctets: 8, isLittleEndian: true });
      putLong(words, 8, value);
      expect(view.getBigUint64(8, true)).toBe(BigInt(value));
      expect(getLong(words, 8)).toBe(value);
    },
  );

  it('has its upper half first on a big-endian machine', () => {
    const { putLong, getLong } = layoutOf({ pointerOctets: 8, isLittleEndian: false });
    putLong(words, 8, 0x7fff_1234_5678);
    expect([words[2], words[3]]).toEqual([0x7fff, 0x1234_5678]);
    expect(getLong(words, 8)).toBe(0x7fff_1234_5678);
  });

  it('of 4 octets leaves its neighbour alone', () => {
    const { putLong, getLong } = layoutOf({ pointerOctets: 4, isLittleEndian: true });
    words.set([0, 0, 7]);
    putLong(words, 4, 0xffff_fff0);
    expect([...words.subarray(0, 3)]).toEqual([0, 0xffff_fff0, 7]);
    expect(getLong(words, 4)).toBe(0xffff_fff0);
  });
});
