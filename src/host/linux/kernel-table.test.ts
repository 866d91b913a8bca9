import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  defaultsOf,
  readIpv4Addresses,
  readIpv4Table,
  readIpv6Addresses,
  readIpv6Table,
  wayTo,
} from './kernel-table.ts';
import { readPrefix, writePrefix } from './prefix.ts';

// Recorded beside `ip route show` of ip-text.test.ts, Linux 6.18, little endian.
const IPV4 = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                                                       
l2w-x\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0                                                                              
l2w-x\t00000000\t00000000\t0001\t0\t0\t99\t00000000\t0\t0\t0                                                                             
up0\t00000000\t0102000A\t0003\t0\t0\t100\t00000000\t0\t0\t0                                                                              
up0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0                                                                                
up0\t4802000A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0                                                                                
up0\t0901050A\t0102000A\t0007\t0\t0\t0\tFFFFFFFF\t0\t0\t0                                                                                
*\t00004E0A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0                                                                                  
`;
const IPV6 = `20010db8000100000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000003 00000000 00000001      up0
20010db8000900000000000000000001 80 00000000000000000000000000000000 00 fe800000000000000000000000000099 00000400 00000002 00000000 00000003      up0
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001    l2w-x
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000099 00000400 00000002 00000000 00000003      up0
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001       lo
20010db8000100000000000000000002 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001      up0
ff000000000000000000000000000000 08 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001      up0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;
const table4 = readIpv4Table(IPV4, true);
const table6 = readIpv6Table(IPV6);
const way = (address: string, mayUse: Parameters<typeof wayTo>[2] = () => true) => {
  const target = readPrefix(address);
  const route = target && wayTo(target.family === 4 ? table4 : table6, target, mayUse);
  return route && [writePrefix(route.prefix), route.gateway, route.device, route.metric];
};

describe('the kernel table', () => {
  it('is read from /proc/net/route', () => {
    expect(table4.map((route) => [writePrefix(route.prefix), route.gateway, route.device, route.metric])).toEqual([
      ['0.0.0.0/1', undefined, 'l2w-x', 0],
      ['0.0.0.0/0', undefined, 'l2w-x', 99],
      ['0.0.0.0/0', '10.0.2.1', 'up0', 100],
      ['10.0.2.0/24', undefined, 'up0', 0],
      ['10.0.2.72/32', undefined, 'up0', 0],
      ['10.5.1.9/32', '10.0.2.1', 'up0', 0],
      ['10.78.0.0/16', undefined, '*', 0],
    ]);
  });

  it('is read on a big-endian machine', () => {
    const [route] = readIpv4Table('Iface\nup0\t0A4D0000\t0A000201\t0003\t0\t0\t7\tFFFF0000\t0\t0\t0\n', false);
    expect(route && [writePrefix(route.prefix), route.gateway]).toEqual(['10.77.0.0/16', '10.0.2.1']);
  });

  it('is read from /proc/net/ipv6_route, without addresses of our own and multicast', () => {
    expect(table6.map((route) => [writePrefix(route.prefix), route.gateway, route.device, route.metric])).toEqual([
      ['2001:db8:1::/64', undefined, 'up0', 256],
      ['2001:db8:9::1/128', 'fe80::99', 'up0', 1024],
      ['fe80::/64', undefined, 'l2w-x', 256],
      ['::/0', 'fe80::99', 'up0', 1024],
    ]);
  });

  it('may be cut short or absent', () => {
    expect(readIpv4Table('', true)).toEqual([]);
    expect(readIpv4Table('Iface\nup0\t0000', true)).toEqual([]);
    expect(readIpv6Table('20010db8 40 0000')).toEqual([]);
  });

  it('says the way: the longest prefix, then the lowest metric', () => {
    expect(way('10.5.1.9')).toEqual(['10.5.1.9/32', '10.0.2.1', 'up0', 0]);
    expect(way('10.0.2.99')).toEqual(['10.0.2.0/24', undefined, 'up0', 0]);
    expect(way('9.9.9.9')).toEqual(['0.0.0.0/1', undefined, 'l2w-x', 0]);
    expect(way('203.0.113.1')).toEqual(['0.0.0.0/0', undefined, 'l2w-x', 99]);
    expect(way('10.78.1.1')).toEqual(['10.78.0.0/16', undefined, '*', 0]);
    expect(way('2001:db8:77::1')).toEqual(['::/0', 'fe80::99', 'up0', 1024]);
  });

  it('says the way past some routes, and of a prefix as a whole', () => {
    expect(way('203.0.113.1', ({ device }) => device !== 'l2w-x')).toEqual(['0.0.0.0/0', '10.0.2.1', 'up0', 100]);
    expect(way('10.0.0.0/8', ({ device }) => device === 'up0')).toEqual(['0.0.0.0/0', '10.0.2.1', 'up0', 100]);
    expect(way('203.0.113.1', () => false)).toBeUndefined();
  });

  it('knows the default routes', () => {
    expect(defaultsOf(table4, 4).map(({ metric }) => metric)).toEqual([99, 100]);
  });
});

describe('addresses of this machine', () => {
  it('are those that are local, not networks or broadcasts', () => {
    const trie = `Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 127.0.0.0
        /8 host LOCAL
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 10.0.2.0
        /24 link UNICAST
        /32 link BROADCAST
     |-- 10.0.2.2
        /24 link UNICAST
        /32 host LOCAL
     |-- 10.0.2.255
        /32 link BROADCAST
`;
    expect([...readIpv4Addresses(trie)]).toEqual(['127.0.0.1', '10.0.2.2']);
    const inet6 =
      '00000000000000000000000000000001 01 80 10 80       lo\nfd000000000000000000000000000002 04 40 00 82     eth0\n';
    expect([...readIpv6Addresses(inet6)]).toEqual(['::1', 'fd00::2']);
  });

  it('are the same that Node lists on this very machine', () => {
    const listed = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const [ipv4, ipv6] = [
      readIpv4Addresses(readFileSync('/proc/net/fib_trie', 'utf8')),
      readIpv6Addresses(readFileSync('/proc/net/if_inet6', 'utf8')),
    ];
    for (const { family, address } of listed) expect([...(family === 'IPv4' ? ipv4 : ipv6)]).toContain(address);
  });
});
