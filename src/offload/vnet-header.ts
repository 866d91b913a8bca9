/** What stands in front of every packet on a TUN device with IFF_VNET_HDR: struct virtio_net_hdr (virtio 1.2 §5.1.6). */
import type { Arena } from './arena.ts';

/** Octets of it, without num_buffers: what TUN uses unless told otherwise (TUNSETVNETHDRSZ). */
export const VNET_OCTETS = 10;

/** The one flag that matters: the checksum is still to be completed, its field holds the folded sum of the pseudo-header. */
export const NEEDS_CSUM = 1;

/** Whether a packet is several in one, and of which kind. */
export const GSO = {
  none: 0,
  tcpv4: 1,
  tcpv6: 4,
  udpL4: 5, // equal-sized datagrams, of either family: since Linux 6.2 (3 was UDP fragmentation, gone since 4.14)
  ecn: 0x80, // may be added to the TCP ones: CWR is set, which belongs to the first segment alone
} as const;

/** Where its fields stand: two of one octet, then four of two. */
const FIELD = {
  flags: 0,
  gsoType: 1,
  headerOctets: 2, // hdr_len
  gsoSize: 4,
  checksumStart: 6, // csum_start
  checksumOffset: 8,
} as const;

/** One header's fields. The same object serves for one packet after the other. */
export class VnetHeader {
  /** {@link NEEDS_CSUM} or 0; what else the kernel sets is of no importance here. */
  flags = 0;
  /** One of {@link GSO}. */
  gsoType: number = GSO.none;
  /** Octets of all headers: a hint at what the kernel should keep in one piece, 0-65535. */
  headerOctets = 0;
  /** Payload octets of every segment but the last, which has the rest; 1-65534, or 0 where the packet is only one. */
  gsoSize = 0;
  /** Where the sum begins, octets from the start of the packet: at the transport header. */
  checksumStart = 0;
  /** Where the checksum belongs, octets from there. */
  checksumOffset = 0;

  /** @param at where {@link VNET_OCTETS} octets begin that are in the arena */
  read(arena: Arena, at: number): void {
    this.flags = arena.u8(at + FIELD.flags);
    this.gsoType = arena.u8(at + FIELD.gsoType);
    this.headerOctets = hostU16(arena, at + FIELD.headerOctets);
    this.gsoSize = hostU16(arena, at + FIELD.gsoSize);
    this.checksumStart = hostU16(arena, at + FIELD.checksumStart);
    this.checksumOffset = hostU16(arena, at + FIELD.checksumOffset);
  }

  /** @param at where {@link VNET_OCTETS} octets begin that are in the arena */
  write(arena: Arena, at: number): void {
    arena.putU8(at + FIELD.flags, this.flags);
    arena.putU8(at + FIELD.gsoType, this.gsoType);
    putHostU16(arena, at + FIELD.headerOctets, this.headerOctets);
    putHostU16(arena, at + FIELD.gsoSize, this.gsoSize);
    putHostU16(arena, at + FIELD.checksumStart, this.checksumStart);
    putHostU16(arena, at + FIELD.checksumOffset, this.checksumOffset);
  }
}

// In the machine's own byte order, as of old: TUN changes it only on request (TUNSETVNETLE, TUNSETVNETBE).

const exchanged = (value: number): number => ((value & 0xff) << 8) | ((value >> 8) & 0xff);

const hostU16 = (arena: Arena, at: number): number => (arena.isLittleEndian ? exchanged(arena.u16(at)) : arena.u16(at));

const putHostU16 = (arena: Arena, at: number, value: number): void =>
  arena.putU16(at, arena.isLittleEndian ? exchanged(value) : value);
