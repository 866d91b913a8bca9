import { expect, it } from 'vitest';
import { requestOf } from '../native/ioctl.ts';
import * as table from './pppol2tp-table.ts';

// Printed by a C program from linux/ppp-ioctl.h, linux/if_pppox.h, linux/if_pppol2tp.h, linux/l2tp.h and bits/socket.h: as they are
// on x86-64, and with the shifts of arch/powerpc/include/uapi/asm/ioctl.h.
const USUAL = {
  PPPIOCGL2TPSTATS: 0x80487436,
  PPPIOCGCHAN: 0x80047437,
  PPPIOCATTCHAN: 0x40047438,
  PPPIOCCONNECT: 0x4004743a,
  PPPIOCNEWUNIT: 0xc004743e,
  PPPIOCSNPMODE: 0x4008744b,
};
const POWERPC = {
  PPPIOCGL2TPSTATS: 0x40487436,
  PPPIOCGCHAN: 0x40047437,
  PPPIOCATTCHAN: 0x80047438,
  PPPIOCCONNECT: 0x8004743a,
  PPPIOCNEWUNIT: 0xc004743e,
  PPPIOCSNPMODE: 0x8008744b,
};

it('numbers the requests as the kernel of this machine does', () => {
  const isPowerpc = requestOf({ direction: 'none', type: 't', number: 57, octets: 0 }) === 0x20007439;
  expect(table).toMatchObject(isPowerpc ? POWERPC : USUAL);
});

it('has the other numbers of the headers', () => {
  expect(table).toMatchObject({
    ...{ AF_PPPOX: 24, PX_PROTO_OL2TP: 1, SOL_PPPOL2TP: 273, PPPOL2TP_SO_SENDSEQ: 3, PPPOL2TP_SO_REORDERTO: 5 },
    ...{ NPMODE_PASS: 0, NPMODE_DROP: 1, L2TP_STATS: { octets: 72, sequenceDiscards: 48, outOfOrder: 56 } },
  });
});
