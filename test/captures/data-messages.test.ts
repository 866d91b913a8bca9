// Every IP packet that went through the tunnels of the captures, unwrapped by the fast lane and wrapped again as it was.
import { describe, expect, it } from 'vitest';
import { DataLane } from '../../src/protocol/data-lane.ts';
import { hex } from '../../src/wire/bytes.ts';
import { isControl, readDatagram } from '../../src/wire/l2tp-header.ts';
import { captureNames, l2tpOf } from './pcap.ts';

/** A lane at the receiving end of a datagram, and one that sends as the sender did. */
function lanesOf(payload: Uint8Array): { receiver: DataLane; sender: DataLane } {
  const { header } = readDatagram(payload);
  const none = { localTunnelId: 1, localSessionId: 1, peerTunnelId: 1, peerSessionId: 1 };
  const nowhere = { address: '192.0.2.1', port: 1701 };
  const lengthBit = ((payload[0] as number) & 0x40) !== 0;
  const receiver = new DataLane({ ...none, localTunnelId: header.tunnelId, localSessionId: header.sessionId }, nowhere);
  const sender = new DataLane({ ...none, peerTunnelId: header.tunnelId, peerSessionId: header.sessionId }, nowhere, {
    lengthBit,
  });
  for (const lane of [receiver, sender]) lane.ipv4Open = lane.ipv6Open = true;
  return { receiver, sender };
}

/** Address and control, if they are there, and the protocol of IPv4 or IPv6, in two octets or one. */
const IP_FRAME = /^(ff03)?(0021|0057|21|57)/;

describe('data messages of the captures', () => {
  const all = captureNames().flatMap((capture) =>
    l2tpOf(capture)
      .filter(({ payload }) => !isControl(payload))
      .map(({ frame, payload }) => ({ where: `${capture} frame ${frame}`, payload })),
  );

  it('carry IP packets that the fast lane finds, and wraps as they were', () => {
    let found = 0;
    for (const { where, payload } of all) {
      const datagram = readDatagram(payload);
      if (datagram.kind !== 'data') throw new Error(where);
      const frame = hex(datagram.payload);
      const [front, addressControl, protocol] = IP_FRAME.exec(frame) ?? [];
      const { receiver, sender } = lanesOf(payload);
      sender.setFraming({ addressControl: addressControl !== undefined, shortProtocol: protocol?.length === 2 });
      const packet = receiver.decapsulate(payload);
      expect(packet && hex(packet), where).toBe(front && frame.slice(front.length));
      if (packet === undefined) {
        expect(hex(sender.wrap(datagram.payload)), where).toBe(hex(payload));
        continue;
      }
      found++;
      expect(hex(sender.encapsulate(packet) ?? new Uint8Array()), where).toBe(hex(payload));
    }
    // tshark counts 454 IPv4 and 59 IPv6 packets, and 961 frames of other protocols.
    expect([found, all.length - found]).toEqual([454 + 59, 961]);
  });
});
