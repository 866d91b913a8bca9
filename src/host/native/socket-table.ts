/**
 * Numbers of the Linux socket interface, from its headers.
 *
 * They are those of asm-generic, which x86, arm, riscv, loongarch and powerpc share. Lines with `mips:` differ there; koffi has
 * no binary for mips (nor for sparc, alpha and parisc, which differ as well), so that nothing of this is ever used there.
 */

// sys/socket.h, bits/socket.h
export const AF_INET          = 2;
export const AF_INET6         = 10;
export const SOCK_DGRAM       = 2;         // mips: 1
export const SOCK_CLOEXEC     = 0x80000;
export const SOCK_NONBLOCK    = 0x800;     // mips: 0x80
export const MSG_DONTWAIT     = 0x40;
export const MSG_TRUNC        = 0x20;
export const MSG_CTRUNC       = 0x08;
export const MSG_ERRQUEUE     = 0x2000;
export const MSG_NOSIGNAL     = 0x4000;

// asm-generic/socket.h
export const SOL_SOCKET       = 1;         // mips: 0xffff
export const SO_SNDBUF        = 7;         // mips: 0x1001
export const SO_RCVBUF        = 8;         // mips: 0x1002
export const SO_BINDTODEVICE  = 25;
export const SO_SNDBUFFORCE   = 32;        // mips: 31
export const SO_RCVBUFFORCE   = 33;
export const SO_MARK          = 36;

// netinet/in.h, linux/in.h, linux/in6.h
export const SOL_IP           = 0;
export const IP_MTU_DISCOVER  = 10;
export const IP_RECVERR       = 11;
export const IP_MTU           = 14;        // of a socket that is connected
export const IP_PMTUDISC_WANT = 1;
export const SOL_IPV6         = 41;
export const IPV6_MTU_DISCOVER = 23;
export const IPV6_MTU         = 24;
export const IPV6_RECVERR     = 25;
export const IPV6_V6ONLY      = 26;

// linux/udp.h; "UDP_SEGMENT: Set GSO segmentation size", "UDP_GRO: This socket can receive UDP GRO packets"
export const SOL_UDP          = 17;
export const UDP_SEGMENT      = 103;       // since Linux 4.18
export const UDP_GRO          = 104;       // since Linux 5.0

// linux/errqueue.h
export const SO_EE_ORIGIN_ICMP  = 2;
export const SO_EE_ORIGIN_ICMP6 = 3;
