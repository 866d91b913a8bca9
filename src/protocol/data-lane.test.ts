import { describe, expect, it } from 'vitest';
import { octets } from '../../test/codec-vectors.ts';
import { hex } from '../wire/bytes.ts';
import { readDatagram } from '../wire/l2tp-header.ts';
import { DataLane, type LaneOptions } from './data-lane.ts';

const IDS = { localTunnelId: 0x14ac, localSessionId: 0xa293, peerTunnelId: 0xc12e, peerSessionId: 0x5c4d };
const SERVER = { address: '10.0.2.72', port: 1701 };
const IPV4 = '4500001c00010000401100000a40000acb00710100350035 00080000';
const IPV6 = '6000000000003b40 fe800000000000000000000000000001 ff020000000000000000000000000001';
const TO_SERVER = '4500001c00010000401100000a40000a0a000248 06a506a5 00080000';

function openLane(options?: LaneOptions): DataLane {
  const lane = new DataLane(IDS, SERVER, options);
  lane.ipv4Open = true;
  lane.ipv6Open = true;
  return lane;
}
const sent = (lane: DataLane, packet = IPV4) => hex(lane.encapsulate(octets(packet)) ?? octets(''));
const received = (lane: DataLane, datagram: string) => {
  const packet = lane.decapsulate(octets(datagram));
  return packet && hex(packet);
};
const plain = (text: string) => text.replaceAll(' ', '');

describe('packets into the tunnel', () => {
  it.each([
    ['as the RFCs have it by default', {}, true, false, '0002 c12e 5c4d ff03 0021', '0002 c12e 5c4d ff03 0057'],
    ['without address and control', {}, false, false, '0002 c12e 5c4d 0021', '0002 c12e 5c4d 0057'],
    ['with a short protocol', {}, true, true, '0002 c12e 5c4d ff03 21', '0002 c12e 5c4d ff03 57'],
    ['with both compressed', {}, false, true, '0002 c12e 5c4d 21', '0002 c12e 5c4d 57'],
    ['with Length', { lengthBit: true }, true, false, '4002 0028 c12e 5c4d ff03 0021', '4002 0034 c12e 5c4d ff03 0057'],
    [
      'numbered, with Length, compressed',
      { lengthBit: true, sequencing: 'always' },
      false,
      true,
      '4802 0029 c12e 5c4d 0000 0000 21',
      '4802 0035 c12e 5c4d 0001 0000 57',
    ],
  ] as const)('%s', (_, options, addressControl, shortProtocol, front4, front6) => {
    const lane = openLane(options);
    lane.setFraming({ addressControl, shortProtocol });
    expect(sent(lane, IPV4)).toBe(plain(front4 + IPV4));
    expect(sent(lane, IPV6)).toBe(plain(front6 + IPV6));
    expect(lane.overhead(false)).toBe(20 + 8 + plain(front4).length / 2);
    expect(lane.overhead(true)).toBe(40 + 8 + plain(front6).length / 2);
  });

  it('cost 38 octets by default', () => expect(openLane().overhead(false)).toBe(38));

  it.each([
    ['neither IPv4 nor IPv6', `55${IPV4.slice(2)}`, 'notIp'],
    ['empty', '', 'notIp'],
    ['shorter than an IPv4 header', IPV4.slice(0, 38), 'notIp'],
    ['shorter than an IPv6 header', plain(IPV6).slice(0, 78), 'notIp'],
    ['addressed to the server', TO_SERVER, 'looped'],
  ] as const)('are dropped and counted when they are %s', (_, packet, counter) => {
    const lane = openLane();
    expect(lane.encapsulate(octets(packet))).toBeUndefined();
    expect(lane.counters).toMatchObject({ [counter]: 1, sentPackets: 0, sentOctets: 0 });
    expect(Object.values(lane.counters).reduce((sum, count) => sum + count, 0)).toBe(1);
  });

  it('are dropped and counted while their kind may not flow', () => {
    const lane = new DataLane(IDS, SERVER);
    expect([sent(lane, IPV4), sent(lane, IPV6), sent(lane, IPV6)]).toEqual(['', '', '']);
    expect(lane.counters).toMatchObject({ ipv4Blocked: 1, ipv6Blocked: 2, sentPackets: 0 });
    lane.ipv4Open = true;
    expect([sent(lane, IPV4), sent(lane, IPV6)]).toEqual([plain(`0002c12e5c4dff030021${IPV4}`), '']);
  });

  it('ask for attention at the first loop only', () => {
    const lane = openLane();
    expect(lane.attention).toBe(false);
    lane.encapsulate(octets(TO_SERVER));
    expect(lane.attention).toBe(true);
    lane.attention = false;
    lane.encapsulate(octets(TO_SERVER));
    expect(lane.attention).toBe(false);
    expect(lane.counters.looped).toBe(2);
  });

  it('are counted', () => {
    const lane = openLane();
    sent(lane, IPV4);
    sent(lane, IPV6);
    expect(lane.counters).toMatchObject({ sentPackets: 2, sentOctets: 28 + 40 });
  });

  it('do not share memory with what came in', () => {
    const [lane, packet] = [openLane(), octets(IPV4)];
    const message = lane.encapsulate(packet);
    packet.fill(0);
    expect(message && hex(message)).toBe(plain(`0002c12e5c4dff030021${IPV4}`));
  });
});

