/** Paths that take less than the uplink: with a network that says so, with one that does not, and with fragments that arrive. */
import { describe, expect, it } from 'vitest';
import { run } from '../lab/command.ts';
import type { Lns } from '../lab/lab.ts';
import { Cell } from './cell.ts';
import { type Daemon, pause } from './daemon.ts';

const PATHS = ['tun', 'auto'] as const;
const INNER = '203.0.113.1';
/** The LNS's end of PPP: its UDP answers come from there. */
const LNS_INSIDE = '10.64.0.1';
/** IP, UDP, L2TP and PPP in front of an inner packet. */
const HEADERS = 38;
/** Of the narrow middle. */
const NARROW = 1400;

/** The namespace of an LNS with `hop: 1` is a router: `wan0` to us, `tap0` to the LNS, here with an MTU of its own. */
const inRouter = (lns: Lns, ...words: string[]) => run('ip', ['netns', 'exec', lns.netns, ...words]);
const narrowUp = (lns: Lns, octets = NARROW) => inRouter(lns, 'ip', 'link', 'set', 'tap0', 'mtu', String(octets));
const narrowDown = (lns: Lns) =>
  inRouter(lns, 'ip', 'route', 'replace', '10.0.2.0/24', 'dev', 'wan0', 'mtu', String(NARROW));
/** Firewalls that swallow "fragmentation needed" are what makes a black hole. */
const silence = (lns: Lns) =>
  inRouter(
    lns,
    'nft',
    'table ip hole { chain out { type filter hook output priority 0; icmp type destination-unreachable icmp code 4 drop; }; }',
  );

/** Packets that fill the tunnel to the octet and must not be fragmented, both ways. */
const fullPing = (cell: Cell, mtu: number) => cell.ping(INNER, 5, '-s', String(mtu - 28), '-M', 'do');

/** A second of TCP each way, and of UDP that fills the tunnel. */
async function transfers(cell: Cell, mtu: number): Promise<void> {
  for (const way of [[], ['-R']]) {
    const tcp = await iperf(cell, '-c', INNER, ...way);
    expect(tcp.end.sum_received?.bytes, `TCP ${way.join()}`).toBeGreaterThan(200_000);
    const udp = await iperf(cell, '-c', LNS_INSIDE, '-u', '-b', '2M', '-l', String(mtu - 28), ...way);
    expect(udp.end.sum?.packets, `UDP ${way.join()}`).toBeGreaterThan(50);
    expect(udp.end.sum?.lost_percent, `UDP ${way.join()}`).toBeLessThan(5);
  }
}

interface Iperf {
  readonly error?: string;
  readonly end: { readonly sum_received?: { bytes: number }; readonly sum?: { lost_percent: number; packets: number } };
}

/** Its server serves one at a time and needs a moment between two: another try, then. */
async function iperf(cell: Cell, ...words: string[]): Promise<Iperf> {
  for (let tries = 0; ; tries++) {
    const outcome = await cell.netns.tool('iperf3', ['-J', '-t', '1', ...words]).then(
      (text) => JSON.parse(text) as Iperf,
      (error: Error) => ({ error: error.message, end: {} }),
    );
    if (outcome.error === undefined) return outcome;
    if (tries === 3) throw new Error(outcome.error);
    await pause(500);
  }
}

const becomes = (daemon: Daemon, mtu: number, withinMs: number) =>
  daemon.until(
    (status) => status.mtu === mtu && status.mss.state === 'clamped' && status.mss.ipv4 === mtu - 40,
    `at MTU ${mtu}`,
    withinMs,
  );

