/** A netifd that exists only in memory, and the bus it is on: states of interfaces as its proto-shell.c and interface.c have them. */
import type { Table } from '../../src/host/openwrt/ubus/blobmsg.ts';
import { type Bus, UbusError, type UbusObject, type UbusStatus } from '../../src/host/openwrt/ubus/bus.ts';

export interface FakeInterface {
  readonly name: string;
  proto: string;
  state: 'down' | 'setup' | 'up' | 'teardown';
  autostart: boolean;
  /** What it has while it is up, in netifd's words. */
  has: Table;
  errors: (readonly string[])[];
}

type Handler = (name: string) => Promise<unknown> | unknown;

export class FakeNetifd implements Bus {
  isConnected = true;
  /** netifd itself; the bus may be there without it. */
  isThere = true;
  readonly interfaces = new Map<string, FakeInterface>();
  /** Those that it has handlers for. */
  protocols: readonly string[] = ['static', 'dhcp', 'dhcpv6', 'l2tpwan'];
  /** Every call that changes something, as words, in order. */
  readonly calls: string[] = [];
  /** Last arguments of each kind of call. */
  readonly last = new Map<string, Table>();
  readonly published = new Map<string, UbusObject>();
  readonly notified: { object: string; method: string; data: Table }[] = [];
  /** Answers of other objects. */
  readonly others = new Map<string, (args: Table) => Table>();
  /** Calls that come back with a status instead of an answer, by `method` or `method name`. */
  readonly refusals = new Map<string, UbusStatus>();
  /** The protocol handler's two verbs. */
  setup: Handler = () => undefined;
  teardown: Handler = () => undefined;
  readonly #listeners = new Set<{ pattern: string; heard: (event: string, data: Table) => void }>();
  readonly #connected = new Set<() => void>();

  add(name: string, fields: Partial<FakeInterface> = {}): FakeInterface {
    const made = { name, proto: 'l2tpwan', state: 'down', autostart: true, has: {}, errors: [], ...fields } as const;
    const kept: FakeInterface = { ...made, errors: [] };
    this.interfaces.set(name, kept);
    return kept;
  }

  get(name: string): FakeInterface {
    const found = this.interfaces.get(name);
    if (found === undefined) throw new Error(`no interface ${name}`);
    return found;
  }

  async call(object: string, method: string, args: Table = {}): Promise<Table> {
    if (!this.isConnected) throw new UbusError('connectionFailed', `${object} ${method}: no connection to ubusd`);
    const name = String(args.interface ?? args.name ?? '');
    if (!QUESTIONS.includes(method)) this.calls.push(wordsOf(method, name, args));
    this.last.set(method, args);
    const refusal = this.refusals.get(method) ?? this.refusals.get(`${method} ${name}`);
    if (refusal !== undefined) throw new UbusError(refusal, `${object} ${method}: ${refusal}`);
    const other = this.others.get(`${object} ${method}`);
    if (other !== undefined) return other(args);
    if (!this.isThere || !object.startsWith('network')) throw new UbusError('notFound', `there is no object ${object}`);
    if (method === 'dump') return { interface: [...this.interfaces.values()].map(dumped) };
    if (method === 'get_proto_handlers') return Object.fromEntries(this.protocols.map((each) => [each, {}]));
    if (method === 'add_dynamic') {
      this.add(name, { proto: String(args.proto), state: 'up' });
      return {};
    }
    const found = this.interfaces.get(name);
    if (found === undefined) throw new UbusError('notFound', `${object} ${method}: not found`);
    if (method === 'up') this.up(found);
    else if (method === 'down') this.down(found);
    else if (method === 'remove') this.interfaces.delete(name);
    else if (method === 'notify_proto') this.#notifyProto(found, args);
    return {};
  }

  up(of: FakeInterface): void {
    of.autostart = true;
    if (of.state === 'down') this.#setUp(of);
  }

  down(of: FakeInterface): void {
    of.autostart = false;
    if (of.state === 'down' || of.state === 'teardown') return;
    if (of.state === 'up') this.tell('network.interface', { action: 'ifdown', interface: of.name });
    of.state = 'teardown';
    void Promise.resolve(this.teardown(of.name))
      .catch(() => undefined)
      .then(() => {
        of.state = 'down';
        of.has = {};
        if (of.autostart) this.#setUp(of);
      });
  }

  /** An interface below ours comes up. */
  plugIn(name: string, has: Table): void {
    const of = this.get(name);
    Object.assign(of, { state: 'up', has });
    this.tell('network.interface', { action: 'ifup', interface: name });
  }
  unplug(name: string): void {
    Object.assign(this.get(name), { state: 'setup', has: {} });
    this.tell('network.interface', { action: 'ifdown', interface: name });
  }

  /** Everybody on the bus hears it. */
  tell(event: string, data: Table): void {
    for (const { pattern, heard } of this.#listeners) if (pattern === event) heard(event, data);
  }

  /** netifd begins anew with what is configured. */
  restart(): void {
    this.isThere = true;
    for (const of of this.interfaces.values())
      if (of.proto === 'l2tpwan') Object.assign(of, { state: 'down', has: {} });
    this.tell('ubus.object.add', { path: 'network.interface' });
    for (const of of this.interfaces.values()) if (of.proto === 'l2tpwan' && of.autostart) this.#setUp(of);
  }

  /** ubusd is there (again), netifd with it. */
  connect(): void {
    this.isConnected = true;
    for (const connected of this.#connected) connected();
  }

  publish(object: UbusObject) {
    this.published.set(object.name, object);
    return {
      notify: (method: string, data: Table) => void this.notified.push({ object: object.name, method, data }),
    };
  }
  listen(pattern: string, heard: (event: string, data: Table) => void): () => void {
    const entry = { pattern, heard };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }
  subscribe(): () => void {
    return () => undefined;
  }
  onConnected(connected: () => void): () => void {
    this.#connected.add(connected);
    if (this.isConnected) queueMicrotask(connected);
    return () => this.#connected.delete(connected);
  }
  close(): void {
    this.isConnected = false;
  }

  #setUp(of: FakeInterface): void {
    of.state = 'setup';
    void Promise.resolve(this.setup(of.name)).catch(() => undefined);
  }

  #notifyProto(of: FakeInterface, args: Table): void {
    if (args.action === 3)
      of.errors = [args.error as string[]]; // `lasterror`: the last one alone is kept
    else if (of.state === 'teardown') throw new UbusError('permissionDenied', 'notify_proto: permission denied');
    else if (args['link-up'] === false) {
      if (of.state === 'up') Object.assign(of, { state: 'setup', has: {} });
    } else if (of.state !== 'down') {
      Object.assign(of, { state: 'up', has: args, errors: [] });
      this.tell('network.interface', { action: 'ifup', interface: of.name });
    }
  }
}

/** `get` is uci's. */
const QUESTIONS = ['dump', 'get_proto_handlers', 'get'];

/** `notify_proto campus up`, `up campus`, `add_dynamic campus_6`. */
function wordsOf(method: string, name: string, args: Table): string {
  if (method !== 'notify_proto') return `${method} ${name}`.trim();
  if (args.action === 3) return `error ${name} ${(args.error as string[])[0]}`;
  return `${args['link-up'] ? 'link-up' : 'link-down'} ${name}`;
}

const dumped = ({ name, proto, state, autostart, has }: FakeInterface): Table => ({
  interface: name,
  up: state === 'up',
  pending: state === 'setup',
  autostart,
  proto,
  ...(state === 'up' && { l3_device: has.l3_device ?? has.ifname ?? `dev-${name}`, ...has }),
});
