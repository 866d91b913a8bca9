/** The data path `kernel`, on a kernel that has L2TP: real LNSes, the shipped bundle, one User-Mode Linux for several cells. */
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionStatus } from '../../src/daemon/status.ts';
import { Cell } from './cell.ts';
import { pause } from './daemon.ts';
import { type KernelState, LAB_BUNDLE, Uml, type UmlDaemon } from './uml.ts';

/** The connection of a daemon to the LNS that {@link lnsAt} makes. */
const to = (net: number, more: Readonly<Record<string, unknown>> = {}) => ({
  servers: [`10.0.${net}.72`],
  dataPath: 'kernel',
  defaultRoute: false,
  routes: [`203.0.113.${net}/32`],
  mss: false, // this kernel has no nftables
  ...more,
});
/** An LNS with an outer net, a pool and something behind it of its own. */
const lnsAt = (net: number) => ({
  client: `10.0.${net}.2`,
  lns: `10.0.${net}.72`,
  local: `10.64.${net}.1`,
  pool: `10.64.${net}.10-10.64.${net}.99`,
  inner: `203.0.113.${net}`,
  dns1: `203.0.113.1${net}`,
  dns2: `203.0.113.2${net}`,
});
const behind = (net: number): string => `203.0.113.${net}`;

let uml: Uml;
let before: KernelState | undefined;
const daemons: UmlDaemon[] = [];
/** Process ids of LNSes of ours. */
const lnses: number[] = [];

/** A daemon that must be gone without a trace when the test is over. */
async function daemonOn(connections: Parameters<Uml['daemon']>[0]): Promise<UmlDaemon> {
  before ??= await uml.state();
  const daemon = await uml.daemon(connections);
  daemons.push(daemon);
  return daemon;
}

/** Boots one for all tests of a group, and inspects it behind each of them. */
function inUml(label: string, prepare: (uml: Uml) => Promise<void>): void {
  beforeAll(async () => {
    uml = await Uml.boot(label);
    await prepare(uml);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(await uml.words());
    const mine = daemons.splice(0);
    const wanted = before;
    before = undefined;
    for (const daemon of mine) await daemon.end();
    for (const pid of lnses.splice(0)) await uml.exec(`kill ${pid}`);
    if (wanted !== undefined) expect(await uml.state()).toEqual(wanted);
    for (const { log } of mine) expect(log).not.toMatch(/TypeError|ReferenceError|our bug|internal error|s3cret/);
  });
  afterAll(() => uml?.stop());
}

const countedBy = ({ counters }: ConnectionStatus) => {
  const { sentPackets = 0, sentOctets = 0, receivedPackets = 0, receivedOctets = 0 } = counters ?? {};
  return { sentPackets, sentOctets, receivedPackets, receivedOctets };
};

