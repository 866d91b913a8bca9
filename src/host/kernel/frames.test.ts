import { describe, expect, it } from 'vitest';
import { DataLane } from '../../protocol/data-lane.ts';
import { readDatagram } from '../../wire/l2tp-header.ts';
import { readPacket } from '../../wire/ppp-packet.ts';
import { discardRequest, frameOf, messageOf } from './frames.ts';

const ids = { localTunnelId: 0x1111, localSessionId: 0x2222, peerTunnelId: 0x3333, peerSessionId: 0x4444 };
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (octets: Uint8Array | undefined) => octets && Buffer.from(octets).toString('hex');

describe('a data message of the engine, as /dev/ppp takes it', () => {
  // An Echo-Request of LCP, and a Configure-Request of IPCP.
  it.each([
    ['LCP belongs to the channel', '0002 3333 4444 ff03 c021 09010008 00000000', 'channel', 'c021 09010008 00000000'],
    ['so does CHAP', '0002 3333 4444 ff03 c223 02010004', 'channel', 'c223 02010004'],
    ['IPCP belongs to the unit', '0002 3333 4444 ff03 8021 01010004', 'unit', '8021 01010004'],
    ['so does what nobody knows', '0002 3333 4444 ff03 8281 01010004', 'unit', '8281 01010004'],
    ['numbers go: the kernel has its own', '0802 3333 4444 0007 0000 ff03 8057 01010004', 'unit', '8057 01010004'],
    ['fields that were left out come back', '0002 3333 4444 21 45', 'unit', '0021 45'],
  ])('%s', (_, message, outlet, frame) => {
    expect(frameOf(bytes(message), ids)).toEqual({ outlet, bytes: bytes(frame) });
  });

  it.each([
    ['another session', '0002 3333 4445 ff03 c021 09010008 00000000'],
    ['another tunnel', '0002 3334 4444 ff03 c021 09010008 00000000'],
    ['a control message', 'c802 000c 3333 4444 0000 0000'],
    ['no frame at all', '0002 3333 4444 ff'],
  ])('%s is not for it', (_, message) => expect(frameOf(bytes(message), ids)).toBeUndefined());
});

describe('what /dev/ppp gives, as a data message for the engine', () => {
  const frame = bytes('c021 0a01000800000000');

  it('bears our ids, and a number where the kernel sends numbers', () => {
    expect(hex(messageOf(frame, ids, undefined))).toBe('000211112222c0210a01000800000000');
    expect(hex(messageOf(frame, ids, 0x0102))).toBe('08021111222201020000c0210a01000800000000');
  });

  it('keeps the lane informed of the numbering', () => {
    const lane = new DataLane(ids, { address: '192.0.2.1', port: 1701 });
    const told = [5, undefined].map((ns) => {
      const datagram = readDatagram(messageOf(frame, ids, ns));
      lane.noteSequence(datagram.kind === 'data' ? datagram.header.ns : 0);
      return lane.sequencing;
    });
    expect(told).toEqual([true, false]);
  });
});

it.each([8, 1460])('a Discard-Request of %i octets is what RFC 1661 §5.9 says', (octets) => {
  const bytes = discardRequest(octets);
  expect(bytes).toHaveLength(octets);
  expect(readPacket(bytes)).toMatchObject({ code: 11, data: new Uint8Array(octets - 4) });
});
