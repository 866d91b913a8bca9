/**
 * The bus as its users see it, between processes: against our own broker, or against the ubusd whose socket is
 * L2TPWAN_UBUS_SOCKET. With L2TPWAN_UBUS_CLI, the path of OpenWrt's `ubus`, that joins in.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { build } from 'tsup';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BrokerServer, serveBroker } from '../../../../test/support/ubus-broker.ts';
import { Door, RawClient } from '../../../../test/support/ubus-peers.ts';
import type { Word } from '../../../../test/support/ubusd.ts';
import type { LogLevel } from '../../../ports/log.ts';
import { clock } from '../../node/clock.ts';
import { type Table, type Value, writeTable } from './blobmsg.ts';
import { type Bus, type Method, type Published, UbusError, type UbusObject } from './bus.ts';
import { writeMessage } from './message.ts';
import { openBus } from './ubus.ts';

const { L2TPWAN_UBUS_SOCKET: REAL, L2TPWAN_UBUS_CLI: CLI } = process.env;

vi.setConfig({ testTimeout: 20_000 });

let directory: string;
let broker: BrokerServer | undefined;
let path: string;
let door: Door;
let count = 0;
/** A name that no other test has. */
let name: string;
let buses: Bus[];
let raws: RawClient[];
let children: ChildProcess[];
let lines: [level: LogLevel, words: string][];
let bus: Bus;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'l2tpwan-ubus-'));
  path = REAL ?? join(directory, 'ubus.sock');
  if (REAL === undefined) broker = await serveBroker(path);
});
afterAll(async () => {
  await broker?.close();
  rmSync(directory, { recursive: true });
});
beforeEach(async () => {
  name = `l2tpwan-${process.pid}-${++count}`;
  [buses, raws, children, lines] = [[], [], [], []];
  door = await Door.open(join(directory, `door-${count}.sock`), path);
  bus = open();
  await connected(bus);
});
afterEach(async () => {
  for (const each of [...buses, ...raws]) each.close();
  for (const child of children) child.kill('SIGKILL');
  await door.shut();
});

function open(socketPath = door.path): Bus {
  const opened = openBus({ socketPath, clock, log: { write: (level, _, words) => lines.push([level, words]) } });
  buses.push(opened);
  return opened;
}
async function connected(which: Bus): Promise<void> {
  await vi.waitFor(() => expect(which.isConnected).toBe(true), { timeout: 8000, interval: 5 });
}
/** Another process of the bus, not behind the door. */
async function peer(): Promise<Bus> {
  const opened = open(path);
  await connected(opened);
  return opened;
}
async function raw(): Promise<RawClient> {
  const client = await RawClient.connect(path);
  raws.push(client);
  return client;
}
const objectOf = (methods: Record<string, Method>, more: Partial<UbusObject> = {}): UbusObject => ({
  name,
  methods: Object.fromEntries(Object.entries(methods).map(([method, answer]) => [method, { args: {}, answer }])),
  ...more,
});
/** Publishes and waits until it can be found. */
async function published(by: Bus, object: UbusObject): Promise<Published> {
  const out = by.publish(object);
  await found(object.name);
  return out;
}
async function found(wanted: string): Promise<void> {
  const client = await raw();
  await vi.waitFor(async () => expect(await client.find(wanted)).not.toBe(0), { timeout: 8000 });
  client.close();
}
const soon = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 5 });
const failure = (status: string) => ({ name: 'UbusError', status });
const words = (level: LogLevel) => lines.filter(([each]) => each === level).map(([, text]) => text);
/** What is still on its way has arrived. */
async function settled(): Promise<void> {
  const client = await raw();
  await client.ask('ping', {});
  await sleep(20);
  client.close();
}

