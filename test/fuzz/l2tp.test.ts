/** Nonsense for tunnels, sessions and farewells: nothing throws, nothing grows, nothing happens for ever. */
import { describe, expect, it } from 'vitest';
import { Farewell } from '../../src/protocol/l2tp/farewell.ts';
import { Session } from '../../src/protocol/l2tp/session.ts';
import { Tunnel, type TunnelEffect } from '../../src/protocol/l2tp/tunnel.ts';
import type { Endpoint, Machine } from '../../src/protocol/machine.ts';
import { readDatagram, writeControl } from '../../src/wire/l2tp-header.ts';
import { writeMessage } from '../../src/wire/message.ts';
import { type ControlMessage, MESSAGE, type MessageKind } from '../../src/wire/message-table.ts';
import { type Random, random } from '../random.ts';
import { PEER, TUNNEL_SETTINGS } from '../support/tunnel-talk.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 1);
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 200_000);
/** Inputs to one machine; then another one is made. */
const LIFETIME = 200;
/** More effects than this from one input would be an avalanche. */
const MOST_EFFECTS = 60;

const KINDS = Object.keys(MESSAGE) as MessageKind[];

/** A message of any kind with everything that it must carry. */
function message(chance: Random): ControlMessage {
  const u16 = () => (chance.below(4) === 0 ? chance.below(65_536) : chance.below(4));
  const kind = KINDS[chance.below(KINDS.length)] as MessageKind;
  const introduction = {
    protocolVersion: chance.below(20) === 0 ? u16() : 0x0100,
    hostName: 'fuzz',
    framingCapabilities: chance.below(4),
    assignedTunnelId: u16(),
    ...(chance.below(8) === 0 && { receiveWindowSize: u16() }),
    ...(chance.below(16) === 0 && { challenge: chance.octets(1 + chance.below(20)) }),
  };
  const assignedSessionId = u16();
  const resultCode = {
    result: chance.below(12),
    error: chance.below(10),
    text: chance.below(2) === 0 ? '' : 'max secret',
  };
  switch (kind) {
    case 'SCCRQ':
      return { kind, ...introduction, ...(chance.below(4) === 0 && { tieBreaker: chance.octets(8) }) };
    case 'SCCRP':
      return { kind, ...introduction, ...(chance.below(8) === 0 && { challengeResponse: chance.octets(16) }) };
    case 'SCCCN':
    case 'HELLO':
      return { kind };
    case 'StopCCN':
      return { kind, assignedTunnelId: u16(), resultCode };
    case 'ICRQ':
      return { kind, assignedSessionId, callSerialNumber: 1 };
    case 'ICRP':
    case 'OCRP':
      return { kind, assignedSessionId };
    case 'ICCN':
    case 'OCCN':
      return { kind, txConnectSpeed: 1, framingType: 1 };
    case 'OCRQ':
      return {
        kind,
        assignedSessionId,
        callSerialNumber: 1,
        minimumBps: 1,
        maximumBps: 1,
        bearerType: 1,
        framingType: 1,
        calledNumber: '1',
      };
    case 'CDN':
      return { kind, assignedSessionId, resultCode };
    case 'WEN':
      return {
        kind,
        callErrors: {
          crcErrors: 0,
          framingErrors: 0,
          hardwareOverruns: 0,
          bufferOverruns: 0,
          timeOutErrors: 0,
          alignmentErrors: 0,
        },
      };
    case 'SLI':
      return { kind, accm: { send: 0, receive: 0 } };
    default:
      return kind satisfies never;
  }
}

/** A body: noise, nothing, a message, or one with octets changed, cut off or added. */
function body(chance: Random): Uint8Array {
  const choice = chance.below(8);
  if (choice === 0) return chance.octets(chance.below(40));
  if (choice === 1) return new Uint8Array();
  const bytes = [...writeMessage(message(chance))];
  if (choice > 3) return Uint8Array.from(bytes);
  for (let changes = 1 + chance.below(3); changes > 0; changes--) {
    const at = chance.below(bytes.length + 1);
    if (choice === 2) bytes[at] = chance.below(256);
    else bytes.splice(at, chance.below(8), ...chance.octets(chance.below(8)));
  }
  return Uint8Array.from(bytes);
}

const ELSEWHERE: Endpoint = { address: '10.0.2.1', port: 1701 };
const OTHER_PORT: Endpoint = { address: PEER.address, port: 9 };

