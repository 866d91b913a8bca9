import { describe, expect, it } from 'vitest';
import { md4 } from './md4.ts';

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('md4', () => {
  // RFC 1320 §A.5
  it.each([
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', '043f8582f241db351ce627e153e7f0e4'],
    [
      '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
      'e33b4ddc9c38f2199c3e7b164fcc0536',
    ],
  ])('of %j', (message, digest) => {
    expect(hexOf(md4(Buffer.from(message, 'ascii')))).toBe(digest);
  });

  // `openssl dgst -md4 -provider legacy`, around the edges of a block
  it.each([
    [55, 'c6a669a78b6813629ef693acb83030d1'],
    [56, '7204c7f1a7b31c9bdd7faff410508295'],
    [57, 'ac79c076361d46f92c6017c735cf0fe8'],
    [63, 'f8c76c93c3e44a284e4f0a4124f8eba2'],
    [64, 'fcbb886e8d1c3a29fe7486d79be0e879'],
    [65, '1990042fdccdd3c255180a8f2845bcc8'],
    [119, 'dd4da2d50f950173c6ade4abc04c9782'],
    [120, '8b553f43976cb6fca8929e94cad27355'],
    [128, '4d15d1e9259954b8e0589d4a0b1d1763'],
    [200, '4536230b48693c5086e9dd6d7ddbebc0'],
    [1000, '47f2194be3602f3335d75b5f16dc7794'],
  ])('of %i octets', (length, digest) => {
    const message = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
    expect(hexOf(md4(message))).toBe(digest);
  });

  it('of a view into a larger buffer', () => {
    expect(hexOf(md4(Buffer.from('xxabcxx').subarray(2, 5)))).toBe('a448017aaf21d8525fc10ae87aa6729d');
  });
});
