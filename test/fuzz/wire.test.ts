// The L2TP readers against octets that make no sense: a value or Malformed, never more than came in, and nothing lost on the way back.
import { describe, expect, it } from 'vitest';
import { DataLane } from '../../src/protocol/data-lane.ts';
import { type Avp, readAvps, writeAvps } from '../../src/wire/avp.ts';
import { isControl, readDatagram, tunnelIdOf, writeControl } from '../../src/wire/l2tp-header.ts';
import { readMessage, writeMessage } from '../../src/wire/message.ts';
import type { ControlMessage } from '../../src/wire/message-table.ts';
import { describeResult } from '../../src/wire/result-table.ts';
import { captureNames, l2tpOf } from '../captures/pcap.ts';
import { TSHARK } from '../captures/tshark.ts';
import { octets } from '../codec-vectors.ts';
import { attempt } from '../support/attempt.ts';
import { Chance } from '../support/chance.ts';
import { mutated } from '../support/mutation.ts';
import { roundsWith, SEED } from './rounds.ts';

const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 1_000_000);
const rounds = roundsWith((seed) => new Chance(seed));

const SECRET = Buffer.from('secret');
const IDS = { localTunnelId: 1, localSessionId: 2, peerTunnelId: 3, peerSessionId: 4 };

/** What real ends sent, one of every kind with all it may carry, and the same hidden. */
const MADE = TSHARK.made.map(({ datagram }) => octets(datagram));
const CONTROL = [...MADE, ...MADE.map(hidden), ...captured(isControl)];
/** Data messages of the captures, addressed to our lane. */
const DATA = captured((payload) => !isControl(payload)).map((payload) => {
  const at = ((payload[0] as number) & 0x40) === 0 ? 2 : 4;
  return Uint8Array.from([...payload.slice(0, at), 0, 1, 0, 2, ...payload.slice(at + 4)]);
});

function captured(wanted: (payload: Uint8Array) => boolean): Uint8Array[] {
  const all = captureNames().flatMap(l2tpOf);
  return all.map(({ payload }) => payload).filter(wanted);
}

function hidden(bytes: Uint8Array): Uint8Array {
  const datagram = readDatagram(bytes);
  const result = datagram.kind === 'control' ? readMessage(datagram.body) : undefined;
  if (datagram.kind !== 'control' || result?.kind !== 'message') throw new Error('no control message');
  const hide = { secret: SECRET, randomVector: octets('00112233445566778899aabbccddeeff'), padding: octets('abcdef') };
  return writeControl(datagram.header, writeMessage(result.message, hide));
}

function same(a: Uint8Array, b: Uint8Array): void {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  if (Buffer.compare(a, b) !== 0) throw new Error(`${text(a)} became ${text(b)}`);
}

/** Noise now and then; otherwise something real that was damaged. */
const input = (chance: Chance, corpus: readonly Uint8Array[]): Uint8Array =>
  chance.happens(0.1) ? chance.entropy(chance.below(80)) : mutated(chance.pick(corpus), chance);

/** A message of whole AVPs, some of them strange: that gets further than damaged octets. */
function strangeBody(chance: Chance): Uint8Array {
  const avps = readAvps(chance.pick(CONTROL).slice(12));
  for (let changes = 1 + chance.below(3); changes > 0 && avps.length > 0; changes--) {
    const at = chance.below(avps.length);
    const avp = avps[at] as Avp;
    const value = chance.happens(0.5) ? mutated(avp.value, chance).slice(0, 1017) : avp.value;
    const strange: Avp = {
      mandatory: chance.happens(0.5),
      hidden: chance.happens(0.2) !== avp.hidden,
      reserved: chance.happens(0.1) ? chance.below(16) : 0,
      vendor: chance.happens(0.1) ? chance.below(65536) : 0,
      type: chance.happens(0.3) ? chance.below(48) : avp.type,
      value,
    };
    avps.splice(at, chance.below(2), strange);
  }
  return writeAvps(avps);
}

/** How much a decoded message holds, octets and characters. */
function sizeOf(message: ControlMessage): number {
  return Object.values(message).reduce<number>((sum, value: unknown) => {
    if (value instanceof Uint8Array || typeof value === 'string') return sum + value.length;
    const text = typeof value === 'object' && value !== null && 'text' in value ? String(value.text).length : 0;
    return sum + 4 + text;
  }, 0);
}

/** Counts what was read, so that a run that never got inside is not taken for a good one. */
const read = { control: 0, data: 0, bodies: 0, messages: 0, unknown: 0, ignored: 0, packets: 0 };

