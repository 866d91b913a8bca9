/** Numbers and layouts of Linux's PPPoL2TP sockets and of its PPP driver, from its headers. */
import { type Request, requestOf } from '../native/ioctl.ts';

// linux/if_pppox.h, linux/if_pppol2tp.h, bits/socket.h
export const AF_PPPOX              = 24;
export const PX_PROTO_OL2TP        = 1;
export const SOL_PPPOL2TP          = 273;
export const PPPOL2TP_SO_SENDSEQ   = 3;
export const PPPOL2TP_SO_REORDERTO = 5;

// linux/ppp_defs.h: what a device does with the packets of one protocol
export const NPMODE_PASS           = 0;
export const NPMODE_DROP           = 1;

// asm-generic/socket.h
export const SO_REUSEADDR          = 2;
export const SO_NO_CHECK           = 11;

const request = (direction: Request['direction'], number: number, octets: number): number =>
  requestOf({ direction, type: 't', number, octets });

// linux/ppp-ioctl.h
export const PPPIOCGL2TPSTATS = request('read',       54, 72); // struct pppol2tp_ioc_stats
export const PPPIOCGCHAN      = request('read',       55, 4);
export const PPPIOCATTCHAN    = request('write',      56, 4);
export const PPPIOCCONNECT    = request('write',      58, 4);
export const PPPIOCNEWUNIT    = request('read-write', 62, 4);
export const PPPIOCSNPMODE    = request('write',      75, 8);  // struct npioctl: protocol, mode

/** struct sockaddr_pppol2tp, sockaddr_pppol2tpin6: packed; all but `peer` in the machine's order. Offsets in octets. */
export const PPPOL2TP_ADDRESS = {
  4: { octets: 38, family: 0, protocol: 2, fd: 10, peer: 14, localTunnel: 30, localSession: 32, peerTunnel: 34, peerSession: 36 },
  6: { octets: 50, family: 0, protocol: 2, fd: 10, peer: 22, localTunnel: 14, localSession: 16, peerTunnel: 18, peerSession: 20 },
} as const;

/** struct pppol2tp_ioc_stats: counters of 64 bits. Offsets in octets. */
export const L2TP_STATS = { octets: 72, sequenceDiscards: 48, outOfOrder: 56 } as const;
