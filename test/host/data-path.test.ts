/**
 * The data path `tun-gso`, two ends of it against each other, with what the kernel's own users send: all of it arrives as it was
 * sent, whatever is missing, narrow, full, damaged or about to end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { internetChecksum } from '../support/inner-packet.ts';
import { bundlePrograms } from './data-path/agent.ts';
import { countersOf, everything, FAMILIES, losses } from './data-path/battery.ts';
import type { Figures } from './data-path/end.ts';
import { ADDRESS, Field, TUNNEL, type TunnelOptions, UDP_PORT } from './data-path/field.ts';
import type { Passage } from './data-path/passage.ts';
import type { Flow } from './data-path/traffic.ts';
import { whyNotHere } from './namespaces.ts';

const cannot = whyNotHere();
if (cannot !== undefined) console.warn(`SKIPPED: the data path tun-gso: ${cannot}`);
if (cannot !== undefined && process.env.CI) it('can be tried in CI', () => expect(cannot).toBeUndefined());

let programs: Awaited<ReturnType<typeof bundlePrograms>> | undefined;
let field: Field;

beforeAll(async () => {
  if (cannot !== undefined) return;
  programs = await bundlePrograms();
  field = new Field(programs.directory);
  await Promise.all(Object.values(field.users).map((user) => user.call('listen')));
});
afterAll(async () => {
  if (cannot === undefined) await field?.remove();
  programs?.remove();
});
afterEach(async () => {
  if (cannot !== undefined) return;
  await Promise.all(Object.values(field.users).map((user) => user.call('calm')));
  await field.close();
});

const inside = ADDRESS.inside.far;
const sysctl = (...settings: string[]) => {
  for (const place of ['near', 'far'] as const) field.run(place, 'sysctl', '-qw', ...settings);
};
/** More of the processor than this in half a second, and something goes round and round. */
const IDLE_MS = 150;
const until = async (what: string, isTrue: () => Promise<boolean>) => {
  for (const end = Date.now() + 15_000; !(await isTrue()); await sleep(20))
    if (Date.now() > end) throw new Error(`not within 15 s: ${what}`);
};

describe.skipIf(cannot)('traffic of every kind arrives as it was sent', () => {
  const SHORT = { addressControl: false, shortProtocol: true };
  const TUNNELS: (TunnelOptions & { name: string; settings?: string[] })[] = [
    { name: 'at the usual MTU', mtu: 1460 },
    { name: 'with segments of an odd size', mtu: 1459 },
    { name: 'without TCP timestamps, segments of an odd size', mtu: 1453, settings: ['net.ipv4.tcp_timestamps=0'] },
    { name: 'with sequence numbers', mtu: 1456, lane: { sequencing: 'always' } },
    { name: 'with a short PPP header', mtu: 1463, framing: SHORT },
    { name: 'with sequence numbers and a short PPP header', mtu: 1460, lane: { sequencing: 'always' }, framing: SHORT },
    { name: 'with the longest header there is', mtu: 1281, lane: { sequencing: 'always', lengthBit: true } },
    { name: 'IPv6 outside', mtu: 1440, outside: 6 },
    { name: 'IPv6 outside, with a short PPP header', mtu: 1441, outside: 6, framing: SHORT },
    { name: 'larger than the wire: everything in fragments', mtu: 4001 },
  ];

  it.each(TUNNELS)('$name', async ({ name: _, settings, ...options }) => {
    if (settings !== undefined) sysctl(...settings);
    try {
      await field.open(options);
      expect(await everything(field, { mtu: options.mtu ?? 0 })).toEqual([]);
    } finally {
      sysctl('net.ipv4.tcp_timestamps=1');
    }
  });

  it('many megabytes at once', async () => {
    await field.open();
    expect(await everything(field, { octets: 24e6 })).toEqual([]);
  });

  it('with ECN: the answer to congestion is in one segment, not in all of a large packet', async () => {
    sysctl('net.ipv4.tcp_ecn=1');
    try {
      await field.open();
      field.nft(
        'far',
        'input',
        ['answers'],
        [
          `iifname ${TUNNEL} tcp flags & cwr == cwr counter name answers`,
          `iifname ${TUNNEL} ip ecn ect0 numgen inc mod 20 0 ip ecn set ce`,
        ],
      );
      field.nft(
        'near',
        'output',
        ['answers', 'large'],
        [
          `oifname ${TUNNEL} tcp flags & cwr == cwr counter name answers`,
          `oifname ${TUNNEL} tcp flags & cwr == cwr meta length > 3000 counter name large`,
        ],
      );
      expect(await field.users.near.call('transfer', inside[4], ups(4e6, 4e6))).toEqual([undefined, undefined]);
      expect(field.counted('near', 'large')).toBeGreaterThan(0);
      expect(field.counted('far', 'answers')).toBe(field.counted('near', 'answers'));
      expect(await losses(field)).toEqual([]);
    } finally {
      sysctl('net.ipv4.tcp_ecn=2');
      field.nft('near', 'output', [], []);
      field.nft('far', 'input', [], []);
    }
  });
});