describe('calls', () => {
  it('carry any value there and back', async () => {
    const other = await peer();
    await published(other, objectOf({ echo: (args) => args }));
    const table: Table = {
      ...{ text: 'ü', empty: '', yes: true, no: false, zero: 0, int32: -5, int64: 2 ** 40, huge: 2n ** 60n },
      ...{ fraction: 0.1, array: [1, 'a', [true], { x: 1 }], table: { a: { b: [] } } },
    };
    expect(await bus.call(name, 'echo', table)).toEqual(table);
    expect(await bus.call(name, 'echo')).toEqual({});
  });

  it('go both ways between two, and to oneself', async () => {
    const other = await peer();
    await published(bus, objectOf({ who: () => ({ is: 'us' }) }));
    await published(other, { ...objectOf({ who: () => ({ is: 'them' }) }), name: `${name}-other` });
    expect(await other.call(name, 'who')).toEqual({ is: 'us' });
    expect(await bus.call(`${name}-other`, 'who')).toEqual({ is: 'them' });
    expect(await bus.call(name, 'who')).toEqual({ is: 'us' });
  });

  it('are answered later, in any order', async () => {
    const other = await peer();
    const waiting = new Map<Value | undefined, (answer: Table) => void>();
    await published(bus, objectOf({ wait: ({ n }) => new Promise((resolve) => waiting.set(n, resolve)) }));
    const answers: Value[] = [];
    const calls = [1, 2, 3].map(async (n) => answers.push((await other.call(name, 'wait', { n })).n ?? null));
    await soon(() => expect(waiting.size).toBe(3));
    for (const n of [2, 3, 1]) {
      waiting.get(n)?.({ n });
      await soon(() => expect(answers).toContain(n));
    }
    await Promise.all(calls);
    expect(answers).toEqual([2, 3, 1]);
  });

  it('fail as the object says, and the words stay with us', async () => {
    const other = await peer();
    const refuse: Method = () => {
      throw new UbusError('permissionDenied', 'not you');
    };
    const broken: Method = () => Promise.reject(new Error('a mistake'));
    await published(
      bus,
      objectOf({
        refuse,
        broken,
        invalid: () => Promise.reject(new UbusError('invalidArgument', 'mtu 5')),
        said: () => Promise.reject(new UbusError('notFound', '')),
      }),
    );
    await expect(other.call(name, 'said')).rejects.toMatchObject(failure('notFound'));
    await expect(other.call(name, 'refuse')).rejects.toMatchObject(failure('permissionDenied'));
    await expect(other.call(name, 'invalid')).rejects.toMatchObject(failure('invalidArgument'));
    await expect(other.call(name, 'broken')).rejects.toMatchObject(failure('unknownError'));
    expect(words('warn')).toEqual([`ubus: ${name} refuse: not you`, `ubus: ${name} invalid: mtu 5`]);
    expect(words('error')).toEqual([`ubus: ${name} broken: a mistake`]);
  });

  it('fail when there is no such object or method', async () => {
    const other = await peer();
    await expect(bus.call(name, 'x')).rejects.toMatchObject({
      ...failure('notFound'),
      message: `${name} x: no such object`,
    });
    await published(other, objectOf({ up: () => ({}) }));
    for (const method of ['down', 'toString', 'constructor', '__proto__'])
      await expect(bus.call(name, method), method).rejects.toMatchObject(failure('methodNotFound'));
    await expect(bus.call('', 'x')).rejects.toMatchObject({ name: 'UbusError' });
  });

  it('end when their time is over, and are not answered twice', async () => {
    const other = await peer();
    let answer: (answer: Table) => void = () => undefined;
    const late: Method = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    await published(other, objectOf({ late, now: () => ({ is: 'now' }) }));
    const started = clock.now();
    await expect(bus.call(name, 'late', {}, 150)).rejects.toMatchObject(failure('timeout'));
    expect(clock.now() - started).toBeGreaterThanOrEqual(149);
    expect(clock.now() - started).toBeLessThan(2000);
    answer({ is: 'late' });
    expect(await bus.call(name, 'now')).toEqual({ is: 'now' });
    await settled();
    expect(words('debug')).toContain('ubus: passed over: nobody-asked');
  });

  it('end when the object goes without an answer', async () => {
    const other = await peer();
    await published(other, objectOf({ never: () => new Promise(() => undefined) }));
    const call = bus.call(name, 'never', {}, 60_000);
    await settled();
    other.close();
    await expect(call).rejects.toMatchObject(failure('notFound'));
  });

  it('leave nothing broken when their caller goes', async () => {
    const other = await peer();
    let answer: (answer: Table) => void = () => undefined;
    const later: Method = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    await published(bus, objectOf({ later, now: () => ({ is: 'now' }) }));
    const client = await raw();
    client.say('invoke', 0, { objectId: await client.find(name), method: 'later', data: writeTable({}) });
    await settled();
    client.close();
    await settled();
    answer({});
    expect(await other.call(name, 'now')).toEqual({ is: 'now' });
    expect(bus.isConnected).toBe(true);
  });

  it('end at once when ubusd goes, and while it is away', async () => {
    const other = await peer();
    await published(other, objectOf({ never: () => new Promise(() => undefined) }));
    const calls = [1, 2, 3].map(() => bus.call(name, 'never', {}, 60_000));
    const outcomes = Promise.allSettled(calls);
    await settled();
    await door.shut();
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: failure('connectionFailed') });
    expect(bus.isConnected).toBe(false);
    await expect(bus.call(name, 'never')).rejects.toMatchObject(failure('connectionFailed'));
  });

  it('carry nearly 1 MiB, and not more', async () => {
    const other = await peer();
    const table = (length: number) => ({ text: 'x'.repeat(length) });
    const most = 1024 * 1024 - 4096 - 20;
    await published(other, objectOf({ echo: (args) => args, much: () => table(most + 100) }));
    expect(await bus.call(name, 'echo', table(most))).toEqual(table(most));
    await expect(bus.call(name, 'echo', table(most + 100))).rejects.toMatchObject(failure('invalidArgument'));
    await expect(bus.call(name, 'much')).rejects.toMatchObject(failure('unknownError'));
    expect(words('error')).toEqual([
      expect.stringMatching(`^ubus: ${name} much: \\d+ octets are more than ubus takes$`),
    ]);
    expect(await bus.call(name, 'echo', { a: 1 })).toEqual({ a: 1 });
  });

  it('with arguments that are no table are refused, and harm nobody', async () => {
    const heard: Table[] = [];
    await published(bus, objectOf({ up: (args) => ({ n: heard.push(args) }) }));
    const client = await raw();
    const objectId = await client.find(name);
    const status = async (data: Uint8Array | undefined) => {
      const answers = await client.ask('invoke', { objectId, method: 'up', ...(data && { data }) }, objectId);
      return answers.at(-1)?.attributes.status;
    };
    expect(await status(Uint8Array.of(1, 2, 3))).toBe(2);
    expect(await status(Uint8Array.of(0x83, 0, 0, 8, 0, 9, 0x76, 0))).toBe(2);
    expect(heard).toEqual([]);
    expect(await status(undefined)).toBe(0);
    expect(await status(writeTable({ a: 1 }))).toBe(0);
    expect(heard).toEqual([{}, { a: 1 }]);
    expect(bus.isConnected).toBe(true);
    expect(door.entered).toBe(1);
  });

  it('whose answers make no sense end, and nothing else does', async () => {
    const client = await raw();
    const objectId = await client.addObject({ objectPath: name, signature: writeTable({ up: {} }) });
    /** Answers the next call. @param spoil what is done to the STATUS */
    const answer = async (data: Uint8Array, spoil: (status: Uint8Array) => void = () => undefined) => {
      const before = client.heard.length;
      await soon(() => expect(client.heard.slice(before).map(({ type }) => type)).toEqual(['invoke']));
      const { seq = 0, peer: from = 0 } = client.heard.at(-1) ?? {};
      client.say('data', from, { objectId, data }, seq);
      const status = writeMessage({ type: 'status', seq, peer: from, attributes: { status: 0, objectId, user: 'ab' } });
      spoil(status);
      client.write(status);
    };
    const outcome = () => bus.call(name, 'up', {}, 300).catch((error: UbusError) => error.status);
    const outcomes = [outcome()];
    await answer(Uint8Array.of(1, 2, 3));
    expect(await outcomes[0]).toBe('parseError');
    outcomes.push(outcome());
    await answer(new Uint8Array(), (status) => status.set([0xff], status.length - 2));
    expect(await outcomes[1]).toBe('parseError');
    outcomes.push(outcome());
    await answer(new Uint8Array(), (status) => status.set([7], 0)); // another version
    expect(await outcomes[2]).toBe('timeout');
    outcomes.push(outcome());
    await answer(writeTable({ a: 1 }));
    expect(await outcomes[3]).toEqual({ a: 1 });
    expect(door.entered).toBe(1);
  });
});

