/** One interface of the netifd stand-in: its states and what it takes from its protocol handler, as interface.c and proto-shell.c have it. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Table } from '../../src/host/openwrt/ubus/blobmsg.ts';
import { UbusError } from '../../src/host/openwrt/ubus/bus.ts';
import type { NetifdKernel, Route, Settings } from './netifd-kernel.ts';

/** A section of /etc/config/network. */
export type Section = Readonly<Record<string, string | readonly string[]>>;

export interface InterfaceParts {
  readonly kernel: NetifdKernel;
  /** Starts the protocol handler; undefined: this interface has none. */
  readonly handler: ((verb: 'setup' | 'teardown', name: string, section: Section) => ChildProcess) | undefined;
  readonly tell: (action: 'ifup' | 'ifdown' | 'ifupdate', name: string) => void;
}

/** How long the handler's setup has once it is told to end, and its teardown from the beginning, ms. */
const SETUP_END_MS = 1000;
const TEARDOWN_MS = 5000;

export class NetifdInterface {
  readonly name: string;
  section: Section;
  autostart: boolean;
  readonly isDynamic: boolean;
  state: 'down' | 'setup' | 'up' | 'teardown' = 'down';
  /** Fulfilled when it has gone down and is not set up again by itself. */
  wentDown: (() => void) | undefined;
  readonly #parts: InterfaceParts;
  #script: ChildProcess | undefined;
  #settings: Settings | undefined;
  #dns: readonly string[] = [];
  #data: Table = {};
  #error: Table | undefined;
  /** One update at a time, in order. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(name: string, section: Section, parts: InterfaceParts, isDynamic = false) {
    this.name = name;
    this.section = section;
    this.autostart = section.auto !== '0';
    this.isDynamic = isDynamic;
    this.#parts = parts;
  }

  /** In any state but down it only remembers the wish. */
  up(): void {
    this.autostart = true;
    if (this.state === 'down') this.#setUp();
  }

  down(): void {
    this.autostart = false;
    void this.#tearDown();
  }

  /** netifd dies: nobody is asked, what is in the kernel stays. */
  abandon(): void {
    this.state = 'down';
    this.autostart = false;
    this.#script = undefined;
  }

