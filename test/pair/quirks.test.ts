/** What LNSes in use do, and that it does not matter: one entry for each quirk (a failure where one is due). */
import { describe, expect, it } from 'vitest';
import type { LnsQuirks, LnsSettings } from '../../src/lab/lns-io.ts';
import type { FailureCode } from '../../src/protocol/failure.ts';
import { LNS_ADDRESS, LNS_SETTINGS, Sim } from '../support/sim.ts';

const ROUND_TRIP_MS = 20;

const HARMLESS: Record<string, LnsQuirks> = {
  'repeats everything': { repeats: true },
  'sends in reverse order': { sendsSli: true, reversesOrder: true },
  'sends SLI (Meraki)': { sendsSli: true },
  'puts a session id into ZLBs (xl2tpd)': { zlbWithSessionId: true },
  'sends an unknown AVP without the M bit': { unknownAvp: 'optional' },
  'sends vendor AVPs with the numbers of ours (Broadband Forum)': { vendorAvp: true },
  'sends an LCP echo before LCP is open (SoftEther)': { earlyEcho: true },
  'answers CDN and StopCCN in kind (SoftEther)': { answersInKind: true },
  'sends short Result Codes (MikroTik, Android)': { resultCode: 'short' },
  'sends shifted Result Codes (SoftEther)': { resultCode: 'shifted' },
};

describe('an LNS that', () => {
  it.each(Object.entries(HARMLESS))('%s costs nothing', (_, quirks) => {
    const sim = new Sim({ lns: [{ quirks }] });
    expect(sim.dial(), JSON.stringify(sim.host.failures)).toBe(true);
    expect(sim.world.now).toBe(7 * ROUND_TRIP_MS);
    sim.world.run(120_000);
    expect(sim.hangUp(3000)).toBe(true);
    expect(sim.host.failures).toEqual([]);
    expect(sim.lns.logouts).toHaveLength(1);
    sim.world.run(60_000);
    expect(sim.host.openSockets).toBe(0);
  });

  it('sends an unknown AVP with the M bit is left, or put up with by option', () => {
    const lns = [{ quirks: { unknownAvp: 'mandatory' } }] as const;
    const strict = new Sim({ lns });
    expect(strict.dial()).toBe(false);
    expect(strict.host.failures[0]?.code).toBe('unknown-mandatory');
    expect(strict.host.failures[0]?.detail).toMatch(/\b46\b/);
    expect(new Sim({ lns, client: { tunnel: { tolerateUnknownMandatory: true } } }).dial()).toBe(true);
  });

  it.each([50, 300])('is deaf to PPP for %i ms after ICCN (xl2tpd) is asked again as soon as it speaks', (deafMs) => {
    const sim = new Sim({ lns: [{ quirks: { deafMs } }] });
    expect(sim.dial()).toBe(true);
    // Two round trips to the ICCN, its silence, and from its first packet on as many as ever, and one.
    expect(sim.world.now).toBeLessThanOrEqual(deafMs + 8 * ROUND_TRIP_MS);
  });

  it.each([
    [{ resultCode: 'short' }, { message: 'StopCCN', result: 2 }],
    [{ resultCode: 'shifted' }, expect.objectContaining({ message: 'StopCCN', result: 0 })],
  ] as const)('garbles its Result Code (%j) is understood as far as that goes', (quirks, peer) => {
    const sim = new Sim({ lns: [{ maxTunnels: 0, quirks }] });
    expect(sim.dial()).toBe(false);
    expect(sim.host.failures[0]?.peer).toEqual(peer);
  });

  it('rejects every option of LCP (SoftEther) costs nothing: our second request leaves together with our Ack', () => {
    const sim = new Sim({ lns: [{ auth: ['ms-chap-v2'], quirks: { rejectsLcpOptions: true, earlyEcho: true } }] });
    expect(sim.dial(), JSON.stringify(sim.host.failures)).toBe(true);
    expect(sim.world.now).toBe(7 * ROUND_TRIP_MS);
    expect(sim.host.device?.mtu).toBe(1460);
    sim.world.run(120_000); // echoes work without a magic number too
    expect(sim.host.failures).toEqual([]);
  });

  it('calls itself nothing gives us an address all the same', () => {
    const sim = new Sim({ lns: [{ localAddress: undefined }] });
    expect(sim.dial()).toBe(true);
    expect(sim.host.device?.link.peerAddress).toBeUndefined();
  });
});

