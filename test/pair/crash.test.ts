/** After a crash: the next run hangs the old tunnel up from what the journal says, so that an LNS with one login lets us in. */
import { describe, expect, it } from 'vitest';
import { Farewell, type FarewellInput } from '../../src/protocol/l2tp/farewell.ts';
import type { ClientHost } from '../support/client-host.ts';
import { BAD_WIRE } from '../support/network.ts';
import { Sim } from '../support/sim.ts';

/** Runs a farewell in the world of the crash; returns whether it was acknowledged, and when it was done. */
function sayFarewell(sim: Sim, { journal }: ClientHost): { acknowledged: boolean; ms: number } {
  if (journal === undefined) throw new Error('nothing was written down');
  const { world, network } = sim;
  const began = world.now;
  const farewell = new Farewell(journal);
  const done: boolean[] = [];
  const input = (each: FarewellInput) => {
    for (const effect of farewell.handle(each, world.now))
      if (effect.type === 'send') network.send(journal.local, effect.to, effect.bytes);
      else if (effect.type === 'done') done.push(effect.acknowledged);
  };
  network.bind(journal.local, (bytes, from) => input({ type: 'datagram', from, bytes }));
  world.add({
    get deadline() {
      return farewell.deadline;
    },
    tick: () => input({ type: 'tick' }),
  });
  input({ type: 'open' });
  world.until(() => done.length > 0, 60_000);
  network.unbind(journal.local);
  expect(done).toHaveLength(1);
  return { acknowledged: done[0] === true, ms: world.now - began };
}

/** Up for a while, and then killed. */
function crashed(sim: Sim, afterMs: number): ClientHost {
  expect(sim.dial()).toBe(true);
  sim.world.run(afterMs);
  sim.host.kill();
  return sim.host;
}

describe('a crash', () => {
  it('locks the user out of an LNS that allows one login, unless the old tunnel is hung up', () => {
    const sim = new Sim({ lns: [{ oneLoginPerUser: true }] });
    crashed(sim, 1000);
    const next = sim.addClient({ address: '192.0.2.11' });
    next.input({ type: 'connect' });
    expect(sim.world.until(() => next.stage === 'up', 20_000)).toBe(false);
    expect(next.failures[0]?.code).toBe('auth-rejected');
  });

  // A HELLO each way a minute: what was written down is the older, the longer ago that was.
  it.each([1000, 100_000, 1_000_000])('is made good by a farewell, %i ms after the link came up', (afterMs) => {
    const sim = new Sim({ lns: [{ oneLoginPerUser: true }] });
    const before = crashed(sim, afterMs);
    const { acknowledged, ms } = sayFarewell(sim, before);
    expect(acknowledged).toBe(true);
    expect(ms).toBeLessThanOrEqual(1000);
    expect(sim.lns.logouts).toHaveLength(1);
    const next = sim.addClient({ address: '192.0.2.11' });
    next.input({ type: 'connect' });
    expect(sim.world.until(() => next.stage === 'up', 1000)).toBe(true);
  });

  it('does not hold up the next run when the LNS is gone as well', () => {
    const sim = new Sim();
    const before = crashed(sim, 1000);
    sim.lns.crash();
    const { acknowledged, ms } = sayFarewell(sim, before);
    expect(acknowledged).toBe(false);
    expect(ms).toBeLessThanOrEqual(2000);
  });

  it('is made good over a bad wire nearly always', () => {
    let hungUp = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const sim = new Sim({ seed, lns: [{ oneLoginPerUser: true }] });
      const before = crashed(sim, 1000 * seed);
      sim.network.conditions = BAD_WIRE;
      sayFarewell(sim, before);
      sim.world.run(1000);
      if (sim.lns.logouts.length === sim.lns.logins.length) hungUp++;
    }
    expect(hungUp).toBeGreaterThanOrEqual(95); // four tries, of which each fails with 3 in 10
  });
});
