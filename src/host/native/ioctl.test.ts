import { describe, expect, it } from 'vitest';
import { requestOf } from './ioctl.ts';

// The usual ones printed by a C compiler from linux/if_tun.h and linux/ppp-ioctl.h; those of powerpc by hand from its asm/ioctl.h.
describe('the number of a request', () => {
  it.each([
    ['TUNSETIFF', { direction: 'write', type: 'T', number: 202, octets: 4 }, 0x400454ca, 0x800454ca],
    ['PPPIOCGCHAN', { direction: 'read', type: 't', number: 55, octets: 4 }, 0x80047437, 0x40047437],
    ['PPPIOCNEWUNIT', { direction: 'read-write', type: 't', number: 62, octets: 4 }, 0xc004743e, 0xc004743e],
    ['PPPIOCDISCONN', { direction: 'none', type: 't', number: 57, octets: 0 }, 0x7439, 0x20007439],
    ['PPPIOCGL2TPSTATS', { direction: 'read', type: 't', number: 54, octets: 72 }, 0x80487436, 0x40487436],
  ] as const)('%s', (_, request, usual, powerpc) => {
    for (const architecture of ['x64', 'arm64', 'arm', 'riscv64', 'ia32', 'loong64'])
      expect(requestOf(request, architecture)).toBe(usual);
    for (const architecture of ['ppc64', 'mips']) expect(requestOf(request, architecture)).toBe(powerpc);
  });
});