describe('an object', () => {
  it('is found with its methods and the types of their arguments', async () => {
    const answer = () => ({});
    const args = { interface: 'string', limit: 'int32', colour: 'bool', list: 'array', more: 'table' } as const;
    await published(bus, { name, methods: { status: { args, answer }, reload: { args: {}, answer } } });
    const client = await raw();
    const [entry] = await client.ask('lookup', { objectPath: `${name}*` });
    const { objectPath, signature } = entry?.attributes ?? {};
    const types = { interface: 3, limit: 5, colour: 7, list: 1, more: 2 };
    expect({ objectPath, signature }).toEqual({
      objectPath: name,
      signature: writeTable({ status: types, reload: {} }),
    });
  });

  it('takes a name over when whoever has it goes', async () => {
    const other = await peer();
    await published(other, objectOf({ who: () => ({ is: 'them' }) }));
    bus.publish(objectOf({ who: () => ({ is: 'us' }) }));
    await soon(() => expect(words('error')).toEqual([`ubus: ${name}: refused by ubusd: invalidArgument`]));
    expect(await bus.call(name, 'who')).toEqual({ is: 'them' });
    other.close();
    await soon(async () => expect(await bus.call(name, 'who')).toEqual({ is: 'us' }));
  });

  it('knows whether it is watched, and tells those who watch', async () => {
    const other = await peer();
    const watched: boolean[] = [];
    const { notify } = await published(bus, objectOf({}, { watched: (is) => watched.push(is) }));
    notify('state', { n: 0 }); // to nobody
    const heard: [string, Table][] = [];
    const end = other.subscribe(name, (method, data) => heard.push([method, data]));
    await soon(() => expect(watched).toEqual([true]));
    notify('state', { n: 1 });
    notify('failure', { code: 'peer-silent' });
    await soon(() => expect(heard).toHaveLength(2));
    const another = await peer();
    another.subscribe(name, (method, data) => heard.push([method, data]));
    await settled();
    notify('state', { n: 2 });
    await soon(() => expect(heard).toHaveLength(4));
    another.close();
    end();
    await soon(() => expect(watched).toEqual([true, false]));
    notify('state', { n: 3 });
    await settled();
    expect(heard).toEqual([
      ['state', { n: 1 }],
      ['failure', { code: 'peer-silent' }],
      ['state', { n: 2 }],
      ['state', { n: 2 }],
    ]);
  });

  it('is not upset by what cannot be told', async () => {
    const other = await peer();
    const watched: boolean[] = [];
    const { notify } = await published(bus, objectOf({}, { watched: (is) => watched.push(is) }));
    other.subscribe(name, () => undefined);
    await soon(() => expect(watched).toEqual([true]));
    notify('state', { text: 'x'.repeat(2 ** 20) });
    expect(words('error')).toHaveLength(1);
    expect(bus.isConnected).toBe(true);
  });
});

