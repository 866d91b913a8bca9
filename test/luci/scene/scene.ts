/** The whole daemon of an OpenWrt router, netifd's side included, in virtual time: led into a state, and asked what the ubus object answers. */
import { Calendar } from '../../../src/daemon/calendar.ts';
import { controlOf } from '../../../src/daemon/control.ts';
import { Daemon } from '../../../src/daemon/daemon.ts';
import { meantBy } from '../../../src/daemon/faults.ts';
import { LineLog } from '../../../src/daemon/log.ts';
import { readSettings } from '../../../src/daemon/settings.ts';
import { childOf } from '../../../src/host/openwrt/child.ts';
import { GENERIC_OPTIONS, INTERFACE_OPTIONS } from '../../../src/host/openwrt/interface-options-table.ts';
import { Interfaces } from '../../../src/host/openwrt/interfaces.ts';
import { Netifd } from '../../../src/host/openwrt/netifd.ts';
import { OpenwrtNetwork } from '../../../src/host/openwrt/network.ts';
import { publishObject } from '../../../src/host/openwrt/object.ts';
import { Reports } from '../../../src/host/openwrt/reports.ts';
import { Uplinks } from '../../../src/host/openwrt/uplinks.ts';
import type { Stage } from '../../../src/protocol/client-io.ts';
import { FakeNetifd } from '../../support/fake-netifd.ts';
import { packet } from '../../support/sim.ts';
import type { Recorded } from '../parts/recorded.ts';
import type { Table } from '../parts/values.ts';
import { PASSWORD, SERVER, USER } from './far-side.ts';
import { SceneHost, UPLINK } from './ground.ts';

/** Options of an interface, as /etc/config/network has them. */
export const CAMPUS: Table = { proto: 'l2tpwan', server: [SERVER.name], username: USER, password: PASSWORD };

export class Scene {
  readonly host = new SceneHost();
  readonly #bus = new FakeNetifd();
  readonly #options = new Map<string, Table>();
  readonly #daemon: Daemon;
  readonly #file: Readonly<Record<string, object>>;

  /** @param file connections of a configuration file, which are not netifd's */
  constructor(file: Readonly<Record<string, object>> = {}) {
    const { host } = this;
    const bus = this.#bus;
    const log = new LineLog(() => undefined, new Calendar(host.clock));
    const netifd = new Netifd(bus);
    const uplinks = new Uplinks(netifd);
    const reports = new Reports(netifd, log);
    const settings = {
      read: async (name: string) => this.#declared(name),
      optionNames: async (name: string) => Object.keys(this.#options.get(name) ?? {}),
      remove: async () => undefined,
    };
    const interfaces = new Interfaces({ netifd, reports, settings, clock: host.clock, log, meantBy });
    const network = new OpenwrtNetwork({
      linux: host.linux,
      netifd,
      log,
      uplinks,
      reports,
      isInterface: (name) => interfaces.isInterface(name),
      optionsOf: (name) => interfaces.optionsOf(name),
      remarksOn: (name) => interfaces.remarksOn(name),
      factsOf: () => ({}),
      childOf: (name) => childOf(name, interfaces.optionsOf(name), bus),
    });
    const { clock, entropy, resolver, dataPlane } = host;
    this.#file = file;
    this.#daemon = new Daemon({
      host: { clock, entropy, resolver, network, owner: interfaces, dataPlane },
      log,
      version: '1.0.0',
      read: async () => this.#reading,
      surroundings: { hostName: 'OpenWrt' },
      about: { runtime: 'node v22.22.0', machine: 'Linux 6.12.0, x64' },
    });
    interfaces.serve(this.#daemon);
    publishObject({ bus, serve: controlOf(this.#daemon, clock), interfaces, clock });
    bus.add('wan', { proto: 'dhcp' });
    bus.plugIn('wan', { l3_device: UPLINK.device, 'ipv4-address': [{ address: UPLINK.source }] });
    bus.setup = (name) => interfaces.connect(name, true);
    bus.teardown = (name) => interfaces.disconnect(name, true);
  }

  /** The daemon is started, and everything of the file dialled. */
  async start(): Promise<void> {
    await this.#daemon.start(this.#reading.settings);
  }

  /** netifd brings an interface up. */
  add(name: string, options: Table = CAMPUS): void {
    this.#options.set(name, options);
    this.#bus.up(this.#bus.add(name));
  }

  /** Somebody takes it down. */
  async disconnect(name: string): Promise<void> {
    void this.#call('disconnect', { interface: name });
    await this.pass(0);
  }

  pass(ms: number): Promise<void> {
    return this.host.clock.pass(ms);
  }

  /** Lets time pass until the connection is in that state, and then `ms` more, throughout which it must stay so. */
  async until(name: string, state: Stage, ms = 0, withinMs = 400_000): Promise<void> {
    const stateNow = () => this.#daemon.connectionStatus(name)?.state;
    for (let passed = 0; stateNow() !== state; ) {
      if (passed > withinMs) throw new Error(`${name} did not become ${state}: it is ${stateNow()}`);
      const step = passed < 2000 ? 1 : 50; // stages of a dial are short, what ends a connection takes longer
      await this.pass(step);
      passed += step;
    }
    await this.pass(ms);
    if (stateNow() !== state) throw new Error(`${name} did not stay ${state}: it is ${stateNow()}`);
  }

  /** Packets go into a connection's tunnel, and their answers come out. */
  async traffic(name: string, packets: number, octets = 1200): Promise<void> {
    const status = this.#daemon.connectionStatus(name);
    const path = this.host.opened.findLast(({ device }) => device === status?.device);
    if (path === undefined || !status?.address) throw new Error(`${name} has no tunnel`);
    const { lane, socket, peer } = path.request;
    for (let sent = 0; sent < packets; sent++) {
      const datagram = lane.encapsulate(packet(status.address.local, '198.51.100.20', octets));
      if (datagram !== undefined) socket.send(datagram, peer);
      await this.pass(10);
    }
    await this.pass(100);
  }

  /** What the ubus object answers now. @param about in a few words */
  async record(about: string): Promise<Recorded> {
    const status = (await this.#call('status')) as unknown as Recorded['status'];
    const { events } = (await this.#call('events')) as unknown as Pick<Recorded, 'events'>;
    const names = Object.keys(status.connections);
    const negotiated = await Promise.all(
      names.map(async (name) => [name, await this.#call('negotiated', { interface: name })] as const),
    );
    return { about, status, events, negotiated: Object.fromEntries(negotiated), info: await this.#call('info') };
  }

  /** What netifd hands over: of options that no handler has declared it says nothing. */
  #declared(name: string): Table {
    const known = [...INTERFACE_OPTIONS.map((option) => option.name), ...GENERIC_OPTIONS];
    const given = Object.entries(this.#options.get(name) ?? {});
    return Object.fromEntries(given.filter(([option]) => known.includes(option)));
  }

  async #call(method: string, args: Record<string, string> = {}): Promise<Table> {
    const answer = this.#bus.published.get('l2tpwan')?.methods[method]?.answer(args);
    if (answer === undefined) throw new Error(`no method ${method}`);
    return (await answer) as Table;
  }

  get #reading() {
    const raw = { netifd: true, connections: this.#file };
    const reading = readSettings(raw, { hostName: 'OpenWrt' });
    if ('faults' in reading) throw new Error(reading.faults.join('\n'));
    return reading;
  }
}
