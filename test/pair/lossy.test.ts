/** Dials over a wire that loses, doubles and delays three datagrams in ten each way: they all come up, and all come down. */
import { describe, expect, it } from 'vitest';
import type { Stage } from '../../src/protocol/client-io.ts';
import type { FailureCode } from '../../src/protocol/failure.ts';
import { AUTH_METHODS } from '../../src/protocol/settings.ts';
import { BAD_WIRE } from '../support/network.ts';
import { LNS_SETTINGS, Sim } from '../support/sim.ts';

const SEEDS = 1000;
/** A host that takes as long for its answers as a busy router does, ms. */
const SLOW_HOST = { resolveMs: 30, prepareMs: 50, linkUpMs: 100, releaseMs: 50 };
const MINUTE_MS = 60_000;

/** Either end gives up when it has heard nothing for long enough; the other one may hear of it. */
const GIVEN_UP: readonly FailureCode[] = ['control-lost', 'call-closed', 'tunnel-closed', 'ppp-terminated'];
/** The only reasons for which a dial may fail when nothing is wrong but the wire, by the stage in which it fails. */
const HONEST_REASONS: Partial<Record<Stage, readonly FailureCode[]>> = {
  tunnel: ['no-answer', 'tunnel-silent'],
  session: ['call-silent', 'control-lost'],
  link: ['lcp-silent', 'lcp-failed', ...GIVEN_UP],
  authentication: ['auth-silent', ...GIVEN_UP],
  network: ['no-address', 'echo-lost', ...GIVEN_UP],
  up: ['echo-lost', ...GIVEN_UP],
};

interface Tally {
  dials: number;
  slowestMs: number;
  readonly failures: Map<string, number>;
}

function dialAndHangUp(seed: number, tally: Tally): void {
  const withSecret = seed % 3 === 0 ? { secret: 'tunnel secret', hideAvps: seed % 2 === 0 } : {};
  const sim = new Sim({
    seed,
    wire: BAD_WIRE,
    host: seed % 4 === 0 ? SLOW_HOST : {},
    client: { tunnel: withSecret, link: { ipv6: seed % 2 === 0 } },
    lns: [
      {
        auth: [AUTH_METHODS[seed % AUTH_METHODS.length] ?? 'pap'],
        tunnel: { ...LNS_SETTINGS.tunnel, ...withSecret },
        ipv6: seed % 2 === 0,
        sequencing: seed % 5 === 0,
      },
    ],
  });
  expect(sim.dial(10 * MINUTE_MS), `seed ${seed}: ${JSON.stringify(sim.host.failures)}`).toBe(true);
  tally.dials += sim.host.prepared.length;
  tally.slowestMs = Math.max(tally.slowestMs, sim.world.now);
  for (const { event } of sim.host.events) {
    if (event.kind !== 'failed') continue;
    const { failure, stage } = event;
    expect(HONEST_REASONS[stage], `seed ${seed}: ${stage}: ${failure.code}: ${failure.detail}`).toContain(failure.code);
    const key = `${stage}: ${failure.code}`;
    tally.failures.set(key, (tally.failures.get(key) ?? 0) + 1);
  }
  expect(sim.hangUp(3000), `seed ${seed} does not come down`).toBe(true);
  sim.world.run(5 * MINUTE_MS); // whatever did not hear the farewell has noticed the silence by then
  expect(sim.host.stage).toBe('idle');
  expect(sim.host.openSockets, `seed ${seed}`).toBe(0);
  expect(sim.lns.lns.openTunnels, `seed ${seed}`).toBe(0);
  expect(sim.lns.logouts.length, `seed ${seed}`).toBe(sim.lns.logins.length);
}

describe('a bad wire', () => {
  it(`${SEEDS} seeds are up within ten minutes, fail for honest reasons only, and hang up`, () => {
    const tally: Tally = { dials: 0, slowestMs: 0, failures: new Map() };
    for (let seed = 1; seed <= SEEDS; seed++) dialAndHangUp(seed, tally);
    const reasons = [...tally.failures].map(([key, count]) => `  ${key}: ${count}`).join('\n');
    console.log(
      `${SEEDS} connections at 30 % loss, duplication and reordering each way: ${tally.dials - SEEDS} redials, ` +
        `slowest up after ${(tally.slowestMs / 1000).toFixed(1)} s\n${reasons}`,
    );
  });
});
