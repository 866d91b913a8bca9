/** Numbers of linux/if_tun.h, and an error that Node does not know. */
import type { Request } from '../native/ioctl.ts';

export const TUNSETIFF: Request      = { direction: 'write', type: 'T', number: 202, octets: 4 };
export const TUNSETOFFLOAD: Request  = { direction: 'write', type: 'T', number: 208, octets: 4 };

// Flags of TUNSETIFF.
export const IFF_TUN        = 0x0001;
export const IFF_NO_PI      = 0x1000;
export const IFF_VNET_HDR   = 0x4000;
/** Fails where a device of that name is there already, rather than take it over. */
export const IFF_TUN_EXCL   = 0x8000;

/** Offloads that the kernel may be told we do ourselves, in the order in which each needs those before it. */
export const OFFLOADS = [
  { name: 'checksum', flags: 0x01 },        // TUN_F_CSUM
  { name: 'tso4',     flags: 0x02 },        // TUN_F_TSO4
  { name: 'tso6',     flags: 0x04 },        // TUN_F_TSO6
  { name: 'tso-ecn',  flags: 0x08 },        // TUN_F_TSO_ECN
  { name: 'uso',      flags: 0x20 | 0x40 }, // TUN_F_USO4, TUN_F_USO6: both or none, since Linux 6.2
] as const;
export type OffloadName = (typeof OFFLOADS)[number]['name'];

/** What a TUN device says that somebody has removed (asm-generic/errno.h). */
export const EBADFD = 77; // mips: 81
