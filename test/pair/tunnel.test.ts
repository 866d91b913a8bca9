/** Two tunnels and the calls in them, back to back over wires good and bad: what is said arrives, once and in order, or the end is honest. */
import { describe, expect, it } from 'vitest';
import type { Instant } from '../../src/protocol/deadlines.ts';
import type { Failure } from '../../src/protocol/failure.ts';
import { Session, type SessionEffect, type SessionInput } from '../../src/protocol/l2tp/session.ts';
import { Tunnel, type TunnelEffect, type TunnelInput, type TunnelOptions } from '../../src/protocol/l2tp/tunnel.ts';
import type { Endpoint } from '../../src/protocol/machine.ts';
import { readDatagram } from '../../src/wire/l2tp-header.ts';
import { textOf } from '../../src/wire/text.ts';
import { Chance } from '../support/chance.ts';
import { BAD_WIRE, type Carried, type Conditions, GOOD_WIRE, Network } from '../support/network.ts';
import { TUNNEL_SETTINGS } from '../support/tunnel-talk.ts';
import { type Actor, World } from '../support/world.ts';

const LAC: Endpoint = { address: '192.0.2.10', port: 40_000 };
const LNS: Endpoint = { address: '10.0.2.72', port: 1701 };

/** A tunnel and at most one call in it: what Call is to our client, without PPP. */
class End implements Actor {
  readonly tunnel: Tunnel;
  session: Session | undefined;
  /** What happened, and when: `established`, `call`, `closed …`. */
  readonly log: { at: Instant; what: string }[] = [];
  /** Numbers that arrived in WEN and SLI messages. */
  readonly heard: number[] = [];
  failure: Failure | undefined;
  readonly #world: World;
  readonly #network: Network;
  readonly #self: Endpoint;
  readonly #chance: Chance;

  constructor(world: World, network: Network, self: Endpoint, chance: Chance, options: Partial<TunnelOptions>) {
    this.#world = world;
    this.#network = network;
    this.#self = self;
    this.#chance = chance;
    const peer = self === LAC ? LNS : LAC;
    const role = self === LAC ? 'initiator' : 'responder';
    const { entropy } = chance;
    this.tunnel = new Tunnel({ role, peer, settings: TUNNEL_SETTINGS, accept: () => false, entropy, ...options });
    network.bind(self, (bytes, from) => this.do({ type: 'datagram', from, bytes }));
    world.add(this);
  }

