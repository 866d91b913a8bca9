/** The MD4 message digest (RFC 1320), broken as a hash and still the way Windows stores a password: MS-CHAP needs it. */

/** @returns 16 octets */
export function md4(message: Uint8Array): Uint8Array {
  const blocks = new DataView(pad(message).buffer);
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476); // §3.3
  for (let at = 0; at < blocks.byteLength; at += BLOCK_OCTETS) {
    const words = Uint32Array.from({ length: 16 }, (_, i) => blocks.getUint32(at + 4 * i, true));
    const before = state.slice();
    for (const round of ROUNDS) run(round, state, words);
    for (let i = 0; i < 4; i++) state[i] = (state[i] as number) + (before[i] as number);
  }
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, i) => {
    digest.setUint32(4 * i, word, true);
  });
  return new Uint8Array(digest.buffer);
}

interface Round {
  readonly mix: (x: number, y: number, z: number) => number;
  readonly constant: number;
  /** Which word of the block each of the 16 steps adds. */
  readonly words: readonly number[];
  /** By how many bits steps 1, 2, 3, 4, 1, 2 … rotate. */
  readonly shifts: readonly [number, number, number, number];
}

/** The three rounds of §3.4: auxiliary function, constant, order of the words, shifts. */
// biome-ignore format: a table
const ROUNDS: readonly Round[] = [
  { mix: (x, y, z) => (x & y) | (~x & z),          constant: 0,          words: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], shifts: [3, 7, 11, 19] },
  { mix: (x, y, z) => (x & y) | (x & z) | (y & z), constant: 0x5a827999, words: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], shifts: [3, 5, 9, 13] },
  { mix: (x, y, z) => x ^ y ^ z,                   constant: 0x6ed9eba1, words: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], shifts: [3, 9, 11, 15] },
];

/** Sixteen steps `a = (a + F(b,c,d) + X[k] + constant) <<< s`, the roles of a, b, c, d moving on by one each time. */
function run({ mix, constant, words, shifts }: Round, state: Uint32Array, block: Uint32Array): void {
  const at = (step: number, role: number): number => (role - step + 16) % 4;
  for (let step = 0; step < 16; step++) {
    const [a, b, c, d] = [0, 1, 2, 3].map((role) => state[at(step, role)] as number) as [
      number,
      number,
      number,
      number,
    ];
    const sum = (a + mix(b, c, d) + (block[words[step] as number] as number) + constant) >>> 0;
    const shift = shifts[step % 4] as number;
    state[at(step, 0)] = (sum << shift) | (sum >>> (32 - shift));
  }
}

/** A one bit, zero bits, and the length in bits as 64 bits, low word first (§3.1, §3.2). */
function pad(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / BLOCK_OCTETS) * BLOCK_OCTETS);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer, padded.length - 8);
  view.setUint32(0, message.length * 8, true);
  view.setUint32(4, Math.floor(message.length / 2 ** 29), true);
  return padded;
}

const BLOCK_OCTETS = 64;
