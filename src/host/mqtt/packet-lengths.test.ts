import { expect, it } from 'vitest';
import { PacketLengths } from './packet-lengths.ts';

const CONNACK = [0x20, 2, 0, 0];
const PINGRESP = [0xd0, 0];
/** MQTT 3.1.1 §2.2.3, table 2.4: the largest that one, two, three and four octets can say. */
const TABLE = [
  [127, [0x7f]],
  [16_383, [0xff, 0x7f]],
  [2_097_151, [0xff, 0xff, 0x7f]],
  [268_435_455, [0xff, 0xff, 0xff, 0x7f]],
] as const;

it.each(TABLE)('reads a length of %i', (length, octets) => {
  expect(new PacketLengths().greatest(Uint8Array.from([...PINGRESP, ...CONNACK, 0x30, ...octets]))).toBe(length);
});

it('reads what comes octet by octet, and knows a body from a header', () => {
  const body = [0x30, 0xff, 0xff, 0x7f, 9];
  const stream = [...CONNACK, 0x30, body.length, ...body, ...PINGRESP, 0x30, 0x80, 0x01];
  const lengths = new PacketLengths();
  expect(stream.map((octet) => lengths.greatest(Uint8Array.of(octet))).filter((length) => length > 0)).toEqual([
    2, 5, 128,
  ]);
});
