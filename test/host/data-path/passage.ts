/** How a packet is recognized that has passed a router, and nothing but a router. */
import { createHash } from 'node:crypto';

/** A packet, and what could be known of it on its way. */
export interface Passage {
  /** Addresses, protocol and ports, where there are any: within these, nothing overtakes anything. */
  readonly flow: string;
  /** Of all its octets but those that every router changes: time to live and, with it, the checksum of the IPv4 header. */
  readonly digest: string;
  readonly octets: number;
  /** What was done to it: which octet was damaged. */
  readonly damagedAt?: number | undefined;
}

export function passageOf(packet: Uint8Array, damagedAt?: number): Passage {
  const copy = Buffer.from(packet);
  const isIpv4 = (copy[0] ?? 0) >> 4 === 4;
  if (isIpv4) {
    copy[8] = 0;
    copy.writeUInt16BE(0, 10);
  } else copy[7] = 0;
  const protocol = copy[isIpv4 ? 9 : 6] ?? 0;
  const isFragment = isIpv4 && (copy.readUInt16BE(6) & 0x3fff) !== 0;
  const transportAt = isIpv4 ? ((copy[0] ?? 0) & 15) * 4 : 40;
  const hasPorts = (protocol === 6 || protocol === 17) && !isFragment;
  const flow = [
    copy.toString('hex', isIpv4 ? 12 : 8, isIpv4 ? 20 : 40),
    isFragment ? 'fragment' : protocol,
    hasPorts ? copy.toString('hex', transportAt, transportAt + 4) : '',
  ].join(' ');
  return { flow, digest: createHash('sha1').update(copy).digest('hex'), octets: copy.length, damagedAt };
}