describe('events', () => {
  it('are heard by name and by what they begin with', async () => {
    const heard: string[] = [];
    const [exact, prefix, all] = ['exact', 'prefix', 'all'].map((by) => (event: string, { n }: Table) => {
      if (event.startsWith(name)) heard.push(`${by}: ${event.slice(name.length)} ${n}`);
    });
    bus.listen(`${name}.a`, exact ?? expect.fail);
    const end = bus.listen(`${name}.*`, prefix ?? expect.fail);
    bus.listen('*', all ?? expect.fail);
    await settled();
    const client = await raw();
    expect(await client.sendEvent(`${name}.a`, { n: 1 })).toBe(0);
    expect(await client.sendEvent(`${name}.ab`, { n: 2 })).toBe(0);
    expect(await client.sendEvent(name, { n: 3 })).toBe(0);
    await soon(() => expect(heard).toHaveLength(6));
    end();
    await client.sendEvent(`${name}.b`, { n: 4 });
    await soon(() => expect(heard).toHaveLength(7));
    expect(heard.map((each) => each.replace(name, ''))).toEqual([
      ...['exact: .a 1', 'prefix: .a 1', 'all: .a 1', 'prefix: .ab 2', 'all: .ab 2', 'all:  3', 'all: .b 4'],
    ]);
  });

  it('tell of objects that come and go', async () => {
    const heard: string[] = [];
    bus.listen('ubus.object.*', (event, { path: object }) => object === name && heard.push(event));
    const other = await peer();
    await published(other, objectOf({}));
    other.close();
    await soon(() => expect(heard).toEqual(['ubus.object.add', 'ubus.object.remove']));
  });

  it('cannot be forged', async () => {
    const heard: string[] = [];
    const spy = await RawClient.connect(door.path);
    raws.push(spy);
    // The spy stands where we stand, and so knows what nobody else does: the number of its own ear.
    const ear = await spy.addObject();
    bus.listen(`${name}.*`, (event) => heard.push(event));
    const client = await raw();
    expect(await client.sendEvent('ubus.object.add', { id: 1, path: name })).toBe(6);
    client.say('invoke', ear, { objectId: ear, method: `${name}.x`, data: writeTable({}) });
    await soon(() => expect(spy.heard.at(-1)).toMatchObject({ type: 'invoke', attributes: { method: `${name}.x` } }));
    expect(spy.heard.at(-1)?.peer).not.toBe(0); // what tells it from an event
    await settled();
    expect(heard).toEqual([]);
  });

  it('survive whoever hears them', async () => {
    const heard: string[] = [];
    bus.listen(`${name}.*`, () => {
      throw new Error('a mistake');
    });
    bus.listen(`${name}.*`, (event) => heard.push(event));
    await settled();
    const client = await raw();
    await client.sendEvent(`${name}.a`, {});
    await soon(() => expect(heard).toEqual([`${name}.a`]));
    expect(words('error')).toEqual([`ubus: ${name}.*: a mistake`]);
  });
});

