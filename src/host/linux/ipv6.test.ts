import { describe, expect, it } from 'vitest';
import { linkLocalOf, winningIpv6Metric } from './ipv6.ts';

describe('IPv6 in the tunnel', () => {
  it('has fe80::/10 with the interface identifier (RFC 5072 §5)', () => {
    expect(linkLocalOf(Uint8Array.of(0x02, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55))).toBe('fe80::211:22ff:fe33:4455');
    expect(linkLocalOf(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1))).toBe('fe80::1');
    expect(linkLocalOf(Uint8Array.of(0x0a, 0x41, 0x01, 0x01, 0, 0, 0, 0))).toBe('fe80::a41:101:0:0');
  });

  it('brings a default route that wins, where there is room', () => {
    expect(winningIpv6Metric([])).toBe(1024);
    expect(winningIpv6Metric([1024, 512])).toBe(511);
    expect(winningIpv6Metric([2000])).toBe(1024);
    expect(winningIpv6Metric([1])).toBe(1);
  });
});
