/** Others on the bus, for tests: a client that says anything at all, and a door that can be shut between a client and ubusd. */
import { connect, createServer, type Socket } from 'node:net';
import { readTable, type Table, writeTable } from '../../src/host/openwrt/ubus/blobmsg.ts';
import { UBUS_STATUS } from '../../src/host/openwrt/ubus/bus.ts';
import { Frames } from '../../src/host/openwrt/ubus/frames.ts';
import { type Message, readBody, readHeader, writeMessage } from '../../src/host/openwrt/ubus/message.ts';
import type { Attributes, MessageType } from '../../src/host/openwrt/ubus/message-table.ts';

/** Speaks ubus message by message, and keeps all that it hears. */
export class RawClient {
  readonly heard: Message[] = [];
  readonly #socket: Socket;
  #seq = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const frames = new Frames();
    socket.on('error', () => undefined);
    socket.on('data', (octets) => {
      frames.push(octets);
      for (let frame = frames.next(); frame !== undefined; frame = frames.next())
        this.heard.push({ ...readHeader(frame), attributes: readBody(frame) } as Message);
    });
  }

  static connect(path: string): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path, () => resolve(new RawClient(socket)));
      socket.once('error', reject);
    });
  }

  say(type: MessageType, peer: number, attributes: Attributes, seq = ++this.#seq): number {
    this.#socket.write(writeMessage({ type, seq, peer, attributes }));
    return seq;
  }

  /** @returns everything up to the STATUS, that too */
  async ask(type: MessageType, attributes: Attributes, peer = 0): Promise<Message[]> {
    const seq = this.say(type, peer, attributes);
    const answers = () => this.heard.filter((message) => message.seq === seq && message.type !== 'invoke');
    while (!this.#socket.destroyed && answers().at(-1)?.type !== 'status')
      await new Promise((resolve) => setTimeout(resolve, 2));
    return answers();
  }

  /** @returns the id of an object, 0: there is none */
  async find(name: string): Promise<number> {
    const [answer] = await this.ask('lookup', { objectPath: name });
    return answer?.attributes.objectId ?? 0;
  }

  /** @returns the status, and what was answered in front of it */
  async call(object: string, method: string, args: Table): Promise<{ status: number | undefined; answers: Table[] }> {
    const id = await this.find(object);
    if (id === 0) return { status: UBUS_STATUS.notFound, answers: [] };
    const said = await this.ask('invoke', { objectId: id, method, data: writeTable(args) }, id);
    const answers = said.flatMap(({ attributes: { data } }) => (data === undefined ? [] : [readTable(data)]));
    return { status: said.at(-1)?.attributes.status, answers };
  }

  /** @returns the status */
  async sendEvent(id: string, data: Table): Promise<number | undefined> {
    const attributes = { objectId: 1, method: 'send', data: writeTable({ id, data }) };
    return (await this.ask('invoke', attributes, 1)).at(-1)?.attributes.status;
  }

  async addObject(attributes: Attributes = {}): Promise<number> {
    const [answer] = await this.ask('addObject', attributes);
    return answer?.attributes.objectId ?? 0;
  }

  /** Anything at all. */
  write(octets: Uint8Array): void {
    this.#socket.write(octets);
  }
  close(): void {
    this.#socket.destroy();
  }
}

/** A socket in front of ubusd's own. To whoever comes through it, shutting it is ubusd ending. */
export class Door {
  readonly path: string;
  readonly #to: string;
  readonly #pairs = new Set<[Socket, Socket]>();
  #server = createServer();
  /** Connections that have been made, from the beginning. */
  entered = 0;

  private constructor(path: string, to: string) {
    this.path = path;
    this.#to = to;
  }

  /** @param path of the new socket @param to ubusd's */
  static async open(path: string, to: string): Promise<Door> {
    const door = new Door(path, to);
    await door.open();
    return door;
  }

  open(): Promise<void> {
    this.#server = createServer((inside) => {
      this.entered++;
      const outside = connect(this.#to);
      const pair: [Socket, Socket] = [inside, outside];
      this.#pairs.add(pair);
      for (const [from, to] of [pair, [outside, inside] as const]) {
        from.pipe(to);
        from.on('error', () => undefined);
        from.once('close', () => {
          to.destroy();
          this.#pairs.delete(pair);
        });
      }
    });
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.path, resolve);
    });
  }

  /** Everybody is cut off; they may come again. */
  cut(): void {
    for (const [inside, outside] of this.#pairs) {
      inside.destroy();
      outside.destroy();
    }
  }

  /** Nothing that is said is heard any more, but nobody is told. */
  deafen(): void {
    for (const [inside] of this.#pairs) inside.unpipe().pause();
  }

  shut(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.cut();
    });
  }
}
