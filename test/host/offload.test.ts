/**
 * Linux as the judge of our segmentation and coalescing: the same packets are forwarded through it one by one, and in runs. What
 * leaves must be the same, octet for octet, damaged ones still damaged; and what Linux hands over uncut, we must cut as it does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTunDevice } from '../../src/host/gso/tun-device.ts';
import { loadNative } from '../../src/host/native/koffi.ts';
import { Arena } from '../../src/offload/arena.ts';
import { MOST_HEADER_OCTETS, Segmenter } from '../../src/offload/segment.ts';
import { GSO, VNET_OCTETS, VnetHeader } from '../../src/offload/vnet-header.ts';
import { concat } from '../../src/wire/bytes.ts';
import { Netns } from '../lab/netns.ts';
import { Chance } from '../support/chance.ts';
import { Arrivals, EVERYTHING } from '../support/coalescing.ts';
import { assemble, dissect, isIpv4, TCP, UDP } from '../support/inner-packet.ts';
import { damaged, flowOf, type TrafficOptions, traffic } from '../support/inner-traffic.ts';
import { writeVnet } from '../support/linux-offload.ts';
import { anyUnfinished, IPV4, IPV6, unfinished } from '../support/unfinished-packet.ts';
import { inNamespace } from './namespace-thread.ts';
import { whyNotHere } from './namespaces.ts';

const cannot = whyNotHere();
if (cannot !== undefined) console.warn(`SKIPPED: offload against Linux: ${cannot}`);
if (cannot !== undefined && process.env.CI) it('can be tried in CI', () => expect(cannot).toBeUndefined());

/** A TUN device in a namespace. */
class Device {
  readonly #native = loadNative();
  readonly #memory = this.#native.arena(1 << 17);
  readonly #fd: number;
  /** UDP_L4 came with Linux 6.2. */
  readonly knowsDatagrams: boolean;

