/** Packets that arrived as one, taken with the short cut and without it: what is delivered must be the same. */
import { describe, expect, it } from 'vitest';
import { Chance } from '../../test/support/chance.ts';
import { EVERYTHING, piecesOf } from '../../test/support/coalescing.ts';
import { damaged, traffic } from '../../test/support/inner-traffic.ts';
import { quickOf, summableMemory } from '../host/native/quick-memory.ts';
import { concat } from '../wire/bytes.ts';
import { Arena } from './arena.ts';
import { Coalescer, type Delivery } from './coalesce.ts';

/** Packets of one length without gaps, each with a header of a tunnel's in front; the last may be shorter. */
interface Message {
  readonly packets: readonly Uint8Array[];
  readonly leads: readonly Uint8Array[];
}

/** As a kernel joins datagrams that follow each other. */
function messagesOf(chance: Chance, packets: readonly Uint8Array[]): Message[] {
  const lead = chance.entropy(8 + chance.below(9));
  const messages: { packets: Uint8Array[]; leads: Uint8Array[] }[] = [];
  for (const packet of packets) {
    const before = messages.at(-1);
    const size = before?.packets[0]?.length ?? 0;
    const goesOn = packet.length <= size && before?.packets.at(-1)?.length === size && before.packets.length < 64;
    const last = goesOn && before ? before : { packets: [], leads: [] };
    if (last !== before) messages.push(last);
    last.packets.push(packet);
    last.leads.push(chance.happens(0.02) ? damaged(lead, chance) : lead);
  }
  return messages;
}

/** What is delivered of batches of messages, in order, and how many packets took the short cut. */
function delivered(messages: readonly Message[], isQuick: boolean) {
  const octets = summableMemory(1 << 20);
  const arena = Arena.over(octets, quickOf(octets));
  const out: { head: string; packets: string }[] = [];
  const coalescer = new Coalescer(arena, EVERYTHING, (delivery: Delivery) => {
    const { heads, headAt, headOctets } = delivery;
    const parts = piecesOf(delivery).map(({ at, octets: count }) => octets.slice(at, at + count));
    out.push({ head: text(heads.octets.slice(headAt, headAt + headOctets)), packets: text(concat(...parts)) });
  });
  let followed = 0;
  for (const [i, { packets, leads }] of messages.entries()) {
    const places: number[] = [];
    let at = 200_000 * (i % 4) + 6;
    for (const [k, packet] of packets.entries()) {
      octets.set(leads[k] as Uint8Array, at);
      places.push(at + (leads[k] as Uint8Array).length);
      octets.set(packet, places[k] as number);
      at = (places[k] as number) + packet.length;
    }
    const lead = leads[0]?.length ?? 0;
    const size = packets[0]?.length ?? 0;
    const whole = packets.filter(({ length }) => length === size).length;
    for (let k = 0; k < packets.length; ) {
      const from = (places[k] as number) - lead;
      const took = isQuick ? coalescer.follow(lead, from, lead + size, whole - k) : 0;
      if (took > Math.max(0, whole - k)) throw new Error('more than there are');
      if (took === 0) coalescer.add(places[k] as number, (places[k] as number) + (packets[k]?.length ?? 0));
      followed += took;
      k += Math.max(1, took);
    }
    if (i % 4 === 3) coalescer.flush();
  }
  coalescer.flush();
  return { out, followed };
}

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

describe.each([
  ['in good order', { oddity: 0.02, flows: 1, largest: 1400 }, 0, 0.7],
  ['of several flows', { oddity: 0.05, flows: 4, largest: 300 }, 0, 0.2],
  ['with damage', { oddity: 0.02, flows: 1, largest: 300 }, 0.05, 0.5],
  ['with oddities', { oddity: 0.3, flows: 2, largest: 120 }, 0.02, 0.1],
] as const)('packets that arrived as one, %s', (_name, options, damage, quick) => {
  it('are delivered as if each had come alone', () => {
    let [followed, all] = [0, 0];
    for (let seed = 0; seed < 40; seed++) {
      const chance = new Chance(seed);
      const packets = traffic(chance, 250, options).map((packet) =>
        chance.happens(damage) ? damaged(packet, chance) : packet,
      );
      const messages = messagesOf(chance, packets);
      const short = delivered(messages, true);
      if (JSON.stringify(short.out) !== JSON.stringify(delivered(messages, false).out))
        expect.fail(`seed ${seed}: not the same`);
      followed += short.followed;
      all += packets.length;
    }
    expect(followed).toBeGreaterThan(quick * all); // else nothing is proved
  });
});
