/** Which server is dialled when, after which failure: failover, busy servers, backoff, ports, replies from elsewhere. */
import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../src/protocol/client-io.ts';
import { LNS_ADDRESS, LNS_SETTINGS, Sim } from '../support/sim.ts';

const SECOND = { address: '10.5.1.9', port: 1701 };
const BOTH = [
  { host: LNS_ADDRESS, port: 1701 },
  { host: SECOND.address, port: SECOND.port },
];

const codes = (sim: Sim): string[] => sim.host.failures.map(({ code }) => code);

describe('several servers', () => {
  it('a silent one is given up after connectTimeout while there is another', () => {
    const sim = new Sim({ client: { servers: BOTH }, lns: [{ listen: SECOND }] });
    expect(sim.dial()).toBe(true);
    expect(sim.world.now).toBe(5000 + 140);
    expect(codes(sim)).toEqual(['no-answer']);
    expect(sim.host.pinned).toBe(SECOND.address);
  });

  it('the last one gets all the time that retransmission takes', () => {
    const sim = new Sim({ lns: [] });
    expect(sim.dial()).toBe(false);
    const failedAt = sim.host.events.find(({ event }) => event.kind === 'failed')?.at ?? 0;
    expect(failedAt).toBeGreaterThanOrEqual(1000 + 2000 + 4000 + 8000 + 8000); // RFC 2661 §5.8: 5 tries, doubling, cap 8 s
  });

  it('one that failed lately goes to the back', () => {
    const sim = new Sim({ client: { servers: BOTH }, lns: [{ listen: SECOND }] });
    sim.dial();
    sim.host.input({ type: 'redial', why: 'a wish' });
    sim.world.run(1);
    const before = sim.world.now;
    expect(sim.untilUp(60_000)).toBe(true);
    expect(sim.world.now - before).toBeLessThan(1000);
  });

  it('the second takes over when the first dies', () => {
    const sim = new Sim({ client: { servers: BOTH }, lns: [{}, { listen: SECOND }] });
    expect(sim.dial()).toBe(true);
    expect(sim.host.pinned).toBe(LNS_ADDRESS);
    sim.lns.crash();
    sim.world.until(() => sim.host.stage !== 'up', 120_000);
    expect(sim.untilUp(10_000)).toBe(true);
    expect(sim.host.pinned).toBe(SECOND.address);
  });

  it('a wrong password is not tried on the next one', () => {
    const sim = new Sim({ client: { servers: BOTH, link: { password: 'wrong' } }, lns: [{}, { listen: SECOND }] });
    sim.dial(60_000);
    expect(sim.host.prepared.map(({ candidate }) => candidate.address)).toEqual([LNS_ADDRESS]);
  });

  it('are dialled at their last known addresses when names cannot be resolved', () => {
    const sim = new Sim();
    sim.dial();
    sim.host.behaviour = { ...sim.host.behaviour, resolve: () => [] };
    sim.lns.crash();
    sim.world.until(() => sim.host.stage !== 'up', 120_000);
    sim.lns.boot();
    expect(sim.untilUp(10_000)).toBe(true);
  });
});

describe('how long is waited', () => {
  it('doubles from 1 s to 5 min, with jitter, and is announced', () => {
    const sim = new Sim({ lns: [] });
    sim.dial(3_600_000);
    const { waits } = sim.host;
    expect(waits.length).toBeGreaterThan(10);
    for (const [index, ms] of waits.entries()) {
      const most = Math.min(300_000, 1000 * 2 ** index);
      expect(ms).toBeGreaterThanOrEqual(most / 2);
      expect(ms).toBeLessThanOrEqual(Math.max(1500, most));
      expect(ms).toBeGreaterThanOrEqual(1000);
    }
    expect(new Set(waits.slice(-3)).size).toBe(3);
    expect(new Set(codes(sim))).toEqual(new Set(['no-answer']));
  });

  it('differs from client to client', () => {
    const waits = [1, 2, 3, 4].map((seed) => {
      const sim = new Sim({ seed, lns: [] });
      sim.dial(60_000);
      return sim.host.waits[0];
    });
    expect(new Set(waits).size).toBe(4);
  });

  it('begins anew after a minute of being up, and not after less', () => {
    const sim = new Sim();
    sim.lns.crash();
    sim.dial(300_000); // rounds without an answer
    const before = sim.host.waits.length;
    expect(before).toBeGreaterThan(3);
    sim.lns.boot();
    expect(sim.untilUp(600_000)).toBe(true);
    const soFar = sim.host.waits.length;
    sim.world.run(30_000);
    sim.lns.input({ type: 'hang-up', by: 'StopCCN' });
    sim.world.run(1000);
    expect(sim.host.waits[soFar]).toBeGreaterThan(2 ** before * 500);
    expect(sim.untilUp(600_000)).toBe(true);
    sim.world.run(60_000);
    sim.lns.input({ type: 'hang-up', by: 'StopCCN' });
    sim.world.run(1000);
    expect(sim.host.waits[soFar + 1]).toBeLessThanOrEqual(1000);
  });

  it('is longer when the LNS is full, whose words are kept', () => {
    const sim = new Sim({ lns: [{ maxTunnels: 0 }] });
    sim.dial(600_000);
    expect(new Set(codes(sim))).toEqual(new Set(['tunnel-busy']));
    expect(sim.host.failures[0]?.peer).toEqual({
      message: 'StopCCN',
      result: 2,
      error: 4,
      text: 'Reached configured max-tunnels limit',
    });
    for (const ms of sim.host.waits) expect(ms).toBeGreaterThanOrEqual(60_000);
  });

  it('is longer when it has no room for the call', () => {
    const sim = new Sim({ lns: [{ quirks: { noRoomForCalls: true } }] });
    sim.dial(600_000);
    expect(new Set(codes(sim))).toEqual(new Set(['call-busy']));
    for (const ms of sim.host.waits) expect(ms).toBeGreaterThanOrEqual(60_000);
  });

  it('is not waited for by who asks to connect', () => {
    const sim = new Sim();
    sim.lns.crash();
    sim.dial(300_000);
    sim.world.until(() => sim.host.stage === 'waiting', 300_000);
    sim.lns.boot();
    sim.host.input({ type: 'connect' });
    expect(sim.untilUp(1000)).toBe(true);
  });
});

