/** The whole client against octets and orders that make no sense: it does not throw, does not grow, and does not lose its way. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Client } from '../../src/protocol/client.ts';
import type { ClientSnapshot } from '../../src/protocol/client-history.ts';
import {
  type Candidate,
  type ClientEffect,
  type ClientInput,
  STAGES,
  type Stage,
} from '../../src/protocol/client-io.ts';
import type { Failure } from '../../src/protocol/failure.ts';
import { Chance } from '../support/chance.ts';
import { mutated } from '../support/mutation.ts';
import { BAD_WIRE, GOOD_WIRE } from '../support/network.ts';
import { clientSettings, lnsEndpoint, packet, Sim } from '../support/sim.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** No timer of RFC or ours is longer than this: the rest between two searches for the path MTU, ms. */
const LONGEST_WAIT_MS = 600_000;
/** What one input may ask of the host at most. */
const MOST_EFFECTS = 200;
/** Stages that need answers to our very own requests; the tests with a real LNS get there. */
const UNREACHABLE: readonly Stage[] = ['authentication', 'network', 'configuring', 'up'];

const candidate: Candidate = { name: 'lns', ...lnsEndpoint };
const failure: Failure = { code: 'network-failed', detail: 'fuzz' };

/** Anything a host can say, whether it was asked or not; most datagrams carry the ids of the call there is. */
function anyInput(chance: Chance, corpus: readonly Uint8Array[], { tunnel, session }: ClientSnapshot): ClientInput {
  const socket = chance.happens(0.9) ? 1 : chance.below(4);
  const from = chance.happens(0.95) ? lnsEndpoint : { address: '198.51.100.1', port: chance.below(65_536) };
  const original = chance.pick(corpus);
  const bytes = addressed(
    chance.happens(0.5) ? mutated(original, chance) : original,
    tunnel?.localId,
    session?.localId,
  );
  const path = {
    socket,
    local: { address: '192.0.2.10', port: 40_000 },
    uplink: 'eth0',
    mtu: { octets: 1500, from: 'uplink' },
  } as const;
  return chance.pick<() => ClientInput>([
    ...Array.from({ length: 30 }, () => () => ({ type: 'datagram', socket, from, bytes }) as const),
    ...Array.from({ length: 3 }, () => () => ({ type: 'connect' }) as const),
    ...Array.from(
      { length: 3 },
      () => () => ({ type: 'resolved', candidates: chance.happens(0.7) ? [candidate] : [] }) as const,
    ),
    ...Array.from({ length: 3 }, () => () => ({ type: 'path-ready', path }) as const),
    ...Array.from({ length: 3 }, () => () => ({ type: 'released' }) as const),
    () => ({ type: 'datagram', socket, from, bytes: chance.entropy(chance.below(100)) }),
    () => ({ type: 'tick' }),
    () => ({ type: 'disconnect', why: 'fuzz' }),
    () => ({ type: 'redial', why: 'fuzz' }),
    () => ({ type: 'redial', why: 'fuzz', failure }),
    () => ({ type: 'path-failed', failure }),
    () => ({ type: 'link-ready' }),
    () => ({ type: 'link-failed', failure }),
    () => ({ type: 'path-mtu', server: from.address, path: { octets: chance.below(2000), from: 'icmp' } }),
  ])();
}

/** The same datagram for other ids, where it has room for them. */
function addressed(bytes: Uint8Array, tunnelId = 0, sessionId = 0): Uint8Array {
  const out = bytes.slice();
  const at = ((out[0] ?? 0) & 0x40) === 0 ? 2 : 4;
  if (out.length < at + 4) return out;
  out.set([tunnelId >> 8, tunnelId & 0xff], at);
  if (u16(out, at + 2) !== 0) out.set([sessionId >> 8, sessionId & 0xff], at + 2);
  return out;
}
const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

function expectSane(client: Client, effects: readonly ClientEffect[], now: number, words: string): void {
  if (effects.length > MOST_EFFECTS) expect(effects.length, words).toBeLessThanOrEqual(MOST_EFFECTS);
  const { deadline } = client;
  if (deadline !== undefined && !(deadline <= now + LONGEST_WAIT_MS)) expect(deadline, words).toBe('sane');
}

