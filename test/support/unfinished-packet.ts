/** Packets as the kernel hands them to a device that promised to finish them: without checksum, and perhaps several in one. */
import type { Chance } from './chance.ts';
import {
  assemble,
  FLAG,
  type IpFields,
  internetSum,
  ipHeader,
  pseudoHeader,
  put16,
  TCP,
  type TcpFields,
  tcpHeader,
  UDP,
  udpHeader,
} from './inner-packet.ts';
import type { Vnet } from './linux-offload.ts';

export interface Unfinished {
  readonly vnet: Vnet;
  readonly packet: Uint8Array;
}

const PORTS = Uint8Array.of(0x12, 0x34, 0, 80);
export const IPV4: IpFields = {
  version: 4,
  source: 1,
  destination: 2,
  hopLimit: 64,
  service: 0,
  identification: 0xffff, // the next one is 0
  fragment: 0x4000,
  options: new Uint8Array(),
  flowLabel: 0x12345,
  extensions: [],
};
export const IPV6: IpFields = { ...IPV4, version: 6 };
export const HOP_BY_HOP = { type: 0, octets: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) };
export const DESTINATION = { type: 60, octets: Uint8Array.of(0, 1, 1, 12, ...new Uint8Array(12)) };
const TCP_FIELDS: TcpFields = {
  sequence: 0xffff_f000, // goes over 2^32
  acknowledgment: 77,
  flags: FLAG.ack,
  window: 500,
  urgent: 0,
  reserved: 0,
  options: Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2),
};

/**
 * The checksum field holds the sum of the pseudo-header.
 * @param gsoSize payload octets of a segment; undefined: the packet is one
 */
export function unfinished(
  ip: IpFields,
  payload: Uint8Array,
  gsoSize: number | undefined,
  tcp: Partial<TcpFields> = {},
  protocol = TCP,
): Unfinished {
  const transport = protocol === TCP ? tcpHeader(PORTS, { ...TCP_FIELDS, ...tcp }) : udpHeader(PORTS);
  const parts = { ip: ipHeader(ip, protocol), protocol, transport, payload };
  const packet = assemble(parts);
  const checksumOffset = protocol === TCP ? 16 : 6;
  const partial = internetSum(pseudoHeader(packet, protocol, transport.length + payload.length));
  put16(packet, parts.ip.length + checksumOffset, partial);
  const gsoType = protocol === UDP ? 5 : ip.version === 4 ? 1 : 4;
  const vnet = {
    flags: 1,
    gsoType: gsoSize === undefined ? 0 : gsoType,
    gsoSize: gsoSize ?? 0,
    headerOctets: gsoSize === undefined ? 0 : parts.ip.length + transport.length,
    checksumStart: parts.ip.length,
    checksumOffset,
  };
  return { vnet, packet };
}

/** Any kind of packet with any fields, of `most` segments at most and at least two. */
export function anyUnfinished(chance: Chance, most: number): Unfinished {
  const ip: IpFields = {
    ...chance.pick([IPV4, IPV6]),
    service: chance.below(256),
    identification: chance.below(65_536),
    fragment: chance.pick([0, 0x4000, 0x8000]),
    extensions: [HOP_BY_HOP, DESTINATION].filter(() => chance.happens(0.3)),
    options: new Uint8Array(4 * chance.below(4)).fill(1),
  };
  const tcp = {
    sequence: chance.below(2 ** 32),
    flags: chance.below(256),
    urgent: chance.pick([0, 5]),
    reserved: chance.below(16),
    options: chance.entropy(4 * chance.below(11)),
  };
  const gsoSize = chance.pick([1, 8, 99, 536, 1 + chance.below(1400)]);
  const payload = chance.entropy(gsoSize * (1 + chance.below(most - 1)) + 1 + chance.below(gsoSize));
  return unfinished(ip, payload, gsoSize, tcp, chance.happens(0.3) ? UDP : TCP);
}
