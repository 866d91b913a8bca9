/** Dials that come up: every authentication, every secret, and not a moment longer than the round trips they are made of. */
import { describe, expect, it } from 'vitest';
import { AUTH_METHODS, type AuthMethod } from '../../src/protocol/settings.ts';
import { LNS_ADDRESS, LNS_SETTINGS, packet, Sim, type SimOptions } from '../support/sim.ts';

const ROUND_TRIP_MS = 20;

/** Dials, and returns the round trips it took: with our own time 0 they are all the time there is. */
function roundTrips(options: SimOptions): number {
  const sim = new Sim(options);
  expect(sim.dial(), JSON.stringify(sim.host.failures)).toBe(true);
  return sim.world.now / ROUND_TRIP_MS;
}

describe('a server with an IPv6 address', () => {
  it('is dialled like any other; the header outside is 20 octets longer, and the MTU that much smaller', () => {
    const listen = { address: '2001:db8::72', port: 1701 };
    const sim = new Sim({
      lns: [{ listen }],
      client: { servers: [{ host: listen.address, port: listen.port }] },
      host: { address: '2001:db8::10', uplinkMtu: 1492 },
    });
    expect(sim.dial(), JSON.stringify(sim.host.failures)).toBe(true);
    expect(sim.host.device?.mtu).toBe(1492 - 58);
  });
});

describe('round trips of a dial with a well-behaved LNS', () => {
  it.each<[AuthMethod, number]>([
    ['chap-md5', 7],
    ['ms-chap-v2', 7],
    ['ms-chap', 7],
    ['pap', 6],
  ])('%s: %i, and no time of our own', (method, expected) => {
    expect(roundTrips({ lns: [{ auth: [method] }] })).toBe(expected);
  });

  it('without authentication: 5', () => {
    expect(roundTrips({ lns: [{ auth: [] }] })).toBe(5);
  });

  it('one more when the LNS has no name servers to give, for then it rejects the option', () => {
    expect(roundTrips({ lns: [{ dns: [] }] })).toBe(8);
  });

  it('one more for a Nak from EAP, or whatever is offered, to what we allow', () => {
    expect(roundTrips({ client: { link: { auth: ['pap'] } }, lns: [{ auth: ['ms-chap-v2', 'pap'] }] })).toBe(7);
  });

  it('no more for a tunnel secret, hidden AVPs or IPv6', () => {
    const tunnel = { ...LNS_SETTINGS.tunnel, secret: 'tunnel secret', hideAvps: true };
    const client = { tunnel: { secret: 'tunnel secret', hideAvps: true }, link: { ipv6: true } };
    expect(roundTrips({ client, lns: [{ tunnel, ipv6: true }] })).toBe(7);
  });
});

describe('authentication', () => {
  it.each(AUTH_METHODS.flatMap((allowed) => AUTH_METHODS.map((wanted) => [allowed, wanted] as const)))(
    'allowed %s, wanted %s',
    (allowed, wanted) => {
      const sim = new Sim({ client: { link: { auth: [allowed] } }, lns: [{ auth: [wanted] }] });
      const agree = allowed === wanted;
      expect(sim.dial(30_000)).toBe(agree);
      if (agree) expect(sim.host.client.snapshot(sim.world.now).authentication?.method).toBe(wanted);
      else expect(sim.host.failures[0]?.code).toBe('auth-method-refused');
    },
  );

  it('is done without where the LNS asks for none', () => {
    const sim = new Sim({ lns: [{ auth: [] }] });
    expect(sim.dial()).toBe(true);
    expect(sim.host.client.snapshot(sim.world.now).authentication).toEqual({ method: 'none', message: '' });
  });

  it.each(AUTH_METHODS)('of a wrong password fails by %s, is said to, and is retried slowly', (method) => {
    const sim = new Sim({ client: { link: { password: 'not-the-one' } }, lns: [{ auth: [method] }] });
    expect(sim.dial(600_000)).toBe(false);
    expect(new Set(sim.host.failures.map(({ code }) => code))).toEqual(new Set(['auth-rejected']));
    expect(sim.host.failures[0]?.peer?.text).toMatch(/denied|incorrect/);
    expect(JSON.stringify(sim.host.events)).not.toContain('not-the-one');
    for (const ms of sim.host.waits) expect(ms).toBeGreaterThanOrEqual(120_000);
  });
});

