/** The client's end of PPP against the lab's, in virtual time: every way to authenticate, every wire, every quirk. */
import { describe, expect, it } from 'vitest';
import type { PppServerSettings } from '../../src/lab/ppp-server.ts';
import type { FailureCode } from '../../src/protocol/failure.ts';
import { LCP_OPTION } from '../../src/protocol/ppp/option-table.ts';
import { AUTH_METHODS, type AuthMethod, type LinkSettings } from '../../src/protocol/settings.ts';
import { BAD_WIRE, GOOD_WIRE } from '../support/network.ts';
import { PppPair, wordsOf } from '../support/ppp-pair.ts';

const ROUND_TRIP_MS = 2 * GOOD_WIRE.latencyMs;
const MINUTE_MS = 60_000;

/** A pair that is up, or the conversation that led nowhere. */
function up(client: Partial<LinkSettings> = {}, server: Partial<PppServerSettings> = {}): PppPair {
  const pair = new PppPair(client, server).connect();
  pair.world.until(() => pair.ipv4UpAt !== undefined || pair.ended !== undefined, MINUTE_MS);
  if (pair.ipv4UpAt === undefined) throw new Error(pair.conversation);
  return pair;
}

/** Why it does not come up, or does not stay up. */
function failureOf(pair: PppPair, withinMs = 5 * MINUTE_MS): FailureCode | undefined {
  pair.world.until(() => pair.ended !== undefined, withinMs);
  if (pair.ended === undefined) throw new Error(pair.conversation);
  return pair.ended?.failure?.code;
}

describe('a link', () => {
  // LCP takes one round trip; its last Ack goes with the first packet of the authentication. A challenge has to be waited for,
  // a PAP request has not. The address is asked for (Nak), then agreed on.
  it.each<[AuthMethod | 'none', number]>([
    ['chap-md5', 5],
    ['ms-chap', 5],
    ['ms-chap-v2', 5],
    ['pap', 4],
    ['none', 3],
  ])('with %s carries IP after %i round trips', (method, roundTrips) => {
    const pair = up({}, { auth: method === 'none' ? [] : [method] });
    expect(pair.ipv4UpAt).toBe(roundTrips * ROUND_TRIP_MS);
    expect(pair.of('authenticated')).toMatchObject([{ method }]);
    expect(pair.of('ipv4-up')[0]?.agreed).toEqual({
      localAddress: '10.64.0.10',
      peerAddress: '10.64.0.1',
      dns: ['203.0.113.53', '203.0.113.54'],
    });
    pair.world.run(1000);
    expect(pair.ipv6UpAt).toBeLessThanOrEqual(roundTrips * ROUND_TRIP_MS);
    expect(pair.serverIpv4UpAt).toBeDefined();
    expect(pair.link.negotiated.lcp.ours[0]).toBe('MRU 1460');
  });

  it('stays up for a day and knows its round-trip time', () => {
    const pair = up();
    pair.world.run(24 * 60 * MINUTE_MS);
    expect(pair.ended).toBeUndefined();
    expect(pair.link.echoRoundTripMs).toBe(ROUND_TRIP_MS);
    expect(pair.of('ipv4-up')).toHaveLength(1);
  });

  it('comes up with a server that knows no option at all', () => {
    const nothing = {} as typeof LCP_OPTION;
    const pair = up({}, { auth: [], lcpOptions: nothing, dns: [], localAddress: undefined, ipv6: false });
    expect(pair.of('ipv4-up')[0]?.agreed).toEqual({ localAddress: '10.64.0.10', peerAddress: undefined, dns: [] });
    expect(pair.link.negotiated.lcp.theirs).toEqual([]);
    pair.world.run(MINUTE_MS);
    expect(pair.link.echoRoundTripMs).toBe(ROUND_TRIP_MS);
    expect(pair.ipv6UpAt).toBeUndefined();
  });

  it('comes up with a server that knows no magic number: the Reject comes with its request, and costs nothing', () => {
    const { magicNumber: _, ...rest } = LCP_OPTION;
    const pair = up({}, { lcpOptions: rest as typeof LCP_OPTION });
    expect(pair.ipv4UpAt).toBe(5 * ROUND_TRIP_MS);
    expect(pair.link.negotiated.lcp.ours).toContain('no magic number: refused');
  });

  it('comes up without IPv6 where one end does not want it', () => {
    expect(up({ ipv6: false }).sent.filter((words) => words.startsWith('ipv6cp'))).toEqual([]);
    const refused = up({}, { ipv6: false });
    refused.world.run(MINUTE_MS);
    expect(refused.sent.filter((words) => words.startsWith('ipv6cp'))).toHaveLength(1);
    expect(refused.ipv6UpAt).toBeUndefined();
  });
});

