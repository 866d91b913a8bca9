/** The conversation by itself: what it says, word for word, what it makes of nonsense, and when it loses patience. */
import { beforeEach, describe, expect, it } from 'vitest';
import { concat, hex } from '../../../wire/bytes.ts';
import { writeTable } from './blobmsg.ts';
import { Conversation, PATIENCE_MS } from './conversation.ts';
import type { Call, ConversationEffect, EventsWish, ObjectWish, SubscriptionWish } from './conversation-io.ts';
import { type Message, readBody, readHeader, writeMessage } from './message.ts';
import type { Attributes, MessageType } from './message-table.ts';

const US = 0x74a339a8;
const EAR = 0x9000_1001; // in blobmsg an int32, and so below zero
const OURS = 0x1002;
const THEIRS = 0x2001;
const CALLER = 0x3001;

const object: ObjectWish = { kind: 'object', name: 'l2tp', signature: { up: {} } };
const none = new Uint8Array();

let conversation: Conversation;
let now: number;
beforeEach(() => {
  now = 1000;
  conversation = new Conversation(now);
});

/** Everything that comes of some octets, messages sent as messages. */
function hear(...messages: readonly Uint8Array[]): (Exclude<ConversationEffect, { type: 'send' }> | Message)[] {
  return conversation.handle({ type: 'octets', octets: concat(...messages) }, now).map(asMessage);
}
const asMessage = (effect: ConversationEffect) =>
  effect.type === 'send' ? ({ ...readHeader(effect.octets), attributes: readBody(effect.octets) } as Message) : effect;
const say = (type: MessageType, seq: number, peer: number, attributes: Attributes = {}) =>
  writeMessage({ type, seq, peer, attributes });
const hello = say('hello', 0, US);
const status = (seq: number, code = 0, peer = 0) => say('status', seq, peer, { status: code });
const data = (seq: number, attributes: Attributes, peer = 0) => say('data', seq, peer, attributes);
const invoke = (objectId: number, method: string, args: Uint8Array | undefined = none, peer = CALLER, seq = 77) =>
  say('invoke', seq, peer, { objectId, method, data: args });

/** Everything up to `ready` without wishes: requests 1 and 2. */
function greet(): void {
  hear(hello);
  hear(data(1, { objectId: EAR }), status(1));
  expect(hear(status(2, 0, 1))).toEqual([{ type: 'ready' }]);
}
/** Our object is there as OURS: request 3. */
function publish(): void {
  conversation.handle({ type: 'wish', wish: object }, now);
  expect(hear(data(3, { objectId: OURS, objectType: 9 }), status(3))).toEqual([]);
}
const call = (changes: Partial<Call> = {}): Call => ({
  ...{ id: 1, object: 'zz', method: 'm', data: none, deadline: now + 1000 },
  ...changes,
});
const ask = (asked = call()) => conversation.handle({ type: 'call', call: asked }, now).map(asMessage);
const failed = (words: string, code: string, id = 1) => ({ type: 'call-ended', id, result: { status: code, words } });