/** Every datagram of an ordinary dial, some data and a hang-up, from the LNS to us. */
function recorded(): Uint8Array[] {
  const sim = new Sim({ client: { link: { ipv6: true } }, lns: [{ ipv6: true, echoIntervalMs: 5000 }] });
  const corpus: Uint8Array[] = [];
  sim.network.tap = ({ from, bytes }) => {
    if (from.address === lnsEndpoint.address) corpus.push(bytes.slice());
  };
  sim.dial();
  sim.host.transmit(packet('10.64.0.10', '203.0.113.1'));
  sim.world.run(70_000);
  sim.lns.input({ type: 'hang-up', by: 'LCP' });
  sim.world.run(1000);
  return corpus;
}

describe('Client.handle', () => {
  const SEEDS = 300;
  const INPUTS = 1000;

  it(`takes ${SEEDS * INPUTS} inputs in any order`, () => {
    const corpus = recorded();
    const reached = new Set<Stage>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const chance = new Chance(seed);
      const client = new Client(clientSettings({ mtuProbe: true, link: { ipv6: true } }), chance.entropy);
      let now = 0;
      for (let i = 0; i < INPUTS; i++) {
        now += chance.happens(0.1) ? chance.below(10_000) : 0;
        const input = anyInput(chance, corpus, client.snapshot(now));
        const words = `seed ${seed}, input ${i}: ${input.type}`;
        try {
          expectSane(client, client.handle(input, now), now, words);
          reached.add(client.snapshot(now).stage);
        } catch (error) {
          throw new Error(words, { cause: error });
        }
      }
    }
    expect(reached).toEqual(new Set(STAGES.filter((stage) => !UNREACHABLE.includes(stage))));
  });

  it('recovers from a wire that mangles every tenth datagram', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const sim = new Sim({ seed, wire: seed % 2 === 0 ? BAD_WIRE : GOOD_WIRE, lns: [{ echoIntervalMs: 5000 }] });
      sim.network.mangle = (bytes, to) =>
        to.address !== lnsEndpoint.address && sim.chance.happens(0.1) ? mutated(bytes, sim.chance) : bytes.slice();
      sim.host.input({ type: 'connect' });
      sim.world.run(300_000);
      sim.network.mangle = undefined;
      sim.network.conditions = GOOD_WIRE;
      expect(sim.untilUp(400_000), `seed ${seed}`).toBe(true);
      expect(sim.hangUp(3000), `seed ${seed}`).toBe(true);
      sim.world.run(60_000);
      expect(sim.host.openSockets, `seed ${seed}`).toBe(0);
    }
  });

  it('does not grow under floods that know their tunnel', () => {
    const sim = new Sim({ client: { link: { ipv6: true } }, lns: [{ ipv6: true }] });
    const { chance, host, world } = sim;
    let corpus: Uint8Array[] = [];
    sim.network.tap = ({ from, bytes }) => {
      if (from.address === lnsEndpoint.address && corpus.length < 100) corpus.push(bytes.slice());
    };
    const flood = (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        corpus = [];
        host.input({ type: 'redial', why: 'the next round' });
        host.input({ type: 'connect' });
        world.run(10);
        expect(sim.untilUp(10_000)).toBe(true);
        const { path } = host.client.snapshot(world.now);
        for (let i = 0; i < 1000 && path !== undefined; i++) {
          const bytes = mutated(chance.pick(corpus), chance);
          sim.network.send(lnsEndpoint, path.local, bytes);
          if (i % 100 === 0) world.run(100);
        }
      }
      world.run(60_000); // everything has been answered and forgotten
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = flood(20);
    const after = flood(100);
    expect(after - before).toBeLessThan(1024 * 1024);
    expect(Object.keys(host.client.snapshot(world.now).dropped).length).toBeLessThanOrEqual(65); // the last for all the others
  });
});
