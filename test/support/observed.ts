/** A connection as status sees it: up, with something to say in every field. */
import type { Observed } from '../../src/daemon/status.ts';
import { SNAPSHOT } from './scripted-engine.ts';

const server = { name: 'lns.example.net', address: '10.5.1.9', port: 1701 };

export const UP: Observed = {
  wanted: true,
  timesUp: 2,
  dataPath: {
    backend: 'tun-gso',
    device: 'l2w-wan',
    features: [
      { name: 'tso4', missing: undefined },
      { name: 'udp-gro', missing: 'Linux 4.19 does not have it' },
    ],
  },
  losses: {
    undelivered: 4,
    sendErrors: 0,
    why: { undelivered: 'write: invalid argument (EINVAL)', sendErrors: undefined },
  },
  installed: {
    routes: [
      {
        prefix: '10.5.1.9/32',
        gateway: '192.0.2.1',
        device: 'eth0',
        metric: undefined,
        table: undefined,
        purpose: 'server',
        foreign: false,
      },
      {
        prefix: '0.0.0.0/0',
        gateway: undefined,
        device: 'l2w-wan',
        metric: 5,
        table: 77,
        purpose: 'default',
        foreign: true,
      },
    ],
    rules: ['from 210.32.148.92 lookup 77'],
    mss: { state: 'clamped', ipv4: 1416, ipv6: 1396 },
    resolvFile: '/var/run/l2tpwan/wan.resolv.conf',
    warnings: ['the up script failed: exit status 1'],
  },
  snapshot: {
    ...SNAPSHOT,
    stage: 'up',
    since: 6000,
    dial: [
      { stage: 'preparing', at: 5500 },
      { stage: 'tunnel', at: 5520.3 },
      { stage: 'up', at: 6000 },
      { stage: 'hanging-up', at: 9000 },
    ],
    server,
    path: {
      socket: 1,
      local: { address: '192.0.2.2', port: 40_000 },
      uplink: 'eth0',
      mtu: { octets: 1500, from: 'uplink' },
    },
    tunnel: {
      localId: 4711,
      peerId: 22,
      peerHostName: 'ZJG_MX960-4',
      peerVendorName: undefined,
      peer: { address: '10.5.1.9', port: 1702 },
    },
    session: { localId: 12, peerId: 9 },
    authentication: { method: 'chap-md5', message: 'Access granted' },
    link: {
      localAddress: '210.32.148.92',
      peerAddress: '10.0.2.72',
      dns: ['10.10.0.21', '10.10.2.21'],
      mtu: 1460,
      server: { address: '10.5.1.9', port: 1702 },
    },
    mtu: 1456,
    pathMtu: { octets: 1494, from: 'probe', finding: { result: 'fits', octets: 1494 } },
    ipv6InterfaceId: Uint8Array.of(0x02, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55),
    negotiated: {
      lcp: { ours: ['MRU 1460'], theirs: ['authentication CHAP-MD5'] },
      ipcp: { ours: ['address 210.32.148.92'], theirs: ['address 10.0.2.72'] },
      ipv6cp: { ours: [], theirs: [] },
    },
    echoRoundTripMs: 12.3456,
    counters: {
      sentPackets: 10,
      sentOctets: 840,
      receivedPackets: 1200,
      receivedOctets: 1_234_567,
      looped: 3,
      notIp: 0,
      ipv4Blocked: 0,
      ipv6Blocked: 0,
      unknownSession: 0,
      reordered: 0,
      skipped: 0,
    },
    dropped: { 'data message from a stranger': 2 },
    lastFailure: {
      failure: {
        code: 'call-closed',
        detail: 'CDN result 3',
        peer: { message: 'CDN', result: 3, text: 'session timeout' },
      },
      stage: 'up',
      server,
      at: 2000,
    },
    attempts: 1,
  },
};