describe('a conversation with ubusd', () => {
  it('says nothing before it is greeted, then makes its ear, then everything else in order', () => {
    const events: EventsWish = { kind: 'events', pattern: 'network.*' };
    const other: ObjectWish = { ...object, name: 'other' };
    for (const wish of [object, events, other]) expect(conversation.handle({ type: 'wish', wish }, now)).toEqual([]);
    expect(hear(hello)).toEqual([{ type: 'addObject', seq: 1, peer: 0, attributes: {} }]);
    const register = (seq: number, pattern: string) => {
      const attributes = { objectId: 1, method: 'register', data: writeTable({ object: EAR | 0, pattern }) };
      return { type: 'invoke', seq, peer: 1, attributes };
    };
    const add = (seq: number, objectPath: string) => {
      const signature = Uint8Array.from(Buffer.from('8200000c0002757000000000', 'hex'));
      return { type: 'addObject', seq, peer: 0, attributes: { objectPath, signature } };
    };
    expect(hear(data(1, { objectId: EAR }), status(1))).toEqual([
      register(2, 'ubus.object.*'),
      add(3, 'l2tp'),
      register(4, 'network.*'),
      add(5, 'other'),
    ]);
    expect(hear(status(2, 0, 1), data(3, { objectId: OURS }), status(3), status(4, 0, 1))).toEqual([]);
    expect(hear(data(5, { objectId: OURS + 1 }), status(5))).toEqual([{ type: 'ready' }]);
  });

  it('registers and looks up octet for octet as a real ubusd was seen to take it', () => {
    greet();
    const sent = (input: Parameters<Conversation['handle']>[0]) =>
      conversation.handle(input, now).map((effect) => effect.type === 'send' && hex(effect.octets));
    expect(sent({ type: 'wish', wish: object })).toEqual([
      '000600030000000000000020020000096c32747000000000060000108200000c0002757000000000',
    ]);
    expect(sent({ type: 'call', call: call() })).toEqual(['00040004000000000000000c020000077a7a0000']);
    const answer = Uint8Array.from(Buffer.from('00010004000000000000000c0100000800000004', 'hex'));
    expect(hear(answer)).toEqual([failed('zz m: no such object', 'notFound')]);
  });

  it('names the types of arguments', () => {
    greet();
    const args = { a: 'string', b: 'int32', c: 'bool', d: 'array', e: 'table' } as const;
    const [sent] = conversation
      .handle({ type: 'wish', wish: { ...object, signature: { m: args } } }, now)
      .map(asMessage);
    const signature = writeTable({ m: { a: 3, b: 5, c: 7, d: 1, e: 2 } });
    expect(sent).toMatchObject({ attributes: { signature } });
  });

  it('calls what it finds', () => {
    greet();
    expect(ask()).toEqual([{ type: 'lookup', seq: 3, peer: 0, attributes: { objectPath: 'zz' } }]);
    expect(hear(data(3, { objectPath: 'zz', objectId: THEIRS }), status(3))).toEqual([
      { type: 'invoke', seq: 4, peer: THEIRS, attributes: { objectId: THEIRS, method: 'm', data: none } },
    ]);
    hear(data(4, { objectId: THEIRS, data: writeTable({ a: 1 }) }, THEIRS));
    expect(hear(status(4, 0, THEIRS))).toEqual([
      { type: 'call-ended', id: 1, result: { status: 'ok', data: { a: 1 } } },
    ]);
  });

  it('knows an object of which nothing can be called as none', () => {
    greet();
    ask();
    expect(hear(status(3))).toEqual([failed('zz m: no such object', 'notFound')]);
  });

  it('takes answers only from where it asked', () => {
    greet();
    ask();
    hear(data(3, { objectId: THEIRS }), status(3));
    const dropped = { type: 'dropped', why: 'nobody-asked' };
    expect(hear(data(4, { objectId: CALLER, data: none }, CALLER), status(4, 0, CALLER))).toEqual([dropped, dropped]);
    expect(hear(status(5, 0, THEIRS), status(0))).toEqual([dropped, dropped]);
    expect(hear(status(4, 2, THEIRS))).toEqual([failed('zz m: invalid argument', 'invalidArgument')]);
    expect(hear(status(4, 0, THEIRS))).toEqual([dropped]);
  });

  it('ends a call whose answer cannot be read, and nothing else', () => {
    greet();
    ask();
    hear(data(3, { objectId: THEIRS }), status(3));
    hear(data(4, { data: Uint8Array.of(1, 2, 3) }, THEIRS));
    expect(hear(status(4, 0, THEIRS))).toMatchObject([{ type: 'call-ended', result: { status: 'parseError' } }]);
    ask(call({ id: 2 }));
    hear(data(5, { objectId: THEIRS }), status(5));
    const crippled = say('status', 6, THEIRS, { objectPath: 'x' });
    crippled[crippled.length - 3] = 0xff; // the name's final zero
    expect(hear(crippled)).toMatchObject([{ type: 'call-ended', id: 2, result: { status: 'parseError' } }]);
    ask(call({ id: 3 }));
    expect(hear(status(7, 99))).toEqual([failed('zz m: unknown error', 'unknownError', 3)]);
  });

  it('ends a call at its deadline, and does not mind the answer that comes then', () => {
    greet();
    ask();
    expect(conversation.deadline).toBe(now + 1000);
    hear(data(3, { objectId: THEIRS }), status(3));
    expect(conversation.deadline).toBe(now + 1000);
    now += 999;
    expect(conversation.handle({ type: 'tick' }, now)).toEqual([]);
    now += 1;
    expect(conversation.handle({ type: 'tick' }, now)).toEqual([failed('zz m: no answer in time', 'timeout')]);
    expect(conversation.deadline).toBeUndefined();
    expect(hear(status(4, 0, THEIRS))).toEqual([{ type: 'dropped', why: 'nobody-asked' }]);
  });

  it('ends calls when the object is gone, for ubusd does not', () => {
    greet();
    ask();
    hear(data(3, { objectId: THEIRS }), status(3));
    ask(call({ id: 2 }));
    hear(data(5, { objectId: THEIRS + 1 }), status(5));
    const gone = invoke(EAR, 'ubus.object.remove', writeTable({ id: THEIRS, path: 'zz' }), 0);
    const [event, ...ended] = hear(gone);
    expect(event).toMatchObject({ type: 'event' });
    expect(ended).toEqual([failed('zz m: gone without an answer', 'notFound')]);
    expect(hear(status(6, 0, THEIRS + 1))).toMatchObject([{ type: 'call-ended', id: 2, result: { status: 'ok' } }]);
  });

  it('has room for so many calls and no more', () => {
    greet();
    for (let id = 1; id <= 1024; id++) expect(ask(call({ id }))).toMatchObject([{ type: 'lookup' }]);
    expect(ask(call({ id: 1025 }))).toEqual([failed('zz m: out of memory', 'noMemory', 1025)]);
  });

  it('counts its requests round, past those that are open', () => {
    greet();
    ask(call({ deadline: now + 1e9 })); // 3
    for (let id = 4; id < 65_536 + 2; id++) {
      const [sent] = ask(call({ id }));
      const seq = sent !== undefined && 'seq' in sent ? sent.seq : 0;
      hear(status(seq, 4));
      if (id === 65_535) expect(seq).toBe(65_535);
      if (id === 65_536) expect(seq).toBe(1); // not 0: that is the greeting's
      if (id === 65_537) expect(seq).toBe(2);
    }
    expect(ask(call())).toMatchObject([{ seq: 4 }]);
  });

  it('ends every call when the socket is lost', () => {
    expect(ask()).toEqual([failed('zz m: no connection to ubusd', 'connectionFailed')]); // not greeted yet
    greet();
    ask();
    ask(call({ id: 2 }));
    expect(conversation.handle({ type: 'lost' }, now)).toEqual([
      failed('zz m: no connection to ubusd', 'connectionFailed'),
      failed('zz m: no connection to ubusd', 'connectionFailed', 2),
    ]);
    expect(ask()).toEqual([failed('zz m: no connection to ubusd', 'connectionFailed')]);
    expect(hear(hello)).toEqual([]);
    expect(conversation.deadline).toBeUndefined();
  });

  it('gives up an ubusd that does not greet', () => {
    expect(conversation.deadline).toBe(now + PATIENCE_MS);
    now += PATIENCE_MS - 1;
    expect(conversation.handle({ type: 'tick' }, now)).toEqual([]);
    now += 1;
    expect(conversation.handle({ type: 'tick' }, now)).toEqual([{ type: 'broken', why: 'no greeting' }]);
  });

  it('gives up an ubusd that says something else first, or that answers nothing', () => {
    expect(hear(status(1))).toEqual([{ type: 'broken', why: 'no greeting' }]);
    conversation = new Conversation(now);
    greet();
    conversation.handle({ type: 'wish', wish: object }, now);
    ask(call({ deadline: now + 60_000 }));
    now += PATIENCE_MS;
    expect(conversation.handle({ type: 'tick' }, now)).toEqual([
      failed('zz m: no connection to ubusd', 'connectionFailed'),
      { type: 'broken', why: 'no answer within 5 s' },
    ]);
  });

  it('gives up an ubusd whose messages make no sense, after what came in front', () => {
    greet();
    publish();
    const effects = hear(invoke(OURS, 'up'), new Uint8Array(12).fill(0xff), invoke(OURS, 'up'));
    expect(effects.map(({ type }) => type)).toEqual(['invoked', 'broken']);
    conversation = new Conversation(now);
    greet();
    const crippled = say('invoke', 1, 0, { objectId: EAR, method: 'abc' });
    crippled[crippled.length - 1] = 0x64; // no final zero
    expect(hear(crippled)).toMatchObject([{ type: 'broken' }]);
  });

  it('gives up an ubusd that does not let it hear, and listens to nothing more', () => {
    hear(hello);
    expect(hear(status(1, 6), invoke(EAR, 'some.event', none, 0))).toEqual([
      { type: 'broken', why: 'ubusd refused an object without a name' },
    ]);
  });

  it('says how somebody is answered', () => {
    greet();
    publish();
    const [effect] = hear(invoke(OURS, 'up', writeTable({ a: 1 })));
    expect(effect).toMatchObject({ type: 'invoked', wish: object, method: 'up', args: { a: 1 } });
    if (effect?.type !== 'invoked') return;
    const answer = writeTable({ b: 2 });
    const answered = conversation.handle({ type: 'answer', caller: effect.caller, status: 'ok', data: answer }, now);
    expect(answered.map(asMessage)).toEqual([
      { type: 'data', seq: 77, peer: CALLER, attributes: { objectId: OURS, data: answer } },
      { type: 'status', seq: 77, peer: CALLER, attributes: { status: 0, objectId: OURS } },
    ]);
    expect(conversation.handle({ type: 'answer', caller: effect.caller, status: 'ok', data: answer }, now)).toEqual([]);
  });

  it('does not ask us about methods that are not there, or with arguments that are none', () => {
    greet();
    publish();
    const refused = (code: number) => [
      { type: 'status', seq: 77, peer: CALLER, attributes: { status: code, objectId: OURS } },
    ];
    for (const method of ['down', 'toString', '__proto__', 'constructor', ''])
      expect(hear(invoke(OURS, method)), method).toEqual(refused(3));
    expect(hear(invoke(OURS, 'up', Uint8Array.of(1, 2, 3)))).toEqual(refused(2));
    expect(hear(say('invoke', 77, CALLER, { objectId: OURS, method: 'up' }))).toMatchObject([
      { type: 'invoked', args: {} },
    ]);
    expect(hear(invoke(0x9999, 'up'))).toEqual([{ type: 'dropped', why: 'unknown-object' }]);
  });

  it('turns callers away when too many wait', () => {
    greet();
    publish();
    for (let i = 0; i < 256; i++) expect(hear(invoke(OURS, 'up'))).toMatchObject([{ type: 'invoked' }]);
    expect(hear(invoke(OURS, 'up'))).toMatchObject([{ type: 'status', attributes: { status: 11 } }]);
  });

  it('takes events from ubusd alone', () => {
    greet();
    const table = writeTable({ x: 1 });
    expect(hear(invoke(EAR, 'some.event', table, 0))).toEqual([{ type: 'event', name: 'some.event', data: { x: 1 } }]);
    expect(hear(invoke(EAR, 'some.event', table, CALLER))).toEqual([{ type: 'dropped', why: 'forged-event' }]);
    expect(hear(invoke(EAR, 'some.event', Uint8Array.of(1), 0))).toEqual([{ type: 'dropped', why: 'unreadable-data' }]);
  });

  it('notifies while somebody is subscribed', () => {
    greet();
    publish();
    const notify = () =>
      conversation.handle({ type: 'notify', wish: object, method: 'state', data: none }, now).map(asMessage);
    expect(notify()).toEqual([]);
    const watched = (active: boolean) => say('notify', 1, 0, { objectId: OURS, active });
    expect(hear(watched(true), watched(true))).toEqual([{ type: 'watched', wish: object, isWatched: true }]);
    const attributes = { objectId: OURS, method: 'state', data: none, noReply: true };
    expect(notify()).toEqual([{ type: 'notify', seq: 4, peer: OURS, attributes }]);
    expect(hear(watched(false))).toEqual([{ type: 'watched', wish: object, isWatched: false }]);
    expect(notify()).toEqual([]);
    hear(watched(true));
    expect(conversation.handle({ type: 'lost' }, now)).toEqual([{ type: 'watched', wish: object, isWatched: false }]);
  });

  it('asks for a refused name again when its owner is gone', () => {
    greet();
    conversation.handle({ type: 'wish', wish: object }, now);
    expect(hear(status(3, 2))).toEqual([{ type: 'refused', wish: object, status: 'invalidArgument' }]);
    const gone = (path: string) => hear(invoke(EAR, 'ubus.object.remove', writeTable({ id: 5, path }), 0));
    expect(gone('other').filter(({ type }) => type !== 'event')).toEqual([]);
    expect(gone('l2tp')).toMatchObject([{ type: 'event' }, { type: 'addObject', attributes: { objectPath: 'l2tp' } }]);
    hear(data(4, { objectId: OURS }), status(4));
    expect(hear(invoke(OURS, 'up'))).toMatchObject([{ type: 'invoked' }]);
    expect(gone('l2tp')).toMatchObject([{ type: 'event' }]); // somebody else's story
  });
});

