import { describe, expect, it } from 'vitest';
import { readPath, readRoutes, saysExists, saysGatewayOffLink, saysGone } from './ip-text.ts';

// Recorded from iproute2 6.1.0 and BusyBox 1.35.0 in one network namespace.
const ROUTES = {
  iproute2: `0.0.0.0/1 dev l2w-x proto 165 scope link linkdown 
default dev l2w-x proto 165 scope link metric 99 linkdown 
default via 10.0.2.1 dev up0 metric 100 
10.0.2.0/24 dev up0 proto kernel scope link src 10.0.2.2 
10.0.2.72 dev up0 proto 165 scope link 
10.5.1.9 via 10.0.2.1 dev up0 proto 165 
10.77.0.0/16 via 10.0.2.9 dev up0 proto static metric 7 
blackhole 10.78.0.0/16 
10.81.0.0/16 via 192.168.9.9 dev up0 proto 165 onlink 
`,
  BusyBox: `0.0.0.0/1 dev l2w-x scope link 
default dev l2w-x scope link  metric 99 
default via 10.0.2.1 dev up0  metric 100 
10.0.2.0/24 dev up0 scope link  src 10.0.2.2 
10.0.2.72 dev up0 scope link 
10.5.1.9 via 10.0.2.1 dev up0 
10.77.0.0/16 via 10.0.2.9 dev up0  metric 7 
blackhole 10.78.0.0/16 
10.81.0.0/16 via 192.168.9.9 dev up0 onlink 
`,
};
const IPV6_ROUTES = {
  iproute2: `2001:db8:1::/64 dev up0 proto kernel metric 256 pref medium
2001:db8:9::1 via fe80::99 dev up0 proto 165 metric 1024 pref medium
default via fe80::99 dev up0 metric 1024 pref medium
`,
  BusyBox: `2001:db8:1::/64 dev up0  metric 256 
2001:db8:9::1 via fe80::99 dev up0  metric 1024 
default via fe80::99 dev up0  metric 1024 
multicast ff00::/8 dev up0  metric 256 
`,
};
const said = (complaint: string) => ({ status: 2, output: '', errors: complaint, complaint });

describe.each(['iproute2', 'BusyBox'] as const)('what %s prints', (program) => {
  it('is read as IPv4 routes', () => {
    const rows = readRoutes(ROUTES[program], 4).map(({ type, prefix, gateway, device, metric }) => [
      type,
      prefix,
      gateway,
      device,
      metric,
    ]);
    expect(rows).toEqual([
      ['unicast', '0.0.0.0/1', undefined, 'l2w-x', 0],
      ['unicast', '0.0.0.0/0', undefined, 'l2w-x', 99],
      ['unicast', '0.0.0.0/0', '10.0.2.1', 'up0', 100],
      ['unicast', '10.0.2.0/24', undefined, 'up0', 0],
      ['unicast', '10.0.2.72/32', undefined, 'up0', 0],
      ['unicast', '10.5.1.9/32', '10.0.2.1', 'up0', 0],
      ['unicast', '10.77.0.0/16', '10.0.2.9', 'up0', 7],
      ['blackhole', '10.78.0.0/16', undefined, undefined, 0],
      ['unicast', '10.81.0.0/16', '192.168.9.9', 'up0', 0],
    ]);
  });

  it('is read as IPv6 routes', () => {
    expect(readRoutes(IPV6_ROUTES[program], 6).slice(0, 3)).toMatchObject([
      { prefix: '2001:db8:1::/64', gateway: undefined, device: 'up0', metric: 256 },
      { prefix: '2001:db8:9::1/128', gateway: 'fe80::99', device: 'up0', metric: 1024 },
      { prefix: '::/0', gateway: 'fe80::99', device: 'up0', metric: 1024 },
    ]);
  });
});

describe('routes with several next hops', () => {
  it('are one route, and lead to no single device', () => {
    const text = `default proto static metric 20 
\tnexthop via 10.0.2.1 dev wan0 weight 1 
\tnexthop via 10.0.3.1 dev wan1 weight 1 
10.0.2.0/24 dev wan0 proto kernel scope link src 10.0.2.2 
`;
    const [several, one] = readRoutes(text, 4);
    expect(several).toMatchObject({ prefix: '0.0.0.0/0', gateway: undefined, device: undefined, metric: 20 });
    expect(one?.prefix).toBe('10.0.2.0/24');
  });
});

