/** The tunnel's MTU on paths that take less than the uplink: with a network that says so and with one that does not. */
import { describe, expect, it } from 'vitest';
import type { ClientEvent } from '../../src/protocol/client-io.ts';
import type { LinkSettings } from '../../src/protocol/settings.ts';
import { Chance } from '../support/chance.ts';
import { GOOD_WIRE, sizeOf } from '../support/network.ts';
import { LNS_ADDRESS, packet, Sim, type SimOptions } from '../support/sim.ts';

const REMOTE = '203.0.113.1';
/** IP, UDP, L2TP without numbers, PPP without compression. */
const HEADERS = 38;

/** Dials, and makes the path narrow once the connection is up. */
function narrowed(octets: number, tells: boolean, options: SimOptions = {}): Sim {
  const sim = new Sim(options);
  expect(sim.dial()).toBe(true);
  sim.network.narrow = { octets, tells };
  return sim;
}
const probing = (options: SimOptions = {}): SimOptions => ({
  ...options,
  client: { ...options.client, mtuProbe: true },
});
const pathMtu = (sim: Sim) => sim.host.client.snapshot(sim.world.now).pathMtu;
const mtu = (sim: Sim) => sim.host.device?.mtu;
const warnings = (sim: Sim) =>
  sim.host.events
    .map(({ event }) => event)
    .filter((event): event is Extract<ClientEvent, { kind: 'warning' }> => event.kind === 'warning')
    .map(({ detail }) => detail);
/** Sends a packet that fills the tunnel; returns whether it came back from the other side. */
function fullPacketReturns(sim: Sim): boolean {
  const before = sim.host.received.length;
  sim.host.transmit(packet(sim.host.device?.link.localAddress ?? '', REMOTE, mtu(sim)));
  sim.world.run(100);
  return sim.host.received.length > before;
}

describe('a network that says how much it takes', () => {
  it('has the tunnel follow at once where the socket hears it', () => {
    const sim = narrowed(1400, true);
    sim.network.tooLarge = (from, to, octets) => {
      if (from.address === sim.host.behaviour.address)
        sim.host.input({ type: 'path-mtu', server: to.address, path: { octets, from: 'icmp' } });
    };
    expect(fullPacketReturns(sim)).toBe(false); // the one that found it out
    expect(mtu(sim)).toBe(1400 - HEADERS);
    expect(warnings(sim)).toEqual([
      expect.stringContaining('only 1400 octets, as the network says: MTU 1362, MSS 1322'),
    ]);
    expect(fullPacketReturns(sim)).toBe(true);
  });

  it('has it follow within a minute where only the kernel heard it, and fragments pass meanwhile', () => {
    const sim = narrowed(1400, true);
    sim.world.run(5000);
    expect(fullPacketReturns(sim)).toBe(false);
    expect(mtu(sim)).toBe(1460);
    sim.network.learnt.set(LNS_ADDRESS, 1400);
    expect(fullPacketReturns(sim)).toBe(true);
    sim.world.run(62_000);
    expect([mtu(sim), pathMtu(sim)]).toEqual([1362, { octets: 1400, from: 'icmp', finding: undefined }]);
  });

  it('is known from the beginning where the host knew it, also of another address that the server answers from', () => {
    const sim = new Sim({ host: { uplinkMtu: 1400 } });
    sim.dial();
    expect([mtu(sim), warnings(sim)]).toEqual([1362, []]);
    const elsewhere = { address: '10.0.2.73', port: 1701 };
    const moved = new Sim({
      client: {
        servers: [
          { host: LNS_ADDRESS, port: 1701 },
          { host: elsewhere.address, port: 1701 },
        ],
      },
      lns: [{ quirks: { replyFrom: elsewhere } }],
    });
    moved.host.input({ type: 'connect' });
    moved.world.until(() => moved.host.pinned === elsewhere.address, 5000);
    moved.host.input({ type: 'path-mtu', server: elsewhere.address, path: { octets: 1420, from: 'route' } });
    expect(moved.untilUp(60_000)).toBe(true);
    expect([mtu(moved), warnings(moved)]).toEqual([1382, []]);
  });

  it('is asked once a minute', () => {
    const sim = narrowed(1500, true);
    const up = sim.world.now;
    sim.world.run(600_000);
    expect(sim.host.asked.length).toBe(10);
    expect((sim.host.asked[0] ?? 0) - up).toBeLessThanOrEqual(2000);
    sim.hangUp();
    sim.world.run(600_000);
    expect(sim.host.asked.length).toBe(10);
  });

  it('is believed by a probe too: no echo in fragments counts for more than the network says', () => {
    const sim = narrowed(1400, true, probing());
    sim.world.run(10_000);
    expect([mtu(sim), pathMtu(sim)]).toEqual([
      1362,
      { octets: 1400, from: 'icmp', finding: { result: 'fits', octets: 1400 } },
    ]);
    expect(fullPacketReturns(sim)).toBe(true);
  });

  it('cannot be used by a stranger to ruin the tunnel', () => {
    const sim = narrowed(1500, true);
    const forged = (server: string, octets: number) =>
      sim.host.input({ type: 'path-mtu', server, path: { octets, from: 'icmp' } });
    forged('192.0.2.66', 1000);
    expect(mtu(sim)).toBe(1460);
    forged(LNS_ADDRESS, 68);
    forged(LNS_ADDRESS, 0);
    expect(mtu(sim)).toBe(1280);
    expect(fullPacketReturns(sim)).toBe(true);
  });
});

