import { describe, expect, it } from 'vitest';
import { octets } from '../../test/codec-vectors.ts';
import { hex } from './bytes.ts';
import { type ControlHeader, type Datagram, isControl, readDatagram, tunnelIdOf, writeControl } from './l2tp-header.ts';
import { Malformed } from './malformed.ts';

const control = (header: ControlHeader, body = ''): Datagram => ({ kind: 'control', header, body: octets(body) });
const data = (tunnelId: number, sessionId: number, payload: string, ns?: number, nr?: number): Datagram => ({
  kind: 'data',
  header: { tunnelId, sessionId, ns, nr },
  payload: octets(payload),
});

describe('control messages', () => {
  // xl2tpd-pty-chap frames 10, 11 and 13, xl2tpd's ZLB with a session id, and the corners.
  const vectors: [name: string, hex: string, datagram: Datagram][] = [
    [
      'SCCCN',
      'c802 0014 c12e 0000 0001 0001 8008 0000 0000 0003',
      control({ tunnelId: 0xc12e, sessionId: 0, ns: 1, nr: 1 }, '8008000000000003'),
    ],
    ['a ZLB', 'c802 000c 14ac 0000 0001 0002', control({ tunnelId: 0x14ac, sessionId: 0, ns: 1, nr: 2 })],
    [
      'a ZLB that names a session',
      'c802 000c 14ac a293 0002 0004',
      control({ tunnelId: 0x14ac, sessionId: 0xa293, ns: 2, nr: 4 }),
    ],
    [
      'the highest numbers',
      'c802 000c ffff ffff ffff ffff',
      control({ tunnelId: 65535, sessionId: 65535, ns: 65535, nr: 65535 }),
    ],
  ];

  it.each(vectors)('reads and writes %s', (_, text, datagram) => {
    expect(readDatagram(octets(text))).toEqual(datagram);
    if (datagram.kind !== 'control') throw new Error('control expected');
    expect(hex(writeControl(datagram.header, datagram.body))).toBe(hex(octets(text)));
  });

  it.each(vectors)('finds %s malformed when it is cut anywhere', (_, text) => {
    const bytes = octets(text);
    for (let length = 0; length < bytes.length; length++)
      expect(() => readDatagram(bytes.slice(0, length)), `${length} octets`).toThrow(Malformed);
  });

  it('ignores what follows behind Length', () => {
    const zlb = readDatagram(octets('c802 000c 14ac 0000 0001 0002'));
    expect(readDatagram(octets('c802 000c 14ac 0000 0001 0002 dead beef 00'))).toEqual(zlb);
  });

  it('ignores the reserved bits and the P bit', () => {
    const zlb = readDatagram(octets('c802 000c 14ac 0000 0001 0002'));
    expect(readDatagram(octets('fdf2 000c 14ac 0000 0001 0002'))).toEqual(zlb);
  });

  it.each([
    ['L is missing', '8802 14ac 0000 0001 0002 0000'],
    ['S is missing', 'c002 000c 14ac 0000 0001 0002'],
    ['O is set', 'ca02 000e 14ac 0000 0001 0002 0000'],
    ['Length is less than the header', 'c802 000b 14ac 0000 0001 0002'],
    ['Length is less than itself', 'c802 0003 14ac 0000 0001 0002'],
    ['Length is more than the datagram', 'c802 000d 14ac 0000 0001 0002'],
    ['it is L2TPv3', 'c803 000c 0000 14ac 0001 0002'],
    ['it is L2F', 'c801 000c 14ac 0000 0001 0002'],
  ])('are malformed when %s', (_, text) => expect(() => readDatagram(octets(text))).toThrow(Malformed));
});

describe('data messages', () => {
  // The first two from xl2tpd-pty-chap frames 17 (the server's) and 18 (the client's).
  it.each([
    ['plain', '0002 c12e 5c4d ff03c021', data(0xc12e, 0x5c4d, 'ff03c021')],
    ['Length', '4002 0014 14ac a293 ff03c02109000008494c26a9', data(0x14ac, 0xa293, 'ff03c02109000008494c26a9')],
    ['Ns and Nr', '0802 0001 0002 0003 0004 c021', data(1, 2, 'c021', 3, 4)],
    ['Offset', '0202 0001 0002 0003 aabbcc c021', data(1, 2, 'c021')],
    ['an Offset of nothing', '0202 0001 0002 0000 c021', data(1, 2, 'c021')],
    ['everything', '4a02 0013 0001 0002 0003 0004 0001 aa c021 0102', data(1, 2, 'c0210102', 3, 4)],
    ['the P bit and the reserved ones', '35f2 0001 0002 c021', data(1, 2, 'c021')],
    ['octets behind Length', '4002 000a 0001 0002 c021 dead', data(1, 2, 'c021')],
    ['nothing inside', '0002 0001 0002', data(1, 2, '')],
  ])('are read with %s', (_, text, datagram) => expect(readDatagram(octets(text))).toEqual(datagram));

  it('are malformed, or shorter, when they are cut', () => {
    for (const text of [
      '4a02 0013 0001 0002 0003 0004 0001 aa c021 0102',
      '0a02 0001 0002 0003 0004 0001 aa c021 0102',
    ]) {
      const bytes = octets(text);
      const needed = (bytes[0] as number) & 0x40 ? bytes.length : bytes.length - 4;
      for (let length = 0; length < bytes.length; length++) {
        const cut = () => readDatagram(bytes.slice(0, length));
        if (length < needed) expect(cut, `${length} octets`).toThrow(Malformed);
        else expect(cut()).toMatchObject({ payload: bytes.slice(needed, length) });
      }
    }
  });

  it.each([
    ['Offset points behind the end', '0202 0001 0002 0003 aabb'],
    ['Offset points behind Length', '4202 000b 0001 0002 0002 aabb'],
    ['version is 3', '0003 0001 0002 c021'],
  ])('are malformed when %s', (_, text) => expect(() => readDatagram(octets(text))).toThrow(Malformed));
});

describe('glances at a datagram', () => {
  it.each([
    ['c802 000c 14ac 0000 0001 0002', true, 0x14ac],
    ['4002 0014 14ac a293', false, 0x14ac],
    ['0002 c12e 5c4d', false, 0xc12e],
    ['0002 c1', false, undefined],
    ['c803 000c 0000 14ac', true, undefined],
    ['', false, undefined],
  ])('%s', (text, isControlMessage, tunnelId) => {
    expect(isControl(octets(text))).toBe(isControlMessage);
    expect(tunnelIdOf(octets(text))).toBe(tunnelId);
  });
});
