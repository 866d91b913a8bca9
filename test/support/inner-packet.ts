/**
 * IP packets as tests want them: put together and taken apart slowly and plainly, one header field after the other, with nothing of
 * the code under test.
 */
import { concat, uint } from '../../src/wire/bytes.ts';

export const TCP = 6;
export const UDP = 17;
export const ICMP = 1;
export const FLAG = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 } as const;

/** A packet in three parts. Lengths and checksums in them are what they are; {@link assemble} makes them right. */
export interface Parts {
  /** IPv4 header with options, or IPv6 header with extension headers. */
  readonly ip: Uint8Array;
  readonly protocol: number;
  /** TCP header with options, UDP header, or nothing. */
  readonly transport: Uint8Array;
  readonly payload: Uint8Array;
}

export interface IpFields {
  readonly version: 4 | 6;
  /** The last octet of each address. */
  readonly source: number;
  readonly destination: number;
  readonly hopLimit: number;
  /** Type of service, traffic class; the lower two bits are ECN's. */
  readonly service: number;
  /** IPv4 alone. */
  readonly identification: number;
  /** IPv4 alone: flags and fragment offset. */
  readonly fragment: number;
  /** IPv4 alone: options, a multiple of four octets. */
  readonly options: Uint8Array;
  /** IPv6 alone. */
  readonly flowLabel: number;
  /** IPv6 alone: extension headers, the first octet of each (the next header) being put in here. */
  readonly extensions: readonly { readonly type: number; readonly octets: Uint8Array }[];
}

export interface TcpFields {
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
  readonly urgent: number;
  /** The four bits behind the data offset. */
  readonly reserved: number;
  /** A multiple of four octets. */
  readonly options: Uint8Array;
}

export function ipHeader(fields: IpFields, protocol: number): Uint8Array {
  const { version, source, destination, hopLimit, service, identification, fragment, options, flowLabel } = fields;
  if (version === 4)
    return concat(
      uint(1, 0x45 + options.length / 4),
      uint(1, service),
      uint(2, 0), // total length
      uint(2, identification & 0xffff),
      uint(2, fragment),
      uint(1, hopLimit),
      uint(1, protocol),
      uint(2, 0), // checksum
      Uint8Array.of(10, 0, 1, source),
      Uint8Array.of(10, 0, 2, destination),
      options,
    );
  const types = [...fields.extensions.map(({ type }) => type), protocol];
  const extensions = fields.extensions.map(({ octets }, i) =>
    concat(uint(1, types[i + 1] as number), octets.subarray(1)),
  );
  return concat(
    uint(4, 0x6000_0000 + service * 0x10_0000 + flowLabel),
    uint(2, 0), // payload length
    uint(1, types[0] as number),
    uint(1, hopLimit),
    Uint8Array.of(0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, source),
    Uint8Array.of(0xfd, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, destination),
    ...extensions,
  );
}

export const tcpHeader = (ports: Uint8Array, tcp: TcpFields): Uint8Array =>
  concat(
    ports,
    uint(4, tcp.sequence >>> 0),
    uint(4, tcp.acknowledgment >>> 0),
    uint(1, ((20 + tcp.options.length) / 4) * 16 + tcp.reserved),
    uint(1, tcp.flags),
    uint(2, tcp.window),
    uint(2, 0), // checksum
    uint(2, tcp.urgent),
    tcp.options,
  );

export const udpHeader = (ports: Uint8Array): Uint8Array => concat(ports, uint(2, 0), uint(2, 0));

/** The packet, lengths and checksums filled in. */
export function assemble({ ip, protocol, transport, payload }: Parts): Uint8Array {
  const packet = concat(ip, transport, payload);
  const transportOctets = transport.length + payload.length;
  if (isIpv4(packet)) {
    put16(packet, 2, packet.length);
    put16(packet, 10, 0);
    put16(packet, 10, internetChecksum(packet.subarray(0, ip.length)));
  } else put16(packet, 4, packet.length - 40);
  if (protocol === UDP) put16(packet, ip.length + 4, transportOctets);
  const field = ip.length + (protocol === TCP ? 16 : 6);
  if (protocol !== TCP && protocol !== UDP) return packet;
  put16(packet, field, 0);
  const checksum = internetChecksum(
    concat(pseudoHeader(packet, protocol, transportOctets), packet.subarray(ip.length)),
  );
  put16(packet, field, checksum === 0 && protocol === UDP ? 0xffff : checksum);
  return packet;
}

/** The parts of a packet that is whole; undefined: it is not, or ends elsewhere than it says. */
export function dissect(packet: Uint8Array): Parts | undefined {
  if (packet.length < 20) return undefined;
  let protocol: number;
  let transportAt: number;
  if (isIpv4(packet)) {
    protocol = packet[9] as number;
    transportAt = ((packet[0] as number) % 16) * 4;
    if (transportAt < 20 || get16(packet, 2) !== packet.length) return undefined;
  } else {
    if ((packet[0] as number) >> 4 !== 6 || packet.length < 40 || 40 + get16(packet, 4) !== packet.length)
      return undefined;
    protocol = packet[6] as number;
    transportAt = 40;
    while ([0, 43, 60].includes(protocol)) {
      if (transportAt + 8 > packet.length) return undefined;
      protocol = packet[transportAt] as number;
      transportAt += 8 + 8 * (packet[transportAt + 1] as number);
    }
  }
  const headerOctets = protocol === TCP ? ((packet[transportAt + 12] ?? 0) >> 4) * 4 : protocol === UDP ? 8 : 0;
  const payloadAt = transportAt + headerOctets;
  if (payloadAt > packet.length || (protocol === TCP && headerOctets < 20)) return undefined;
  const [ip, transport] = [packet.slice(0, transportAt), packet.slice(transportAt, payloadAt)];
  return { ip, protocol, transport, payload: packet.slice(payloadAt) };
}

/** The pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1), written out. */
export function pseudoHeader(packet: Uint8Array, protocol: number, transportOctets: number): Uint8Array {
  return isIpv4(packet)
    ? concat(packet.subarray(12, 20), Uint8Array.of(0, protocol), uint(2, transportOctets))
    : concat(packet.subarray(8, 40), uint(4, transportOctets), Uint8Array.of(0, 0, 0, protocol));
}

/** RFC 1071 §4.1: 16-bit numbers one after the other. */
export const internetChecksum = (octets: Uint8Array): number => ~internetSum(octets) & 0xffff;

export function internetSum(octets: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < octets.length; i += 2) {
    sum += ((octets[i] as number) << 8) + (octets[i + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

export const isIpv4 = (packet: Uint8Array): boolean => (packet[0] as number) >> 4 === 4;
export const get16 = (octets: Uint8Array, at: number): number =>
  ((octets[at] as number) << 8) + (octets[at + 1] as number);
export const get32 = (octets: Uint8Array, at: number): number => get16(octets, at) * 65_536 + get16(octets, at + 2);
export function put16(octets: Uint8Array, at: number, value: number): void {
  octets.set(uint(2, value), at);
}
export function put32(octets: Uint8Array, at: number, value: number): void {
  octets.set(uint(4, value), at);
}
