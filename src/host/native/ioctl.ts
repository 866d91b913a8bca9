/** The numbers of ioctl requests, which are made of direction, type, number and size, not in the same way everywhere. */

export interface Request {
  /** Of the argument's octets, as seen by the program: `read` gets them. */
  readonly direction: 'none' | 'read' | 'write' | 'read-write';
  /** One character. */
  readonly type: string;
  readonly number: number;
  /** Of the argument, 0-8191; an int has 4. */
  readonly octets: number;
}

// asm-generic/ioctl.h; arch/powerpc, arch/mips and arch/sparc/include/uapi/asm/ioctl.h have one bit less for the size.
const USUAL = { sizeBits: 14, none: 0, write: 1, read: 2 };
const OTHER = { sizeBits: 13, none: 1, write: 4, read: 2 };

/** @param architecture as `process.arch` names it */
export function requestOf({ direction, type, number, octets }: Request, architecture: string = process.arch): number {
  const bits = /^(ppc|mips|sparc)/.test(architecture) ? OTHER : USUAL;
  const way = direction === 'read-write' ? bits.read | bits.write : bits[direction];
  return ((way << (16 + bits.sizeBits)) | (octets << 16) | (type.charCodeAt(0) << 8) | number) >>> 0;
}
