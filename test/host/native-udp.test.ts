/** Our own UDP sockets on real links: path MTUs from a real router, fragments, devices, marks, a slow uplink, and how a process ends. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'tsup';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadNative } from '../../src/host/native/koffi.ts';
import type { SocketFeature } from '../../src/host/native/socket-options.ts';
import { NativeSocket, nativeUdp } from '../../src/host/native/udp.ts';
import type { DatagramHandlers, Place } from '../../src/ports/datagram.ts';
import type { Endpoint } from '../../src/protocol/machine.ts';
import { inNamespace } from './namespace-thread.ts';
import { whyNotHere } from './namespaces.ts';
import type { Ending } from './native-chatter.ts';

const IP = 'ip';

const cannot = whyNotHere();
if (cannot !== undefined) console.warn(`SKIPPED: our own UDP sockets: ${cannot}`);
if (cannot !== undefined && process.env.CI) it('can be tried in CI', () => expect(cannot).toBeUndefined());

const native = loadNative();
const FAMILIES = [
  { family: 'IPv4', home: '10.9.1.2', router: '10.9.1.1', away: '10.9.2.2' },
  { family: 'IPv6', home: '2001:db8:1::2', router: '2001:db8:1::1', away: '2001:db8:2::2' },
];

describe.skipIf(cannot)('our own UDP socket', () => {
  let net: Net;
  const open: NativeSocket[] = [];

  beforeEach(() => {
    net = new Net();
  });
  afterEach(() => {
    for (const socket of open.splice(0)) socket.close();
    net.remove();
  });

  /** At home on wan0, unless said otherwise. */
  const socketIn = async (
    namespace: string,
    address: string,
    device: string,
    handlers: Partial<DatagramHandlers> = {},
    { without = [], ...place }: Partial<Place> & { without?: readonly SocketFeature[] } = {},
  ): Promise<NativeSocket> => {
    const port = nativeUdp(native, { without });
    const at = { local: { address, port: 0 }, device, mark: undefined, ...place };
    const all = { datagram: () => undefined, pathMtu: () => undefined, ...handlers };
    const socket = await inNamespace(namespace, () => port.open(at, all));
    if (!(socket instanceof NativeSocket)) throw new Error('another kind of socket');
    open.push(socket);
    return socket;
  };

  it.each(FAMILIES)(
    'hears from a router how large datagrams may be, and gets larger ones through, $family',
    async ({ home, away }) => {
      const told: [string, number][] = [];
      const heard: number[] = [];
      const there = await socketIn(net.away, away, 'a0', { datagram: (bytes) => heard.push(bytes.length) });
      const here = await socketIn(net.home, home, 'wan0', { pathMtu: (to, mtu) => told.push([to, mtu]) });
      here.send(new Uint8Array(1200), there.local);
      await until(() => heard.length === 1);
      expect(told).toEqual([]);
      here.send(new Uint8Array(1400), there.local); // the router has no room for it, and says so
      await until(() => told.length > 0);
      expect(told).toEqual([[away, 1300]]);
      here.send(new Uint8Array(1401), there.local);
      await until(() => heard.length === 2);
      expect(heard).toEqual([1200, 1401]);
      expect(here.sendErrors.count).toBe(0);
    },
  );

  it.each(
    FAMILIES.flatMap((family) => [
      { ...family, without: [] },
      { ...family, without: ['udp-gro'] as const },
    ]),
  )(
    'gets whole what the uplink has cut into fragments, $family without $without',
    async ({ home, router, without }) => {
      const heard: Uint8Array[] = [];
      const here = await socketIn(net.home, home, 'wan0', { datagram: (bytes) => heard.push(bytes) }, { without });
      const there = await socketIn(net.router, router, 'r0');
      const sizes = [60_001, 20_000, 1500, 40_003, 17];
      const sent = sizes.map((octets) => Uint8Array.from({ length: octets }, (_, i) => (i * 7 + octets) % 253));
      for (const bytes of sent) there.send(bytes, here.local);
      await until(() => heard.length === sizes.length);
      const order = (list: Uint8Array[]) => list.map((bytes) => Buffer.from(bytes)).sort(Buffer.compare);
      expect(order(heard)).toEqual(order(sent));
    },
  );

  it('knows an IPv6 peer by all of its address', async () => {
    const [peerAddress, ...others] = ['2001:db8:1::1', '2001:db8:1::1:0:1', '2001:db8:1:0:1::1', '2001:db9:1::1'];
    for (const address of others) net.ip(net.router, `addr add ${address}/128 dev r0 nodad`);
    const ordinary: string[] = [];
    const here = await socketIn(net.home, '2001:db8:1::2', 'wan0', {
      datagram: (_bytes, from) => ordinary.push(from.address),
    });
    const peer = await socketIn(net.router, peerAddress as string, 'r0');
    let offered = 0;
    here.attach({ peer: peer.local, segment: () => ++offered > 0, end: () => undefined });
    peer.send(new Uint8Array(1), here.local);
    const { port } = peer.local;
    for (const address of others) {
      const stranger = await socketIn(net.router, address, 'r0', {}, { local: { address, port } });
      stranger.send(new Uint8Array(1), here.local);
    }
    await until(() => ordinary.length === others.length && offered > 0);
    expect([offered, ordinary]).toEqual([1, others]);
  });

  describe.each([
    ['another uplink', 'via 10.9.3.1 dev other0'],
    ['a tunnel', 'dev tun0'],
  ])('with a routing table that leads over %s', (_where, way) => {
    const [, device = ''] = /dev (\S+)/.exec(way) ?? [];
    const peer = { address: '10.9.2.2', port: 1701 };

    it('sends by its own device and no other', async () => {
      const control = await socketIn(net.home, '10.9.1.2', 'wan0', {}, { without: ['bind-to-device'] });
      const bound = await socketIn(net.home, '10.9.1.2', 'wan0');
      net.ip(net.home, `route replace 10.9.2.2/32 ${way}`);
      const [wrong, right] = [net.sentBy(device), net.sentBy('wan0')];
      for (let i = 0; i < 5; i++) bound.send(new Uint8Array(100), peer);
      bound.send(new Uint8Array(100), { address: '10.9.1.1', port: 1701 });
      await sleep(50);
      expect(net.sentBy(device)).toBe(wrong);
      expect(net.sentBy('wan0')).toBeGreaterThan(right);
      control.send(new Uint8Array(100), peer); // what would have happened
      await until(() => net.sentBy(device) > wrong);
      expect(net.sentBy(device)).toBe(wrong + 1);
    });
  });

  it('follows the uplink to another device, and hears nothing by the one before', async () => {
    const heard: number[] = [];
    const here = await socketIn(net.home, '10.9.1.2', 'wan0', { datagram: ([first]) => heard.push(first ?? -1) });
    const router = await socketIn(net.router, '10.9.1.1', 'r0', {}, { without: ['bind-to-device'] });
    router.send(Uint8Array.of(1), here.local);
    await until(() => heard.length === 1);
    inNamespace(net.home, () => here.bindTo('other0'));
    router.send(Uint8Array.of(2), here.local);
    await sleep(30);
    expect(heard).toEqual([1]);
    net.ip(net.router, 'route add 10.9.1.2/32 via 10.9.3.2 dev o0');
    router.send(Uint8Array.of(3), here.local);
    await until(() => heard.length === 2);
    expect(heard).toEqual([1, 3]);
  });

  it('finds the device again that was made anew under its name', async () => {
    const here = await socketIn(net.home, '10.9.3.2', 'other0');
    net.ip(net.home, 'link del other0');
    net.addOther();
    const before = net.sentBy('other0');
    here.send(new Uint8Array(9), { address: '10.9.3.1', port: 9 });
    await sleep(30);
    expect(net.sentBy('other0')).toBe(before); // bound to what is no more
    inNamespace(net.home, () => here.bindTo('other0'));
    here.send(new Uint8Array(9), { address: '10.9.3.1', port: 9 });
    await until(() => net.sentBy('other0') > before);
    expect(net.sentBy('other0')).toBeGreaterThan(before);
  });

  it.each([1, 0x4d2, 0xffff_fffe])('marks what it sends with %i', async (mark) => {
    net.nft(`table inet t { chain out { type filter hook output priority 0; meta mark ${mark} counter; }\n}`);
    const marked = await socketIn(net.home, '10.9.1.2', 'wan0', {}, { mark });
    const plain = await socketIn(net.home, '10.9.1.2', 'wan0');
    for (const socket of [marked, plain, marked]) socket.send(new Uint8Array(9), { address: '10.9.1.1', port: 9 });
    expect(/counter packets (\d+)/.exec(net.run('nft', 'list', 'ruleset'))?.[1]).toBe('2');
  });

  it('speaks to a link-local address by its zone', async () => {
    const heard: Endpoint[] = [];
    const [here, there] = [net.linkLocal(net.home, 'wan0'), net.linkLocal(net.router, 'r0')];
    const a = await socketIn(net.home, `${here}%wan0`, 'wan0');
    const b = await socketIn(net.router, `${there}%r0`, 'r0', { datagram: (_bytes, from) => heard.push(from) });
    inNamespace(net.home, () => a.send(new Uint8Array(1), { address: `${there}%wan0`, port: b.local.port }));
    await until(() => heard.length === 1);
    expect(a.local.address).toBe(`${here}%wan0`);
    expect(heard[0]?.address.split('%')[0]).toBe(here);
    expect(heard[0]?.port).toBe(a.local.port);
  });

  it('keeps its own words for later and loses packets while the uplink is full', async () => {
    const uplinkTakes = (rate: string) =>
      net.run('tc', ...`qdisc replace dev wan0 root tbf rate ${rate} burst 20kb limit 50mb`.split(' '));
    uplinkTakes('8kbit');
    const heard: number[] = [];
    const here = await socketIn(net.home, '10.9.1.2', 'wan0');
    const there = await socketIn(net.router, '10.9.1.1', 'r0', {
      datagram: (bytes) => {
        if (bytes.length < 1000) heard.push(bytes[0] ?? -1);
      },
    });
    const packet = new Uint8Array(1400);
    let sent = 0;
    while (here.sendErrors.count === 0 && sent < 20_000) {
      here.send(packet, there.local, true);
      sent++;
    }
    expect(here.sendErrors).toEqual({ count: 1, last: 'the uplink is slower than what is to be sent' });
    for (const word of [1, 2, 3]) here.send(new Uint8Array(900).fill(word), there.local);
    let writable = false;
    here.whenWritable(() => {
      writable = true;
    });
    await sleep(0);
    expect([writable, heard]).toEqual([false, []]);
    uplinkTakes('40mbit');
    await until(() => heard.length === 3);
    expect([writable, heard]).toEqual([true, [1, 2, 3]]);
    expect(here.sendErrors.count).toBe(1);
  });
});