  /** What the protocol handler, or the daemon, says. @throws UbusError */
  notify(args: Table): Promise<Table> {
    const turn = this.#turn.then(() => this.#notify(args));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  dump(): Table {
    const isUp = this.state === 'up';
    return {
      interface: this.name,
      up: isUp,
      pending: this.state === 'setup',
      available: true,
      autostart: this.autostart,
      dynamic: this.isDynamic,
      proto: String(this.section.proto),
      ...(isUp && this.#settings !== undefined && shown(this.#settings)),
      'dns-server': isUp ? [...this.#dns] : [],
      metric: Number(this.section.metric ?? 0),
      data: { ...(typeof this.section.zone === 'string' && { zone: this.section.zone }), ...(isUp && this.#data) },
      ...(this.#error !== undefined && { errors: [this.#error] }),
    };
  }

  #setUp(): void {
    this.state = 'setup';
    const { handler } = this.#parts;
    if (handler !== undefined) {
      this.#script = handler('setup', this.name, this.section);
      const script = this.#script;
      script.once('exit', () => {
        if (this.#script === script) this.#script = undefined;
      });
    } else if (this.section.proto === 'static') void this.notify(staticTable(this.section));
  }

  async #tearDown(): Promise<void> {
    if (this.state === 'down' || this.state === 'teardown') return;
    const wasUp = this.state === 'up';
    this.state = 'teardown';
    if (wasUp) this.#parts.tell('ifdown', this.name);
    await this.#end(this.#script, SETUP_END_MS, 'SIGTERM');
    this.#script = this.#parts.handler?.('teardown', this.name, this.section);
    await this.#end(this.#script, TEARDOWN_MS);
    this.#script = undefined;
    await this.#turn;
    await this.#flush();
    if (this.state !== 'teardown') return; // netifd itself is gone
    this.state = 'down';
    if (this.autostart) this.#setUp();
    else this.wentDown?.();
  }

  async #end(script: ChildProcess | undefined, withinMs: number, signal?: NodeJS.Signals): Promise<void> {
    if (script === undefined || script.exitCode !== null || script.signalCode !== null) return;
    const exit = once(script, 'exit');
    if (signal !== undefined) script.kill(signal);
    const limit = setTimeout(() => script.kill('SIGKILL'), withinMs);
    await exit;
    clearTimeout(limit);
  }

  async #notify(args: Table): Promise<Table> {
    const isLeaving = this.state === 'teardown';
    switch (args.action) {
      case 0:
        if (isLeaving) throw new UbusError('permissionDenied', 'being taken down');
        if (this.state !== 'down') await (args['link-up'] === true ? this.#linkUp(args) : this.#linkDown());
        return {};
      case 3: {
        const [code = '', ...data] = args.error as string[];
        this.#error = { subsystem: String(this.section.proto), code, ...(data.length > 0 && { data }) };
        return {};
      }
      case 4:
        this.autostart = false;
        return {};
      case 7:
        if (isLeaving) throw new UbusError('permissionDenied', 'being taken down');
        void this.#tearDown();
        return {};
      default:
        throw new UbusError('invalidArgument', `action ${String(args.action)}`);
    }
  }

  async #linkUp(args: Table): Promise<void> {
    const { kernel, tell } = this.#parts;
    const settings = settingsOf(this.section, args);
    const before = this.#settings;
    if (before?.device !== settings.device) await kernel.claim(settings.device);
    await kernel.apply(settings);
    if (before !== undefined) await kernel.withdraw(without(before, settings));
    this.#settings = settings;
    this.#dns = [...listOf(this.section.dns), ...(this.section.peerdns === '0' ? [] : ((args.dns ?? []) as string[]))];
    this.#data = { ...this.#data, ...((args.data ?? {}) as Table) };
    this.#error = undefined;
    if (this.state !== 'setup' && this.state !== 'up') return; // taken down meanwhile
    tell(this.state === 'up' ? 'ifupdate' : 'ifup', this.name);
    this.state = 'up';
  }

  async #linkDown(): Promise<void> {
    if (this.state !== 'up') return;
    this.state = 'setup';
    this.#parts.tell('ifdown', this.name);
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const settings = this.#settings;
    this.#settings = undefined;
    this.#dns = [];
    this.#data = {};
    if (settings === undefined) return;
    await this.#parts.kernel.withdraw(settings);
    await this.#parts.kernel.release(settings.device);
  }
}

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  typeof value === 'string' ? value.split(/\s+/).filter(Boolean) : (value ?? []);

/** What the static protocol says of itself. */
const staticTable = ({ device = '', ipaddr = '', netmask = '24', gateway }: Section): Table => ({
  action: 0,
  'link-up': true,
  ifname: String(device),
  ipaddr: [{ ipaddr: String(ipaddr), mask: String(netmask) }],
  routes: gateway === undefined ? [] : [{ target: '0.0.0.0', netmask: '0', gateway: String(gateway) }],
});

interface ToldRoute {
  readonly target: string;
  readonly netmask: string;
  readonly gateway?: string;
}

/** Options that are netifd's own decide about the routes that it is told of. */
function settingsOf({ defaultroute, metric, ip4table }: Section, args: Table): Settings {
  const told = [
    ...((args.routes ?? []) as unknown as ToldRoute[]),
    ...((args.routes6 ?? []) as unknown as ToldRoute[]),
  ];
  const routes = told
    .filter(({ netmask }) => netmask !== '0' || defaultroute !== '0')
    .map(
      ({ target, netmask, gateway }): Route => ({
        target: `${target}/${netmask}`,
        via: gateway,
        metric: metric === undefined ? undefined : Number(metric),
        table: ip4table === undefined ? undefined : String(ip4table),
      }),
    );
  const addresses = ((args.ipaddr ?? []) as { ipaddr: string; mask: string }[]).map(
    ({ ipaddr, mask }) => `${ipaddr}/${mask}`,
  );
  return { device: String(args.ifname), addresses, routes };
}

/** What there was and is no more. */
const without = (before: Settings, after: Settings): Settings => ({
  device: before.device,
  addresses: before.addresses.filter((address) => !after.addresses.includes(address)),
  routes: before.routes.filter((route) => !after.routes.some((other) => isSame(route, other))),
});
const isSame = (one: Route, other: Route): boolean => JSON.stringify(one) === JSON.stringify(other);

const shown = ({ device, addresses, routes }: Settings): Table => ({
  device,
  l3_device: device,
  'ipv4-address': addresses.map((address) => ({
    address: address.split('/')[0] ?? '',
    mask: Number(address.split('/')[1]),
  })),
  // Of a route, netifd shows a metric of its own alone, and none here has one: the interface's is not shown.
  route: routes.map(({ target, via }) => ({
    target: target.split('/')[0] ?? '',
    mask: Number(target.split('/')[1]),
    nexthop: via ?? '0.0.0.0',
  })),
});
