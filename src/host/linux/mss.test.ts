import { describe, expect, it } from 'vitest';
import { clamp, clampScript, mssOf, tableOf } from './mss.ts';

describe('the MSS clamp', () => {
  it('leaves 40 octets of headers for IPv4 and 60 for IPv6, or takes a number', () => {
    expect(mssOf(true, 1460)).toEqual({ ipv4: 1420, ipv6: 1400 });
    expect(mssOf(1300, 1460)).toEqual({ ipv4: 1300, ipv6: 1280 });
    expect(mssOf(1300, 1320)).toEqual({ ipv4: 1280, ipv6: 1260 });
    expect(mssOf(false, 1460)).toBeUndefined();
  });

  it('is one transaction that only ever lowers', () => {
    expect(clampScript('l2w-wan', { ipv4: 1420, ipv6: 1400 })).toBe(`add table inet l2tpwan_l2w_2d_wan
delete table inet l2tpwan_l2w_2d_wan
table inet l2tpwan_l2w_2d_wan {
  chain from_tunnel {
    type filter hook prerouting priority -150; policy accept;
    iifname "l2w-wan" meta nfproto ipv4 tcp flags syn tcp option maxseg size > 1420 tcp option maxseg size set 1420
    iifname "l2w-wan" meta nfproto ipv6 tcp flags syn tcp option maxseg size > 1400 tcp option maxseg size set 1400
  }
  chain into_tunnel {
    type filter hook postrouting priority -150; policy accept;
    oifname "l2w-wan" meta nfproto ipv4 tcp flags syn tcp option maxseg size > 1420 tcp option maxseg size set 1420
    oifname "l2w-wan" meta nfproto ipv6 tcp flags syn tcp option maxseg size > 1400 tcp option maxseg size set 1400
  }
}
`);
  });

  it('has a table name for every device, and the same for no two', () => {
    expect(new Set(['a-b', 'a_b', 'a.b', 'a_2d_b'].map(tableOf)).size).toBe(4);
    expect(tableOf('ä"b')).toMatch(/^[A-Za-z0-9_]+$/);
  });

  it('never writes a device name that nft would read as more than a name', async () => {
    const never = () => Promise.reject(new Error('was run'));
    for (const device of ['l2w*', 'a"b', 'a\\b']) {
      expect(await clamp(never, device, { ipv4: 1420, ipv6: 1400 })).toMatchObject({ state: 'unavailable' });
    }
    expect(await clamp(never, 'l2w-wan', undefined)).toEqual({ state: 'off' });
  });
});
