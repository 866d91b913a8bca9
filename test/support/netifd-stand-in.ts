/**
 * A netifd of our own, for tests, as far as an interface of ours and its uplink notice: interfaces on the bus, set up and taken down by
 * the real protocol handler, with addresses and routes in a network namespace.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { clock } from '../../src/host/node/clock.ts';
import type { Table } from '../../src/host/openwrt/ubus/blobmsg.ts';
import { type Bus, type Method, UbusError, type UbusObject } from '../../src/host/openwrt/ubus/bus.ts';
import { openBus } from '../../src/host/openwrt/ubus/ubus.ts';
import { NetifdInterface, type Section } from './netifd-interface.ts';
import { NetifdKernel } from './netifd-kernel.ts';
import { type Handler, handedOver } from './netifd-options.ts';
import { RawClient } from './ubus-peers.ts';

/** All of /etc/config/network that counts. */
export type Sections = ReadonlyMap<string, Section>;

export interface NetifdParts {
  readonly netns: string;
  readonly socketPath: string;
  /** Where protocol handlers are, and how one is started, before its own arguments. */
  readonly directory: string;
  readonly shell: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly sections: () => Sections;
  readonly log: (words: string) => void;
}

const IP = 'ip';
const HANDLER = './l2tpwan.sh';

export class NetifdStandIn {
  readonly #parts: NetifdParts;
  readonly #bus: Bus;
  readonly #kernel: NetifdKernel;
  readonly #handler: Handler;
  readonly #interfaces = new Map<string, NetifdInterface>();
  /** Events leave in order. */
  #told: Promise<void> = Promise.resolve();

  private constructor(parts: NetifdParts) {
    this.#parts = parts;
    this.#kernel = new NetifdKernel(parts.netns);
    this.#handler = this.#dumped();
    const write = (_: unknown, __: unknown, words: string) => parts.log(words);
    this.#bus = openBus({ socketPath: parts.socketPath, clock, log: { write } });
    this.#bus.publish(
      objectOf('network', {
        reload: () => this.#reload(),
        add_dynamic: (args) => this.#add(args),
        get_proto_handlers: () => ({ static: {}, dhcpv6: {}, l2tpwan: {} }),
      }),
    );
    const on = (method: (found: NetifdInterface, args: Table) => Table | Promise<Table>): Method => {
      return (args) => method(this.#find(args), args);
    };
    this.#bus.publish(
      objectOf('network.interface', {
        dump: () => ({ interface: [...this.#interfaces.values()].map((each) => each.dump()) }),
        status: on((found) => found.dump()),
        up: on((found) => done(found.up())),
        down: on((found) => done(found.down())),
        remove: on((found) => this.#remove(found)),
        notify_proto: on((found, args) => found.notify(args)),
      }),
    );
  }

  /** It is on the bus, and sets up what is to be up. */
  static async start(parts: NetifdParts): Promise<NetifdStandIn> {
    const netifd = new NetifdStandIn(parts);
    await new Promise<void>((resolve) => {
      const end = netifd.#bus.onConnected(() => {
        end();
        resolve();
      });
    });
    netifd.#reload();
    return netifd;
  }

  /** As by kill -9: what it has set up stays as it is. */
  kill(): void {
    this.#bus.close();
    for (const each of this.#interfaces.values()) each.abandon();
  }

  /** Everything is taken down. */
  async stop(): Promise<void> {
    const all = [...this.#interfaces.values()].filter(({ state }) => state !== 'down').reverse();
    for (const each of all)
      await new Promise<void>((resolve) => {
        each.wentDown = resolve;
        each.down();
      });
    this.kill();
  }

  #reload(): Table {
    const sections = this.#parts.sections();
    for (const found of [...this.#interfaces.values()])
      if (!found.isDynamic && !sections.has(found.name)) this.#remove(found);
    for (const [name, section] of sections) {
      const found = this.#interfaces.get(name);
      if (found === undefined) this.#make(name, section);
      else if (this.#meaning(found.section) !== this.#meaning(section)) this.#renew(found, section);
    }
    return {};
  }

  /** Options that nobody has declared make no difference. */
  #meaning(section: Section): string {
    return JSON.stringify(section.proto === this.#handler.name ? handedOver(section, this.#handler) : section);
  }

  #make(name: string, section: Section, isDynamic = false): void {
    const handler = section.proto === this.#handler.name ? this.#run.bind(this) : undefined;
    const tell = (action: string, of: string) => this.#tell({ action, interface: of });
    const made = new NetifdInterface(name, section, { kernel: this.#kernel, handler, tell }, isDynamic);
    this.#interfaces.set(name, made);
    if (made.autostart) made.up();
  }

  #renew(found: NetifdInterface, section: Section): void {
    const isWanted = section.auto !== '0';
    if (found.state === 'down') {
      found.section = section;
      if (isWanted) found.up();
      return;
    }
    found.wentDown = () => {
      found.wentDown = undefined;
      found.section = section;
      if (isWanted) found.up();
    };
    found.down();
  }

  #remove(found: NetifdInterface): Table {
    found.wentDown = () => this.#interfaces.delete(found.name);
    if (found.state === 'down') this.#interfaces.delete(found.name);
    else found.down();
    return {};
  }

  #add({ name, ...section }: Table): Table {
    const texts = Object.entries(section).map(([option, value]): [string, string] => [option, String(value)]);
    this.#make(String(name), Object.fromEntries(texts), true);
    return {};
  }

  /** @throws UbusError `notFound` */
  #find({ interface: name }: Table): NetifdInterface {
    const found = this.#interfaces.get(String(name));
    if (found === undefined) throw new UbusError('notFound', `there is no interface ${String(name)}`);
    return found;
  }

  #tell(data: Table): void {
    this.#told = this.#told.then(async () => {
      const client = await RawClient.connect(this.#parts.socketPath).catch(() => undefined);
      await client?.sendEvent('network.interface', data);
      client?.close();
    });
  }

  #run(verb: 'setup' | 'teardown', name: string, section: Section): ChildProcess {
    const settings = JSON.stringify(handedOver(section, this.#handler));
    const child = spawn(IP, this.#argv(this.#handler.name, verb, name, settings), {
      cwd: this.#parts.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = (words: Buffer) => this.#parts.log(`${name} ${verb}: ${words.toString().trim()}`);
    child.stdout.on('data', log);
    child.stderr.on('data', log);
    return child;
  }

  /** What the handler says of itself: asked once, as netifd does when it starts. */
  #dumped(): Handler {
    const { directory: cwd } = this.#parts;
    const { stdout, stderr } = spawnSync(IP, this.#argv('', 'dump'), { cwd, encoding: 'utf8' });
    if (stdout === '') throw new Error(`the protocol handler says nothing of itself: ${stderr}`);
    return JSON.parse(stdout) as Handler;
  }

  #argv(...words: string[]): string[] {
    const { netns, shell, environment } = this.#parts;
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    return ['netns', 'exec', netns, 'env', '-i', ...variables, ...shell, HANDLER, ...words];
  }
}

const done = (_: unknown): Table => ({});

const objectOf = (name: string, methods: Readonly<Record<string, Method>>): UbusObject => ({
  name,
  methods: Object.fromEntries(Object.entries(methods).map(([method, answer]) => [method, { args: {}, answer }])),
});