describe.skipIf(cannot)('a feature of the kernel that is not there', () => {
  const TUN = ['vnet-header', 'checksum', 'tso4', 'tso6', 'tso-ecn', 'uso'];
  const ALL = [...TUN, 'coalescing', 'udp-segment', 'sendmmsg', 'bind-to-device', 'udp-gro'];
  /** `perhaps`: if they come faster than they are taken. */
  const LARGE: Record<string, boolean | 'perhaps'> = {
    read4: true,
    read6: true,
    readUdp: true,
    sent: true,
    written: true,
  };
  /** What goes with it, and what is still done in large portions. */
  const WITHOUT: Record<string, { also?: string[]; large?: typeof LARGE }> = {
    nothing: {},
    'vnet-header': {
      also: [...TUN, 'coalescing'],
      large: { read4: false, read6: false, readUdp: false, written: false },
    },
    checksum: { also: TUN.slice(2), large: { read4: false, read6: false, readUdp: false } },
    tso4: { large: { read4: false } },
    tso6: { large: { read6: false } },
    'tso-ecn': {},
    uso: { large: { readUdp: false } },
    coalescing: { large: { written: false } },
    'udp-segment': { large: { sent: false, written: 'perhaps' } },
    sendmmsg: {},
    'bind-to-device': {},
    'udp-gro': {},
    'udp-segment and sendmmsg': { also: ['udp-segment', 'sendmmsg'], large: { sent: false, written: 'perhaps' } },
    everything: { also: ALL, large: { read4: false, read6: false, readUdp: false, sent: false, written: false } },
  };

  it.each(Object.keys(WITHOUT))('costs speed and nothing else: without %s', async (name) => {
    const { also = [], large } = WITHOUT[name] ?? {};
    const without = name === 'everything' ? ALL : name.split(' and ');
    await field.open({ without });
    expect(await everything(field, { octets: 4e5 })).toEqual([]);
    const missing = [...new Set([...also, ...without])].filter((feature) => ALL.includes(feature));
    for (const { features } of [await figures('near'), await figures('far')]) {
      expect(features.map((feature) => feature.name).sort()).toEqual([...ALL].sort());
      expect(
        features
          .filter((feature) => feature.missing !== undefined)
          .map((feature) => feature.name)
          .sort(),
      ).toEqual(missing.sort());
    }
    const [tcp4, tcp6, udp] = [await portions(upload(4)), await portions(upload(6)), await portions(datagrams)];
    const isLarge: Record<string, boolean> = {
      ...{ read4: tcp4.read > 4, read6: tcp6.read > 4, readUdp: udp.read > 4 },
      ...{ sent: tcp4.sent > 4 && tcp6.sent > 4, written: tcp4.written > 4 && tcp6.written > 4 },
    };
    for (const [what, wanted] of Object.entries({ ...LARGE, ...large }))
      if (wanted !== 'perhaps') expect({ [what]: isLarge[what] }).toEqual({ [what]: wanted });
  });

  const upload = (family: 4 | 6) => () => field.users.near.call('transfer', inside[family], ups(2e6));
  const datagrams = () =>
    field.users.near.call('datagrams', {
      ...{
        from: ADDRESS.inside.near[4],
        to: inside[4],
        device: TUNNEL,
        sizes: Array(400).fill(1000),
        isSegmented: true,
      },
    });

  /** How many packets went, on average, with one packet of the device or the uplink, at one end and at the other. */
  async function portions(work: () => Promise<unknown>) {
    const before = [await figures('near'), await figures('far')] as const;
    await work();
    const [near, far] = [await figures('near'), await figures('far')];
    const packets = near.counters.sentPackets - before[0].counters.sentPackets;
    return {
      read: packets / (near.tunnel.sent - before[0].tunnel.sent),
      sent: packets / (near.uplink.sent - before[0].uplink.sent),
      written: packets / (far.tunnel.received - before[1].tunnel.received),
    };
  }
});