describe('the method of authentication', () => {
  it.each<[readonly AuthMethod[], readonly AuthMethod[], AuthMethod]>([
    [['pap'], ['chap-md5', 'pap'], 'pap'],
    [['ms-chap-v2'], ['chap-md5', 'pap', 'ms-chap-v2'], 'ms-chap-v2'],
    [['chap-md5', 'pap'], ['ms-chap-v2', 'pap'], 'pap'],
    [['pap', 'chap-md5'], ['chap-md5', 'pap'], 'chap-md5'],
  ])('allowed here %j, offered there %j: %s', (auth, offered, method) => {
    expect(up({ auth }, { auth: offered }).of('authenticated')).toMatchObject([{ method }]);
  });

  it.each(AUTH_METHODS)('%s with the wrong password', (method) => {
    const pair = new PppPair({ password: 'wrong' }, { auth: [method] }).connect();
    expect(failureOf(pair)).toBe('auth-rejected');
    expect(pair.ended?.failure?.peer?.text).toBeTruthy();
    expect(pair.world.now).toBeLessThan(10 * ROUND_TRIP_MS);
  });

  it.each(['terminate', 'hang-up'] as const)('with the wrong password, and the server only says: %s', (refusal) => {
    const pair = new PppPair({ password: 'wrong' }, { auth: ['pap'], refusal }).connect();
    pair.world.until(() => pair.serverEffects.some(({ effect }) => effect.type === 'ended'), MINUTE_MS);
    if (refusal === 'hang-up') pair.client({ type: 'lower-down', peer: { message: 'CDN', result: 2, error: 6 } });
    expect(failureOf(pair)).toBe('auth-rejected');
  });

  it('that nobody can agree on', () => {
    const pair = new PppPair({ auth: ['pap'] }, { auth: ['ms-chap-v2'] }).connect();
    expect(failureOf(pair)).toBe('auth-method-refused');
    expect(pair.ended?.failure?.detail).toContain('MS-CHAPv2');
    expect(pair.ended?.failure?.detail).toContain('PAP');
  });

  it('that the server insists on, whatever we say', () => {
    const stubborn = {
      ...LCP_OPTION,
      authProtocol: { ...LCP_OPTION.authProtocol, takeNak: (_: Uint8Array, asked: Uint8Array) => asked },
    };
    const pair = new PppPair({ auth: ['pap'] }, { auth: ['chap-md5'], lcpOptions: stubborn }).connect();
    expect(failureOf(pair)).toBe('auth-method-refused');
  });
});

describe('a server that is slow to listen', () => {
  it.each([50, 300, 1500])('%i ms late costs that much, and not a Restart timer (xl2tpd)', (deafMs) => {
    const pair = new PppPair();
    let isDeaf = true;
    pair.fromClient = (frame) => (isDeaf ? undefined : frame);
    pair.client({ type: 'lower-up' });
    pair.world.after(deafMs, () => {
      isDeaf = false;
      pair.lns({ type: 'lower-up' });
    });
    expect(pair.world.until(() => pair.ipv4UpAt !== undefined, MINUTE_MS)).toBe(true);
    expect(pair.ipv4UpAt).toBeLessThanOrEqual(deafMs + 6 * ROUND_TRIP_MS);
  });

  it('to NCPs as well: what came before its network phase is lost, and asked again', () => {
    const pair = new PppPair();
    // The network phase of pppd begins 200 ms after it has accepted the password.
    let successAt: number | undefined;
    const held: Uint8Array[] = [];
    pair.fromServer = (frame) => {
      const words = wordsOf(frame);
      if (words.startsWith('chap 3')) successAt = pair.world.now;
      if (successAt === undefined || pair.world.now >= successAt + 200 || !/^ip/.test(words)) return frame;
      held.push(frame);
      return undefined;
    };
    pair.fromClient = (frame) =>
      /^ip/.test(wordsOf(frame)) && pair.world.now < (successAt ?? 0) + 200 ? undefined : frame;
    pair.connect();
    pair.world.until(() => held.length === 2, 1000);
    const { now } = pair.world;
    pair.world.run(200);
    for (const frame of held) pair.client({ type: 'frame', bytes: frame });
    expect(pair.world.until(() => pair.ipv4UpAt !== undefined && pair.ipv6UpAt !== undefined, MINUTE_MS)).toBe(true);
    expect(pair.world.now - now).toBeLessThanOrEqual(200 + 3 * ROUND_TRIP_MS);
  });

  it('for ever is found out after 30 s', () => {
    const pair = new PppPair();
    pair.client({ type: 'lower-up' });
    expect(failureOf(pair)).toBe('lcp-silent');
    expect(pair.world.now).toBe(30_000);
    expect(pair.sent.filter((words) => words.startsWith('lcp 1'))).toHaveLength(10);
  });
});

