import { describe, expect, it } from 'vitest';
import { FakeClock, NOTHING_INSTALLED } from '../../test/support/fake-host.ts';
import { UP } from '../../test/support/observed.ts';
import { SNAPSHOT } from '../../test/support/scripted-engine.ts';
import { Calendar } from './calendar.ts';
import { connectionStatus, type Observed } from './status.ts';

const plain = (text: string) => text;

async function statusOf(observed: Observed, shown = plain) {
  const clock = new FakeClock();
  await clock.pass(60_000);
  return connectionStatus(observed, new Calendar(clock), shown);
}

const AT_REST: Observed = {
  wanted: false,
  timesUp: 0,
  snapshot: SNAPSHOT,
  installed: NOTHING_INSTALLED,
  dataPath: undefined,
  losses: { undelivered: 0, sendErrors: 0, why: { undelivered: undefined, sendErrors: undefined } },
};

describe('the status of a connection', () => {
  it('at rest says so, and has every field', async () => {
    expect(await statusOf(AT_REST)).toEqual({
      state: 'idle',
      since: '2026-11-22T07:00:00.000Z',
      ageMs: 60_000,
      enabled: false,
      server: null,
      path: null,
      tunnel: null,
      session: null,
      device: null,
      dataPath: null,
      address: null,
      dns: [],
      resolvFile: null,
      mtu: null,
      pathMtu: null,
      mss: { state: 'off' },
      authentication: null,
      negotiated: null,
      echoRoundTripMs: null,
      counters: null,
      dropped: {},
      refusals: { tunnelDevice: null, uplink: null },
      dial: [],
      lastFailure: null,
      attempts: 0,
      nextAttempt: null,
      timesUp: 0,
      owner: null,
      routes: [],
      rules: [],
      warnings: [],
    });
  });

  it('that is up says everything', async () => {
    expect(await statusOf(UP)).toEqual({
      state: 'up',
      since: '2026-11-22T07:00:05.000Z',
      ageMs: 55_000,
      enabled: true,
      server: { name: 'lns.example.net', address: '10.5.1.9', port: 1701 },
      path: {
        local: { address: '192.0.2.2', port: 40_000 },
        peer: { address: '10.5.1.9', port: 1702 },
        uplink: 'eth0',
      },
      tunnel: { localId: 4711, peerId: 22, peerHostName: 'ZJG_MX960-4', peerVendorName: null },
      session: { localId: 12, peerId: 9 },
      device: 'l2w-wan',
      dataPath: {
        backend: 'tun-gso',
        features: ['tso4'],
        missing: { 'udp-gro': 'Linux 4.19 does not have it' },
      },
      address: { local: '210.32.148.92', peer: '10.0.2.72', ipv6: 'fe80::211:22ff:fe33:4455' },
      dns: ['10.10.0.21', '10.10.2.21'],
      resolvFile: '/var/run/l2tpwan/wan.resolv.conf',
      mtu: 1456,
      pathMtu: { octets: 1494, from: 'probe', probe: { result: 'fits', octets: 1494 } },
      mss: { state: 'clamped', ipv4: 1416, ipv6: 1396 },
      authentication: { method: 'chap-md5', message: 'Access granted' },
      negotiated: {
        lcp: { ours: ['MRU 1460'], theirs: ['authentication CHAP-MD5'] },
        ipcp: { ours: ['address 210.32.148.92'], theirs: ['address 10.0.2.72'] },
        ipv6cp: { ours: [], theirs: [] },
      },
      echoRoundTripMs: 12.35,
      counters: expect.objectContaining({ sentPackets: 10, receivedOctets: 1_234_567, looped: 3 }),
      dropped: { 'data message from a stranger': 2, 'packet that the tunnel device did not take': 4 },
      refusals: { tunnelDevice: 'write: invalid argument (EINVAL)', uplink: null },
      dial: [
        { stage: 'preparing', at: '2026-11-22T07:00:04.500Z', afterMs: 0 },
        { stage: 'tunnel', at: '2026-11-22T07:00:04.520Z', afterMs: 20.3 },
        { stage: 'up', at: '2026-11-22T07:00:05.000Z', afterMs: 500 },
      ],
      lastFailure: {
        code: 'call-closed',
        fault: 'peer',
        retry: 'backoff',
        stage: 'up',
        server: { name: 'lns.example.net', address: '10.5.1.9', port: 1701 },
        words: 'the server closed the call',
        detail: 'CDN result 3',
        peer: { message: 'CDN', result: 3, error: null, text: 'session timeout' },
        at: '2026-11-22T07:00:01.000Z',
        ageMs: 59_000,
      },
      attempts: 1,
      nextAttempt: null,
      timesUp: 2,
      owner: null,
      routes: [
        {
          prefix: '10.5.1.9/32',
          gateway: '192.0.2.1',
          device: 'eth0',
          metric: null,
          table: null,
          purpose: 'server',
          foreign: false,
        },
        {
          prefix: '0.0.0.0/0',
          gateway: null,
          device: 'l2w-wan',
          metric: 5,
          table: 77,
          purpose: 'default',
          foreign: true,
        },
      ],
      rules: ['from 210.32.148.92 lookup 77'],
      warnings: ['the up script failed: exit status 1'],
    });
  });

  it('that waits says for how long', async () => {
    const snapshot = { ...SNAPSHOT, stage: 'waiting' as const, nextAttemptAt: 73_400 };
    expect((await statusOf({ ...AT_REST, snapshot })).nextAttempt).toEqual({
      at: '2026-11-22T07:01:12.400Z',
      inMs: 12_400,
    });
  });

  it('shows what a peer said only as it is fit to be shown', async () => {
    const status = await statusOf(UP, (text) => `<${text}>`);
    expect(status.tunnel?.peerHostName).toBe('<ZJG_MX960-4>');
    expect(status.authentication?.message).toBe('<Access granted>');
    expect(status.lastFailure).toMatchObject({ detail: '<CDN result 3>', peer: { text: '<session timeout>' } });
  });

  it('survives the way through JSON unchanged', async () => {
    for (const observed of [AT_REST, UP]) {
      const status = await statusOf(observed);
      expect(JSON.parse(JSON.stringify(status))).toEqual(status);
    }
  });
});