describe('packets out of the tunnel', () => {
  it.each([
    ['plain', `0002 14ac a293 ff03 0021 ${IPV4}`],
    ['with Length', `4002 0028 14ac a293 ff03 0021 ${IPV4}`],
    ['with octets behind Length', `4002 0028 14ac a293 ff03 0021 ${IPV4} dead beef`],
    ['numbered', `0802 14ac a293 0007 0000 ff03 0021 ${IPV4}`],
    ['with Offset', `0202 14ac a293 0003 aabbcc ff03 0021 ${IPV4}`],
    ['with everything', `4f02 002f 14ac a293 0007 0009 0001 ff ff03 0021 ${IPV4}`],
    ['with the P bit and reserved ones', `35f2 14ac a293 ff03 0021 ${IPV4}`],
    ['without address and control', `0002 14ac a293 0021 ${IPV4}`],
    ['with a short protocol', `0002 14ac a293 ff03 21 ${IPV4}`],
    ['with both compressed', `0002 14ac a293 21 ${IPV4}`],
  ])('%s', (_, datagram) => {
    const lane = openLane();
    expect(received(lane, datagram)).toBe(plain(IPV4));
    expect(lane.counters).toMatchObject({ receivedPackets: 1, receivedOctets: 28 });
    // The control lane's reader agrees that this is a message of this call.
    expect(readDatagram(octets(datagram))).toMatchObject({
      kind: 'data',
      header: { tunnelId: 0x14ac, sessionId: 0xa293 },
    });
  });

  it('of IPv6', () => expect(received(openLane(), `0002 14ac a293 ff03 0057 ${IPV6}`)).toBe(plain(IPV6)));

  it('are views', () => {
    const datagram = octets(`0002 14ac a293 21 ${IPV4}`);
    expect(openLane().decapsulate(datagram)?.buffer).toBe(datagram.buffer);
  });

  it.each([
    ['an empty datagram', ''],
    ['a control message', 'c802 000c 14ac 0000 0001 0002'],
    ['a control message dressed up as ours', `c802 0028 14ac a293 ff03 0021 ${IPV4}`],
    ['another version', `0003 14ac a293 ff03 0021 ${IPV4}`],
    ['another tunnel', `0002 14ad a293 ff03 0021 ${IPV4}`],
    ['another session', `0002 14ac a294 ff03 0021 ${IPV4}`],
    ['LCP', '0002 14ac a293 ff03 c021 09000008 494c26a9'],
    ['IPCP', '0002 14ac a293 8021 0101 000a 0306 0a400001'],
    ['a protocol whose second octet is that of IP', `0002 14ac a293 ff03 0221 ${IPV4}`],
    ['IPv6 that says it is IPv4', `0002 14ac a293 ff03 0021 ${IPV6}`],
    ['IPv4 that says it is IPv6', `0002 14ac a293 ff03 0057 ${IPV4} ${IPV4}`],
    ['a Length beyond the datagram', `4002 0029 14ac a293 ff03 0021 ${IPV4}`],
    ['a Length that leaves no IP header', `4002 0019 14ac a293 ff03 0021 ${IPV4}`],
    ['an Offset beyond the datagram', `0202 14ac a293 ffff ff03 0021 ${IPV4}`],
  ])('are left to the control lane: %s', (_, datagram) => {
    const lane = openLane();
    expect(received(lane, datagram)).toBeUndefined();
    expect(Object.values(lane.counters).every((count) => count === 0)).toBe(true);
    expect(lane.sequencing).toBe(false);
  });

  it.each([
    ['IPv4', `0002 14ac a293 ff03 0021 ${IPV4}`, 'ipv4Open'],
    ['IPv6', `0002 14ac a293 ff03 0057 ${IPV6}`, 'ipv6Open'],
  ] as const)('are left to the control lane while they may not flow: %s', (_, datagram, open) => {
    const lane = openLane();
    lane[open] = false;
    expect(received(lane, datagram)).toBeUndefined();
    lane[open] = true;
    expect(received(lane, datagram)).toBeDefined();
  });

  it('are left to the control lane when they are cut before the end of the IP header', () => {
    const front = octets('4a02 ffff 14ac a293 0001 0000 0001 aa ff03 0021').length;
    for (let length = 0; length <= front + 28; length++) {
      const bytes = octets(`0a02 14ac a293 0001 0000 0001 aa ff03 0021 ${IPV4}`).slice(0, length);
      expect(openLane().decapsulate(bytes)?.length, `${length} octets`).toBe(
        length < front - 2 + 20 ? undefined : Math.min(28, length - front + 2),
      );
    }
  });
});