  constructor(netns: string, name: string, hasVnetHeader: boolean) {
    const unwanted = (feature: string) => (feature === 'vnet-header' && !hasVnetHeader ? 'not here' : undefined);
    const { fd, offloads } = inNamespace(netns, () => openTunDevice(this.#native, name, unwanted));
    this.#fd = fd;
    this.knowsDatagrams = offloads.has('uso');
  }

  /** Linux drops what it finds no packet in: then nothing was taken. */
  write(octets: Uint8Array): void {
    this.#memory.bytes.set(octets);
    this.#native.libc.write(this.#fd, this.#memory.bytes, octets.length);
  }

  /** All that there is to be read. */
  read(): Uint8Array[] {
    const found: Uint8Array[] = [];
    for (;;) {
      const octets = this.#native.libc.read(this.#fd, this.#memory.bytes, this.#memory.bytes.length);
      if (octets <= 0) return found;
      found.push(this.#memory.bytes.slice(0, octets));
    }
  }

  close(): void {
    this.#native.libc.close(this.#fd);
  }
}

const NO_VNET = new Uint8Array(VNET_OCTETS);
const oneByOne = (packets: readonly Uint8Array[]) => packets.map((packet) => concat(NO_VNET, packet));

function inRuns(packets: readonly Uint8Array[], udp: boolean): Uint8Array[] {
  const arrivals = new Arrivals({ ...EVERYTHING, udp4: udp, udp6: udp }, 1 << 18);
  for (const packet of packets) arrivals.add(packet);
  arrivals.flush();
  return arrivals.written.map(({ octets }) => octets);
}

/** What the segmenter makes of a packet with its vnet header. */
function cut(read: Uint8Array): Uint8Array[] {
  const arena = Arena.ofSize(read.length + 8);
  arena.octets.set(read, 6);
  const vnet = new VnetHeader();
  vnet.read(arena, 6);
  const segmenter = new Segmenter(arena, Arena.ofSize(MOST_HEADER_OCTETS), 0);
  const count = segmenter.segment(vnet, 6 + VNET_OCTETS, read.length - VNET_OCTETS);
  const { headers, headerAt, headerStep, headerOctets, payloadAt, payloadOctets, lastOctets } = segmenter;
  return Array.from({ length: count }, (_, k) => {
    const [header, payload] = [headerAt + k * headerStep, payloadAt + k * payloadOctets];
    return concat(
      headers.octets.slice(header, header + headerOctets),
      arena.octets.slice(payload, payload + (k < count - 1 ? payloadOctets : lastOctets)),
    );
  });
}

/** Whether it is whole and its transport checksum, if it has one, is right. */
function isRight(packet: Uint8Array): boolean {
  const parts = dissect(packet);
  return parts !== undefined && Buffer.compare(assemble(parts), packet) === 0;
}

/** What the kernel has to say itself, about its multicast groups; nothing multicast is forwarded. */
const isOfTheKernel = (packet: Uint8Array): boolean => !isIpv4(packet) && packet[24] === 0xff;

/** Packets by flow, in order; those that could be of any flow by themselves. */
function byFlow(packets: readonly Uint8Array[]): Map<string, string[]> {
  const flows = new Map<string, string[]>();
  for (const packet of packets) {
    const flow = flowOf(packet) ?? 'any';
    flows.set(flow, [...(flows.get(flow) ?? []), Buffer.from(packet).toString('hex')]);
  }
  return flows;
}

const KINDS: readonly [string, TrafficOptions][] = [
  ['in good order', { oddity: 0.02, flows: 4, largest: 1400 }],
  ['with oddities', { oddity: 0.2, flows: 6, largest: 700 }],
  ['of small packets', { oddity: 0.05, flows: 3, largest: 20 }],
  ['of nothing but oddities', { oddity: 1, flows: 3, largest: 200 }],
];
const ROUNDS = 6;
const PACKETS = 300;
const BATCH = 50;

describe.skipIf(cannot)('what Linux forwards', () => {
  let netns: Netns;
  let inside: Device;
  /** Everything is cut and completed before it is handed over. */
  let plain: Device;
  /** Everything may be handed over as it is, with a vnet header that says what is to be done. */
  let uncut: Device;

  beforeAll(async () => {
    netns = await Netns.create('offload');
    [inside, plain, uncut] = [
      new Device(netns.name, 'in0', true),
      new Device(netns.name, 'plain0', false),
      new Device(netns.name, 'uncut0', true),
    ];
    for (const name of ['in0', 'plain0', 'uncut0'])
      await netns.exec('ip', ['link', 'set', name, 'addrgenmode', 'none', 'mtu', '1600', 'up']);
    const settings = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1', 'net.ipv4.conf.all.rp_filter=0'];
    await netns.exec('sysctl', ['-qw', ...settings]);
    await netns.exec('ip', ['addr', 'add', '10.0.1.254/24', 'dev', 'in0']);
    await netns.exec('ip', ['addr', 'add', 'fd00:1::fe/64', 'dev', 'in0', 'nodad']);
  });
  afterAll(async () => {
    for (const device of [inside, plain, uncut]) device?.close();
    await netns?.destroy();
  });

  /** Writes one batch after the other, and gives all that comes out of the other device. */
  async function forwarded(
    name: 'plain0' | 'uncut0',
    batches: readonly (readonly Uint8Array[])[],
  ): Promise<Uint8Array[]> {
    for (const prefix of ['10.0.2.0/24', 'fd00:2::/64'])
      await netns.exec('ip', ['route', 'replace', prefix, 'dev', name]);
    const device = name === 'plain0' ? plain : uncut;
    device.read();
    const out: Uint8Array[] = [];
    for (const batch of batches) {
      for (const octets of batch) inside.write(octets);
      inside.read(); // what Linux has to say about some of them
      out.push(...device.read());
    }
    await sleep(20);
    return [...out, ...device.read()].filter(
      (read) => !isOfTheKernel(device === plain ? read : read.subarray(VNET_OCTETS)),
    );
  }

  const batchesOf = (packets: readonly Uint8Array[]) =>
    Array.from({ length: Math.ceil(packets.length / BATCH) }, (_, i) => packets.slice(i * BATCH, (i + 1) * BATCH));

  it.each(KINDS)('is the same in runs as one by one, and when we cut it: traffic %s', async (_name, options) => {
    const counts = { writes: 0, packets: 0, reads: 0, damaged: 0 };
    for (let seed = 0; seed < ROUNDS; seed++) {
      const chance = new Chance(seed);
      const came = traffic(chance, PACKETS, options).map((packet) =>
        chance.happens(0.03) ? damaged(packet, chance) : packet,
      );
      const batches = batchesOf(came);
      const runs = batches.map((batch) => inRuns(batch, inside.knowsDatagrams));
      const wanted = await forwarded('plain0', batches.map(oneByOne));
      expect(byFlow(await forwarded('plain0', runs)), `seed ${seed}`).toEqual(byFlow(wanted));
      const left = await forwarded('uncut0', runs);
      expect(byFlow(left.flatMap(cut)), `seed ${seed}`).toEqual(byFlow(wanted));
      counts.writes += runs.flat().length;
      counts.packets += wanted.length;
      counts.reads += left.length;
      counts.damaged += wanted.filter((packet) => !isRight(packet)).length;
    }
    // Nothing would be proved if Linux forwarded little, had nothing to cut, left nothing uncut, or saw nothing damaged.
    expect(counts.packets).toBeGreaterThan(0.8 * ROUNDS * PACKETS);
    expect(counts.damaged).toBeGreaterThan(ROUNDS);
    if (options.oddity > 0.1) return;
    expect(counts.writes).toBeLessThan(counts.packets / 3);
    expect(counts.reads).toBeLessThan(counts.packets / 3);
  });

  it('is cut and completed as we do it', async () => {
    const chance = new Chance(1);
    const several = Array.from({ length: 300 }, () => anyUnfinished(chance, 30))
      .filter(({ vnet }) => vnet.gsoType !== GSO.udpL4 || inside.knowsDatagrams)
      .map(({ vnet, packet }) => concat(writeVnet(vnet), packet));
    const single = Array.from({ length: 100 }, () => {
      const ip = chance.pick([IPV4, IPV6]);
      const { vnet, packet } = unfinished(
        ip,
        chance.entropy(chance.below(1400)),
        undefined,
        {},
        chance.pick([TCP, UDP]),
      );
      return concat(writeVnet(vnet), packet);
    });
    const all = [...several, ...single].map((octets) => [octets]);
    const wanted = await forwarded('plain0', all);
    const ours = all.map((batch) => oneByOne(batch.flatMap(cut)));
    expect(byFlow(await forwarded('plain0', ours))).toEqual(byFlow(wanted));
    expect(wanted.length).toBeGreaterThan(2000);
    expect(wanted.every(isRight)).toBe(true);
  });
});