describe('a path that takes more again', () => {
  it.each([
    ['a socket that hears', 'uplink' as const, false],
    ['a kernel that is asked', undefined, false],
    ['a probe besides', 'uplink' as const, true],
  ])('widens the tunnel within the dial, with %s, and no packet is lost over it', (_what, promise, isProbing) => {
    const sim = narrowed(1400, true, isProbing ? probing() : {});
    const tell = (octets: number, from: 'icmp' | 'uplink') =>
      sim.host.input({ type: 'path-mtu', server: LNS_ADDRESS, path: { octets, from } });
    fullPacketReturns(sim);
    if (promise === undefined) sim.world.run(62_000);
    else tell(1400, 'icmp');
    expect(mtu(sim)).toBe(1362);
    sim.world.run(500_000);
    sim.network.narrow = undefined;
    sim.world.run(110_000);
    expect(mtu(sim)).toBe(1362);
    sim.network.learnt.clear(); // the kernel forgets after ten minutes
    for (let minute = 0; minute < 3; minute++) {
      tell(1500, 'uplink'); // what the host answers then
      sim.world.run(60_000);
      expect(fullPacketReturns(sim)).toBe(true);
    }
    expect([mtu(sim), pathMtu(sim)?.octets]).toEqual([1460, 1500]);
    expect(warnings(sim).at(-1)).toBe(
      'the path to the server carries more than it did, as echoes showed: MTU 1460, MSS 1420',
    );
  });

  it('does not, as long as larger echoes are lost', () => {
    const sim = narrowed(1400, true);
    fullPacketReturns(sim);
    sim.host.input({ type: 'path-mtu', server: LNS_ADDRESS, path: { octets: 1400, from: 'icmp' } });
    sim.network.narrow = { octets: 1400, tells: false };
    sim.network.learnt.clear();
    for (let minute = 0; minute < 60; minute++) {
      sim.host.input({ type: 'path-mtu', server: LNS_ADDRESS, path: { octets: 1500, from: 'uplink' } });
      sim.world.run(60_000);
      expect(fullPacketReturns(sim)).toBe(true);
    }
    expect([sim.host.stage, mtu(sim), warnings(sim).length]).toEqual(['up', 1362, 1]);
  });
});