describe('one login per user', () => {
  it('does not lock out who redials, for he has hung up before', () => {
    const sim = new Sim({ lns: [{ oneLoginPerUser: true }] });
    expect(sim.dial()).toBe(true);
    for (let i = 0; i < 10; i++) {
      sim.host.input({ type: 'redial', why: 'a wish' });
      sim.world.run(10);
      expect(sim.untilUp(2000)).toBe(true);
    }
    expect(codes(sim)).toEqual([]);
  });
});

describe('the source port', () => {
  it('is 1701 every second round when nobody at all answers', () => {
    const sim = new Sim({ lns: [] });
    sim.dial(300_000);
    const ports = sim.host.prepared.map(({ localPort }) => localPort);
    expect(ports.length).toBeGreaterThan(4);
    expect(ports).toEqual(ports.map((_, index) => (index % 2 === 0 ? 0 : 1701)));
  });

  it('is any other when 1701 is taken', () => {
    const sim = new Sim({ lns: [] });
    sim.network.bind({ address: '192.0.2.10', port: 1701 }, () => undefined);
    sim.dial(100_000);
    expect(sim.host.prepared.map(({ localPort }) => localPort).slice(0, 4)).toEqual([0, 1701, 0, 0]);
    expect(codes(sim)).not.toContain('port-in-use');
  });

  it('is the configured one always', () => {
    const sim = new Sim({ lns: [], client: { sourcePort: 5000 } });
    sim.dial(300_000);
    expect(new Set(sim.host.prepared.map(({ localPort }) => localPort))).toEqual(new Set([5000]));
  });
});

describe('a reply from elsewhere', () => {
  const elsewhere = { address: '10.0.2.1', port: 1701 };
  const dialTo = (rule: 'listed' | 'any' | 'strict', replyFrom: Candidate | typeof elsewhere, listed: boolean) => {
    const servers = listed ? [...BOTH.slice(0, 1), { host: replyFrom.address, port: 1701 }] : BOTH.slice(0, 1);
    const sim = new Sim({ client: { servers, acceptReplyFrom: rule }, lns: [{ quirks: { replyFrom } }] });
    return { sim, isUp: sim.dial(4000) };
  };

  it.each([
    ['listed', true, true],
    ['listed', false, false],
    ['any', true, true],
    ['any', false, true],
    ['strict', true, false],
    ['strict', false, false],
  ] as const)('%s, the address being configured: %s', (rule, listed, expected) => {
    const { sim, isUp } = dialTo(rule, elsewhere, listed);
    expect(isUp).toBe(expected);
    const warnings = sim.host.events.flatMap(({ event }) => (event.kind === 'warning' ? [event.code] : []));
    expect(warnings).toEqual(expected ? [] : ['unexpected-address']);
    if (expected) expect(sim.host.pinned).toBe(elsewhere.address);
  });

  it('but from the same address is taken from any port', () => {
    const replyFrom = { address: LNS_ADDRESS, port: 50_123 };
    const sim = new Sim({ client: { acceptReplyFrom: 'strict' }, lns: [{ quirks: { replyFrom } }] });
    expect(sim.dial(1000)).toBe(true);
    expect(sim.host.device?.link.server).toEqual(replyFrom);
    expect(sim.lns.logins).toEqual([...LNS_SETTINGS.users.keys()]);
  });
});

describe('the host', () => {
  it.each([
    ['no-route', 'preparing'],
    ['network-failed', 'preparing'],
  ] as const)('that cannot make a way (%s) is asked again', (code, stage) => {
    let times = 0;
    const prepareFails = () => (++times <= 3 ? { code, detail: 'a test' } : undefined);
    const sim = new Sim({ host: { prepareFails } });
    expect(sim.dial()).toBe(true);
    expect(codes(sim)).toEqual([code, code, code]);
    const failed = sim.host.events.flatMap(({ event }) => (event.kind === 'failed' ? [event.stage] : []));
    expect(new Set(failed)).toEqual(new Set([stage]));
  });

  it('that cannot make a device is asked again, and the LNS is told', () => {
    let times = 0;
    const linkUpFails = () => (++times <= 2 ? ({ code: 'device-failed', detail: 'a test' } as const) : undefined);
    const sim = new Sim({ host: { linkUpFails } });
    expect(sim.dial()).toBe(true);
    expect(codes(sim)).toEqual(['device-failed', 'device-failed']);
    expect(sim.lns.logouts).toHaveLength(2);
  });
});