describe.skipIf(cannot)('an uplink that does not take what it is given', () => {
  const flows = (octets: number): Flow[] => (['up', 'down'] as const).map((way, seed) => ({ way, octets, seed }));
  const narrow = (mtu: number) => {
    field.ip('middle', [`link set b0 mtu ${mtu}`]);
    field.ip('far', [`link set wan0 mtu ${mtu}`]);
  };
  const segmenting = async (side: 'near' | 'far') =>
    (await figures(side)).features.find(({ name }) => name === 'udp-segment')?.missing;

  it.each(FAMILIES)('a path that becomes narrow under way, IPv%i outside', async (outside) => {
    const fragments = outside === 4 ? 'Ip.ReasmOKs' : 'Ip6ReasmOKs';
    const mtu = outside === 4 ? 1460 : 1440;
    await field.open({ mtu, outside });
    const before = await countersOf(field);
    try {
      const traffic = Promise.all(
        FAMILIES.map((family) => field.users.near.call('transfer', inside[family], flows(12e6))),
      );
      await until('traffic flows', async () => (await figures('near')).counters.sentPackets > 500);
      narrow(1300);
      expect((await traffic).flat()).toEqual([undefined, undefined, undefined, undefined]);
      await until('the router has complained', async () => {
        await field.users.near.call('transfer', inside[4], ups(1e6));
        return (await figures('near')).pathMtus.includes(1300);
      });
      expect(await everything(field, { mtu, octets: 1e5 })).toEqual([]);
      const after = await countersOf(field);
      for (const side of ['near', 'far'] as const)
        expect((after[side].kernel[fragments] ?? 0) - (before[side].kernel[fragments] ?? 0)).toBeGreaterThan(100);
      expect(await segmenting('near')).toMatch(/^refused just now: (EINVAL|EMSGSIZE)/);
    } finally {
      narrow(1500);
      for (const family of ['-4', '-6']) field.run('near', 'ip', family, 'route', 'flush', 'cache');
    }
    expect(await field.users.near.call('transfer', inside[4], flows(1e5))).toEqual([undefined, undefined]);
    expect([await segmenting('near'), await segmenting('far')]).toEqual([undefined, undefined]);
  });

  it('one that never takes many at once', async () => {
    await field.open({ socketOptions: [[SOL_SOCKET, SO_NO_CHECK, 1]] }); // UDP_SEGMENT wants checksums: EINVAL
    expect(await everything(field, { octets: 1e6 })).toEqual([]);
    expect(await segmenting('near')).toContain('EINVAL');
  });

  it('one whose card makes neither checksums nor segments', async () => {
    const switched = (isOn: boolean) => {
      for (const [place, device] of [
        ['near', 'wan0'],
        ['middle', 'a0'],
        ['middle', 'b0'],
        ['far', 'wan0'],
      ] as const)
        field.card(place, device, 'checksums', isOn);
    };
    switched(false);
    try {
      await field.open();
      expect(await everything(field)).toEqual([]);
    } finally {
      switched(true);
    }
  });

  it('one that takes nothing for a while: what is lost is counted, and traffic goes on', async () => {
    await field.open();
    const goesOn = await flood();
    const failed = async () => (await figures('near')).sendErrors.count;
    field.nft('near', 'output', [], [`udp dport ${UDP_PORT} drop`]); // EPERM
    await until('it is counted', async () => (await failed()) > 0);
    field.nft('near', 'output', [], []);
    await goesOn();
    field.ip('near', ['link set wan0 down']); // ENETUNREACH
    const before = await failed();
    await until('it is counted', async () => (await failed()) > before);
    field.ip('near', [
      'link set wan0 up',
      'route add default via 10.9.1.1',
      'addr add fd00:9:1::2/64 dev wan0',
      'route add default via fd00:9:1::1',
    ]);
    await goesOn();
    expect((await figures('near')).lost).toEqual([]);
    expect(await segmenting('near')).toBeUndefined();
  });

  const slow = (rate: string, burst = '20kb') =>
    field.run('near', ...`tc qdisc replace dev wan0 root tbf rate ${rate} burst ${burst} limit 50mb`.split(' '));
  const asBefore = () => field.run('near', ...'tc qdisc del dev wan0 root'.split(' '));

  describe.each([[[]], [['udp-segment']], [['udp-segment', 'sendmmsg']]])('a slow one, without %j', (without) => {
    it('is waited for: nothing is read, nothing is lost, and nothing else is late', async () => {
      slow('20kbit');
      try {
        await field.open({ without });
        field.ip('near', [`link set ${TUNNEL} txqueuelen 50`]);
        await field.users.near.call('blast', { from: ADDRESS.inside.near[4], to: inside[4], device: TUNNEL });
        let before: Figures = await figures('near');
        await until('the socket is full', async () => {
          await sleep(100);
          const now = await figures('near');
          const isStill = now.counters.sentPackets > 0 && now.counters.sentPackets === before.counters.sentPackets;
          before = now;
          return isStill;
        });
        await sleep(500);
        const asked = Date.now();
        const full = await figures('near');
        expect(Date.now() - asked).toBeLessThan(1000);
        expect(full.counters.sentPackets).toBe(before.counters.sentPackets);
        expect(full.cpuMs).toBeLessThan(IDLE_MS);
        await field.users.near.call('calm');
        slow('150mbit');
        expect(await field.users.near.call('transfer', inside[4], flows(1e6))).toEqual([undefined, undefined]);
        expect(await losses(field)).toEqual([]);
      } finally {
        asBefore();
      }
    });
  });

  it('carries TCP over a slow one', async () => {
    slow('100mbit', '64kb');
    try {
      await field.open();
      expect(await field.users.near.call('transfer', inside[4], [...ups(4e6, 4e6), ...flows(1e6)])).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      expect(await losses(field)).toEqual([]);
    } finally {
      asBefore();
    }
  });
});

