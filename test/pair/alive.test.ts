/** Connections that last: who dies is noticed in time and dialled again, who lives is left alone. */
import { describe, expect, it } from 'vitest';
import { LNS_SETTINGS, packet, Sim, type SimOptions } from '../support/sim.ts';

const DAY_MS = 86_400_000;

const codes = (sim: Sim): string[] => sim.host.failures.map(({ code }) => code);

/** Comes up, loses its LNS, and returns how long it took to notice. */
function timeToNotice(options: SimOptions): { sim: Sim; ms: number } {
  const sim = new Sim(options);
  expect(sim.dial()).toBe(true);
  sim.world.run(100_000);
  sim.lns.crash();
  const before = sim.world.now;
  expect(sim.world.until(() => sim.host.stage !== 'up', DAY_MS)).toBe(true);
  return { sim, ms: sim.world.now - before };
}

describe('an LNS that dies', () => {
  it('is found dead by LCP echo: three unanswered ones, 10 s apart', () => {
    const { sim, ms } = timeToNotice({});
    expect(codes(sim)).toEqual(['echo-lost']);
    expect(sim.host.failures[0]?.detail).toMatch(/\b3\b/);
    expect(ms).toBeGreaterThan(20_000);
    expect(ms).toBeLessThanOrEqual(40_000);
  });

  it('is found dead by HELLO where echo is off: 60 s of silence, then the retries', () => {
    const { sim, ms } = timeToNotice({ client: { link: { echoIntervalMs: 0 } } });
    expect(codes(sim)).toEqual(['control-lost']);
    expect(sim.host.failures[0]?.detail).toMatch(/HELLO/);
    expect(ms).toBeLessThanOrEqual(60_000 + 40_000);
  });

  it('is dialled until it returns, and then it is up again', () => {
    const { sim } = timeToNotice({});
    sim.world.run(3_600_000);
    expect(sim.host.stage).not.toBe('up');
    sim.lns.boot();
    expect(sim.untilUp(300_000 + 40_000)).toBe(true);
    expect(
      codes(sim)
        .slice(1)
        .every((code) => code === 'no-answer'),
    ).toBe(true);
  });

  it('and returns at once, without knowing us, is dialled anew', () => {
    const sim = new Sim();
    sim.dial();
    sim.lns.crash();
    sim.lns.boot();
    expect(sim.world.until(() => sim.host.stage !== 'up', 60_000)).toBe(true);
    expect(sim.untilUp(10_000)).toBe(true);
  });
});

describe('an LNS that hangs up', () => {
  it.each([
    ['StopCCN', 'tunnel-closed'],
    ['CDN', 'call-closed'],
    ['LCP', 'ppp-terminated'],
  ] as const)('by %s is dialled again, and what happened is said: %s', (by, code) => {
    const sim = new Sim();
    sim.dial();
    sim.world.run(70_000);
    sim.lns.input({ type: 'hang-up', by });
    expect(sim.world.until(() => sim.host.stage !== 'up', 5000)).toBe(true);
    expect(codes(sim)).toEqual([code]);
    expect(sim.untilUp(5000)).toBe(true);
    sim.world.run(60_000);
    expect(sim.lns.lns.openTunnels).toBe(1);
    expect(sim.host.openSockets).toBe(1);
  });
});

describe('an LNS that lives', () => {
  it('stays up for a day, idle, with keepalives of both sides', () => {
    const tunnel = { ...LNS_SETTINGS.tunnel, helloIntervalMs: 8800 };
    const sim = new Sim({ lns: [{ tunnel, echoIntervalMs: 5000 }] });
    sim.dial();
    sim.world.run(DAY_MS);
    expect(sim.host.stage).toBe('up');
    expect(codes(sim)).toEqual([]);
    expect(sim.host.client.snapshot(sim.world.now).echoRoundTripMs).toBe(20);
  });

  it('is not asked by echo while data comes in', () => {
    const sim = new Sim();
    sim.dial();
    let controlSent = 0;
    sim.network.tap = ({ from, bytes }) => {
      if (from.address === sim.host.behaviour.address && bytes.length < 60) controlSent++;
    };
    for (let second = 0; second < 55; second++) {
      sim.host.transmit(packet('10.64.0.10', '203.0.113.1'));
      sim.world.run(1000);
    }
    expect(controlSent).toBe(0);
  });

  it('may negotiate LCP anew and challenge again', () => {
    const sim = new Sim({ lns: [{ quirks: { renegotiatesAfterMs: 5000 } }] });
    sim.dial();
    sim.world.run(4900);
    expect(sim.host.stage).toBe('up');
    expect(sim.world.until(() => sim.host.stage !== 'up', 1000)).toBe(true);
    expect(sim.untilUp(2000)).toBe(true);
    sim.world.run(60_000);
    expect(codes(sim)).toEqual([]);
    expect(sim.host.prepared).toHaveLength(1);
    expect(sim.host.transmit(packet('10.64.0.10', '203.0.113.1'))).toBe(true);
    sim.world.run(100);
    expect(sim.host.received).toHaveLength(1);
  });

  it('may begin to number its data: the MTU follows, and stays lest it flap', () => {
    const sim = new Sim({ host: { uplinkMtu: 1490 } });
    sim.dial();
    const exchange = () => {
      sim.host.transmit(packet('10.64.0.10', '203.0.113.1'));
      sim.world.run(100);
    };
    expect(sim.host.device?.mtu).toBe(1490 - 38);
    sim.lns.input({ type: 'number-data', on: true });
    exchange();
    expect(sim.host.device?.mtu).toBe(1490 - 42);
    sim.lns.input({ type: 'number-data', on: false });
    exchange();
    expect(sim.host.device?.mtu).toBe(1490 - 42);
    expect(sim.host.received).toHaveLength(2);
  });
});