describe.each(PATHS)('over data path %s', (dataPath) => {
  it('a router that says how much it takes: the tunnel follows, and everything passes', () =>
    Cell.run('icmp', async (cell) => {
      const lns = await cell.lns('xl2tpd', { hop: 1, mru: 1460 });
      await narrowUp(lns);
      await narrowDown(lns);
      const daemon = await cell.daemon({ servers: [lns.address], dataPath });
      const up = await daemon.up();
      expect(up).toMatchObject({ mtu: 1460, pathMtu: { octets: 1500, from: 'uplink', probe: null } });
      // A socket that hears ICMP says so at once, also after the time at which the kernel is asked first.
      const hears = up.dataPath?.backend !== 'tun';
      if (hears) await pause(3000);
      const loud = cell.netns.spawn('ping', ['-i', '0.3', '-s', '1432', '-M', 'do', INNER], { stdio: 'ignore' });
      const status = await becomes(daemon, NARROW - HEADERS, hears ? 3000 : 75_000);
      loud.kill();
      expect(status.pathMtu).toEqual({ octets: NARROW, from: 'icmp', probe: null });
      expect(await cell.netns.exec('ip', ['link', 'show', 'dev', 'l2w-wan'])).toContain(`mtu ${NARROW - HEADERS} `);
      expect(await daemon.command('events', 'wan')).toMatch(/only 1400\s+octets,\s+as\s+the\s+network\s+says/);
      await fullPing(cell, NARROW - HEADERS);
      await transfers(cell, NARROW - HEADERS);
    }));

  it('a path of 1000 octets: the tunnel stays large enough for IPv6, and full packets travel in pieces', () =>
    Cell.run('pieces', async (cell) => {
      const lns = await cell.lns('xl2tpd', { hop: 1, mru: 1460 });
      await narrowUp(lns, 1000);
      const daemon = await cell.daemon({ servers: [lns.address], dataPath });
      await daemon.up();
      const loud = cell.netns.spawn('ping', ['-i', '0.3', '-s', '1432', '-M', 'do', INNER], { stdio: 'ignore' });
      expect((await becomes(daemon, 1280, 75_000)).pathMtu).toEqual({ octets: 1000, from: 'icmp', probe: null });
      loud.kill();
      await fullPing(cell, 1280);
      await transfers(cell, 1280);
    }));

  it('a black hole: echoes find it out, and everything passes then', () =>
    Cell.run('hole', async (cell) => {
      const lns = await cell.lns('xl2tpd', { hop: 1, mru: 1460 });
      await narrowUp(lns);
      await narrowDown(lns);
      await silence(lns);
      const daemon = await cell.daemon({ servers: [lns.address], dataPath, mtuProbe: true });
      expect((await daemon.up()).mtu).toBe(1460);
      const status = await becomes(daemon, NARROW - HEADERS, 45_000);
      expect(status.pathMtu).toMatchObject({ octets: NARROW, from: 'probe' });
      await daemon.until(({ pathMtu }) => pathMtu?.probe?.result === 'fits', 'confirmed', 10_000);
      expect(await daemon.command('events', 'wan')).toMatch(/as\s+echoes\s+showed/);
      expect((await daemon.status()).timesUp).toBe(1);
      await fullPing(cell, NARROW - HEADERS);
      await transfers(cell, NARROW - HEADERS);
    }));

  it('fragments that arrive lose nothing, and change nothing', () =>
    Cell.run('frag', async (cell) => {
      const lns = await cell.lns('xl2tpd', { hop: 1, mru: 1460 });
      await narrowDown(lns);
      const daemon = await cell.daemon({ servers: [lns.address], dataPath, mtuProbe: true });
      const { address } = await daemon.up();
      const before = await fragments(cell);
      await fullPing(cell, 1460);
      await lns.exec(`ping -c 5 -i 0.2 -W 2 -s 1432 -M do ${address?.local}`);
      await transfers(cell, 1460);
      await cell.ping(INNER, 5, '-s', '5000');
      expect((await fragments(cell)) - before, 'datagrams put together').toBeGreaterThan(50);
      const status = await daemon.until(({ pathMtu }) => pathMtu?.probe != null, 'probed', 10_000);
      expect(status).toMatchObject({ mtu: 1460, pathMtu: { octets: 1500, probe: { result: 'fits', octets: 1498 } } });
    }));
});

/** What the kernel has put together from fragments so far. */
async function fragments(cell: Cell): Promise<number> {
  const [names = '', values = ''] = (await cell.netns.exec('cat', ['/proc/net/snmp']))
    .split('\n')
    .filter((line) => line.startsWith('Ip:'));
  return Number(values.split(' ')[names.split(' ').indexOf('ReasmOKs')]);
}

describe.each(['softether', 'l2tpns'] as const)('with %s', (kind) => {
  it('a wire that swallows what is too large is found out, too', () =>
    Cell.run('veth', async (cell) => {
      const lns = await cell.lns(kind, kind === 'l2tpns' ? { l2tpmtu: 1500 } : {});
      // A veth drops what is larger than the MTU of its other end and 4 octets, and tells nobody.
      await inRouter(lns, 'ip', 'link', 'set', 'wan0', 'mtu', '1396');
      const daemon = await cell.daemon({ servers: [lns.address], dataPath: 'tun', mtuProbe: true });
      expect((await daemon.up()).mtu).toBeGreaterThan(NARROW - HEADERS);
      const { pathMtu } = await becomes(daemon, NARROW - HEADERS, 45_000);
      expect(pathMtu).toMatchObject({ octets: NARROW, from: 'probe' });
      await fullPing(cell, NARROW - HEADERS);
    }));
});
