import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-host.ts';
import { UP } from '../../test/support/observed.ts';
import { Calendar } from './calendar.ts';
import { COLUMNS, hang, widthOf, wrap } from './columns.ts';
import type { EventView } from './events.ts';
import { durationWords, octetsWords } from './quantities.ts';
import { renderEvents, renderStatus, renderVersion } from './render.ts';
import { type ConnectionStatus, connectionStatus, type Observed } from './status.ts';

async function statusOf(observed: Observed): Promise<ConnectionStatus> {
  const clock = new FakeClock();
  await clock.pass(60_000);
  return connectionStatus(observed, new Calendar(clock), (text) => text);
}

const PLAIN = { colour: false };

describe('a status for people', () => {
  it('of a connection that is up', async () => {
    expect(renderStatus({ connections: { wan: await statusOf(UP) } }, PLAIN).split('\n')).toEqual([
      'wan: up for 55 s (since 2026-11-22T07:00:05.000Z)',
      '  server    lns.example.net (10.5.1.9), calls itself "ZJG_MX960-4"',
      '  outside   192.0.2.2:40000 to 10.5.1.9:1702 over eth0',
      '  tunnel    4711 here, 22 there',
      '  session   12 here, 9 there',
      '  address   210.32.148.92, peer 10.0.2.72, fe80::211:22ff:fe33:4455',
      '  dns       10.10.0.21, 10.10.2.21, in /var/run/l2tpwan/wan.resolv.conf',
      '  device    l2w-wan (tun-gso), MTU 1456, MSS 1416 (IPv6 1396)',
      '  offload   tso4',
      '            without udp-gro: Linux 4.19 does not have it',
      '  path      1494 octets, found by echoes; echoes of 1494 come back',
      '  login     chap-md5, the server said: "Access granted"',
      '  options   LCP: ours MRU 1460; theirs authentication CHAP-MD5',
      '            IPCP: ours address 210.32.148.92; theirs address 10.0.2.72',
      '  echo      12.35 ms',
      '  received  1.2 MB in 1200 packets',
      '  sent      840 octets in 10 packets',
      '  ignored   looped 3, data message from a stranger 2, packet that the tunnel',
      '            device did not take 4',
      '  refusals  write: invalid argument (EINVAL)',
      '  dial      preparing 0 ms, tunnel 20 ms, up 500 ms',
      '  routes    10.5.1.9/32 via 192.0.2.1 dev eth0 (server)',
      '            0.0.0.0/0 dev l2w-wan metric 5 table 77 (default, not ours)',
      '  rules     from 210.32.148.92 lookup 77',
      '  warnings  the up script failed: exit status 1',
      '  failure   59 s ago, while being up, lns.example.net (10.5.1.9):',
      '            the server closed the call',
      '            CDN result 3',
      '            the server said: "session timeout"',
      '            (call-closed, fault of the server)',
    ]);
  });

  it('of one that waits begins with what matters', async () => {
    const status: ConnectionStatus = {
      ...(await statusOf(UP)),
      state: 'waiting',
      ageMs: 2000,
      nextAttempt: { at: '2026-11-22T07:01:12.400Z', inMs: 12_400 },
    };
    expect(
      renderStatus({ connections: { wan: status } }, PLAIN)
        .split('\n')
        .slice(0, 4),
    ).toEqual([
      'wan: waiting for the next attempt for 2.0 s (since 2026-11-22T07:00:05.000Z)',
      '  next      attempt in 12 s (2026-11-22T07:01:12.400Z)',
      '  failure   59 s ago, while being up, lns.example.net (10.5.1.9):',
      '            the server closed the call',
    ]);
  });

  it('says who has the rest in hand, as long as there is anything', async () => {
    const status = { ...(await statusOf(UP)), owner: 'netifd' };
    const text = (state: ConnectionStatus['state']) =>
      renderStatus({ connections: { wan: { ...status, state } } }, PLAIN);
    expect(text('up')).toContain('\n  netifd    has address, name servers and routes into the tunnel in hand\n');
    expect(text('idle')).not.toContain('netifd');
  });

  it('says how large datagrams may be, and how that is known', async () => {
    const status = await statusOf(UP);
    const shown = (pathMtu: ConnectionStatus['pathMtu']) =>
      renderStatus({ connections: { wan: { ...status, pathMtu } } }, PLAIN)
        .split('\n')
        .find((line) => line.startsWith('  path'));
    expect(shown({ octets: 1500, from: 'uplink', probe: null })).toBe("  path      1500 octets, the uplink's");
    expect(shown({ octets: 1400, from: 'icmp', probe: null })).toBe('  path      1400 octets, told by the network');
    expect(shown({ octets: 1492, from: 'route', probe: { result: 'unanswered', octets: 1280 } })).toBe(
      '  path      1492 octets, set for its route; not even echoes of 1280 come back:',
    );
    expect(shown({ octets: 1500, from: 'uplink', probe: { result: 'useless', why: 'cut short' } })).toBe(
      "  path      1500 octets, the uplink's; the server cuts large echoes short",
    );
    expect(shown(null)).toBeUndefined();
  });

  it('shows what could not become a connection, and why', async () => {
    const refused = { campus: ['option mtu: found "abc"', 'option usernam: unknown'] };
    const text = 'campus: wrong settings\n  option mtu: found "abc"\n  option usernam: unknown';
    expect(renderStatus({ connections: {}, refused }, PLAIN)).toBe(text);
    const connections = { wan: await statusOf(UP) };
    expect(renderStatus({ connections, refused }, PLAIN)).toMatch(new RegExp(`^wan: up[^]*\n\n${text}$`));
    expect(renderStatus({ connections: {}, refused }, { colour: true })).toContain(
      '\u001b[31mcampus: wrong settings\u001b[0m\n',
    );
  });

  it('of nothing', () => expect(renderStatus({ connections: {} }, PLAIN)).toBe('there are no connections'));

  it('fits 80 columns whatever it is about, and holds no control character of a peer', async () => {
    const long = 'a very long text 不接受这个用户名或密码 '.repeat(20) + 'x'.repeat(300);
    const base = await statusOf(UP);
    const status: ConnectionStatus = {
      ...base,
      state: 'tunnel',
      server: {
        name: `${'lns'.repeat(40)}.example.net`,
        address: '2001:db8:1234:5678:9abc:def0:1234:5678',
        port: 17_010,
      },
      warnings: [long],
      rules: [long],
      mss: { state: 'unavailable', why: long },
      authentication: { method: 'chap-md5', message: `${long}\u001b[31m` },
      dropped: { [long]: 1 },
    };
    for (const style of [{ colour: false }, { colour: true }]) {
      const text = renderStatus({ connections: { ['n'.repeat(64)]: status } }, style);
      const visible = text
        .split('\u001b[')
        .map((part, at) => (at === 0 ? part : part.replace(/^\d+m/, '')))
        .join('');
      for (const line of visible.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(COLUMNS);
      expect(visible).not.toMatch(/[^\P{Cc}\n]/u);
    }
  });

  it('has colours only for a terminal', async () => {
    const connections = { wan: await statusOf(UP) };
    expect(renderStatus({ connections }, PLAIN)).not.toContain('\u001b');
    expect(renderStatus({ connections }, { colour: true })).toContain('\u001b[32mwan: up for 55 s\u001b[0m');
  });
});

describe('events for people', () => {
  const event = (level: EventView['level'], words: string): EventView => ({
    at: '2026-11-22T07:00:00.000Z',
    connection: 'wan',
    kind: 'notice',
    level,
    words,
  });

  it('are lines with dates', () => {
    const events = [
      event('info', 'up'),
      event('warn', 'failed while authenticating: the server did not accept the user name or password'),
    ];
    expect(renderEvents(events, PLAIN).split('\n')).toEqual([
      '2026-11-22T07:00:00.000Z wan: up',
      '2026-11-22T07:00:00.000Z wan: failed while authenticating: the server did not',
      '                         accept the user name or password',
    ]);
    expect(renderEvents([event('error', 'no')], { colour: true })).toBe(
      '\u001b[31m2026-11-22T07:00:00.000Z wan: no\u001b[0m',
    );
  });
});

it('says which version runs', () => {
  const daemon = { version: '1.2.3', since: '', ageMs: 8_000_000 };
  expect(renderVersion({ daemon })).toBe('l2tpwan 1.2.3, running for 2 h 13 min');
});

describe('columns', () => {
  it('are broken between words, and within those that are too long', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k']);
    expect(wrap('', 4)).toEqual(['']);
    expect(hang('ab ', 'x')).toEqual(['ab x']);
  });

  it('are two for a Chinese character and none for an accent of its own', () => {
    expect(widthOf('密码')).toBe(4);
    expect(widthOf('e\u0301')).toBe(1);
    expect(wrap('密码密码', 5)).toEqual(['密码', '密码']);
  });
});

describe('quantities', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [5230, '5.2 s'],
    [12_400, '12 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [7_980_000, '2 h 13 min'],
    [443_000_000, '5 d 3 h'],
  ])('%d ms is %s', (ms, words) => expect(durationWords(ms)).toBe(words));

  it.each([
    [0, '0 octets'],
    [999, '999 octets'],
    [1500, '1.5 kB'],
    [999_600, '1.0 MB'],
    [23_400_000, '23 MB'],
    [5_000_000_000_000_000_000, '5000 PB'],
  ])('%d octets are %s', (octets, words) => expect(octetsWords(octets)).toBe(words));
});
