/** Hanging up and dialling anew in every stage there is: it always ends down, or up again, and nothing is left behind. */
import { describe, expect, it } from 'vitest';
import { BAD_WIRE, GOOD_WIRE } from '../support/network.ts';
import { Sim, type SimOptions } from '../support/sim.ts';

/** A host that takes its time, so that there are stages to be interrupted. */
const SLOW = { resolveMs: 7, prepareMs: 7, linkUpMs: 7, releaseMs: 7 };
const STEP_MS = 5;
/** Longer than such a dial takes, ms. */
const DIAL_MS = 250;

/** Everything the client holds and the LNS remembers is gone, and what was begun in between does not come back. */
function expectNothingLeft(sim: Sim): void {
  expect(sim.host.stage).toBe('idle');
  expect(sim.host.device).toBeUndefined();
  expect(sim.host.pinned).toBeUndefined();
  sim.world.run(60_000); // a full retransmission cycle, in which the last acknowledgements may be repeated
  expect(sim.host.stage).toBe('idle');
  expect(sim.host.openSockets).toBe(0);
  expect(sim.host.deadline).toBeUndefined();
}

const moments = Array.from({ length: DIAL_MS / STEP_MS }, (_, index) => index * STEP_MS);

describe('hanging up', () => {
  it.each(moments)('%i ms after the beginning of a dial', (moment) => {
    const sim = new Sim({ host: SLOW });
    sim.host.input({ type: 'connect' });
    sim.world.run(moment);
    expect(sim.hangUp(3000)).toBe(true);
    expectNothingLeft(sim);
    expect(sim.lns.lns.openTunnels).toBe(0);
    expect(sim.lns.logouts).toEqual(sim.lns.logins);
    expect(sim.host.failures).toEqual([]);
  });

  it('takes under 3 s when the LNS is gone', () => {
    const sim = new Sim();
    sim.dial();
    sim.lns.crash();
    expect(sim.hangUp(3000)).toBe(true);
    expectNothingLeft(sim);
  });

  it('while waiting for the next attempt', () => {
    const sim = new Sim({ lns: [] });
    sim.host.input({ type: 'connect' });
    expect(sim.world.until(() => sim.host.stage === 'waiting', 60_000)).toBe(true);
    expect(sim.hangUp(0)).toBe(true);
    expectNothingLeft(sim);
  });

  it('says CDN and StopCCN, and LCP Terminate-Request before them', () => {
    const sim = new Sim();
    sim.dial();
    const before = sim.world.now;
    sim.hangUp();
    // One round trip for the Terminate-Ack, one for the acknowledgement of StopCCN.
    expect(sim.world.now - before).toBe(40);
    expect(sim.lns.logouts).toEqual(['alice@example.net']);
  });

  it('twice is hanging up once', () => {
    const sim = new Sim();
    sim.dial();
    sim.host.input({ type: 'disconnect', why: 'once' });
    sim.host.input({ type: 'disconnect', why: 'twice' });
    expect(sim.hangUp()).toBe(true);
    expectNothingLeft(sim);
  });
});

describe('dialling anew', () => {
  it.each(moments)('%i ms after the beginning of a dial', (moment) => {
    const sim = new Sim({ host: SLOW });
    sim.host.input({ type: 'connect' });
    sim.world.run(moment);
    sim.host.input({ type: 'redial', why: 'a wish' });
    sim.world.run(10);
    expect(sim.untilUp(10_000)).toBe(true);
    sim.world.run(60_000);
    expect(sim.host.stage).toBe('up');
    expect(sim.host.openSockets).toBe(1);
    expect(sim.lns.lns.openTunnels).toBe(1);
  });

  it('after a change of the uplink does not wait for an answer that cannot come', () => {
    const sim = new Sim();
    sim.dial();
    sim.world.run(10_000);
    const before = sim.world.now;
    sim.host.input({
      type: 'redial',
      why: 'the gateway changed',
      failure: { code: 'uplink-changed', detail: 'gateway' },
    });
    expect(sim.untilUp(10_000)).toBe(true);
    expect(sim.world.now - before).toBe(140); // 7 round trips
    expect(sim.host.failures.map(({ code }) => code)).toEqual(['uplink-changed']);
  });

  it('waits a second when the change comes right after the last one: no storm, whoever keeps undoing our work', () => {
    const sim = new Sim();
    sim.dial();
    const before = sim.world.now;
    sim.host.input({ type: 'redial', why: 'again', failure: { code: 'uplink-changed', detail: 'gateway' } });
    expect(sim.untilUp(10_000)).toBe(true);
    expect(sim.world.now - before).toBeGreaterThanOrEqual(1140);
  });
});

describe('a fixed source port', () => {
  it('is shared with the tunnel that still says goodbye, at whichever moment of a dial that ends', () => {
    for (let moment = 30_950; moment < 31_100; moment++) {
      const sim = new Sim({ host: SLOW, client: { sourcePort: 1701, redial: { firstMs: 100_000 } } });
      sim.dial();
      sim.lns.input({ type: 'hang-up', by: 'StopCCN' });
      // A full retransmission cycle later the first tunnel is forgotten, and with it, perhaps, the socket.
      sim.world.run(moment);
      sim.host.input({ type: 'connect' });
      expect(sim.untilUp(1000), `${moment} ms`).toBe(true);
      expect(sim.hangUp(3000)).toBe(true);
      expectNothingLeft(sim);
    }
  });
});

describe('wishes of all kinds at any time', () => {
  const SEEDS = 200;
  it(`${SEEDS} seeds end as the last wish was`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const options: SimOptions = { seed, host: SLOW, wire: seed % 2 === 0 ? BAD_WIRE : GOOD_WIRE };
      const sim = new Sim(options);
      for (let i = 0; i < 12; i++) {
        const wish = sim.chance.pick(['connect', 'disconnect', 'redial', 'new uplink'] as const);
        const failure = { code: 'uplink-changed', detail: 'a test' } as const;
        if (wish === 'connect') sim.host.input({ type: 'connect' });
        else if (wish === 'disconnect') sim.host.input({ type: 'disconnect', why: 'a wish' });
        else if (wish === 'redial') sim.host.input({ type: 'redial', why: 'a wish' });
        else sim.host.input({ type: 'redial', why: 'the uplink', failure });
        sim.world.run(sim.chance.below(400));
      }
      if (seed % 3 === 0) {
        sim.host.input({ type: 'connect' });
        expect(sim.untilUp(600_000), `seed ${seed}`).toBe(true);
      }
      expect(sim.hangUp(3000), `seed ${seed}`).toBe(true);
      expectNothingLeft(sim);
    }
  });
});