describe('a network that swallows what is too large', () => {
  it('is found out by echoes, and full packets pass then', () => {
    const sim = narrowed(1400, false, probing());
    expect(fullPacketReturns(sim)).toBe(false);
    sim.world.run(30_000);
    expect([mtu(sim), pathMtu(sim)]).toEqual([
      1362,
      { octets: 1400, from: 'probe', finding: { result: 'fits', octets: 1400 } },
    ]);
    expect(warnings(sim)).toEqual([expect.stringContaining('only 1400 octets, as echoes showed: MTU 1362, MSS 1322')]);
    expect(fullPacketReturns(sim)).toBe(true);
    expect(sim.host.stage).toBe('up');
  });

  it('is found out when it becomes one later', () => {
    const sim = new Sim(probing());
    sim.dial();
    sim.world.run(300_000);
    sim.network.narrow = { octets: 1440, tells: false };
    sim.world.run(660_000);
    expect(mtu(sim)).toBe(1440 - HEADERS);
  });

  it('is taken as it is where nobody asked for a probe', () => {
    const sim = narrowed(1400, false);
    sim.world.run(3_600_000);
    expect([mtu(sim), pathMtu(sim)]).toEqual([1460, { octets: 1500, from: 'uplink', finding: undefined }]);
  });

  it('does not make the probe look like a dead link, nor the other way round', () => {
    const sim = narrowed(1400, false, probing({ client: { link: { echoIntervalMs: 1000, echoFailures: 2 } } }));
    sim.world.run(60_000);
    expect([sim.host.stage, mtu(sim)]).toEqual(['up', 1362]);
    sim.lns.crash();
    expect(sim.world.until(() => sim.host.stage !== 'up', 5000)).toBe(true);
  });

  it.each<[what: string, headers: number, options: SimOptions]>([
    ['numbered data messages', 42, { lns: [{ sequencing: true }] }],
    ['a server that takes 1400 octets only', HEADERS, { lns: [{ mru: 1400 }], client: { mtu: 1460 } }],
    [
      'IPv6 outside',
      58,
      {
        host: { address: '2001:db8::10' },
        client: { servers: [{ host: '2001:db8::72', port: 1701 }] },
        lns: [{ listen: { address: '2001:db8::72', port: 1701 } }],
      },
    ],
  ])('%s: no echo is larger than a full packet or than the server takes', (_what, headers, options) => {
    const sim = new Sim(probing(options));
    const sizes: number[] = [];
    sim.network.tap = ({ from, bytes }) => void sizes.push(sizeOf(from, bytes));
    sim.dial();
    const full = (mtu(sim) ?? 0) + headers;
    sim.world.run(3000);
    expect(pathMtu(sim)?.finding).toEqual({ result: 'fits', octets: full });
    expect(Math.max(...sizes)).toBe(full);
    sim.network.narrow = { octets: 1330, tells: false };
    sim.world.run(700_000);
    expect(mtu(sim)).toBe(1330 - headers);
  });
});

describe('any path and any wire', () => {
  it('in the end the MTU is the largest that fits (400 seeds)', () => {
    const off: string[] = [];
    for (let seed = 1; seed <= 400; seed++) {
      const chance = new Chance(seed);
      const uplinkMtu = 1320 + chance.below(181);
      const tells = chance.happens(0.5);
      const octets = 1318 + chance.below(uplinkMtu - 1318 + 10);
      const link: Partial<LinkSettings> = { echoFailures: 20 };
      const sim = new Sim(probing({ seed, host: { uplinkMtu }, client: { mtu: 1500, link: { ...link, mru: 1500 } } }));
      if (!sim.dial()) throw new Error(`seed ${seed} did not come up`);
      sim.network.narrow = { octets, tells };
      sim.network.conditions = { ...GOOD_WIRE, latencyMs: 1 + chance.below(200), loss: chance.next() * 0.1 };
      sim.world.run(400_000);
      const largest = Math.min(uplinkMtu, octets) - HEADERS;
      const found = mtu(sim) ?? 0;
      expect(found, `seed ${seed}: path ${octets}, uplink ${uplinkMtu}`).toBeLessThanOrEqual(largest);
      if (found < largest) off.push(`seed ${seed}: ${found} of ${largest}`);
    }
    expect(off).toEqual([]);
  });
});
