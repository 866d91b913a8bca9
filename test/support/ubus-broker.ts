/**
 * A small ubusd of our own, written from the facts about the wire: names and ids of objects, calls both ways, events,
 * subscriptions. Everybody who gets in is root.
 */

import { unlinkSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { readAttributes, writeAttribute } from '../../src/host/openwrt/ubus/blob.ts';
import { readTable, type Table, writeTable } from '../../src/host/openwrt/ubus/blobmsg.ts';
import { UBUS_STATUS, type UbusStatus } from '../../src/host/openwrt/ubus/bus.ts';
import { Frames, LONGEST_MESSAGE } from '../../src/host/openwrt/ubus/frames.ts';
import {
  ATTRIBUTE_HEADER_OCTETS,
  HEADER_OCTETS,
  type Message,
  readBody,
  readHeader,
  writeMessage,
} from '../../src/host/openwrt/ubus/message.ts';
import type { Attributes } from '../../src/host/openwrt/ubus/message-table.ts';
import { concat } from '../../src/wire/bytes.ts';
import { Malformed } from '../../src/wire/malformed.ts';
import { attempt } from './attempt.ts';
import { Chance } from './chance.ts';

/** Octets that wait for a client that does not read, at most; what comes then is lost to it. */
const MOST_WAITING = LONGEST_MESSAGE;
/** Ids below are ubusd's own; 1 is the one that events are registered with and sent to. */
const FIRST_ID = 1024;
const EVENTS_OBJECT = 1;

export interface Wire {
  /** @param octets one whole message */
  send(octets: Uint8Array): void;
  /** The client is not to be talked to any more; `closed` need not follow. */
  drop(): void;
}

export interface BrokerClient {
  octets(octets: Uint8Array): void;
  closed(): void;
}

interface BusObject {
  readonly id: number;
  readonly owner: Client;
  readonly name: string | undefined;
  /** Of an object whose methods are announced. */
  readonly type: { readonly id: number; readonly signature: Uint8Array } | undefined;
  /** Objects that get its notifications. */
  readonly subscribers: Set<BusObject>;
  readonly patterns: Set<string>;
}

type Request = Omit<Message, 'attributes'> & { readonly body: Attributes; readonly frame: Uint8Array };

export class Broker {
  readonly #chance: Chance;
  readonly #clients = new Map<number, Client>();
  readonly #objects = new Map<number, BusObject>();
  #eventSeq = 0;

  constructor(seed = 1) {
    this.#chance = new Chance(seed);
  }

  accept(wire: Wire): BrokerClient {
    const client = new Client(this.#freeId(this.#clients), wire, (request) => this.#handle(client, request));
    this.#clients.set(client.id, client);
    client.send({ type: 'hello', seq: 0, peer: client.id, attributes: {} });
    const closed = () => {
      if (!this.#clients.delete(client.id)) return;
      client.isGone = true;
      for (const object of this.#objects.values()) if (object.owner === client) this.#remove(object);
    };
    client.closed = closed;
    return { octets: (octets) => client.receive(octets), closed };
  }

  /** Names of the objects that are there. */
  get names(): string[] {
    return [...this.#objects.values()].flatMap(({ name }) => name ?? []).sort();
  }

  #handle(client: Client, request: Request): void {
    const status = this.#carryOut(client, request);
    if (status === undefined) return;
    const { seq, peer } = request;
    client.send({ type: 'status', seq, peer, attributes: { status: UBUS_STATUS[status] } });
  }

  /** @returns the status to be sent; undefined: somebody else will, or nobody */
  #carryOut(client: Client, request: Request): UbusStatus | undefined {
    switch (request.type) {
      case 'ping':
        client.answer(request, request.body);
        return 'ok';
      case 'lookup':
        return this.#lookup(client, request);
      case 'addObject':
        return this.#add(client, request);
      case 'removeObject':
        return this.#removeFor(client, request);
      case 'invoke':
        return this.#invoke(client, request);
      case 'data':
      case 'status':
        this.#passBack(client, request);
        return undefined;
      case 'subscribe':
        return this.#subscribe(client, request);
      case 'unsubscribe':
        return this.#unsubscribe(client, request);
      case 'notify':
        return this.#notify(client, request);
      default:
        return 'invalidCommand';
    }
  }

  #lookup(client: Client, request: Request): UbusStatus {
    const { objectPath: wanted } = request.body;
    const named = [...this.#objects.values()].filter(({ name }) => name !== undefined);
    const found = named.filter(({ name = '' }) => wanted === undefined || matches(wanted, name));
    for (const { id, name = '', type } of found)
      if (type !== undefined)
        client.answer(request, { objectPath: name, objectId: id, objectType: type.id, signature: type.signature });
    return wanted === undefined || found.length > 0 ? 'ok' : 'notFound';
  }

  #add(client: Client, request: Request): UbusStatus {
    const { objectPath: name, signature } = request.body;
    if (name !== undefined && this.names.includes(name)) return 'invalidArgument';
    const type = signature === undefined ? undefined : { id: this.#freeId(new Map()), signature };
    const id = this.#freeId(this.#objects);
    const object: BusObject = { id, owner: client, name, type, subscribers: new Set(), patterns: new Set() };
    if (name !== undefined) this.#objectEvent('ubus.object.add', object);
    this.#objects.set(id, object);
    client.answer(request, { objectId: id, ...(type && { objectType: type.id }) });
    return 'ok';
  }

  #removeFor(client: Client, request: Request): UbusStatus {
    const { objectId } = request.body;
    if (objectId === undefined) return 'invalidArgument';
    const object = this.#objects.get(objectId);
    if (object === undefined) return 'notFound';
    if (object.owner !== client) return 'permissionDenied';
    client.answer(request, { objectId, ...(object.type && { objectType: object.type.id }) });
    this.#remove(object);
    return 'ok';
  }

  #remove(object: BusObject): void {
    this.#objects.delete(object.id);
    for (const target of this.#objects.values())
      if (target.subscribers.delete(object) && target.subscribers.size === 0) this.#watched(target, false);
    for (const { id, owner } of object.subscribers)
      owner.send({ type: 'unsubscribe', seq: 1, peer: 0, attributes: { objectId: id, target: object.id } });
    if (object.name !== undefined) this.#objectEvent('ubus.object.remove', object);
  }

  #invoke(client: Client, request: Request): UbusStatus | undefined {
    const { objectId, method, data } = request.body;
    if (objectId === undefined || method === undefined) return 'invalidArgument';
    if (objectId === EVENTS_OBJECT) return this.#events(client, method, data);
    const object = this.#objects.get(objectId);
    if (object === undefined) return 'notFound';
    passOn(object, client, request.seq, { method, data });
    return undefined;
  }

  #events(client: Client, method: string, data: Uint8Array | undefined): UbusStatus {
    const { object, pattern, id, data: table } = attempt(() => readTable(data ?? new Uint8Array())) ?? {};
    if (method === 'register') {
      if (typeof object !== 'number' || typeof pattern !== 'string') return 'invalidArgument';
      if (object >= 0 && object < FIRST_ID) return 'permissionDenied';
      const ear = this.#objects.get(object >>> 0);
      if (ear === undefined) return 'notFound';
      if (ear.owner !== client || pattern === '') return 'permissionDenied';
      ear.patterns.add(pattern);
      return 'ok';
    }
    if (method !== 'send') return 'invalidCommand';
    if (typeof id !== 'string' || typeof table !== 'object' || table === null || Array.isArray(table))
      return 'invalidArgument';
    if (id.startsWith('ubus.')) return 'permissionDenied';
    this.#event(id, table as Table, client);
    return 'ok';
  }

  #objectEvent(event: string, { id, name }: BusObject): void {
    this.#event(event, { id: id | 0, path: name }, undefined);
  }

  #event(method: string, data: Table, from: Client | undefined): void {
    for (const { id, owner, patterns } of this.#objects.values()) {
      if (owner === from || ![...patterns].some((pattern) => matches(pattern, method))) continue;
      this.#eventSeq = (this.#eventSeq + 1) & 0xffff;
      const attributes = { objectId: id, method, data: writeTable(data) };
      owner.send({ type: 'invoke', seq: this.#eventSeq, peer: 0, attributes });
    }
  }

  /** An answer goes back to who asked, as it came but for where it is from. */
  #passBack(client: Client, { type, frame, peer, body }: Request): void {
    const { objectId, status, data } = body;
    if (objectId === undefined || (type === 'status' ? status : data) === undefined) return;
    const asker = this.#clients.get(peer);
    if (this.#objects.get(objectId)?.owner !== client || asker === undefined) return;
    const passed = frame.slice();
    new DataView(passed.buffer).setUint32(HEADER_OCTETS - 4, objectId);
    asker.sendOctets(passed);
  }

  #subscribe(client: Client, request: Request): UbusStatus {
    const { objectId, target: targetId } = request.body;
    if (objectId === undefined || targetId === undefined) return 'invalidArgument';
    const [object, target] = [this.#objects.get(objectId), this.#objects.get(targetId)];
    if (object === undefined) return 'notFound';
    if (object.owner !== client) return 'invalidArgument';
    if (target === undefined) return 'notFound';
    if (target.owner === client) return 'invalidArgument';
    target.subscribers.add(object);
    if (target.subscribers.size === 1) this.#watched(target, true);
    return 'ok';
  }

  #unsubscribe(client: Client, request: Request): UbusStatus {
    const { objectId, target: targetId } = request.body;
    if (objectId === undefined || targetId === undefined) return 'invalidArgument';
    const [object, target] = [this.#objects.get(objectId), this.#objects.get(targetId)];
    if (object === undefined) return 'notFound';
    if (object.owner !== client) return 'invalidArgument';
    if (!target?.subscribers.delete(object)) return 'notFound';
    if (target.subscribers.size === 0) this.#watched(target, false);
    return 'ok';
  }

  #watched({ id, owner }: BusObject, active: boolean): void {
    owner.send({ type: 'notify', seq: 1, peer: 0, attributes: { objectId: id, active } });
  }

  #notify(client: Client, request: Request): UbusStatus | undefined {
    const { objectId, method, data, noReply = false } = request.body;
    if (objectId === undefined || method === undefined) return 'invalidArgument';
    const object = this.#objects.get(objectId);
    if (object === undefined) return 'notFound';
    if (object.owner !== client) return 'permissionDenied';
    const { seq, peer } = request;
    if (!noReply) client.send({ type: 'status', seq, peer, attributes: { objectId, status: 0 } });
    for (const subscriber of object.subscribers) passOn(subscriber, client, seq, { method, data, noReply });
    return undefined;
  }

  #freeId(taken: ReadonlyMap<number, unknown>): number {
    for (;;) {
      const id = Math.floor(this.#chance.next() * 2 ** 32);
      if (id >= FIRST_ID && !taken.has(id)) return id;
    }
  }
}

