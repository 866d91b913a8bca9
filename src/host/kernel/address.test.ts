import { describe, expect, it } from 'vitest';
import { loadNative } from '../native/koffi.ts';
import { pppol2tpAddress } from './address.ts';

const native = loadNative();
const ids = { localTunnelId: 1000, localSessionId: 2000, peerTunnelId: 30000, peerSessionId: 60000 };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

// Filled in by a C program with linux/if_pppox.h and linux/if_pppol2tp.h and printed by it, on x86-64.
describe.skipIf(!native.layout.isLittleEndian)('the address of a PPPoL2TP socket', () => {
  const ipv4 = { address: '198.51.100.72', port: 1701 };

  it('of a session, over IPv4', () => {
    expect(hex(pppol2tpAddress(native, 'session', { fd: 5, peer: ipv4, ids }))).toBe(
      '1800010000000000000005000000' + '020006a5c63364480000000000000000' + 'e803d007307560ea',
    );
  });

  it('of a tunnel: without the ids of a session', () => {
    expect(hex(pppol2tpAddress(native, 'tunnel', { fd: 5, peer: ipv4, ids }))).toBe(
      '1800010000000000000005000000' + '020006a5c63364480000000000000000' + 'e803000030750000',
    );
  });

  it('of a session, over IPv6', () => {
    const peer = { address: '2001:db8::72', port: 1701 };
    expect(hex(pppol2tpAddress(native, 'session', { fd: 5, peer, ids }))).toBe(
      '1800010000000000000005000000' + 'e803d007307560ea' + '0a0006a50000000020010db800000000000000000000007200000000',
    );
  });
});