function checkBody(body: Uint8Array, secret: Uint8Array | undefined): void {
  const avps = attempt(() => readAvps(body));
  const result = attempt(() => readMessage(body, secret && { secret }));
  if (avps === undefined) {
    if (result !== undefined) throw new Error('a message of AVPs that are none');
    return;
  }
  read.bodies++;
  same(writeAvps(avps), body);
  if (result?.kind === 'unknown-message') read.unknown++;
  if (result?.kind !== 'message') return;
  read.messages++;
  const { message, ignored } = result;
  read.ignored += ignored.length;
  if (ignored.length >= avps.length) throw new Error(`${ignored.length} ignored of ${avps.length}`);
  if (sizeOf(message) > body.length + 40) throw new Error(`${sizeOf(message)} from ${body.length} octets`);
  if ('resultCode' in message) describeResult('CDN', message.resultCode);
  checkWriting(message);
}

/** What was read is written, read again, and written the same. */
function checkWriting(message: ControlMessage): void {
  // A text that is no UTF-8 is read with U+FFFD in it, three octets each: it may outgrow its AVP.
  const isText = (value: unknown) => !(value instanceof Uint8Array);
  if (JSON.stringify(Object.values(message).filter(isText)).includes('\ufffd')) return;
  const written = writeMessage(message);
  const again = readMessage(written);
  if (again.kind !== 'message' || again.ignored.length > 0) throw new Error('we cannot read what we write');
  same(writeMessage(again.message), written);
}

describe(`L2TP readers, FUZZ_SEED=${SEED} FUZZ_ROUNDS=${ROUNDS}`, () => {
  it('give a value or Malformed for any datagram', () => {
    rounds(ROUNDS / 3, (chance) => {
      const bytes = input(chance, chance.happens(0.8) ? CONTROL : DATA);
      const datagram = attempt(() => readDatagram(bytes));
      const tunnelId = tunnelIdOf(bytes);
      if (datagram === undefined) return;
      read[datagram.kind]++;
      if (isControl(bytes) !== (datagram.kind === 'control') || tunnelId !== datagram.header.tunnelId)
        throw new Error('a glance saw something else');
      if (datagram.kind === 'data') return;
      const written = writeControl(datagram.header, datagram.body);
      same(written.subarray(4), bytes.subarray(4, written.length)); // flags and Length apart
      checkBody(datagram.body, chance.happens(0.5) ? SECRET : undefined);
    });
  });

  it('give a value or Malformed for any AVPs', () => {
    rounds(ROUNDS / 3, (chance) => checkBody(strangeBody(chance), chance.happens(0.7) ? SECRET : undefined));
  });

  it('find in the fast lane what the control lane finds', () => {
    rounds(ROUNDS / 3, (chance) => {
      const lane = new DataLane(IDS, { address: '10.0.2.72', port: 1701 });
      lane.ipv4Open = lane.ipv6Open = true;
      const bytes = input(chance, DATA);
      const packet = lane.decapsulate(bytes);
      if (packet !== undefined) {
        read.packets++;
        const datagram = readDatagram(bytes);
        if (datagram.kind !== 'data' || datagram.header.tunnelId !== 1 || datagram.header.sessionId !== 2)
          throw new Error('no data message of this call');
        const { payload } = datagram;
        same(packet, payload.subarray(payload.length - packet.length));
        if (payload.length - packet.length > 4) throw new Error('a PPP header of more than 4 octets');
      }
      const outgoing = chance.happens(0.5) ? (packet ?? bytes) : mutated(packet ?? bytes, chance);
      const wrapped = lane.encapsulate(outgoing);
      if (wrapped !== undefined) same(wrapped.subarray(lane.overhead(false) - 28), outgoing);
    });
  });

  it('were given something to read', () => {
    expect(Object.entries(read).filter(([, count]) => count < ROUNDS / 300)).toEqual([]);
  });

  it('are quick with the worst that fits into a datagram', () => {
    const vector = octets('8016 0000 0024 00112233445566778899aabbccddeeff');
    const worst = [
      octets(`8008 0000 0000 0006 ${'8006 0000 0063'.repeat(10_900)}`), // as many unknown AVPs as fit
      octets(`8008 0000 0000 0006 ${'8006 0000 0024'.repeat(10_900)}`), // as many Random Vectors
      Uint8Array.from([
        ...octets('8008 0000 0000 000a'),
        ...vector,
        ...octets(`c3ff 0000 0016 ${'00'.repeat(1017)}`.repeat(63)),
      ]),
    ];
    const before = performance.now();
    for (const body of worst) checkBody(body, SECRET);
    expect(performance.now() - before).toBeLessThan(1000);
  });
});