describe('every failure says what it was:', () => {
  const RIGHT_PASSWORD = {};
  const WRONG_PASSWORD = { link: { password: 'wrong' } };
  const user = new Map([['bob', 'other']]);
  // biome-ignore format: a table
  const CASES: readonly [what: string, lns: Partial<LnsSettings>, client: object, code: FailureCode, stage: string][] = [
    ['a request that is only acknowledged',  { quirks: { ignores: 'SCCRQ' } },             RIGHT_PASSWORD, 'tunnel-silent',       'tunnel'],
    ['a call that is only acknowledged',     { quirks: { ignores: 'ICRQ' } },              RIGHT_PASSWORD, 'call-silent',         'session'],
    ['no room for tunnels',                  { maxTunnels: 0 },                            RIGHT_PASSWORD, 'tunnel-busy',         'tunnel'],
    ['no room for calls',                    { quirks: { noRoomForCalls: true } },         RIGHT_PASSWORD, 'call-busy',           'session'],
    ['a call without PPP',                   { quirks: { deafMs: Number.POSITIVE_INFINITY } }, RIGHT_PASSWORD, 'lcp-silent',      'link'],
    ['MPPE',                                 { quirks: { requiresMppe: true } },           RIGHT_PASSWORD, 'encryption-required', 'network'],
    ['a wrong password',                     {},                                           WRONG_PASSWORD, 'auth-rejected',       'authentication'],
    ['a wrong password, PAP',                { auth: ['pap'] },                            WRONG_PASSWORD, 'auth-rejected',       'authentication'],
    ['a wrong password, and only CDN',       { quirks: { refusal: 'hang-up' } }, WRONG_PASSWORD, 'auth-rejected',       'authentication'],
    ['a wrong password, PAP, and only CDN',  { auth: ['pap'], quirks: { refusal: 'hang-up' } }, WRONG_PASSWORD, 'auth-rejected', 'authentication'],
    ['a wrong password, and only Terminate', { quirks: { refusal: 'terminate' } },         WRONG_PASSWORD, 'auth-rejected',       'authentication'],
    ['a wrong password, PAP, and Terminate', { auth: ['pap'], quirks: { refusal: 'terminate' } }, WRONG_PASSWORD, 'auth-rejected', 'authentication'],
    ['an unknown user',                      { users: user },                              RIGHT_PASSWORD, 'auth-rejected',       'authentication'],
    ['an unknown AVP with M',                { quirks: { unknownAvp: 'mandatory' } },      RIGHT_PASSWORD, 'unknown-mandatory',   'tunnel'],
    ['no address left',                      { pool: [] },                                 RIGHT_PASSWORD, 'no-address',          'network'],
  ];

  it.each(CASES)('%s', (_, lns, client, code, stage) => {
    const sim = new Sim({ lns: [lns], client });
    expect(sim.dial(100_000)).toBe(false);
    const failed = sim.host.events.find(({ event }) => event.kind === 'failed')?.event;
    expect(failed).toMatchObject({ kind: 'failed', failure: { code }, stage, server: { address: LNS_ADDRESS } });
    expect(sim.hangUp(3000)).toBe(true);
    sim.world.run(60_000);
    expect(sim.host.openSockets).toBe(0);
    expect(sim.lns.lns.openTunnels).toBe(0);
  });
});

describe('several clients', () => {
  it('have calls of their own on one LNS', () => {
    const sim = new Sim({ lns: [{ ...LNS_SETTINGS, oneLoginPerUser: false }] });
    const others = ['192.0.2.11', '192.0.2.12', '192.0.2.13'].map((address) => sim.addClient({ address }));
    for (const each of [sim.host, ...others]) each.input({ type: 'connect' });
    const all = [sim.host, ...others];
    expect(sim.world.until(() => all.every(({ stage }) => stage === 'up'), 1000)).toBe(true);
    expect(new Set(all.map(({ device }) => device?.link.localAddress)).size).toBe(4);
  });
});
