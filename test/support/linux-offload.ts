/** What Linux does with a packet and its vnet header, as plainly as it can be said: refuses it, or takes it apart. */
import {
  assemble,
  dissect,
  FLAG,
  get16,
  get32,
  internetSum,
  isIpv4,
  pseudoHeader,
  put16,
  put32,
  TCP,
  UDP,
} from './inner-packet.ts';

export interface Vnet {
  readonly flags: number;
  readonly gsoType: number;
  readonly headerOctets: number;
  readonly gsoSize: number;
  readonly checksumStart: number;
  readonly checksumOffset: number;
}

const TCPV4 = 1;
const TCPV6 = 4;
const UDP_L4 = 5;

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Reads ten octets in this machine's byte order. */
export function readVnet(octets: Uint8Array): Vnet {
  const view = new DataView(octets.buffer, octets.byteOffset, 10);
  const u16 = (at: number) => view.getUint16(at, isLittleEndian);
  const [headerOctets, gsoSize, checksumStart, checksumOffset] = [u16(2), u16(4), u16(6), u16(8)];
  return { flags: view.getUint8(0), gsoType: view.getUint8(1), headerOctets, gsoSize, checksumStart, checksumOffset };
}

/** Ten octets in this machine's byte order. */
export function writeVnet({ flags, gsoType, headerOctets, gsoSize, checksumStart, checksumOffset }: Vnet): Uint8Array {
  const view = new DataView(new ArrayBuffer(10));
  view.setUint8(0, flags);
  view.setUint8(1, gsoType);
  for (const [i, value] of [headerOctets, gsoSize, checksumStart, checksumOffset].entries())
    view.setUint16(2 + 2 * i, value, isLittleEndian);
  return new Uint8Array(view.buffer);
}

/**
 * Why Linux, from 6.2 on, would not take a packet that consists of several (virtio_net_hdr_to_skb, tcp_gso_segment,
 * __udp_gso_segment), or could not take it apart well; undefined: it takes it.
 */
export function refusal(vnet: Vnet, packet: Uint8Array): string | undefined {
  const parts = dissect(packet);
  if (parts === undefined) return 'not a whole packet';
  const { ip, protocol, transport, payload } = parts;
  const isUdp = vnet.gsoType === UDP_L4;
  if (protocol !== (isUdp ? UDP : TCP)) return 'another protocol than its type says';
  if (!isUdp && vnet.gsoType !== (isIpv4(packet) ? TCPV4 : TCPV6)) return 'another type than its version';
  if (vnet.flags !== 1) return 'no NEEDS_CSUM';
  if (vnet.gsoSize === 0 || payload.length <= vnet.gsoSize) return 'not more than one segment';
  if (isUdp && payload.length > vnet.gsoSize * 64) return 'more than UDP_MAX_SEGMENTS';
  if (vnet.headerOctets !== ip.length + transport.length) return 'headers of another length';
  if (vnet.checksumStart !== ip.length || vnet.checksumOffset !== (isUdp ? 6 : 16)) return 'checksum in another place';
  if (isIpv4(packet) && internetSum(ip) !== 0xffff) return 'wrong IPv4 checksum';
  if (isUdp && get16(transport, 4) !== transport.length + payload.length) return 'wrong UDP length';
  const partial = internetSum(pseudoHeader(packet, protocol, transport.length + payload.length));
  if (get16(transport, vnet.checksumOffset) !== partial) return 'wrong sum in the checksum field';
  return undefined;
}

/** The packets that Linux makes of one. */
export function takenApart(vnet: Vnet, packet: Uint8Array): Uint8Array[] {
  const { ip, protocol, transport, payload } = dissect(packet) as NonNullable<ReturnType<typeof dissect>>;
  const count = Math.ceil(payload.length / vnet.gsoSize);
  return Array.from({ length: count }, (_, k) => {
    const [isFirst, isLast] = [k === 0, k === count - 1];
    const ownIp = ip.slice();
    if (isIpv4(packet)) put16(ownIp, 4, (get16(ip, 4) + k) % 65_536);
    const ownTransport = transport.slice();
    if (protocol === TCP) {
      put32(ownTransport, 4, (get32(transport, 4) + k * vnet.gsoSize) % 2 ** 32);
      if (!isLast) ownTransport[13] = (ownTransport[13] as number) & ~(FLAG.fin | FLAG.psh);
      if (!isFirst) ownTransport[13] = (ownTransport[13] as number) & ~FLAG.cwr;
    }
    const ownPayload = payload.slice(k * vnet.gsoSize, (k + 1) * vnet.gsoSize);
    return assemble({ ip: ownIp, protocol, transport: ownTransport, payload: ownPayload });
  });
}