describe.skipIf(cannot)('packets that were damaged, doubled and delayed on their way', () => {
  const side = (which: 'near' | 'far', device: string) => ({
    device,
    local: { address: ADDRESS.middle[which][4], port: UDP_PORT },
    peer: { address: ADDRESS.outside[which][4], port: UDP_PORT },
  });

  it.each([
    { name: 'many at once', without: [], isGathered: true },
    { name: 'one by one', without: [], isGathered: false },
    { name: 'without the offloads', without: ['vnet-header', 'udp-gro', 'udp-segment'], isGathered: false },
  ])('leave a router as they came, $name', async ({ without, isGathered }) => {
    field.card('far', 'wan0', 'coalescing', isGathered);
    for (const what of ['segmentation', 'softwareSegmentation', 'checksums'] as const)
      field.card('far', 'lan0', what, false);
    try {
      await field.open({ isThroughMiddle: true, without });
      const mischief = { damaged: 40, doubled: 150, delayed: 100, prefix: 10 };
      await field.middle.call('relay', side('near', 'a0'), side('far', 'b0'), mischief, SEED);
      await field.capture.call('start', 'lan0');
      const before = await field.users.behind.call('counters');
      const [behind, local] = await Promise.all([
        Promise.all(
          FAMILIES.map((family) =>
            field.users.near.call('transfer', ADDRESS.behind[family], [
              ...ups(1e6, 5e5),
              { way: 'down', octets: 5e5, seed: 5 },
            ]),
          ),
        ),
        Promise.all(
          FAMILIES.map((family) =>
            field.users.near.call('transfer', inside[family], [...ups(5e5), { way: 'down', octets: 5e5, seed: 6 }]),
          ),
        ),
        ...FAMILIES.map((family) =>
          field.users.near.call('datagrams', {
            ...{ from: ADDRESS.inside.near[family], to: ADDRESS.behind[family], device: TUNNEL, isSegmented: true },
            sizes: [...Array(400).fill(1200), 33],
          }),
        ),
      ]);
      expect([behind, local].flat(2)).toEqual(Array(10).fill(undefined));
      await sleep(100);
      const passed = (await field.middle.call('passed')).filter(({ flow }) => FORWARDED.test(flow));
      const came = (await field.capture.call('captured')).filter(({ flow }) => FORWARDED.test(flow));
      // What is wrong with an IPv4 header is seen by the router itself.
      const awaited = passed.filter(
        ({ damagedAt, flow }) => damagedAt === undefined || damagedAt >= 20 || flow.length > 40,
      );
      const damaged = awaited.filter(({ damagedAt }) => damagedAt !== undefined);
      expect(byFlow(came)).toEqual(byFlow(awaited));
      expect(damaged.length).toBeGreaterThan(50);
      const after = await field.users.behind.call('counters');
      const noticed = ['Tcp.InCsumErrors', 'Udp.InCsumErrors', 'Udp6InCsumErrors'].map(
        (name) => (after[name] ?? 0) - (before[name] ?? 0),
      );
      expect(noticed[0]).toBeGreaterThan(20);
      const { counters, tunnel } = await figures('far');
      if (isGathered) expect(counters.receivedPackets / tunnel.received).toBeGreaterThan(1.4);
    } finally {
      await field.capture.call('stop');
      await field.middle.call('close');
      field.card('far', 'wan0', 'coalescing', false);
      for (const what of ['checksums', 'segmentation', 'softwareSegmentation'] as const)
        field.card('far', 'lan0', what, true);
    }
  });

  const SEED = 7;
  const FORWARDED = /^(0a0800010a090302|fd000008000000000000000000000001fd000009000300000000000000000002) /;

  /** Each flow's packets in order, and nothing of the order in which different flows came. */
  function byFlow(passages: readonly Passage[]): Record<string, string[]> {
    const flows: Record<string, string[]> = {};
    for (const { flow, digest, octets } of passages) {
      flows[flow] ??= [];
      flows[flow].push(`${octets} ${digest}`);
    }
    return flows;
  }
});