class Client {
  readonly id: number;
  isGone = false;
  closed: () => void = () => undefined;
  readonly #wire: Wire;
  readonly #handle: (request: Request) => void;
  readonly #frames = new Frames();

  constructor(id: number, wire: Wire, handle: (request: Request) => void) {
    this.id = id;
    this.#wire = wire;
    this.#handle = handle;
  }

  receive(octets: Uint8Array): void {
    this.#frames.push(octets);
    try {
      for (let frame = this.#frames.next(); frame !== undefined && !this.isGone; frame = this.#frames.next())
        this.#frame(frame);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#drop();
    }
  }

  send(message: Message): void {
    this.sendOctets(writeMessage(message));
  }
  sendOctets(octets: Uint8Array): void {
    if (!this.isGone) this.#wire.send(octets);
  }
  answer({ seq, peer }: Request, attributes: Attributes): void {
    this.send({ type: 'data', seq, peer, attributes });
  }

  #frame(frame: Uint8Array): void {
    const length = frame.length - HEADER_OCTETS;
    if (length > LONGEST_MESSAGE) throw new Malformed(`a message of ${length} octets`, HEADER_OCTETS, 'ubus message');
    const { type, seq, peer } = readHeader(frame);
    if (type !== undefined) this.#handle({ type, seq, peer, body: bodyOf(frame), frame });
  }

