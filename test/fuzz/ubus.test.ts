/** The ubus client against octets that make no sense, from ubusd and from others through it: no throw, no growth, no stall. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { readAttributes, writeAttribute } from '../../src/host/openwrt/ubus/blob.ts';
import { readTable, type Table, type Value, writeTable } from '../../src/host/openwrt/ubus/blobmsg.ts';
import { Conversation, PATIENCE_MS } from '../../src/host/openwrt/ubus/conversation.ts';
import type {
  Caller,
  ConversationEffect,
  ConversationInput,
  ObjectWish,
  SubscriptionWish,
  Wish,
} from '../../src/host/openwrt/ubus/conversation-io.ts';
import { Frames } from '../../src/host/openwrt/ubus/frames.ts';
import { readBody, readHeader, writeMessage } from '../../src/host/openwrt/ubus/message.ts';
import type { Attributes, MessageType } from '../../src/host/openwrt/ubus/message-table.ts';
import { concat, hex, sameOctets } from '../../src/wire/bytes.ts';
import { attempt } from '../support/attempt.ts';
import { Chance } from '../support/chance.ts';
import { mutated } from '../support/mutation.ts';
import { Broker, type BrokerClient } from '../support/ubus-broker.ts';
import { roundsWith, SEED } from './rounds.ts';

const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 100_000);
const rounds = roundsWith((seed) => new Chance(seed));
/** One input never asks for more than that; a chunk of messages asks for so much of each. */
const MOST_EFFECTS_PER_MESSAGE = 40;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function anyValue(chance: Chance, depth = 0): Value {
  const text = () => String.fromCodePoint(...chance.entropy(chance.below(6)));
  return chance.pick<() => Value>([
    () => null,
    () => chance.happens(0.5),
    () => chance.pick([0, -1, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, 0.1, -1e300, Number.NaN]),
    () => BigInt.asIntN(64, (BigInt(chance.below(2 ** 32)) << 33n) | 1n),
    text,
    () => (depth > 4 ? [] : Array.from({ length: chance.below(4) }, () => anyValue(chance, depth + 1))),
    () => (depth > 4 ? {} : anyTable(chance, depth + 1)),
  ])();
}
function anyTable(chance: Chance, depth = 0): Table {
  const names = ['id', 'path', 'object', '__proto__', 'constructor', '', 'ü'];
  return Object.fromEntries(
    Array.from({ length: chance.below(5) }, () => [chance.pick(names), anyValue(chance, depth)]),
  );
}

/** Values in a table, names too; what came in bounds it. */
const sizeOf = (value: Value | undefined): number =>
  typeof value === 'string'
    ? value.length
    : typeof value === 'object' && value !== null
      ? Object.entries(value).reduce((sum, [name, each]) => sum + name.length + 1 + sizeOf(each), 0)
      : 1;