describe('a subscription', () => {
  it('waits for the object, and for it to come again', async () => {
    const heard: Value[] = [];
    let there = 0;
    bus.subscribe(
      name,
      (_, { n }) => heard.push(n ?? null),
      () => there++,
    );
    for (const n of [1, 2]) {
      const other = await peer();
      const watched: boolean[] = [];
      const { notify } = await published(other, objectOf({}, { watched: (is) => watched.push(is) }));
      await soon(() => expect(watched).toEqual([true]));
      await soon(() => expect(there).toBe(n));
      notify('state', { n });
      await soon(() => expect(heard.at(-1)).toBe(n));
      other.close();
      await settled();
    }
    expect(heard).toEqual([1, 2]);
    expect(words('error')).toEqual([]);
  });

  it('keeps two objects apart', async () => {
    const other = await peer();
    const heard: string[] = [];
    const watched = new Set<string>();
    const publish = (which: string) =>
      published(other, { ...objectOf({}, { watched: () => watched.add(which) }), name: `${name}-${which}` });
    const [a, b] = [await publish('a'), await publish('b')];
    for (const which of ['a', 'b']) bus.subscribe(`${name}-${which}`, (method) => heard.push(`${which} ${method}`));
    await soon(() => expect(watched.size).toBe(2));
    a.notify('x', {});
    b.notify('y', {});
    await soon(() => expect(heard).toEqual(['a x', 'b y']));
  });

  it('answers those who want to hear from their subscribers', async () => {
    const client = await raw();
    const objectId = await client.addObject({ objectPath: name, signature: writeTable({}) });
    const heard: string[] = [];
    bus.subscribe(name, (method) => heard.push(method));
    await soon(() => expect(client.heard.at(-1)).toMatchObject({ type: 'notify', attributes: { active: true } }));
    const seq = client.say('notify', objectId, { objectId, method: 'question', data: writeTable({}) });
    const answers = () => client.heard.filter((message) => message.seq === seq && message.type === 'status');
    await soon(() => expect(answers()).toHaveLength(2)); // ubusd's and ours
    expect(heard).toEqual(['question']);
  });
});

