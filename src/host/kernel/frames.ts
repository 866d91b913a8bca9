/** PPP frames as /dev/ppp has them, and the data messages that the engine reads and writes: one made of the other. */
import type { LaneIds } from '../../protocol/data-lane.ts';
import { concat, uint } from '../../wire/bytes.ts';
import { FLAG, readDatagram } from '../../wire/l2tp-header.ts';
import { Malformed } from '../../wire/malformed.ts';
import { LCP_CODE } from '../../wire/ppp-code-table.ts';
import { readFrame } from '../../wire/ppp-frame.ts';
import { PACKET_HEADER, writePacket } from '../../wire/ppp-packet.ts';

/** Where a frame belongs: LCP and authentication to the link, everything else to the device above it. */
export type Outlet = 'channel' | 'unit';

export interface DeviceFrame {
  readonly outlet: Outlet;
  /** The protocol in two octets, never compressed, and its payload: what write(2) takes. The kernel puts FF 03 in front. */
  readonly bytes: Uint8Array;
}

/** What is in a data message to the peer; undefined: it is of another call, or no data message. */
export function frameOf(message: Uint8Array, { peerTunnelId, peerSessionId }: LaneIds): DeviceFrame | undefined {
  try {
    const datagram = readDatagram(message);
    if (datagram.kind !== 'data') return undefined;
    const { tunnelId, sessionId } = datagram.header;
    if (tunnelId !== peerTunnelId || sessionId !== peerSessionId) return undefined;
    const { protocol, payload } = readFrame(datagram.payload);
    return { outlet: outletOf(protocol), bytes: concat(uint(2, protocol), payload) };
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/**
 * A data message from the peer, as it may have come through the socket.
 * @param frame as read(2) gave it
 * @param ns its sequence number; undefined: it has none
 */
export function messageOf(
  frame: Uint8Array,
  { localTunnelId, localSessionId }: LaneIds,
  ns: number | undefined,
): Uint8Array {
  const numbers = ns === undefined ? new Uint8Array() : concat(uint(2, ns), uint(2, 0));
  const flags = 2 | (ns === undefined ? 0 : FLAG.S);
  return concat(uint(2, flags), uint(2, localTunnelId), uint(2, localSessionId), numbers, frame);
}

/**
 * An LCP Discard-Request (RFC 1661 §5.9): whoever gets it throws it away.
 * @param octets of it, 8 at least; the magic number in it is 0
 */
export const discardRequest = (octets: number): Uint8Array =>
  writePacket({ code: LCP_CODE.discardRequest, id: 0, data: new Uint8Array(octets - PACKET_HEADER) });

const outletOf = (protocol: number): Outlet => (protocol >= FIRST_OF_LINK ? 'channel' : 'unit');

/** "Protocol field values in the "c***" to "f***" range identify packets as link-layer Control Protocols" (RFC 1661 §2). */
const FIRST_OF_LINK = 0xc000;