describe('a process with sockets of ours', () => {
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'l2tpwan-exit-'));
    const entry = { chatter: join(import.meta.dirname, 'native-chatter.ts') };
    await build({ entry, outDir: directory, format: ['cjs'], config: false, silent: true, target: 'node20' });
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it.each<Ending>(['exit', 'close', 'throw'])('ends at once while datagrams fly, by %s', async (how) => {
    const argv = [join(directory, 'chatter.cjs'), how];
    const env = { ...process.env, NODE_PATH: join(import.meta.dirname, '../../node_modules') };
    const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise<[number | null, string | null]>((resolve) => {
      child.on('close', (code, signal) => resolve([code, signal]));
    });
    await new Promise((resolve) => child.stdout.once('data', resolve)); // in full flight
    const from = Date.now();
    child.kill('SIGTERM');
    expect(await ended).toEqual([how === 'throw' ? 70 : 0, null]);
    expect(Date.now() - from).toBeLessThan(4000); // nothing waits for a time limit
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  for (const end = Date.now() + 5000; Date.now() < end && !isTrue(); ) await sleep(2);
}

let count = 0;

/** home ─ wan0 ─ router ─ a link of MTU 1300 ─ away; home has other0 to the router, too, and a tunnel device. */
class Net {
  readonly home: string;
  readonly router: string;
  readonly away: string;

  constructor() {
    const name = `l2n${process.pid}-${count++}`;
    [this.home, this.router, this.away] = [`${name}h`, `${name}r`, `${name}a`];
    try {
      this.#furnish();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  #furnish(): void {
    for (const namespace of [this.home, this.router, this.away]) {
      execFileSync(IP, ['netns', 'add', namespace]);
      this.ip(namespace, 'link set lo up');
      for (const setting of ['ipv4.conf.all.rp_filter=0', 'ipv4.conf.default.rp_filter=0', 'ipv4.ip_forward=1'])
        this.sysctl(namespace, setting);
      this.sysctl(namespace, 'ipv6.conf.all.forwarding=1');
    }
    this.ip(this.home, `link add wan0 type veth peer name r0 netns ${this.router}`);
    this.ip(this.router, `link add r1 mtu 1300 type veth peer name a0 netns ${this.away}`);
    this.ip(this.away, 'link set a0 mtu 1300');
    this.#address(this.home, 'wan0', '10.9.1.2/24', '2001:db8:1::2/64');
    this.#address(this.router, 'r0', '10.9.1.1/24', '2001:db8:1::1/64');
    this.#address(this.router, 'r1', '10.9.2.1/24', '2001:db8:2::1/64');
    this.#address(this.away, 'a0', '10.9.2.2/24', '2001:db8:2::2/64');
    this.ip(this.home, 'route add default via 10.9.1.1');
    this.ip(this.home, '-6 route add default via 2001:db8:1::1');
    this.ip(this.away, 'route add default via 10.9.2.1');
    this.ip(this.away, '-6 route add default via 2001:db8:2::1');
    this.addOther();
    this.ip(this.home, 'tuntap add dev tun0 mode tun');
    this.ip(this.home, 'link set tun0 up');
  }

  addOther(): void {
    this.ip(this.home, `link add other0 type veth peer name o0 netns ${this.router}`);
    this.sysctl(this.home, 'ipv6.conf.other0.disable_ipv6=1'); // it says nothing of its own accord
    this.#address(this.home, 'other0', '10.9.3.2/24');
    this.#address(this.router, 'o0', '10.9.3.1/24');
    const mac = /link\/ether (\S+)/.exec(this.ip(this.router, 'link show o0'))?.[1];
    this.ip(this.home, `neigh replace 10.9.3.1 lladdr ${mac} dev other0`);
  }

  #address(namespace: string, device: string, ...addresses: string[]): void {
    this.ip(namespace, `link set ${device} up`);
    for (const address of addresses)
      this.ip(namespace, `addr add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`);
  }

  /** A device without the program that would read it has no carrier, and drops what it should send: that counts, too. */
  sentBy(device: string): number {
    const [link] = JSON.parse(this.ip(this.home, `-s -j link show dev ${device}`)) as {
      stats64: { tx: { packets: number; dropped: number } };
    }[];
    const { packets = 0, dropped = 0 } = link?.stats64.tx ?? {};
    return packets + dropped;
  }

  /** A fixed one: the kernel's own would have to be waited for. */
  linkLocal(namespace: string, device: string): string {
    const address = device === 'wan0' ? 'fe80::77:2' : 'fe80::77:1';
    this.ip(namespace, `addr add ${address}/64 dev ${device} nodad`);
    return address;
  }

  ip(namespace: string, command: string): string {
    return execFileSync(IP, ['-n', namespace, ...command.split(' ')], { encoding: 'utf8', stdio: 'pipe' });
  }

  sysctl(namespace: string, setting: string): void {
    execFileSync(IP, ['netns', 'exec', namespace, 'sysctl', '-qw', `net.${setting}`]);
  }

  nft(input: string): void {
    execFileSync(IP, ['netns', 'exec', this.home, 'nft', '-f', '-'], { input });
  }

  run(...argv: string[]): string {
    return execFileSync(IP, ['netns', 'exec', this.home, ...argv], { encoding: 'utf8', stdio: 'pipe' });
  }

  remove(): void {
    for (const namespace of [this.home, this.router, this.away]) spawnSync(IP, ['netns', 'del', namespace]);
  }
}