describe('ubusd', () => {
  it('finds everything again after its restart, in order', async () => {
    const other = await peer();
    const seen: string[] = [];
    const watched: boolean[] = [];
    let connections = 0;
    bus.onConnected(() => connections++);
    await soon(() => expect(connections).toBe(1)); // late, but told
    const names = ['c', 'a', 'b'].map((letter) => `${name}-${letter}`);
    const [first] = names.map((each) =>
      bus.publish({ ...objectOf({ who: () => ({ is: each }) }, { watched: (is) => watched.push(is) }), name: each }),
    );
    const heard: string[] = [];
    bus.listen(`${name}.*`, (event) => heard.push(event));
    const news: string[] = [];
    bus.subscribe(name, (method) => news.push(method));
    const { notify } = await published(other, objectOf({}));
    other.subscribe(names[0] ?? '', (method) => seen.push(method));
    await soon(() => expect(watched).toEqual([true]));

    const came: Value[] = [];
    other.listen('ubus.object.add', (_, { path: object }) => came.push(object ?? null));
    await settled();
    for (let round = 1; round <= 2; round++) {
      came.length = 0;
      watched.length = 0;
      door.cut();
      await soon(() => expect(connections).toBe(1 + round));
      expect(bus.isConnected).toBe(true);
      await soon(() => expect(came).toEqual(names));
      for (const each of names) expect(await other.call(each, 'who')).toEqual({ is: each });
      const client = await raw();
      await client.sendEvent(`${name}.${round}`, {});
      await soon(() => expect(heard.at(-1)).toBe(`${name}.${round}`));
      notify(`news ${round}`, {});
      await soon(() => expect(news.at(-1)).toBe(`news ${round}`));
      await soon(() => expect(watched).toEqual([false, true])); // the other subscribes again when we come
      first?.notify(`state ${round}`, {});
      await soon(() => expect(seen.at(-1)).toBe(`state ${round}`));
    }
    expect(words('warn')).toHaveLength(1);
    expect(words('info')).toEqual(['ubus: connected']);
  });

  it('is looked for at a growing distance, and the log hears of it once', async () => {
    await door.shut();
    const shut = clock.now();
    await soon(() => expect(bus.isConnected).toBe(false));
    const attempts: number[] = [];
    const porter = createServer((socket) => {
      attempts.push(clock.now() - shut);
      socket.destroy();
    });
    await sleep(100);
    await new Promise<void>((resolve) => porter.listen(door.path, resolve));
    await soon(() => expect(attempts).toHaveLength(4));
    await new Promise((resolve) => porter.close(resolve));
    const pauses = attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0));
    expect(attempts[0]).toBeGreaterThan(150);
    for (const [i, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThan(0.9 * 400 * 2 ** i);
      expect(pause).toBeLessThan(2 * 400 * 2 ** i);
    }
    expect(words('warn').length).toBeLessThanOrEqual(2); // closed; not there
    await door.open();
    await connected(bus);
    expect(words('info')).toEqual(['ubus: connected']);
  });

  it('is not needed to begin with', async () => {
    const socketPath = join(directory, `later-${count}.sock`);
    const early = open(socketPath);
    await expect(early.call('x', 'y')).rejects.toMatchObject(failure('connectionFailed'));
    const { notify } = early.publish(objectOf({ who: () => ({ is: 'early' }) }));
    notify('state', {});
    await soon(() => expect(words('warn')).toEqual([expect.stringContaining('ENOENT')]));
    const later = await Door.open(socketPath, path);
    await connected(early);
    expect(await bus.call(name, 'who')).toEqual({ is: 'early' });
    early.close();
    await later.shut();
  });

  it.each([
    ['noise', Uint8Array.from({ length: 64 }, (_, i) => i * 37)],
    ['text', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a message without end', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff)],
    ['an answer before a greeting', writeMessage({ type: 'status', seq: 1, peer: 0, attributes: { status: 0 } })],
  ])('is left when it says %s', async (_, octets) => {
    const sockets = new Set<Socket>();
    let visits = 0;
    const impostor = createServer((socket) => {
      visits++;
      sockets.add(socket);
      socket.write(octets);
      socket.on('error', () => undefined);
    });
    const socketPath = join(directory, `impostor-${count}.sock`);
    await new Promise<void>((resolve) => impostor.listen(socketPath, resolve));
    const victim = open(socketPath);
    await soon(() => expect(visits).toBeGreaterThanOrEqual(3));
    expect(victim.isConnected).toBe(false);
    expect(words('warn')).toEqual([expect.stringContaining('ubusd makes no sense')]);
    victim.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => impostor.close(resolve));
  });

  it('is left when it does not read', async () => {
    const other = await peer();
    const watched: boolean[] = [];
    const { notify } = await published(bus, objectOf({}, { watched: (is) => watched.push(is) }));
    other.subscribe(name, () => undefined);
    await soon(() => expect(watched).toEqual([true]));
    door.deafen();
    for (let i = 0; i < 40; i++) notify('state', { text: 'x'.repeat(200_000) });
    await soon(() => expect(words('warn')).toEqual([expect.stringContaining('ubusd does not read')]));
    door.cut(); // or ubusd goes on thinking that we are there
    await connected(bus);
    await soon(() => expect(watched).toEqual([true, false, true]));
  });

  it('may be killed', async () => {
    const options = { outDir: directory, format: 'cjs', target: 'node20', config: false, silent: true } as const;
    await build({ ...options, entry: { ubusd: join(import.meta.dirname, '../../../../test/support/ubusd.ts') } });
    const socketPath = join(directory, `process-${count}.sock`);
    const start = async () => {
      const ubusd = spawn(process.execPath, [join(directory, 'ubusd.cjs'), socketPath], { stdio: 'pipe' });
      children.push(ubusd);
      const word: Word = 'ready\n';
      expect(String((await once(ubusd.stdout, 'data'))[0])).toBe(word);
      return ubusd;
    };
    let ubusd = await start();
    const [us, them] = [open(socketPath), open(socketPath)];
    us.publish(objectOf({ who: () => ({ is: 'us' }) }));
    for (let round = 1; round <= 2; round++) {
      await connected(us);
      await connected(them);
      expect(await them.call(name, 'who')).toEqual({ is: 'us' });
      ubusd.kill(round === 1 ? 'SIGKILL' : 'SIGTERM');
      await once(ubusd, 'exit');
      await soon(() => expect([us.isConnected, them.isConnected]).toEqual([false, false]));
      await expect(them.call(name, 'who')).rejects.toMatchObject(failure('connectionFailed'));
      if (round === 1) ubusd = await start();
    }
  });

  it('may be left', async () => {
    const other = await peer();
    const heard: Value[] = [];
    const watched: boolean[] = [];
    const { notify } = await published(bus, objectOf({}, { watched: (is) => watched.push(is) }));
    await published(other, { ...objectOf({ never: () => new Promise(() => undefined) }), name: `${name}-other` });
    other.subscribe(name, (_, { n }) => heard.push(n ?? null));
    await soon(() => expect(watched).toEqual([true]));
    const call = bus.call(`${name}-other`, 'never').catch((error: UbusError) => error.status);
    for (let n = 1; n <= 5; n++) notify('state', { n, text: 'x'.repeat(100_000) });
    bus.close();
    expect(bus.isConnected).toBe(false);
    await soon(() => expect(heard).toEqual([1, 2, 3, 4, 5]));
    expect(await call).toBe('connectionFailed');
    await expect(bus.call(`${name}-other`, 'x')).rejects.toMatchObject(failure('connectionFailed'));
    await expect(other.call(name, 'x')).rejects.toMatchObject(failure('notFound'));
    await sleep(300);
    expect(door.entered).toBe(1);
    expect(words('warn')).toEqual([]);
  });
});