describe('a subscription', () => {
  const wish: SubscriptionWish = { kind: 'subscription', target: 'zz' };
  const came = () => invoke(EAR, 'ubus.object.add', writeTable({ id: THEIRS, path: 'zz' }), 0);
  const notice = (attributes: Attributes = {}) =>
    say('invoke', 5, CALLER, { objectId: OURS, method: 'news', data: writeTable({ n: 1 }), ...attributes });
  const lookup = { type: 'lookup', attributes: { objectPath: 'zz' } };
  const subscribe = { type: 'subscribe', attributes: { objectId: OURS, target: THEIRS } };
  /** Its own object is there: request 3; 4 asks for the target. */
  function wished(): void {
    greet();
    expect(conversation.handle({ type: 'wish', wish }, now).map(asMessage)).toMatchObject([{ type: 'addObject' }]);
    expect(hear(data(3, { objectId: OURS }), status(3))).toMatchObject([lookup]);
  }

  it('is made when the object is there', () => {
    wished();
    expect(hear(data(4, { objectId: THEIRS }), status(4))).toMatchObject([subscribe]);
    expect(hear(status(5))).toEqual([{ type: 'subscribed', wish }]);
    const answer = { type: 'status', seq: 5, peer: CALLER, attributes: { status: 0, objectId: OURS } };
    expect(hear(notice())).toEqual([answer, { type: 'notified', wish, method: 'news', data: { n: 1 } }]);
    expect(hear(notice({ noReply: true }))).toMatchObject([{ type: 'notified' }]);
    expect(hear(notice({ noReply: true, data: Uint8Array.of(1) }))).toEqual([
      { type: 'dropped', why: 'unreadable-data' },
    ]);
  });

  it('is made when the object comes, and again when it comes again', () => {
    wished();
    expect(hear(status(4, 4))).toEqual([]);
    expect(hear(came())).toMatchObject([{ type: 'event' }, lookup]);
    expect(hear(data(5, { objectId: THEIRS }), status(5), status(6))).toMatchObject([
      subscribe,
      { type: 'subscribed' },
    ]);
    expect(hear(came())).toMatchObject([{ type: 'event' }]); // subscribed already
    expect(hear(say('unsubscribe', 1, 0, { objectId: OURS, target: THEIRS }))).toEqual([]);
    expect(hear(came())).toMatchObject([{ type: 'event' }, lookup]);
  });

  it('does not miss an object that comes while it is asked for', () => {
    wished();
    expect(hear(came())).toMatchObject([{ type: 'event' }]);
    expect(hear(status(4, 4))).toMatchObject([lookup]);
    expect(hear(data(5, { objectId: THEIRS - 1 }), status(5))).toMatchObject([{ type: 'subscribe' }]);
    expect(hear(came())).toMatchObject([{ type: 'event' }]);
    expect(hear(status(6, 4))).toMatchObject([lookup]); // it had gone and come back
    expect(hear(data(7, { objectId: THEIRS }), status(7))).toMatchObject([subscribe]);
    expect(hear(status(8, 4))).toEqual([{ type: 'refused', wish, status: 'notFound' }]); // and not for ever
  });

  it('ends', () => {
    wished();
    hear(data(4, { objectId: THEIRS }), status(4), status(5));
    expect(conversation.handle({ type: 'withdraw', wish }, now).map(asMessage)).toMatchObject([
      { type: 'removeObject', attributes: { objectId: OURS } },
    ]);
    expect(hear(notice())).toEqual([{ type: 'dropped', why: 'unknown-object' }]);
    expect(hear(came())).toMatchObject([{ type: 'event' }]);
  });

  it('ends before it has begun', () => {
    greet();
    conversation.handle({ type: 'wish', wish }, now);
    expect(conversation.handle({ type: 'withdraw', wish }, now)).toEqual([]);
    expect(hear(data(3, { objectId: OURS }), status(3))).toMatchObject([
      { type: 'removeObject', attributes: { objectId: OURS } },
    ]);
    conversation = new Conversation(now);
    conversation.handle({ type: 'wish', wish }, now);
    conversation.handle({ type: 'withdraw', wish }, now);
    greet();
  });
});