describe('renegotiation', () => {
  it('by the server takes the link down and up, with the same address', () => {
    const pair = up();
    pair.world.run(MINUTE_MS);
    const { now } = pair.world;
    pair.lns({ type: 'renegotiate' });
    expect(pair.world.until(() => pair.of('ipv4-up').length === 2, 1000)).toBe(true);
    expect(pair.world.now - now).toBeLessThanOrEqual(5 * ROUND_TRIP_MS);
    expect(pair.of('phase').map(({ phase }) => phase)).toEqual([
      'establish',
      'authenticate',
      'network',
      'establish',
      'authenticate',
      'network',
    ]);
    expect(pair.of('authenticated')).toHaveLength(2);
    expect(pair.of('ipv4-down')).toHaveLength(1);
    expect(pair.of('ipv6-down')).toHaveLength(1);
  });

  it('by the server in the middle of everything does no harm', () => {
    for (let at = 0; at <= 120; at += 5) {
      const pair = new PppPair().connect();
      pair.world.run(at);
      pair.lns({ type: 'renegotiate' });
      expect(
        pair.world.until(() => pair.ipv4UpAt !== undefined && pair.serverIpv4UpAt !== undefined, MINUTE_MS),
        `${at} ms`,
      ).toBe(true);
      pair.world.run(MINUTE_MS);
      expect(pair.ipv4UpAt, `${at} ms`).toBeDefined();
      expect(pair.ended).toBeUndefined();
    }
  });

  it('with another address says so', () => {
    let count = 10;
    const pair = up({}, { auth: [], addressFor: () => `10.64.0.${count++}` });
    // The same user keeps his address in this lab; a new server has none to keep.
    const next = new PppPair({}, { auth: [], addressFor: () => '10.64.0.99' });
    pair.fromClient = (frame) => {
      next.lns({ type: 'frame', bytes: frame });
      for (const { effect } of next.serverEffects.splice(0))
        if (effect.type === 'frame') pair.client({ type: 'frame', bytes: effect.bytes });
      return undefined;
    };
    next.lns({ type: 'lower-up' });
    for (const { effect } of next.serverEffects.splice(0))
      if (effect.type === 'frame') pair.client({ type: 'frame', bytes: effect.bytes });
    expect(pair.of('ipv4-up').map(({ agreed }) => agreed.localAddress)).toEqual(['10.64.0.10', '10.64.0.99']);
    expect(pair.of('ipv4-down')).toHaveLength(1);
  });
});