describe.skipIf(cannot)('the end', () => {
  const gone = (side: 'near' | 'far') => !field.run(side, 'ip', '-o', 'link').includes(TUNNEL);

  it.each(['asked to', 'nobody asks, but nobody is there any more'])(
    'comes at once under full load, %s',
    async (how) => {
      const own: Field['ends'] = { near: field.start('end', 'near'), far: field.start('end', 'far') };
      try {
        const idle = await own.near.call('descriptors');
        await field.open({}, own);
        await flood();
        expect((await own.near.call('figures')).descriptors).toBe(idle + 2);
        const from = Date.now();
        if (how === 'asked to') {
          await own.near.call('close', 2);
          expect(await own.near.call('descriptors')).toBe(idle);
          expect(gone('near')).toBe(true);
        }
        own.near.dismiss();
        expect(await own.near.ended).toBe(0);
        expect(Date.now() - from).toBeLessThan(4000); // nothing waits for a time limit
        expect(gone('near')).toBe(true);
        own.far.dismiss();
        expect(await own.far.ended).toBe(0);
      } finally {
        for (const end of Object.values(own)) await end.kill();
      }
    },
  );

  it('of the device by the hand of somebody else is told once, and then all is quiet', async () => {
    await field.open();
    const idle = (await figures('near')).descriptors - 2;
    await flood();
    await field.users.far.call('blast', { from: ADDRESS.inside.far[4], to: ADDRESS.inside.near[4], device: TUNNEL });
    field.ip('near', [`link del ${TUNNEL}`]);
    await until('it is told', async () => (await figures('near')).lost.length > 0);
    await sleep(300);
    await field.users.far.call('calm');
    expect((await figures('near')).lost).toEqual([`${TUNNEL} was removed by somebody else`]);
    await sleep(500);
    expect((await figures('near')).cpuMs).toBeLessThan(IDLE_MS);
    await field.ends.near.call('close', 2);
    expect(await field.ends.near.call('descriptors')).toBe(idle);
    await field.users.near.call('calm');
    await field.openEnd('near', {}); // the name is free again
    expect(await field.users.near.call('transfer', inside[4], ups(1e5))).toEqual([undefined]);
  });

  it('of the device is not that it is down for a while', async () => {
    await field.open();
    const goesOn = await flood();
    field.ip('near', [`link set ${TUNNEL} down`]);
    await figures('near');
    await sleep(500);
    expect((await figures('near')).cpuMs).toBeLessThan(IDLE_MS);
    field.ip('near', [`link set ${TUNNEL} up`]);
    await goesOn();
    expect((await figures('near')).lost).toEqual([]);
  });

  it('leaves the name to others who have it', async () => {
    field.ip('near', [`tuntap add dev ${TUNNEL} mode tun`]);
    try {
      const before = await field.ends.near.call('descriptors');
      await expect(field.openEnd('near', {})).rejects.toThrow(/another device has this name: remove it/);
      expect(await field.ends.near.call('descriptors')).toBe(before);
    } finally {
      field.ip('near', [`tuntap del dev ${TUNNEL} mode tun`]);
    }
  });
});