describe('tunnel secret', () => {
  const withSecret = (secret: string | undefined) => ({ ...LNS_SETTINGS.tunnel, secret });
  // biome-ignore format: a table
  const CASES = [
    // ours,      the LNS's,  what comes of it
    [undefined,   undefined,  undefined              ],
    ['same',      'same',     undefined              ],
    ['one',       'another',  'tunnel-secret-wrong'  ],
    [undefined,   'some',     'tunnel-secret-needed' ],
    ['some',      undefined,  'tunnel-secret-refused'],
  ] as const;

  it.each(CASES)('ours %s, theirs %s: %s', (ours, theirs, failure) => {
    const sim = new Sim({ client: { tunnel: { secret: ours } }, lns: [{ tunnel: withSecret(theirs) }] });
    expect(sim.dial(60_000)).toBe(failure === undefined);
    expect(sim.host.failures[0]?.code).toBe(failure);
    expect(JSON.stringify(sim.host.failures)).not.toMatch(/"(one|another|some)"/);
  });
});

describe('what comes of a dial', () => {
  it('is a link as the LNS gave it', () => {
    const sim = new Sim();
    sim.dial();
    expect(sim.host.device?.link).toEqual({
      localAddress: '10.64.0.10',
      peerAddress: LNS_ADDRESS, // the peer is called like its own end of the tunnel
      dns: ['10.10.0.21', '10.10.0.22'],
      mtu: 1460,
      server: { address: LNS_ADDRESS, port: 1701 },
    });
    expect(sim.host.pinned).toBe(LNS_ADDRESS);
  });

  it('has IPv6 where both want it, although that is agreed upon first', () => {
    const ipv6Of = (client: boolean, lns: boolean) => {
      const sim = new Sim({ client: { link: { ipv6: client } }, lns: [{ ipv6: lns }] });
      expect(sim.dial()).toBe(true);
      sim.world.run(20_000);
      return sim.host.device?.ipv6?.length;
    };
    expect(ipv6Of(true, true)).toBe(8);
    expect(ipv6Of(true, false)).toBeUndefined();
    expect(ipv6Of(false, true)).toBeUndefined();
  });

  it('carries packets both ways', () => {
    const sim = new Sim();
    sim.dial();
    const sent = packet('10.64.0.10', '203.0.113.1');
    expect(sim.host.transmit(sent)).toBe(true);
    sim.world.run(100);
    expect(sim.lns.received).toEqual([sent]);
    expect(sim.host.received).toEqual([packet('203.0.113.1', '10.64.0.10')]);
  });

  it('does not carry packets to its own end, and warns', () => {
    const sim = new Sim();
    sim.dial();
    const looped = packet('10.64.0.10', LNS_ADDRESS);
    looped.set([1701 >> 8, 1701 & 0xff], 22);
    expect(sim.host.transmit(looped)).toBe(false);
    sim.world.run(100);
    expect(sim.lns.received).toEqual([]);
    const warnings = sim.host.events.flatMap(({ event }) => (event.kind === 'warning' ? [event.code] : []));
    expect(warnings).toEqual(['routing-loop']);
  });

  it('is the smallest MTU of wish, MRU of the peer and uplink', () => {
    const mtuOf = (options: SimOptions) => {
      const sim = new Sim(options);
      expect(sim.dial()).toBe(true);
      return sim.host.device?.mtu;
    };
    expect(mtuOf({ lns: [{ mru: 1400 }] })).toBe(1400);
    expect(mtuOf({ host: { uplinkMtu: 1492 } })).toBe(1492 - 38);
    expect(mtuOf({ host: { uplinkMtu: 1492 }, lns: [{ sequencing: true }] })).toBe(1492 - 42);
    expect(mtuOf({ client: { mtu: 1300, link: { mru: 1300 } } })).toBe(1300);
  });
});