describe('the end', () => {
  it('by the client is over after one round trip', () => {
    const pair = up();
    const { now } = pair.world;
    pair.client({ type: 'close', why: 'User request' });
    expect(failureOf(pair)).toBeUndefined();
    expect(pair.world.now - now).toBe(ROUND_TRIP_MS);
    expect(pair.of('ipv4-down')).toHaveLength(1);
    const said = pair.serverEffects.map(({ effect }) => effect).find(({ type }) => type === 'ended');
    pair.world.run(5000);
    expect(said ?? pair.serverEffects.at(-1)?.effect).toMatchObject({ failure: { peer: { text: 'User request' } } });
  });

  it('by the client at any moment is over within 2 s', () => {
    for (let at = 0; at <= 120; at += 5) {
      const pair = new PppPair().connect();
      pair.world.run(at);
      const { now } = pair.world;
      pair.client({ type: 'close', why: 'User request' });
      expect(failureOf(pair), `${at} ms`).toBeUndefined();
      expect(pair.world.now - now).toBeLessThanOrEqual(2000);
      expect(
        pair.world.until(() => pair.server.phase === 'dead', MINUTE_MS),
        `${at} ms`,
      ).toBe(true);
    }
  });

  it('by the server is understood, and its words are kept', () => {
    const pair = up();
    pair.lns({ type: 'close', why: 'Session-Timeout' });
    expect(failureOf(pair)).toBe('ppp-terminated');
    expect(pair.ended?.failure?.peer).toEqual({ message: 'LCP Terminate-Request', text: 'Session-Timeout' });
  });

  it('of the wire is noticed by both', () => {
    const pair = up();
    pair.network.unreachable.add('server');
    const { now } = pair.world;
    expect(failureOf(pair)).toBe('echo-lost');
    expect(pair.world.now - now).toBeGreaterThan(30_000);
    expect(pair.world.now - now).toBeLessThanOrEqual(40_000);
    expect(pair.world.until(() => pair.server.phase === 'dead', MINUTE_MS)).toBe(true);
  });

  it('comes where the server requires MPPE', () => {
    const pair = new PppPair({}, { requiresMppe: true }).connect();
    expect(failureOf(pair)).toBe('encryption-required');
    expect(pair.ended?.failure?.peer?.text).toBe('MPPE required but peer negotiation failed');
  });

  it('comes where the server has no address left', () => {
    const pair = new PppPair({}, { addressFor: () => undefined }).connect();
    expect(failureOf(pair)).toBe('no-address');
  });

  it('comes where the wire leads back to us', () => {
    const pair = new PppPair();
    pair.fromClient = (frame) => {
      pair.world.after(ROUND_TRIP_MS, () => pair.client({ type: 'frame', bytes: frame }));
      return undefined;
    };
    pair.client({ type: 'lower-up' });
    expect(failureOf(pair)).toBe('looped-back');
    expect(pair.world.now).toBeLessThan(1000);
  });

  it('comes where the wire begins to lead back to us', () => {
    const pair = up();
    pair.fromClient = (frame) => {
      pair.world.after(ROUND_TRIP_MS, () => pair.client({ type: 'frame', bytes: frame }));
      return undefined;
    };
    pair.fromServer = () => undefined;
    expect(failureOf(pair)).toBe('looped-back');
    expect(pair.world.now).toBeLessThan(MINUTE_MS);
  });
});

describe('a bad wire', () => {
  const SEEDS = 500;
  const METHODS: readonly (readonly AuthMethod[])[] = [...AUTH_METHODS.map((method) => [method]), []];
  /** What a wire can bring about: nobody to be blamed for it knows a password, an option or a protocol less. */
  const HONEST: readonly (FailureCode | undefined)[] = [
    'lcp-silent',
    'lcp-failed',
    'auth-silent',
    'no-address',
    'ppp-terminated',
    'echo-lost',
  ];

  it(`brings ${SEEDS} links up all the same: loss, duplication and reordering of 30 % each way`, () => {
    const failures: Record<string, number> = {};
    const times: number[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const auth = METHODS[seed % METHODS.length] ?? [];
      const pair = new PppPair({ ipv6: seed % 2 === 0 }, { auth, ipv6: seed % 3 === 0 }, seed, BAD_WIRE).connect();
      const isUp = () => pair.ipv4UpAt !== undefined && pair.serverIpv4UpAt !== undefined;
      pair.world.until(() => isUp() || pair.ended !== undefined, 10 * MINUTE_MS);
      if (!isUp() && pair.ended === undefined) throw new Error(`seed ${seed} is stuck\n${pair.conversation}`);
      if (pair.ended === undefined) times.push(pair.world.now);
      else {
        const { code = 'none', detail = '' } = pair.ended.failure ?? {};
        expect(HONEST, `seed ${seed}: ${code}: ${detail}`).toContain(code);
        failures[code] = (failures[code] ?? 0) + 1;
        continue;
      }
      pair.client({ type: 'close', why: 'User request' });
      expect(failureOf(pair), `seed ${seed}`).toBeUndefined();
    }
    times.sort((a, b) => a - b);
    const at = (part: number) => ((times[Math.floor(times.length * part)] ?? Number.NaN) / 1000).toFixed(1);
    console.log(
      `${SEEDS} links over a bad wire: ${times.length} up, half after ${at(0.5)} s, 9 in 10 after ${at(0.9)} s; ${JSON.stringify(failures)}`,
    );
    expect(times.length).toBeGreaterThan(0.99 * SEEDS);
  });

  it('brings them back after a renegotiation', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const pair = new PppPair({}, {}, seed, { ...BAD_WIRE, loss: 0.1 }).connect();
      const isUp = () => pair.ipv4UpAt !== undefined && pair.serverIpv4UpAt !== undefined;
      if (!pair.world.until(isUp, 10 * MINUTE_MS)) throw new Error(`seed ${seed} is stuck\n${pair.conversation}`);
      pair.world.run(20_000);
      pair.lns({ type: 'renegotiate' });
      pair.world.run(100);
      if (!pair.world.until(isUp, 10 * MINUTE_MS)) throw new Error(`seed ${seed} is stuck\n${pair.conversation}`);
    }
  });
});
