/** Random traffic through the coalescer, and taken apart again: what came must come out, whatever it is. */
import { describe, expect, it } from 'vitest';
import { Chance } from '../../test/support/chance.ts';
import { Arrivals, EVERYTHING, packetsOf, type Written } from '../../test/support/coalescing.ts';
import { damaged, flowOf, type TrafficOptions, traffic } from '../../test/support/inner-traffic.ts';

/** Lets packets arrive at any places, in batches of any length. */
function passedOn(chance: Chance, packets: readonly Uint8Array[]): Written[] {
  const arrivals = new Arrivals(EVERYTHING, 1 << 18);
  let left = 0;
  for (const packet of packets) {
    if (left-- === 0) {
      arrivals.flush();
      left = chance.below(120);
    }
    arrivals.add(packet, chance.pick([8, 10, 12, chance.below(40)]));
  }
  arrivals.flush();
  return arrivals.written;
}

/** As a key of a Map. */
const textOf = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

/** Every packet comes out once, as it was, and none before one of its own flow that came earlier. */
function expectFaithful(packets: readonly Uint8Array[], written: readonly Written[], seed: number): void {
  const waiting = new Map<string, number[]>();
  for (const [i, packet] of packets.entries()) {
    const same = waiting.get(textOf(packet));
    if (same) same.push(i);
    else waiting.set(textOf(packet), [i]);
  }
  const order = written.flatMap(packetsOf).map((packet) => waiting.get(textOf(packet))?.shift() ?? -1);
  const flows = packets.map(flowOf);
  if (order.includes(-1) || order.length !== packets.length) expect.fail(`seed ${seed}: other packets than came`);
  let latest = -1;
  let latestWithoutFlow = -1;
  const latestOf = new Map<string, number>();
  for (const i of order) {
    const flow = flows[i];
    const before = flow === undefined ? latest : Math.max(latestOf.get(flow) ?? -1, latestWithoutFlow);
    if (i < before) expect.fail(`seed ${seed}: packet ${i} comes after packet ${before}`);
    if (flow === undefined) latestWithoutFlow = i;
    else latestOf.set(flow, i);
    latest = Math.max(latest, i);
  }
}

const KINDS: readonly [string, TrafficOptions, number][] = [
  ['in good order', { oddity: 0.02, flows: 4, largest: 300 }, 20],
  ['with oddities', { oddity: 0.2, flows: 6, largest: 120 }, 50],
  ['of more flows than there is room for', { oddity: 0.1, flows: 14, largest: 60 }, 25],
  ['of one flow, large packets', { oddity: 0.05, flows: 1, largest: 1500 }, 15],
  ['of nothing but oddities', { oddity: 1, flows: 3, largest: 60 }, 25],
];

describe.each(KINDS)('traffic %s', (_name, options, rounds) => {
  it('comes out as it went in', () => {
    let [writes, packets] = [0, 0];
    for (let seed = 0; seed < rounds; seed++) {
      const chance = new Chance(seed);
      const came = traffic(chance, 300, options);
      const written = passedOn(chance, came);
      expectFaithful(came, written, seed);
      writes += written.length;
      packets += came.length;
    }
    // Nothing would be proved by a coalescer that joins nothing.
    if (options.oddity < 0.1) expect(writes).toBeLessThan(packets / 2);
    if (options.oddity < 1) expect(writes).toBeLessThan(packets * 0.9);
  });

  it('comes out as it went in, damaged where it was damaged', () => {
    for (let seed = 1000; seed < 1000 + rounds; seed++) {
      const chance = new Chance(seed);
      const came = traffic(chance, 200, options).map((packet) =>
        chance.happens(0.2) ? damaged(packet, chance) : packet,
      );
      expectFaithful(came, passedOn(chance, came), seed);
    }
  });
});