describe.skipIf(cannot)('packets that came to the engine another way', () => {
  it.each([[[]], [['vnet-header']]])('reach the kernel, without %j', async (without) => {
    await field.open({ without });
    const answered = async () => (await field.users.near.call('counters'))['Icmp.OutEchoReps'] ?? 0;
    const before = await answered();
    for (const data of ['', 'a', 'b'.repeat(1400), 'c'.repeat(3000)])
      await field.ends.near.call('deliver', echoRequest(data));
    await until('all are answered', async () => (await answered()) === before + 4);
    expect(await losses(field)).toEqual([]);
  });

  /** From the far end to the near one. */
  function echoRequest(data: string): Uint8Array {
    const ip = Buffer.from('4500000012340000400100000a0800020a080001', 'hex');
    const icmp = Buffer.concat([Buffer.from('080000000001000a', 'hex'), Buffer.from(data)]);
    ip.writeUInt16BE(ip.length + icmp.length, 2);
    ip.writeUInt16BE(internetChecksum(ip), 10);
    icmp.writeUInt16BE(internetChecksum(icmp), 2);
    return Buffer.concat([ip, icmp]);
  }
});

/** Fills the tunnel both ways until the test is over. @returns waits until more has come, all of it right */
async function flood(): Promise<() => Promise<void>> {
  const { near } = field.users;
  const goesOn = async () => {
    const before = await near.call('flooded');
    await until('the flood goes on', async () => (await near.call('flooded')).octets > before.octets + 1e6);
    expect((await near.call('flooded')).wrong).toBe(before.wrong);
  };
  await near.call('flood', inside[4], 2);
  await goesOn();
  return goesOn;
}

const figures = (side: 'near' | 'far') => field.ends[side].call('figures');
const ups = (...octets: number[]): Flow[] => octets.map((octets, seed) => ({ way: 'up', octets, seed }));
const [SOL_SOCKET, SO_NO_CHECK] = [1, 11];