/** Ticks a machine through everything that it still wants; false when it never comes to rest. */
function runsOut(machine: Machine<{ type: 'tick' }, unknown>, now: number): boolean {
  for (let ticks = 0; ticks < 1000; ticks++) {
    const at = machine.deadline;
    if (at === undefined) return true;
    if (!Number.isFinite(at)) return false;
    machine.handle({ type: 'tick' }, Math.max(now, at));
    now = Math.max(now, at);
  }
  return false;
}

describe(`nonsense from seed ${SEED}`, () => {
  it(`does not upset a tunnel (${ROUNDS} inputs)`, () => {
    const reached = new Set<string>();
    for (let machines = 0; machines < ROUNDS / LIFETIME; machines++) {
      const chance = random(SEED * 1_000_003 + machines);
      const secret = chance.below(3) === 0 ? 'sesame' : undefined;
      const settings = {
        ...TUNNEL_SETTINGS,
        secret,
        hideAvps: chance.below(2) === 0,
        tolerateUnknownMandatory: chance.below(2) === 0,
        receiveWindow: 1 + chance.below(8),
      };
      const role = chance.below(2) === 0 ? 'initiator' : 'responder';
      const tieBreaker = chance.below(2) === 0 ? { tieBreaker: chance.octets(8) } : {};
      const tunnel = new Tunnel({
        role,
        peer: PEER,
        settings,
        accept: () => chance.below(2) === 0,
        entropy: chance.octets,
        ...tieBreaker,
      });
      let now = 0;
      let closed = 0;
      let theirNs = 0;
      const closeAt = chance.below(LIFETIME / 8); // few live longer
      let pendingEffects: TunnelEffect[] = [];
      const feed = (effects: TunnelEffect[]) => {
        pendingEffects = effects;
        if (effects.length > MOST_EFFECTS) throw new Error(`${effects.length} effects, machine ${machines}`);
        for (const effect of effects) {
          if (effect.type === 'closed') closed++;
          if (effect.type === 'send') readDatagram(effect.bytes); // what we send can be read
        }
        reached.add(`${role} ${tunnel.state}`);
      };
      if (role === 'initiator' || chance.below(8) === 0) feed(tunnel.handle({ type: 'open' }, now));
      for (let inputs = 0; inputs < LIFETIME; inputs++) {
        now += chance.below(4) === 0 ? chance.below(5000) : 0;
        const choice = chance.below(32);
        if (choice === 0) feed(tunnel.handle({ type: 'tick' }, now));
        else if (choice === 1)
          feed(tunnel.handle({ type: 'submit', sessionId: chance.below(4), message: message(chance) }, now));
        else if (inputs === closeAt) feed(tunnel.handle({ type: 'close', cause: { result: 6 } }, now));
        else if (choice === 3)
          feed(tunnel.handle({ type: 'datagram', from: PEER, bytes: chance.octets(chance.below(40)) }, now));
        else {
          const from = choice === 4 ? ELSEWHERE : choice === 5 ? OTHER_PORT : PEER;
          const header = {
            tunnelId: choice < 10 ? 0 : choice === 10 ? chance.below(65_536) : tunnel.localId,
            sessionId: chance.below(8) === 0 ? chance.below(65_536) : chance.below(4),
            // Mostly the next message, with our last acknowledged: only so the conversation goes on.
            ns: chance.below(3) === 0 ? theirNs + chance.below(12) - 4 : tunnel.sequence.nr,
            nr: chance.below(8) === 0 ? chance.below(65_536) : tunnel.sequence.ns,
          };
          theirNs = tunnel.sequence.nr;
          const wrapped = { ...header, ns: header.ns & 0xffff };
          feed(tunnel.handle({ type: 'datagram', from, bytes: writeControl(wrapped, body(chance)) }, now));
        }
      }
      expect(closed, `machine ${machines}`).toBeLessThanOrEqual(1);
      feed(tunnel.handle({ type: 'close', cause: { result: 6 } }, now));
      expect(runsOut(tunnel, now), `machine ${machines}: ${JSON.stringify(pendingEffects.at(-1))}`).toBe(true);
      expect(tunnel.finished, `machine ${machines}`).toBe(true);
    }
    // The nonsense is good enough to get everywhere.
    for (const state of ['initiator wait-ctl-reply', 'initiator established', 'initiator closing', 'initiator closed'])
      expect(reached).toContain(state);
    for (const state of ['responder wait-ctl-conn', 'responder established', 'responder closing', 'responder closed'])
      expect(reached).toContain(state);
  });

  it(`does not make a tunnel grow (${ROUNDS} datagrams to one)`, () => {
    const chance = random(SEED);
    const tunnel = new Tunnel({
      role: 'initiator',
      peer: PEER,
      settings: TUNNEL_SETTINGS,
      accept: () => false,
      entropy: chance.octets,
    });
    const hear = (content: ControlMessage, ns: number, nr: number, now: number) =>
      tunnel.handle(
        {
          type: 'datagram',
          from: PEER,
          bytes: writeControl({ tunnelId: tunnel.localId, sessionId: 0, ns, nr }, writeMessage(content)),
        },
        now,
      );
    tunnel.handle({ type: 'open' }, 0);
    hear(
      { kind: 'SCCRP', protocolVersion: 0x0100, hostName: 'x', framingCapabilities: 3, assignedTunnelId: 9 },
      0,
      1,
      0,
    );
    let sent = 0;
    const started = performance.now();
    for (let i = 0; i < ROUNDS; i++) {
      const calls: ControlMessage = { kind: 'ICRQ', assignedSessionId: 1 + chance.below(65_535), callSerialNumber: i };
      // In order, ahead of order, far ahead: never acknowledging anything of ours.
      const ns = (tunnel.sequence.nr + (i % 3 === 0 ? 0 : chance.below(40_000))) & 0xffff;
      sent += hear(calls, ns, 1, 0).filter(({ type }) => type === 'send').length;
    }
    expect(tunnel.state).toBe('established');
    expect(sent).toBeLessThan(100); // the window of the peer holds back what few refusals were kept
    expect(performance.now() - started).toBeLessThan(ROUNDS); // and no list grows that is searched each time
    expect(runsOut(tunnel, 0)).toBe(true);
  });

  it(`does not upset a session (${ROUNDS} inputs)`, () => {
    for (let machines = 0; machines < ROUNDS / 20; machines++) {
      const chance = random(SEED * 7_000_003 + machines);
      const entropy = chance.octets;
      const session =
        chance.below(2) === 0
          ? new Session({ role: 'lac', entropy, callSerial: 1 })
          : new Session({ role: 'lns', entropy });
      let closed = 0;
      for (let inputs = 0; inputs < 20; inputs++) {
        const choice = chance.below(16);
        const input =
          choice === 0
            ? ({ type: 'close', cause: { result: 3 } } as const)
            : choice === 1
              ? ({ type: 'tick' } as const)
              : choice === 2
                ? ({ type: 'acknowledged', message: KINDS[chance.below(KINDS.length)] as MessageKind } as const)
                : choice < 5
                  ? ({ type: 'open', framing: chance.below(5) } as const)
                  : choice === 5
                    ? ({ type: 'tunnel-closed' } as const)
                    : ({ type: 'message', message: message(chance) } as const);
        const effects = session.handle(input, inputs * 20_000);
        closed += effects.filter(({ type }) => type === 'closed').length;
        if (effects.length > 2) throw new Error(`${effects.length} effects, machine ${machines}`);
      }
      expect(closed).toBeLessThanOrEqual(1);
      expect(runsOut(session, 400_000)).toBe(true);
    }
  });

  it(`does not upset a farewell (${ROUNDS} datagrams)`, () => {
    for (let machines = 0; machines < ROUNDS / 50; machines++) {
      const chance = random(SEED * 9_000_011 + machines);
      const record = {
        local: OTHER_PORT,
        peer: PEER,
        uplink: 'eth0',
        localTunnelId: 42,
        peerTunnelId: 77,
        localSessionId: 1,
        peerSessionId: 2,
        ns: 3,
        nr: 2,
      };
      const farewell = new Farewell(record);
      let sent = farewell.handle({ type: 'open' }, 0).length;
      let done = 0;
      for (let inputs = 0; inputs < 50; inputs++) {
        const header = {
          tunnelId: chance.below(8) === 0 ? 1 : 42,
          sessionId: 0,
          ns: chance.below(6),
          nr: chance.below(65_536),
        };
        const bytes = chance.below(8) === 0 ? chance.octets(chance.below(30)) : writeControl(header, body(chance));
        const effects = farewell.handle(
          { type: 'datagram', from: chance.below(8) === 0 ? ELSEWHERE : PEER, bytes },
          inputs,
        );
        sent += effects.filter(({ type }) => type === 'send').length;
        done += effects.filter(({ type }) => type === 'done').length;
      }
      expect(sent).toBeLessThan(10);
      expect(done).toBeLessThanOrEqual(1);
      expect(runsOut(farewell, 50)).toBe(true);
    }
  });
});