// Not `skipIf`: whoever has no OpenWrt misses nothing that could be had here.
if (CLI !== undefined)
  describe('the command ubus', () => {
    const run = promisify(execFile);
    const ubus = async (...args: string[]) => (await run(CLI, ['-s', path, ...args])).stdout;
    /** A `ubus` that goes on, and all that it has said. */
    const running = (...args: string[]): { process: ChildProcess; said: () => string } => {
      const child = spawn(CLI, ['-s', path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      let text = '';
      child.stdout.on('data', (octets: Buffer) => {
        text += octets.toString();
      });
      return { process: child, said: () => text };
    };

    it('calls, lists and waits', async () => {
      const args = { interface: 'string', limit: 'int32', colour: 'bool', list: 'array', more: 'table' } as const;
      const echo = { args, answer: (given: Table) => given };
      const refuse = { args: {}, answer: () => Promise.reject(new UbusError('invalidArgument', 'no')) };
      await published(bus, { name, methods: { echo, refuse } });
      const given =
        '{"interface":"wan","limit":-5,"colour":true,"list":[1,"a",null],"more":{"d":0.5,"big":4294967296}}';
      expect(JSON.parse(await ubus('call', name, 'echo', given))).toEqual(JSON.parse(given));
      await expect(ubus('call', name, 'refuse')).rejects.toThrow('(Invalid argument)');
      await expect(ubus('call', name, 'none')).rejects.toThrow('(Method not found)');
      const listed = await ubus('-v', 'list', name);
      expect(listed).toContain(
        '"echo":{"interface":"String","limit":"Integer","colour":"Boolean","list":"Array","more":"Table"}',
      );
      expect(listed).toContain('"refuse":{}');
      await ubus('-t', '5', 'wait_for', name);
    });

    it('hears events and notifications', async () => {
      const watched: boolean[] = [];
      const { notify } = await published(bus, objectOf({}, { watched: (is) => watched.push(is) }));
      const subscriber = running('subscribe', name);
      await soon(() => expect(watched).toEqual([true]));
      notify('state', { n: 1 });
      await soon(() => expect(subscriber.said()).toContain('{ "state": {"n":1} }'));
      subscriber.process.kill();
      await soon(() => expect(watched).toEqual([true, false]));
      const listener = running('listen', 'ubus.object.*');
      await sleep(200);
      bus.publish({ ...objectOf({}), name: `${name}-new` });
      await soon(() => expect(listener.said()).toContain(`"path":"${name}-new"`));
      listener.process.kill();
    });

    it('sends events', async () => {
      const heard: [string, Table][] = [];
      bus.listen(`${name}.*`, (event, data) => heard.push([event, data]));
      await settled();
      await ubus('send', `${name}.x`, '{"a":[1,{"b":true}]}');
      await soon(() => expect(heard).toEqual([[`${name}.x`, { a: [1, { b: true }] }]]));
    });
  });