describe('every authentication, several connections at once', () => {
  inUml('auth', async (uml) => {
    await uml.lns('chap', { ...lnsAt(1), auth: 'chap', ipv6: 1 });
    await uml.lns('pap', { ...lnsAt(2), auth: 'pap' });
    await uml.lns('chap1', { ...lnsAt(3), auth: 'mschap' });
    await uml.lns('chap2', { ...lnsAt(4), auth: 'mschap-v2', local: 'same' });
  });

  it('all come up, carry packets of both families, and count them to the octet', async () => {
    const daemon = await daemonOn({
      wan: to(1, { routes: [`${behind(1)}/32`, '2001:db8:113::/48'] }),
      pap: to(2),
      mschap: to(3),
      same: to(4),
    });
    const methods = { wan: 'chap-md5', pap: 'pap', mschap: 'ms-chap', same: 'ms-chap-v2' };
    for (const [name, method] of Object.entries(methods)) {
      const status = await daemon.up(name);
      expect(status).toMatchObject({ dataPath: { backend: 'kernel' }, device: `l2w-${name}`, mtu: 1410 });
      expect(status.authentication?.method).toBe(method);
    }
    expect((await daemon.status('same')).address?.peer).toBe('10.0.4.72'); // the LNS's own outer address
    for (const net of [1, 2, 3, 4]) await uml.ping(behind(net));
    await uml.ping(behind(4), 20);
    await uml.ping(behind(1), 2, '-s', '1382', '-M', 'do');

    const before = countedBy(await daemon.status('pap'));
    await uml.ping(behind(2), 10, '-s', '972');
    const after = countedBy(await daemon.status('pap'));
    expect(after.sentPackets - before.sentPackets).toBe(10);
    expect(after.sentOctets - before.sentOctets).toBe(10_000);
    expect(after.receivedPackets - before.receivedPackets).toBeOneOf([10, 11]); // pppd's kernel speaks IPv6, asked or not
    expect(after.receivedOctets - before.receivedOctets).toBeOneOf([10_000, 10_076]);

    const { address } = await daemon.until(({ address }) => address?.ipv6 != null, 'up with IPv6');
    expect(address?.ipv6).toMatch(/^fe80:/);
    await uml.ping('2001:db8:113::1', 3, '-6', '-I', 'l2w-wan');
  });

  it('LCP echoes and Hellos go on while the kernel has the session; under traffic it all ends at once', async () => {
    const daemon = await daemonOn({ wan: to(1, { echo: { interval: 1, failures: 2 }, hello: 2 }) });
    await daemon.up();
    await pause(7000);
    const { timesUp, state, echoRoundTripMs } = await daemon.status();
    expect({ timesUp, state }).toEqual({ timesUp: 1, state: 'up' });
    expect(echoRoundTripMs).toBeGreaterThan(0);
    const flood = await uml.spawn('client', 'flood', `lab ping -q -f -s 1000 ${behind(1)}`);
    await pause(500);
    expect(await daemon.stop()).toBeLessThan(3000);
    await uml.exec(`kill ${flood}`);
  });

  it('kill -9: the kernel forgets everything, and the next start hangs the old tunnel up', async () => {
    const daemon = await daemonOn({ wan: to(2) });
    const first = await daemon.up();
    await daemon.stop('KILL');
    await pause(300);
    const { links, l2tp } = await uml.state();
    expect({ links, l2tp }).toEqual({ links: before?.links, l2tp: before?.l2tp });
    await daemon.start();
    await daemon.until(({ state, tunnel }) => state === 'up' && tunnel?.peerId !== first.tunnel?.peerId, 'up again');
    await uml.ping(behind(2));
    const { path } = first;
    expect(await uml.exec('cat /lab/pap/xl2tpd.log')).toMatch(
      new RegExp(`Connection closed to 10\\.0\\.2\\.2, port ${path?.local.port}|Stop-Control-Connection-Notification`),
    );
  });

  it('a fixed source port, a name of its own; redialled at once, and when somebody removes the device', async () => {
    const daemon = await daemonOn({ wan: to(2, { device: 'tunnel0', sourcePort: 1701 }) });
    const { tunnel } = await daemon.up();
    await daemon.ask({ method: 'redial', name: 'wan' }); // the old tunnel still says its last words from this port
    const isAnew = (status: ConnectionStatus) => status.state === 'up' && status.tunnel?.localId !== tunnel?.localId;
    expect(await daemon.until(isAnew, 'up anew')).toMatchObject({
      path: { local: { port: 1701 } },
      dataPath: { backend: 'kernel' },
      device: 'tunnel0',
    });
    await uml.ping(behind(2));
    await uml.client('ip', 'link', 'del', 'tunnel0');
    const { lastFailure } = await daemon.until(({ state, timesUp }) => state === 'up' && timesUp === 3, 'up again');
    expect(lastFailure).toMatchObject({ code: 'device-failed', detail: 'tunnel0 was removed by somebody else' });
    await uml.ping(behind(2));
  });

  it('fails over to the second server', async () => {
    const daemon = await daemonOn({
      wan: to(2, { servers: ['10.0.2.72', '10.0.3.72'], routes: [`${behind(2)}/32`, `${behind(3)}/32`], echo: 1 }),
    });
    expect((await daemon.up()).server?.address).toBe('10.0.2.72');
    await uml.crash('pap');
    await daemon.until(
      ({ state, server }) => state === 'up' && server?.address === '10.0.3.72',
      'at the second',
      60_000,
    );
    await uml.ping(behind(3));
    expect((await uml.client('cat', '/proc/net/pppol2tp')).match(/TUNNEL '/g)).toHaveLength(1);
  });
});

describe('servers that want more', () => {
  inUml('more', async (uml) => {
    // Both ends in the kernel, and this one strict: it discards what is not numbered, and what is numbered wrongly.
    await uml.lns('strict', { ...lnsAt(1), mru: 1500, pppopt: 'pppol2tp_send_seq;pppol2tp_recv_seq' });
    await uml.lns('hop', { ...lnsAt(2) });
    await uml.exec(
      'ip -n hop addr add 198.51.100.72/32 dev lo && ip -n hop route replace 10.0.2.0/24 dev vec0 src 198.51.100.72',
    );
    await uml.wire('lab', '10.0.3.2', '10.0.3.72');
    await uml.exec(
      'ip -n lab addr add 203.0.113.3/32 dev lo; ip -n lab addr add fd00:3::72/64 dev vec0 nodad; ip -n client addr add fd00:3::2/64 dev lab nodad',
    );
  });

  it('sequence numbers, both ways and without a gap, though packets overtake each other', async () => {
    const daemon = await daemonOn({ wan: to(1, { mtu: 1500 }) });
    const { mtu } = await daemon.up();
    expect(mtu).toBe(1458); // 42 octets of headers
    await uml.ping(behind(1), 3, '-s', '1430', '-M', 'do');
    await uml.exec(
      'modprobe sch_netem; ip netns exec strict tc qdisc add dev vec0 root netem delay 5ms reorder 80% gap 5',
    );
    await uml.ping(behind(1), 100, '-l', '40');
    await uml.exec('ip netns exec strict tc qdisc del dev vec0 root');
    const ours = await sessionOf('client');
    const theirs = await sessionOf('strict');
    expect([ours.isNumbering, theirs.isNumbering]).toEqual([true, true]);
    expect(theirs.receivedErrors).toBeLessThanOrEqual(1); // the one frame that left before anybody had said a number
    expect([0, 1, 2]).toContain(theirs.nr - ours.ns); // an echo may have come between the two looks
    expect((await daemon.status()).counters?.skipped).toBe(0);
  });

  it('a default route into the tunnel, and nobody but the socket knows where the server is', async () => {
    before = await uml.state();
    await uml.exec('ip -n client route add default via 10.0.2.72 dev hop');
    const daemon = await daemonOn({ wan: { ...to(2), servers: ['198.51.100.72'], defaultRoute: true } });
    await daemon.up();
    await uml.client('ip', 'route', 'del', '198.51.100.72/32');
    await uml.ping(behind(2), 5);
    expect(await uml.exec('dmesg')).not.toContain('recursion');
    const { counters, timesUp } = await daemon.status();
    expect({ looped: counters?.looped, timesUp }).toEqual({ looped: 0, timesUp: 1 });
    await daemon.end();
    await uml.exec('ip -n client route del default via 10.0.2.72 dev hop');
  });

  it('a path that takes less than the uplink: the MTU follows, and nothing is lost meanwhile', async () => {
    // client -- narrow -- r -- far: only the router's link to the server is narrow
    await uml.lns('far', { ...lnsAt(5), mru: 1500 });
    await uml.exec(`set -e
      ip netns add r; ip -n client link set far netns r; ip netns exec r sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
      ip -n r addr add 10.0.5.1/24 dev far; ip -n r link set far mtu 1400 up; ip -n far link set vec0 mtu 1400
      ip -n far route add default via 10.0.5.1
      ip link add name near netns client type veth peer name near netns r
      ip -n r addr add 10.0.6.1/24 dev near; ip -n r link set near up
      ip -n client addr add 10.0.6.2/24 dev near; ip -n client link set near up
      ip -n client route add 10.0.5.0/24 via 10.0.6.1`);
    // Nothing that the kernel sends lets a router object; our own Discard-Request does, or an echo.
    for (const mtuProbe of [false, true]) {
      await uml.exec('ip -n client route flush cache'); // what the kernel has learnt
      const daemon = await daemonOn({ wan: to(5, { mtu: 1500, mtuProbe }) });
      await daemon.up();
      await uml.ping(behind(5), 3, '-s', '1430');
      const { pathMtu } = await daemon.until(({ mtu }) => mtu === 1362, 'as narrow as the path'); // 1400 less 38 octets of headers
      expect(pathMtu).toMatchObject({ octets: 1400, from: 'icmp' });
      await uml.ping(behind(5), 3, '-s', '1334', '-M', 'do');
      await daemon.end();
    }
  });

  it('a server that numbers: left to the next data path, which loses no more than the wire does', async () => {
    const daemon = await daemonOn({ wan: to(1, { dataPath: 'auto' }) });
    const { dataPath } = await daemon.up();
    expect(dataPath?.backend).toMatch(/^tun/);
    expect(daemon.log).toContain('data path kernel is not used: the server numbers its data messages');
    await uml.exec('modprobe sch_netem; ip netns exec strict tc qdisc add dev vec0 root netem loss 5%');
    const said = await uml
      .client('ping', '-q', '-f', '-c', '2000', '-W', '2', behind(1))
      .finally(() => uml.exec('ip netns exec strict tc qdisc del dev vec0 root'));
    expect(Number(/ ([\d.]+)% packet loss/.exec(said)?.[1])).toBeLessThan(9);
  });

  it('IPv6 outside, and a server that numbers and negotiates anew: the device stays, and packets flow again', async () => {
    await labLns('fd00:3::72', '--sequencing', '--quirks', '{"renegotiatesAfterMs":12000}');
    const daemon = await daemonOn({ wan: to(3, { servers: ['fd00:3::72'] }) });
    expect(await daemon.up()).toMatchObject({ server: { address: 'fd00:3::72' }, dataPath: { backend: 'kernel' } });
    const index = () => uml.client('cat', '/sys/class/net/l2w-wan/ifindex');
    const first = await index();
    await uml.ping(behind(3));
    const isAgain = () => daemon.log.split('negotiating the PPP link').length === 3;
    await daemon.until(({ state }) => state === 'up' && isAgain(), 'renegotiated');
    await uml.ping(behind(3));
    expect(await index()).toBe(first);
    expect((await sessionOf('client')).isNumbering).toBe(true);
  });
});

/** Our own LNS, in the namespace `lab`, until the test is over. */
async function labLns(listen: string, ...more: string[]): Promise<void> {
  const account = ['--user', 'alice:s3cret', '--pool', '10.64.3.0/24', '--local', '10.64.3.1', '--tun', 'tun0'];
  const words = ['node', LAB_BUNDLE, 'lns', '--listen', listen, ...account, ...more.map((word) => `'${word}'`)];
  lnses.push(await uml.spawn('lab', 'lns', words.join(' ')));
}

/** What a kernel says of the only session in a namespace. */
async function sessionOf(side: string) {
  const text = await uml.exec(`ip netns exec ${side} cat /proc/net/pppol2tp`);
  // The name, `mtu/mru/rcvseq/sendseq/lns debug reorderto`, `nr/ns tx-pkts/bytes/errs rx-pkts/bytes/errs`; session 0 is the tunnel.
  const [, flags = '', counters = ''] = /SESSION 'sess \d+\/[1-9](?:.*\n){3}/.exec(text)?.[0].split('\n') ?? [];
  const [nr = -1, ns = 0, , , , , , receivedErrors] = counters.split(/[/ ]+/).filter(Boolean).map(Number);
  return { isNumbering: flags.split('/')[3] === 'S', nr, ns, receivedErrors };
}

describe.skipIf(existsSync('/dev/ppp'))('a machine whose kernel has no L2TP', () => {
  it('says what is missing when it was told to use it, and takes the next one when it was not', () =>
    Cell.run('nokernel', async (cell) => {
      await cell.lns('l2tpns');
      const connection = { servers: ['10.0.2.72'], defaultRoute: false };
      const daemon = await cell.daemon({
        wan: { ...connection, dataPath: 'kernel' },
        auto: { ...connection, dataPath: 'auto', routes: ['203.0.113.1/32'] },
      });
      const { lastFailure } = await daemon.failed('device-failed');
      expect(lastFailure).toMatchObject({ fault: 'host', detail: expect.stringContaining('kmod-pppol2tp') });
      expect((await daemon.up('auto')).dataPath?.backend).not.toBe('kernel');
      expect(daemon.log.split('data path kernel is not used: ')).toHaveLength(2);
      await cell.ping();
    }));
});
