import { describe, expect, it } from 'vitest';
import { concat, hex } from '../../../wire/bytes.ts';
import { Malformed } from '../../../wire/malformed.ts';
import { writeTable } from './blobmsg.ts';
import { Frames, LONGEST_MESSAGE } from './frames.ts';
import { type Message, readBody, readHeader, writeMessage } from './message.ts';

const octets = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** Captured between a real ubusd and a client. */
const MESSAGES: readonly [name: string, message: Message, hex: string][] = [
  ['HELLO', { type: 'hello', seq: 0, peer: 0x74a339a8, attributes: {} }, '00 00 0000 74a339a8 00000004'],
  [
    'ADD_OBJECT of l2tp with a method up',
    { type: 'addObject', seq: 1, peer: 0, attributes: { objectPath: 'l2tp', signature: writeTable({ up: {} }) } },
    '00 06 0001 00000000 00000020 02000009 6c327470 00000000 06000010 8200000c 00027570 00000000',
  ],
  [
    'its answer DATA',
    { type: 'data', seq: 1, peer: 0, attributes: { objectId: 0x78b99baa, objectType: 0x72df14f4 } },
    '00 02 0001 00000000 00000014 03000008 78b99baa 05000008 72df14f4',
  ],
  [
    'its answer STATUS',
    { type: 'status', seq: 1, peer: 0, attributes: { status: 0 } },
    '00 01 0001 00000000 0000000c 01000008 00000000',
  ],
  [
    'LOOKUP of zz',
    { type: 'lookup', seq: 3, peer: 0, attributes: { objectPath: 'zz' } },
    '00 04 0003 00000000 0000000c 02000007 7a7a0000',
  ],
  [
    'STATUS: not found',
    { type: 'status', seq: 3, peer: 0, attributes: { status: 4 } },
    '00 01 0003 00000000 0000000c 01000008 00000004',
  ],
];
const everything = concat(...MESSAGES.map(([, , text]) => octets(text)));

const read = (frame: Uint8Array) => ({ ...readHeader(frame), attributes: readBody(frame) });

function framesOf(...pieces: readonly Uint8Array[]): Uint8Array[] {
  const frames = new Frames();
  return pieces.flatMap((piece) => {
    frames.push(piece);
    const out: Uint8Array[] = [];
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) out.push(frame);
    return out;
  });
}

describe('a message', () => {
  it.each(MESSAGES)('is read: %s', (_, message, text) => expect(read(octets(text))).toEqual(message));
  it.each(MESSAGES)('is written: %s', (_, message, text) =>
    expect(hex(writeMessage(message))).toBe(text.replaceAll(' ', '')),
  );

  it('has flags of one octet, padded', () => {
    const attributes = { objectId: 1, active: true, noReply: false };
    const written = writeMessage({ type: 'notify', seq: 2, peer: 3, attributes });
    expect(hex(written)).toBe(
      '000a000200000003' + '0000001c' + '0300000800000001' + '0900000501000000' + '0a00000500000000',
    );
    expect(read(written).attributes).toEqual(attributes);
  });

  it('passes over attributes and types that are newer than we are', () => {
    const frame = octets('00 0c 0001 00000000 00000014 7f000008 00000001 01000008 00000007');
    expect(read(frame)).toEqual({ type: undefined, seq: 1, peer: 0, attributes: { status: 7 } });
    const [first] = framesOf(octets('01 00 0000 00000000 00000004'));
    expect(first && readHeader(first)).toEqual({ type: undefined, seq: 0, peer: 0 });
  });

  it.each([
    ['a STATUS of 3 octets', '00 01 0001 00000000 0000000c 01000007 00000000'],
    ['a name without its final zero', '00 04 0003 00000000 0000000c 02000008 7a7a7a7a'],
    ['an empty name', '00 04 0003 00000000 00000008 02000004'],
    ['an attribute longer than the message', '00 04 0003 00000000 0000000c 0200000d 7a7a7a00'],
    ['an attribute shorter than its header', '00 04 0003 00000000 0000000c 02000002 7a7a7a00'],
  ])('is malformed with %s', (_, text) => expect(() => readBody(octets(text))).toThrow(Malformed));
});

describe('a stream', () => {
  it('is cut into messages, however it comes', () => {
    const wanted = MESSAGES.map(([, , text]) => text.replaceAll(' ', ''));
    expect(framesOf(everything).map(hex)).toEqual(wanted);
    for (const size of [1, 2, 3, 5, 7, 11, 12, 13, 40]) {
      const pieces = Array.from({ length: Math.ceil(everything.length / size) }, (_, i) =>
        everything.slice(i * size, (i + 1) * size),
      );
      expect(framesOf(...pieces).map(hex), `pieces of ${size}`).toEqual(wanted);
    }
  });

  it('keeps what it gave out', () => {
    const chunk = everything.slice();
    const frames = framesOf(chunk);
    chunk.fill(0xff);
    expect(frames.map((frame) => readHeader(frame).type)).toEqual(MESSAGES.map(([, { type }]) => type));
  });

  it('ends where the next message cannot be told', () => {
    expect(() => framesOf(octets('00 00 0000 00000000 00000003'))).toThrow(/a message of 3 octets/);
    expect(() => framesOf(octets('00 00 0000 00000000 00ffffff'))).toThrow(/a message of 16777215 octets/);
  });

  it('takes what ubusd takes, and what it makes of that', () => {
    const data = new Uint8Array(LONGEST_MESSAGE - 8);
    const longest = writeMessage({ type: 'data', seq: 1, peer: 2, attributes: { data } });
    expect(longest.length - 8).toBe(LONGEST_MESSAGE);
    const user = 'x'.repeat(4000);
    const passedOn = writeMessage({ type: 'data', seq: 1, peer: 2, attributes: { data, user } });
    expect(framesOf(longest, passedOn).map(({ length }) => length)).toEqual([longest.length, passedOn.length]);
  });

  it('takes a long message in single octets in no time', () => {
    const long = writeMessage({
      type: 'data',
      seq: 1,
      peer: 2,
      attributes: { data: new Uint8Array(LONGEST_MESSAGE / 2) },
    });
    const frames = new Frames();
    const started = performance.now();
    let found: Uint8Array | undefined;
    for (let i = 0; i < long.length; i++) {
      frames.push(long.subarray(i, i + 1));
      found = frames.next() ?? found;
    }
    expect(found?.length).toBe(long.length);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
