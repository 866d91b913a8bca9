/** What connect(2) wants of a PPPoL2TP socket: the tunnel's UDP socket and the ids of both ends. */
import type { LaneIds } from '../../protocol/data-lane.ts';
import type { Endpoint } from '../../protocol/machine.ts';
import type { Native } from '../native/koffi.ts';
import { sockaddrOf } from '../native/sockaddr.ts';
import { AF_PPPOX, PPPOL2TP_ADDRESS, PX_PROTO_OL2TP } from './pppol2tp-table.ts';

export interface TunnelPlace {
  /** The tunnel's UDP socket. */
  readonly fd: number;
  readonly peer: Endpoint;
  readonly ids: LaneIds;
}

/**
 * struct sockaddr_pppol2tp, 38 octets, or sockaddr_pppol2tpin6, 50.
 * @param of `tunnel`: both session ids are 0, and the socket stands for the tunnel itself
 * @throws RangeError the peer has no IP address
 */
export function pppol2tpAddress(native: Native, of: 'tunnel' | 'session', { fd, peer, ids }: TunnelPlace): Uint8Array {
  const inner = sockaddrOf(native, peer);
  const at = PPPOL2TP_ADDRESS[peer.address.includes(':') ? 6 : 4];
  const bytes = new Uint8Array(at.octets);
  const view = new DataView(bytes.buffer);
  const put16 = (offset: number, value: number) => view.setUint16(offset, value, native.layout.isLittleEndian);
  const put32 = (offset: number, value: number) => view.setUint32(offset, value, native.layout.isLittleEndian);
  put16(at.family, AF_PPPOX);
  put32(at.protocol, PX_PROTO_OL2TP);
  put32(at.fd, fd);
  bytes.set(inner, at.peer);
  put16(at.localTunnel, ids.localTunnelId);
  put16(at.peerTunnel, ids.peerTunnelId);
  put16(at.localSession, of === 'session' ? ids.localSessionId : 0);
  put16(at.peerSession, of === 'session' ? ids.peerSessionId : 0);
  return bytes;
}