describe('frames of the control lane', () => {
  it('go out as they are', () => {
    const lane = openLane({ lengthBit: true });
    lane.setFraming({ addressControl: false, shortProtocol: true });
    expect(hex(lane.wrap(octets('ff03c02109000008494c26a9')))).toBe('40020014c12e5c4dff03c02109000008494c26a9');
    expect(lane.counters.sentPackets).toBe(0);
  });
});

// "if the LAC receives a data message with sequence numbers present, it MUST begin sending sequence numbers in future outgoing
// data messages"; without, "it MUST stop" (RFC 2661 §5.4).
describe('sequence numbers', () => {
  const numbered = (ns: number) => `0802 14ac a293 ${ns.toString(16).padStart(4, '0')} 0000 21 ${IPV4}`;
  const unnumbered = `0002 14ac a293 21 ${IPV4}`;

  it('are sent when the peer sends them, go on where they stopped, and change the overhead', () => {
    const lane = openLane();
    expect([lane.sequencing, lane.overhead(false), lane.attention]).toEqual([false, 38, false]);
    received(lane, numbered(0));
    expect([lane.sequencing, lane.overhead(false), lane.attention]).toEqual([true, 42, true]);
    expect(sent(lane)).toBe(plain(`0802c12e5c4d 0000 0000 ff030021${IPV4}`));
    expect(hex(lane.wrap(octets('c021')))).toBe(plain('0802c12e5c4d 0001 0000 c021'));
    lane.attention = false;
    received(lane, numbered(1));
    expect(lane.attention).toBe(false);
    received(lane, unnumbered);
    expect([lane.sequencing, lane.overhead(false), lane.attention]).toEqual([false, 38, true]);
    expect(sent(lane)).toBe(plain(`0002c12e5c4dff030021${IPV4}`));
    received(lane, numbered(2));
    expect(sent(lane)).toBe(plain(`0802c12e5c4d 0002 0000 ff030021${IPV4}`));
    expect(lane.counters).toMatchObject({ skipped: 0, reordered: 0 });
  });

  it('are sent when a frame of the control lane had one', () => {
    const lane = openLane();
    lane.noteSequence(0);
    expect(lane.sequencing).toBe(true);
    lane.noteSequence(undefined);
    expect(lane.sequencing).toBe(false);
  });

  it('wrap', () => {
    const lane = openLane({ sequencing: 'always' });
    for (let i = 0; i < 65535; i++) lane.wrap(octets(''));
    expect(hex(lane.wrap(octets('')))).toBe('0802c12e5c4dffff0000');
    expect(hex(lane.wrap(octets('')))).toBe('0802c12e5c4d00000000');
  });

  it('are sent always if that was agreed, whatever the peer does', () => {
    const lane = openLane({ sequencing: 'always' });
    received(lane, unnumbered);
    expect([lane.sequencing, lane.overhead(false), lane.attention]).toEqual([true, 42, false]);
  });

  it('are not sent if that was agreed, whatever the peer does', () => {
    const lane = openLane({ sequencing: 'never' });
    received(lane, numbered(0));
    expect([lane.sequencing, lane.overhead(false), lane.attention]).toEqual([false, 38, false]);
  });

  it('never hold up what is received', () => {
    const lane = openLane();
    const numbers = [10, 11, 13, 12, 12, 14, 65535, 15, 0x8000];
    for (const ns of numbers) expect(received(lane, numbered(ns)), `Ns ${ns}`).toBe(plain(IPV4));
    // 13 skips one; 12 comes late, twice; 65535 is behind 15 by less than half; 0x8000 is ahead of 16 by less than half.
    expect(lane.counters).toMatchObject({ receivedPackets: 9, reordered: 3, skipped: 1 + 0x8000 - 16 });
  });

  // The example of §5.8, whose arithmetic we take: after 15, "0 through 15, as well as 32784 through 65535" are behind.
  it.each([
    [32783, { reordered: 0, skipped: 32767 }],
    [32784, { reordered: 1, skipped: 0 }],
    [15, { reordered: 1, skipped: 0 }],
    [16, { reordered: 0, skipped: 0 }],
  ])('%i after 15', (ns, counters) => {
    const lane = openLane();
    for (const each of [15, ns]) lane.noteSequence(each);
    expect(lane.counters).toMatchObject(counters);
  });

  it('wrap on reception', () => {
    const lane = openLane();
    for (const ns of [65534, 65535, 0, 1, 3]) received(lane, numbered(ns));
    expect(lane.counters).toMatchObject({ reordered: 0, skipped: 1 });
  });
});