describe(`ubus octets from seed ${SEED}`, () => {
  it(`are a table or malformed (${ROUNDS} rounds)`, () => {
    let tables = 0;
    rounds(ROUNDS, (chance) => {
      const original = writeTable(anyTable(chance));
      const octets = chance.happens(0.1) ? chance.entropy(chance.below(100)) : mutated(original, chance);
      const table = attempt(() => readTable(octets));
      if (table === undefined) return;
      tables++;
      if (sizeOf(table) > 2 * octets.length) throw new Error(`${sizeOf(table)} of ${octets.length} octets`);
      const written = writeTable(table); // not the octets that came: there are more ways to say a number
      if (!sameOctets(writeTable(readTable(written)), written)) throw new Error(`${hex(octets)} is not what it was`);
    });
    expect(tables).toBeGreaterThan(ROUNDS / 10);
  });

  it(`are a message or malformed, cut anywhere (${ROUNDS} rounds)`, () => {
    let bodies = 0;
    rounds(ROUNDS, (chance) => {
      const stream = mutated(concat(anyMessage(chance), anyMessage(chance)), chance);
      const frames = new Frames();
      let given = 0;
      for (let at = 0; at < stream.length; ) {
        const next = at + 1 + chance.below(40);
        frames.push(stream.subarray(at, next));
        at = next;
        const isWhole = attempt(() => {
          for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
            given += frame.length;
            const whole = frame;
            readHeader(whole);
            if (attempt(() => readBody(whole)) !== undefined) bodies++;
          }
          return true;
        });
        if (!isWhole) break;
      }
      if (given > stream.length) throw new Error(`${given} octets out of ${stream.length}`);
    });
    expect(bodies).toBeGreaterThan(ROUNDS / 2);
  });

  it('are read in a time that does not explode', () => {
    const smallest = writeAttribute({ id: 0, isNamed: true, value: new Uint8Array(4) });
    const many = concat(...Array.from({ length: 100_000 }, () => smallest));
    let deep: Uint8Array = new Uint8Array();
    for (let i = 0; i < 31; i++) {
      const head = Uint8Array.of(0, 0, 0, 0);
      deep = writeAttribute({ id: 1 + (i % 2), isNamed: true, value: concat(head, deep, deep.subarray(0, 20_000)) });
    }
    const started = performance.now();
    expect(Object.keys(readTable(many))).toEqual(['']);
    attempt(() => readTable(deep));
    for (let i = 0; i < 50_000; i++) attempt(() => readTable(Uint8Array.of(0x81, 0, 0, 8, 0, 0, 0, 0, 0x81)));
    expect(performance.now() - started).toBeLessThan(5000);
    expect(readAttributes(many)).toHaveLength(100_000);
  });
});

const NAMES = ['l2tp', 'zz', 'ubus.object.add', 'ubus.object.remove', 'up', 'news', 'toString', '', '*'];
const TYPES: readonly MessageType[] = [
  ...(['hello', 'status', 'status', 'data', 'data', 'ping', 'lookup', 'invoke', 'invoke', 'invoke'] as const),
  ...(['addObject', 'removeObject', 'subscribe', 'unsubscribe', 'notify', 'monitor'] as const),
];

/** Any message at all. @param ids numbers that mean something to whoever hears it */
function anyMessage(chance: Chance, ids: readonly number[] = [0, 1, 1024]): Uint8Array {
  const id = () => (chance.happens(0.9) ? chance.pick(ids) : Math.floor(chance.next() * 2 ** 32));
  const attributes: Attributes = {
    ...(chance.happens(0.5) && { status: chance.below(16) }),
    ...(chance.happens(0.6) && { objectId: id() }),
    ...(chance.happens(0.6) && { method: chance.pick(NAMES) }),
    ...(chance.happens(0.3) && { target: id() }),
    ...(chance.happens(0.3) && { active: chance.happens(0.5) }),
    ...(chance.happens(0.2) && { noReply: chance.happens(0.5) }),
    ...(chance.happens(0.6) && {
      data: chance.happens(0.5)
        ? writeTable({ id: id() | 0, path: chance.pick(NAMES) })
        : mutated(writeTable(anyTable(chance)), chance),
    }),
  };
  const seq = chance.happens(0.95) ? chance.below(40) : chance.below(65_536);
  return writeMessage({ type: chance.pick(TYPES), seq, peer: chance.happens(0.5) ? 0 : id(), attributes });
}

const object: ObjectWish = { kind: 'object', name: 'l2tp', signature: { up: { a: 'string' }, down: {} } };
const subscription: SubscriptionWish = { kind: 'subscription', target: 'zz' };
const WISHES: readonly Wish[] = [object, subscription, { kind: 'events', pattern: 'a.*' }];

/** One conversation with our broker, through which another client does as it likes; the wire may be mangled. */
class Scene {
  readonly conversation: Conversation;
  readonly seen = new Map<string, number>();
  readonly ids = [0, 1];
  other: BrokerClient;
  /** Objects of the other client. */
  theirs: number[] = [];
  readonly #chance: Chance;
  readonly #queue: (() => void)[] = [];
  readonly #broker: Broker;
  readonly #us: BrokerClient;
  readonly #callers: Caller[] = [];
  /** Objects of ours, the ear too, which nobody could know. */
  readonly #ours: number[] = [];
  now = 0;
  isBroken = false;
  readonly openCalls = new Set<number>();
  mangle: (octets: Uint8Array) => Uint8Array = (octets) => octets;