  #drop(): void {
    this.closed();
    this.#wire.drop();
  }
}

/** As ubusd reads: an attribute that makes no sense is not there, the others are. */
function bodyOf(frame: Uint8Array): Attributes {
  const all = attempt(() => readAttributes(frame.subarray(HEADER_OCTETS + ATTRIBUTE_HEADER_OCTETS))) ?? [];
  const header = frame.subarray(0, HEADER_OCTETS);
  const readable = all.map((attribute) =>
    attempt(() =>
      readBody(concat(header, writeAttribute({ id: 0, isNamed: false, value: writeAttribute(attribute) }))),
    ),
  );
  return Object.assign({}, ...readable);
}

/** A call or a notification, as it arrives at the object. */
function passOn(
  object: BusObject,
  from: Client,
  seq: number,
  { method, data, noReply }: { method: string; data: Uint8Array | undefined; noReply?: boolean },
): void {
  const attributes = {
    ...(noReply && { noReply }),
    ...{ objectId: object.id, method, user: 'root', group: 'root' },
    ...(data && { data }),
  };
  object.owner.send({ type: 'invoke', seq, peer: from.id, attributes });
}

const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

export interface BrokerServer {
  readonly broker: Broker;
  /** Cuts everybody off and removes the socket. */
  close(): Promise<void>;
}

/** A broker on a unix socket; what is left of another one there is replaced. */
export async function serveBroker(path: string, seed?: number): Promise<BrokerServer> {
  const broker = new Broker(seed);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const client = broker.accept({
      send: (octets) => {
        if (socket.writable && socket.writableLength + octets.length <= MOST_WAITING + HEADER_OCTETS)
          socket.write(octets);
      },
      drop: () => socket.destroy(),
    });
    socket.on('data', (octets) => client.octets(octets));
    socket.on('error', () => undefined); // 'close' follows
    socket.once('close', () => {
      sockets.delete(socket);
      client.closed();
    });
  });
  try {
    unlinkSync(path);
  } catch {
    // nothing was there
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    broker,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