  get deadline(): Instant | undefined {
    const deadlines = [this.tunnel.deadline, this.session?.deadline].filter((at) => at !== undefined);
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }
  tick(): void {
    this.do({ type: 'tick' });
    this.call({ type: 'tick' });
  }
  do(input: TunnelInput): void {
    for (const effect of this.tunnel.handle(input, this.#world.now)) this.#perform(effect);
  }
  call(input: SessionInput): void {
    for (const effect of this.session?.handle(input, this.#world.now) ?? []) this.#performCall(effect);
  }
  happened(what: string): boolean {
    return this.log.some((each) => each.what.startsWith(what));
  }

  #note(what: string): void {
    this.log.push({ at: this.#world.now, what });
  }

  #perform(effect: TunnelEffect): void {
    if (effect.type === 'send') {
      this.#network.send(this.#self, effect.to, effect.bytes);
    } else if (effect.type === 'established') {
      this.#note('established');
      if (this.#self === LNS) return;
      this.session = new Session({ role: 'lac', entropy: this.#chance.entropy, callSerial: 1 });
      this.call({ type: 'open' });
    } else if (effect.type === 'session-message') {
      if (effect.message.kind === 'WEN') this.heard.push(effect.message.callErrors.crcErrors);
      if (effect.message.kind === 'SLI') this.heard.push(effect.message.accm.send);
      if (effect.sessionId === 0) this.session = new Session({ role: 'lns', entropy: this.#chance.entropy });
      this.call({ type: 'message', message: effect.message });
    } else if (effect.type === 'session-acknowledged') {
      this.call({ type: 'acknowledged', message: effect.message });
    } else if (effect.type === 'closed') {
      this.failure ??= effect.failure;
      this.#note(`closed ${effect.failure?.code ?? ''}`);
      this.call({ type: 'tunnel-closed' });
    }
  }

  #performCall(effect: SessionEffect): void {
    if (effect.type === 'submit') this.do(effect);
    else if (effect.type === 'established') this.#note('call');
    else if (effect.type === 'closed') {
      this.failure ??= effect.failure;
      this.#note(`call closed ${effect.failure?.code ?? ''}`);
    }
  }
}

interface Scene {
  readonly seed?: number;
  readonly wire?: Conditions;
  readonly lac?: Partial<TunnelOptions>;
  readonly lns?: Partial<TunnelOptions>;
}

function play({ seed = 1, wire = GOOD_WIRE, lac = {}, lns = {} }: Scene) {
  const world = new World();
  const network = new Network(world, new Chance(seed), wire);
  const ends = {
    lac: new End(world, network, LAC, new Chance(seed + 1e6), lac),
    lns: new End(world, network, LNS, new Chance(seed + 2e6), lns),
  };
  const carried: Carried[] = [];
  network.tap = (each) => carried.push(each);
  ends.lac.do({ type: 'open' });
  return { world, network, carried, ...ends };
}

const settings = (changes: Partial<typeof TUNNEL_SETTINGS>) => ({ settings: { ...TUNNEL_SETTINGS, ...changes } });
const wen = (crcErrors: number) =>
  ({
    kind: 'WEN',
    callErrors: {
      crcErrors,
      framingErrors: 0,
      hardwareOverruns: 0,
      bufferOverruns: 0,
      timeOutErrors: 0,
      alignmentErrors: 0,
    },
  }) as const;
const sli = (send: number) => ({ kind: 'SLI', accm: { send, receive: 0 } }) as const;

describe('on a good wire', () => {
  it('tunnel and call are up after five one-way trips, with six datagrams', () => {
    const { world, lac, lns, carried } = play({});
    world.run(1000);
    expect(lac.log).toEqual([
      { at: 20, what: 'established' },
      { at: 40, what: 'call' },
    ]);
    expect(lns.log).toEqual([
      { at: 30, what: 'established' },
      { at: 50, what: 'call' },
    ]);
    // SCCRQ; SCCRP; SCCCN, ICRQ; ICRP; ICCN; and one acknowledgement by itself, of the ICCN.
    expect(carried.map(({ at }) => at)).toEqual([0, 10, 20, 20, 30, 40, 100]);
  });

  it('both ends are down one round trip after the hang-up, and forget it half a minute later', () => {
    const { world, lac, lns } = play({});
    world.run(1000);
    lac.call({ type: 'close', cause: { result: 3 } });
    lac.do({ type: 'close', cause: { result: 6 } });
    world.run(100);
    expect(lns.log.slice(2)).toEqual([
      { at: 1010, what: 'call closed call-closed' },
      { at: 1010, what: 'closed tunnel-closed' },
    ]);
    expect(lac.log.slice(2)).toEqual([
      { at: 1000, what: 'call closed ' },
      { at: 1020, what: 'closed ' },
    ]);
    world.run(31_000);
    expect([lac.tunnel.finished, lns.tunnel.finished]).toEqual([true, true]);
  });

  it('HELLO keeps an idle tunnel for hours', () => {
    const { world, lac, lns, carried } = play({});
    world.run(24 * 3600_000);
    expect([lac.tunnel.state, lns.tunnel.state]).toEqual(['established', 'established']);
    expect(carried.length).toBeLessThan(24 * 60 * 2 + 10); // one HELLO and one acknowledgement a minute
  });

  it('never has more on its way than the window of the peer', () => {
    const { world, lac, lns, carried } = play({ lns: settings({ receiveWindow: 3 }) });
    world.run(1000);
    for (let number = 0; number < 100; number++)
      lac.do({ type: 'submit', sessionId: lac.session?.peerId ?? 0, message: wen(number) });
    world.run(60_000);
    expect(lns.heard).toEqual(Array.from({ length: 100 }, (_, number) => number));
    let acknowledged = 0;
    let most = 0;
    for (const { from, bytes } of carried) {
      const datagram = readDatagram(bytes);
      if (datagram.kind === 'data') continue;
      if (from === LNS) acknowledged = Math.max(acknowledged, datagram.header.nr);
      else if (datagram.body.length > 0) most = Math.max(most, datagram.header.ns + 1 - acknowledged);
    }
    expect(most).toBe(3);
  });
});

describe('a shared secret', () => {
  const secret = 'open sesame';

  it('opens the tunnel when both know it, hidden or not', () => {
    for (const hideAvps of [false, true]) {
      const { world, lac, lns, carried } = play({
        lac: settings({ secret, hideAvps, vendorName: 'plainly readable' }),
        lns: settings({ secret, hideAvps }),
      });
      world.run(1000);
      expect([lac.happened('call'), lns.happened('call'), lns.tunnel.peerVendorName]).toEqual([
        true,
        true,
        'plainly readable',
      ]);
      const onTheWire = carried.map(({ bytes }) => textOf(bytes)).join('');
      expect(onTheWire.includes('plainly readable')).toBe(!hideAvps);
      expect(onTheWire).not.toContain(secret);
    }
  });

  it.each([
    ['differs', 'other', 'open sesame', 'tunnel-secret-wrong', 'tunnel-refused'],
    ['is missing here', undefined, 'open sesame', 'tunnel-secret-needed', 'tunnel-refused'],
    // The server without a secret cannot answer our challenge, and says so (result 4).
    ['is missing there', 'open sesame', undefined, 'tunnel-secret-refused', 'tunnel-secret-needed'],
  ] as const)('that %s keeps it closed', (_, ours, theirs, ourFailure, theirFailure) => {
    const { world, lac, lns } = play({ lac: settings({ secret: ours }), lns: settings({ secret: theirs }) });
    world.run(1000);
    expect(lac.failure?.code).toBe(ourFailure);
    expect(lns.failure?.code).toMatch(
      theirFailure === 'tunnel-refused' ? /^tunnel-(refused|secret-.*)$/ : theirFailure,
    );
    expect(lac.happened('call')).toBe(false);
    world.run(60_000);
    expect([lac.tunnel.finished, lns.tunnel.finished]).toEqual([true, true]);
  });

  it('that differs makes hidden AVPs noise, and is told so', () => {
    const { world, lac } = play({
      lac: settings({ secret: 'one', hideAvps: true }),
      lns: settings({ secret: 'two', hideAvps: true }),
    });
    world.run(1000);
    expect(lac.failure).toMatchObject({ code: 'tunnel-refused', peer: { message: 'StopCCN', result: 2, error: 3 } });
    expect(lac.failure?.peer?.text).toContain('assignedTunnelId (hidden)');
  });
});

describe('both ends asking at once', () => {
  const tieBreaker = (last: number) => Uint8Array.of(1, 2, 3, 4, 5, 6, 7, last);

  it.each([
    [1, 2],
    [2, 1],
  ])('end up in one tunnel, whoever wins (%d against %d)', (ours, theirs) => {
    const { world, lac, lns } = play({
      lac: { tieBreaker: tieBreaker(ours) },
      lns: { role: 'initiator', tieBreaker: tieBreaker(theirs) },
    });
    lns.do({ type: 'open' });
    world.run(1000);
    expect([lac.tunnel.state, lns.tunnel.state]).toEqual(['established', 'established']);
    expect([lac.tunnel.peerId, lns.tunnel.peerId]).toEqual([lns.tunnel.localId, lac.tunnel.localId]);
  });
});

describe('on a wire that loses, doubles and delays three in ten each way', () => {
  const SEEDS = 1000;
  const NUMBERS = 20;

  it(`everything said arrives once and in order, or the end is honest (${SEEDS} seeds)`, () => {
    const failures = new Map<string, number>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const secret = seed % 3 === 0 ? { secret: 'sesame', hideAvps: seed % 2 === 0 } : {};
      const window = { receiveWindow: 1 + (seed % 5) };
      const { world, lac, lns } = play({
        seed,
        wire: BAD_WIRE,
        lac: settings({ ...secret, ...window }),
        lns: settings({ ...secret, receiveWindow: 1 + ((seed >> 2) % 5) }),
      });
      const isUp = world.until(
        () => (lac.happened('call') && lns.happened('call')) || lac.failure !== undefined,
        120_000,
      );
      expect(isUp, `seed ${seed}`).toBe(true);
      for (let number = 0; number < NUMBERS; number++) {
        lac.do({ type: 'submit', sessionId: lac.session?.peerId ?? 0, message: wen(number) });
        lns.do({ type: 'submit', sessionId: lns.session?.peerId ?? 0, message: sli(number) });
      }
      const all = () => lac.heard.length === NUMBERS && lns.heard.length === NUMBERS;
      world.until(() => all() || lac.failure !== undefined || lns.failure !== undefined, 600_000);
      const inOrder = Array.from({ length: NUMBERS }, (_, number) => number);
      expect(inOrder.slice(0, lac.heard.length), `seed ${seed}`).toEqual(lac.heard);
      expect(inOrder.slice(0, lns.heard.length), `seed ${seed}`).toEqual(lns.heard);
      if (!all()) {
        const code = lac.failure?.code ?? lns.failure?.code ?? 'silence';
        failures.set(code, (failures.get(code) ?? 0) + 1);
      }
      lac.do({ type: 'close', cause: { result: 6 } });
      world.run(180_000);
      for (const end of [lac, lns]) {
        expect(end.tunnel.finished, `seed ${seed}`).toBe(true);
        expect(end.log.filter(({ what }) => what.startsWith('closed')).length, `seed ${seed}`).toBe(1);
      }
    }
    console.log(
      `failures on a bad wire, ${SEEDS} tunnels with ${2 * NUMBERS} messages: ${JSON.stringify([...failures])}`,
    );
    const lost = [...failures.values()].reduce((sum, count) => sum + count, 0);
    expect(
      [...failures.keys()].every((code) =>
        ['no-answer', 'control-lost', 'tunnel-closed', 'tunnel-refused'].includes(code),
      ),
    ).toBe(true);
    expect(lost).toBeLessThan(SEEDS / 10);
  });
});