  constructor(chance: Chance) {
    this.#chance = chance;
    this.conversation = new Conversation(this.now);
    this.#broker = new Broker(chance.below(2 ** 31));
    this.#us = this.#accept((octets) => {
      const { objectId } = readBody(octets);
      if (readHeader(octets).type === 'data' && objectId !== undefined) this.#ours.push(objectId);
      this.input({ type: 'octets', octets: this.mangle(octets) });
    });
    this.other = this.anotherOne();
  }

  #accept(hear: (octets: Uint8Array) => void): BrokerClient {
    const send = (octets: Uint8Array) => void this.#queue.push(() => hear(octets));
    return this.#broker.accept({ send, drop: () => undefined });
  }

  anotherOne(): BrokerClient {
    this.theirs = [];
    this.ids.splice(0, this.ids.length, 0, 1, ...this.#ours);
    return this.#accept((octets) => {
      const { type } = readHeader(octets);
      const { objectId, objectPath } = readBody(octets);
      if (type !== 'data' || objectId === undefined) return;
      if (objectPath === undefined) this.theirs.push(objectId);
      this.ids.push(objectId);
    });
  }

  /** What a client that knows what it is about would say. */
  sensible(): Uint8Array {
    const chance = this.#chance;
    const [objectId, target] = [chance.pick([0, ...this.theirs]), chance.pick(this.ids)];
    const data = writeTable(anyTable(chance));
    const say = (type: MessageType, attributes: Attributes, peer = 0) =>
      writeMessage({ type, seq: chance.below(40), peer, attributes });
    return chance.pick<() => Uint8Array>([
      () => say('lookup', { objectPath: 'l2tp' }),
      () => say('addObject', { objectPath: 'zz', signature: writeTable({ up: {} }) }),
      () => say('subscribe', { objectId, target }),
      () => say('unsubscribe', { objectId, target }),
      () => say('notify', { objectId, method: 'news', data, noReply: true }),
      () => say('invoke', { objectId: target, method: 'up', data }, target),
      () => say('invoke', { objectId: 1, method: 'send', data: writeTable({ id: 'a.b', data: anyTable(chance) }) }, 1),
      () => say('removeObject', { objectId }),
    ])();
  }

  input(input: ConversationInput): void {
    const effects = this.conversation.handle(input, this.now);
    const most = MOST_EFFECTS_PER_MESSAGE * (input.type === 'octets' ? 1 + input.octets.length / 12 : 30);
    if (effects.length > most) throw new Error(`${effects.length} effects of ${input.type}`);
    for (const effect of effects) this.#perform(effect);
    const { deadline } = this.conversation;
    if (deadline !== undefined && !(deadline <= this.now + PATIENCE_MS)) throw new Error(`deadline ${deadline}`);
  }

  /** Lets everything that is on its way arrive. */
  run(most = 1000): void {
    for (let i = 0; i < most; i++) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      next();
    }
    throw new Error('they never stop talking');
  }

  call(id: number): void {
    this.openCalls.add(id);
    const object = this.#chance.pick(NAMES);
    const data = writeTable(anyTable(this.#chance));
    this.input({ type: 'call', call: { id, object, method: 'up', data, deadline: this.now + 1000 } });
  }

  answer(): void {
    const caller = this.#callers.splice(this.#chance.below(this.#callers.length), 1)[0];
    if (caller === undefined) return;
    this.input({ type: 'answer', caller, status: this.#chance.pick(['ok', 'timeout']), data: writeTable({ a: 1 }) });
  }

  #perform(effect: ConversationEffect): void {
    const what = effect.type === 'dropped' ? effect.why : effect.type;
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
    if (this.isBroken && effect.type !== 'call-ended') throw new Error(`${what} after the end`);
    if (effect.type === 'send') {
      this.#queue.push(() => this.#us.octets(effect.octets));
    } else if (effect.type === 'broken') this.isBroken = true;
    else if (effect.type === 'invoked') this.#callers.push(effect.caller);
    else if (effect.type === 'call-ended' && !this.openCalls.delete(effect.id))
      throw new Error(`call ${effect.id} ended twice`);
  }
}

describe(`a conversation from seed ${SEED}`, () => {
  const SCENES = ROUNDS / 200;

  /** Many conversations; every call of each of them ends once. */
  function play(act: (scene: Scene, chance: Chance) => void): Set<string> {
    const seen = new Set<string>();
    rounds(SCENES, (chance) => {
      const scene = new Scene(chance);
      for (const wish of WISHES) scene.input({ type: 'wish', wish });
      scene.run();
      scene.other = scene.anotherOne();
      for (let i = 1; i <= 200 && !scene.isBroken; i++) {
        scene.now += chance.happens(0.1) ? chance.below(500) : 0;
        scene.input({ type: 'tick' });
        act(scene, chance);
        if (chance.happens(0.2)) scene.call(i);
        if (chance.happens(0.3)) scene.answer();
        if (chance.happens(0.02)) scene.input({ type: 'withdraw', wish: subscription });
        if (chance.happens(0.05)) scene.input({ type: 'wish', wish: subscription });
        if (chance.happens(0.1)) scene.input({ type: 'notify', wish: object, method: 'x', data: new Uint8Array() });
        scene.run();
      }
      scene.input({ type: 'lost' });
      if (scene.openCalls.size > 0) throw new Error(`calls without end: ${[...scene.openCalls]}`);
      for (const what of scene.seen.keys()) seen.add(what);
    });
    return seen;
  }

  it(`survives another client that does as it likes (${SCENES} times 200 messages)`, () => {
    const seen = play((scene, chance) => {
      scene.other.octets(chance.happens(0.5) ? scene.sensible() : anyMessage(chance, scene.ids));
      scene.run();
      if (scene.isBroken) throw new Error('another client has ended our conversation');
    });
    for (const what of ['ready', 'invoked', 'watched', 'forged-event', 'call-ended', 'unknown-object'])
      expect(seen).toContain(what);
  });

  it(`survives an ubusd that does as it likes (${SCENES} times)`, () => {
    const seen = play((scene, chance) => {
      scene.other.octets(scene.sensible());
      scene.input({ type: 'octets', octets: anyMessage(chance, scene.ids) });
    });
    for (const what of ['event', 'notified', 'nobody-asked', 'unknown-message', 'unreadable-data', 'subscribed'])
      expect(seen).toContain(what);
  });

  it(`survives a wire that mangles (${SCENES} times)`, () => {
    const seen = play((scene, chance) => {
      scene.mangle = (octets) => (chance.happens(0.05) ? mutated(octets, chance) : octets);
      scene.other.octets(scene.sensible());
    });
    for (const what of ['broken', 'invoked', 'nobody-asked']) expect(seen).toContain(what);
  });

  it('does not grow under floods', () => {
    const chance = new Chance(SEED);
    const scene = new Scene(chance);
    for (const wish of WISHES) scene.input({ type: 'wish', wish });
    scene.run();
    scene.other = scene.anotherOne();
    let calls = 0;
    const flood = (count: number) => {
      for (let i = 0; i < count; i++) {
        scene.now += 10;
        scene.input({ type: 'tick' });
        scene.other.octets(chance.happens(0.5) ? scene.sensible() : anyMessage(chance, scene.ids));
        if (i % 500 === 0) {
          scene.other.closed(); // or the broker would remember all its objects
          scene.other = scene.anotherOne();
        }
        if (chance.happens(0.1)) scene.call(++calls);
        scene.answer();
        scene.run();
      }
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = flood(20_000);
    const after = flood(100_000);
    expect(scene.isBroken).toBe(false);
    expect(after - before).toBeLessThan(2 * 1024 * 1024);
  });
});