describe('the answer of `ip route get`', () => {
  it.each([
    [
      'iproute2, by gateway',
      '10.5.1.9 via 10.0.2.1 dev up0 src 10.0.2.2 uid 0 \n    cache \n',
      'unicast',
      '10.0.2.1',
      'up0',
      '10.0.2.2',
    ],
    ['BusyBox, by gateway', '10.5.1.9 via 10.0.2.1 dev up0  src 10.0.2.2 \n', 'unicast', '10.0.2.1', 'up0', '10.0.2.2'],
    [
      'iproute2, on-link',
      '10.0.2.72 dev up0 src 10.0.2.2 uid 0 \n    cache \n',
      'unicast',
      undefined,
      'up0',
      '10.0.2.2',
    ],
    ['BusyBox, on-link', '10.0.2.72 dev up0  src 10.0.2.2 \n', 'unicast', undefined, 'up0', '10.0.2.2'],
    [
      'iproute2, local',
      'local 127.0.0.1 dev lo src 127.0.0.1 uid 0 \n    cache <local> \n',
      'local',
      undefined,
      'lo',
      '127.0.0.1',
    ],
    [
      'iproute2, IPv6',
      '2001:db8:9::1 from :: via fe80::99 dev up0 src 2001:db8:1::2 metric 1024 pref medium\n',
      'unicast',
      'fe80::99',
      'up0',
      '2001:db8:1::2',
    ],
    [
      'BusyBox, IPv6',
      '2001:db8:9::1 from :: via fe80::99 dev up0  src 2001:db8:1::2  metric 1024 \n',
      'unicast',
      'fe80::99',
      'up0',
      '2001:db8:1::2',
    ],
    [
      'iproute2, IPv6 gateway of an IPv4 route',
      '10.5.1.9 via inet6 fe80::1 dev up0 src 10.0.2.2 uid 0 \n    cache \n',
      'unicast',
      'fe80::1',
      'up0',
      '10.0.2.2',
    ],
    [
      'iproute2, IPv6 unreachable',
      'unreachable 2001:db8:9::1 from :: dev lo proto kernel src ::1 metric 4294967295 error -101 pref medium\n',
      'unreachable',
      undefined,
      'lo',
      '::1',
    ],
  ])('of %s', (_who, text, type, gateway, device, source) => {
    expect(readPath(text)).toEqual({ type, gateway, device, source });
  });

  it('names the table that a policy rule led to', () => {
    const text = '10.5.1.9 via 10.0.3.1 dev up1 table 100 src 10.0.3.2 mark 7 uid 0 \n    cache \n';
    expect(readPath(text)).toMatchObject({ gateway: '10.0.3.1', device: 'up1', table: '100' });
  });

  it.each([
    [
      'an attribute of the route',
      '10.0.3.72 via 10.0.2.1 dev w0 src 10.0.2.2 uid 0 \n    cache mtu 1492 \n',
      { octets: 1492, from: 'route' },
    ],
    [
      'one that is not to be lowered',
      '10.0.3.72 via 10.0.2.1 dev w0 src 10.0.2.2 uid 0 \n    cache mtu lock 1450 \n',
      { octets: 1450, from: 'route' },
    ],
    [
      'one that was learnt',
      '10.0.3.72 via 10.0.2.1 dev w0 src 10.0.2.2 uid 0 \n    cache expires 599sec mtu 1400 \n',
      { octets: 1400, from: 'icmp' },
    ],
    [
      'one that was learnt, of IPv6',
      'fd03::72 from :: via fd02::1 dev w0 src fd02::2 metric 1024 expires 599sec mtu 1400 pref medium\n',
      { octets: 1400, from: 'icmp' },
    ],
    ['one that is no number', '10.0.3.72 dev w0 src 10.0.2.2 uid 0 \n    cache mtu lock \n', undefined],
    [
      'one that BusyBox keeps to itself',
      'fd03::72 from :: via fd02::1 dev w0  src fd02::2  metric 1024 \n    cache  expires 0sec\n',
      undefined,
    ],
  ])('with its MTU: %s', (_which, text, mtu) => {
    expect(readPath(text)?.mtu).toEqual(mtu);
  });

  it('may be unreadable', () => {
    expect(readPath('')).toBeUndefined();
  });
});

describe('complaints', () => {
  it.each([
    'RTNETLINK answers: File exists',
    'ip: RTNETLINK answers: File exists',
    'Error: ipv4: Address already assigned.',
  ])('%s: it is there', (words) => {
    expect([saysExists(said(words)), saysGone(said(words))]).toEqual([true, false]);
  });

  it.each([
    'RTNETLINK answers: No such process',
    'ip: RTNETLINK answers: No such process',
    'RTNETLINK answers: No such file or directory',
    'Cannot find device "nope"',
    "ip: can't find device 'nope'",
    'Error: ipv4: Address not found.',
    'ip: RTNETLINK answers: Cannot assign requested address',
    '/dev/stdin:1:19-35: Error: No such file or directory; did you mean table ‘somebody’ in family inet?',
  ])('%s: it is gone', (words) => {
    expect([saysExists(said(words)), saysGone(said(words))]).toEqual([false, true]);
  });

  it.each(['Error: Nexthop has invalid gateway.', 'ip: RTNETLINK answers: Network is unreachable'])(
    '%s: the gateway is off the link',
    (words) => {
      expect(saysGatewayOffLink(said(words))).toBe(true);
    },
  );

  it('of other kinds are none of these', () => {
    const words = 'RTNETLINK answers: Operation not permitted';
    expect([saysExists(said(words)), saysGone(said(words)), saysGatewayOffLink(said(words))]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