it('takes a server with an IPv6 address, or one that cannot be read, for what it is', () => {
  const lane = new DataLane(IDS, { address: '2001:db8:113::1', port: 1701 });
  lane.ipv4Open = true;
  expect(lane.encapsulate(octets(TO_SERVER))).toBeDefined();
});

describe('packets in the middle of a larger buffer', () => {
  const DATAGRAM = `000214aca293ff030021${IPV4}`;

  it('are found where they are', () => {
    const lane = openLane();
    const buffer = octets(`aabbcc ${DATAGRAM} ${DATAGRAM} dd`);
    const length = octets(DATAGRAM).length;
    expect(lane.locate(buffer, 3 + length, 3 + 2 * length)).toBe(3 + length + 10);
    expect(lane.packetEnd).toBe(3 + 2 * length);
    expect(lane.counters).toMatchObject({ receivedPackets: 1, receivedOctets: length - 10 });
  });

  it.each([
    ['ends before the packet has a header', 10 + 19],
    ['ends within the L2TP header', 5],
    ['is empty', 0],
  ])('are not made up from what lies behind a datagram that %s', (_, length) => {
    const lane = openLane();
    const buffer = octets(`${DATAGRAM}${'00'.repeat(40)}`);
    expect(lane.locate(buffer, 0, length)).toBeUndefined();
    expect(lane.counters.receivedPackets).toBe(0);
  });

  it('do not take the Length of a datagram for more than there is', () => {
    const lane = openLane();
    const buffer = octets(`4002 0028 14ac a293 ff03 0021 ${IPV4}${'00'.repeat(40)}`);
    expect(lane.locate(buffer, 0, 12 + 28)).toBe(12);
    expect(lane.locate(buffer, 0, 12 + 27)).toBeUndefined();
  });

  it.each(['never', 'always'] as const)('get the same header as one by one, numbered %s', (sequencing) => {
    const [here, there] = [openLane({ sequencing }), openLane({ sequencing })];
    const packet = octets(IPV4);
    for (let round = 0; round < 3; round++) {
      const buffer = new Uint8Array(40).fill(0xee);
      buffer.set(packet, 9);
      const protocol = here.admit(buffer, 9, 9 + packet.length) ?? 0;
      buffer.fill(0xee);
      here.writePrefix(buffer, 7, protocol, packet.length);
      const whole = there.encapsulate(packet) ?? octets('');
      expect(hex(buffer.subarray(7, 7 + here.prefixLength))).toBe(hex(whole.subarray(0, there.prefixLength)));
      expect(hex(buffer.subarray(7 + here.prefixLength))).toMatch(/^(ee)*$/);
    }
    expect(here.ns).toBe(there.ns);
  });

  it.each<LaneOptions>([{}, { lengthBit: true }, { sequencing: 'always' }, { sequencing: 'always', lengthBit: true }])(
    'one behind the other get the headers that each would have by itself: %j',
    (options) => {
      const [here, there] = [openLane(options), openLane(options)];
      const prefix = here.prefixLength;
      const [several, one] = [new Uint8Array(400).fill(0xee), new Uint8Array(400).fill(0xee)];
      for (const at of [8, 108, 208]) here.beginPrefix(several, at, 0x21);
      here.finishPrefixes(several, 8, 100, 3, 60, 31);
      for (const [k, octets] of [60, 60, 31].entries()) there.writePrefix(one, 8 + 100 * k, 0x21, octets);
      expect(hex(several)).toBe(hex(one));
      expect(hex(several.subarray(8, 8 + prefix))).not.toMatch(/ee/);
      expect(here.ns).toBe(there.ns);
    },
  );
});
