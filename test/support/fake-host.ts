/** The ports of a machine that exists only in memory: what was asked of it, in order, and time that a test moves. */
import type { Alarm, Clock } from '../../src/ports/clock.ts';
import type { DataPath, DataPathChoice, DataPathRequest, DataPlane } from '../../src/ports/data-path.ts';
import type { Host } from '../../src/ports/host.ts';
import type { ConnectionNetwork, Installed, RoutingSettings } from '../../src/ports/network.ts';
import type { PathMtu } from '../../src/protocol/client-io.ts';
import type { Failure } from '../../src/protocol/failure.ts';
import type { FarewellRecord } from '../../src/protocol/l2tp/farewell.ts';
import { type Endpoint, sameEndpoint } from '../../src/protocol/machine.ts';
import { Chance } from './chance.ts';

/** Everything that has been made ready by promises runs before this is fulfilled. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class FakeClock implements Clock {
  #now = 1000;
  /** Wall clock less monotonic clock: a test may set the wall clock. */
  wallOffset = Date.parse('2026-11-22T07:00:00.000Z') - 1000;
  readonly #alarms = new Set<{ at: number; ring: () => void }>();

  now(): number {
    return this.#now;
  }
  wallClock(): number {
    return this.#now + this.wallOffset;
  }
  alarm(ring: () => void): Alarm {
    let entry: { at: number; ring: () => void } | undefined;
    const set = (at: number | undefined) => {
      if (entry !== undefined) this.#alarms.delete(entry);
      entry = at === undefined ? undefined : { at, ring };
      if (entry !== undefined) this.#alarms.add(entry);
    };
    return { set, close: () => set(undefined) };
  }
  /** How many alarms will ring. */
  get pending(): number {
    return this.#alarms.size;
  }

  /** Lets time pass, ringing every alarm at its time. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const [next] = [...this.#alarms].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.ring();
    }
    this.#now = end;
  }
}

export const NOTHING_INSTALLED: Installed = {
  routes: [],
  rules: [],
  mss: { state: 'off' },
  resolvFile: undefined,
  warnings: [],
};

export interface FakeSocket {
  readonly local: Endpoint;
  readonly mark: number | undefined;
  readonly sent: { bytes: Uint8Array; to: Endpoint }[];
  readonly receive: (bytes: Uint8Array, from: Endpoint) => void;
  readonly pathMtu: (to: string, mtu: number) => void;
  isOpen: boolean;
}

export class FakeHost implements Host {
  readonly clock = new FakeClock();
  readonly entropy: Host['entropy'];
  /** What was asked of the machine, in order. */
  readonly log: string[] = [];
  /** Put before an entry of the log begins: waits, fails. The key is the entry, or its first word. */
  readonly hooks = new Map<string, () => Promise<void> | void>();
  readonly sockets: FakeSocket[] = [];
  readonly paths: (DataPathRequest & { delivered: Uint8Array[]; isOpen: boolean })[] = [];
  readonly addresses = new Map<string, readonly string[]>();
  installed: Installed = NOTHING_INSTALLED;
  /** What the kernel says of every path, when it is asked. */
  learnt: PathMtu | undefined;
  left: { name: string; farewell: FarewellRecord }[] = [];
  /** Farewells that the journal was given. */
  readonly remembered: FarewellRecord[] = [];
  /** What data planes were asked for. */
  readonly choices: DataPathChoice[] = [];
  /** By connection: tells it that the uplink changed. */
  readonly uplinkChanged = new Map<string, (failure: Failure) => void>();
  #nextPort = 40_000;
  /** Everything sent, by whichever socket. */
  transmit: (bytes: Uint8Array, from: Endpoint, to: Endpoint) => void = () => undefined;

  /** @param seed of its entropy: two machines that meet must differ in it */
  constructor(seed = 1) {
    this.entropy = new Chance(seed).entropy;
  }

  readonly datagrams: DataPlane['datagrams'] = {
    open: async ({ local, mark }, { datagram: receive, pathMtu }) => {
      await this.#did(`socket ${local.address}:${local.port}`);
      const bound = { address: local.address, port: local.port || this.#nextPort++ };
      const socket: FakeSocket = { local: bound, mark, sent: [], receive, pathMtu, isOpen: true };
      this.sockets.push(socket);
      return {
        local: bound,
        sendErrors: { count: 0, last: undefined },
        send: (bytes, to) => {
          if (!socket.isOpen) return;
          socket.sent.push({ bytes, to });
          this.transmit(bytes, bound, to);
        },
        bindTo: (device) => void this.log.push(`bind socket ${bound.port} to ${device}`),
        close: () => {
          socket.isOpen = false;
          this.log.push(`close socket ${bound.port}`);
        },
      };
    },
  };

  readonly resolver: Host['resolver'] = {
    resolve: async (name) => {
      await this.#did(`resolve ${name}`);
      return this.addresses.get(name) ?? [name];
    },
  };

  /** Fastest first; a test may put others here. */
  backends: DataPlane['backends'] = [
    {
      name: 'tun',
      open: async (request): Promise<DataPath> => {
        await this.#did(`device ${request.device}`);
        const path = { ...request, delivered: [] as Uint8Array[], isOpen: true };
        this.paths.push(path);
        return {
          backend: 'tun',
          device: request.device,
          features: [],
          dropped: 0,
          deliver: (packet) => void path.delivered.push(packet),
          close: async () => {
            await this.#did(`remove ${request.device}`);
            path.isOpen = false;
          },
        };
      },
    },
  ];
  /** What the data plane says that it lacks. */
  missing: readonly string[] = [];

  readonly dataPlane: Host['dataPlane'] = async (choice) => {
    this.choices.push(choice);
    const backends = this.backends.filter(({ name }) => choice === 'auto' || name === choice);
    return { datagrams: this.datagrams, backends, missing: this.missing };
  };

  readonly network: Host['network'] = {
    connection: (name, settings, changed) => {
      this.uplinkChanged.set(name, changed);
      return this.#connection(name, settings);
    },
    pinBriefly: async (address, uplink, mark) => {
      await this.#did(`pin ${address} over ${uplink} for a moment${mark === undefined ? '' : `, mark ${mark}`}`);
      return () => this.#did(`unpin ${address}`);
    },
    recover: async (hangUp) => {
      await this.#did('recover');
      await Promise.all(this.left.map(({ name, farewell }) => hangUp(name, farewell)));
    },
    close: () => this.#did('close network'),
  };

  /** Hands a datagram to whoever is bound to `to`. */
  receive(bytes: Uint8Array, from: Endpoint, to: Endpoint): void {
    for (const socket of this.sockets) if (socket.isOpen && sameEndpoint(socket.local, to)) socket.receive(bytes, from);
  }

  #connection(name: string, _settings: RoutingSettings): ConnectionNetwork {
    const host = this;
    return {
      get installed() {
        return host.installed;
      },
      pin: async (server) => {
        await this.#did(`pin ${name} ${server}`);
        return { device: 'eth0', gateway: '192.0.2.1', source: '192.0.2.2', mtu: 1500, mtuFrom: 'uplink' };
      },
      up: (link) => this.#did(`up ${name} ${link.localAddress} mtu ${link.mtu}`),
      setMtu: (mtu) => this.#did(`mtu ${name} ${mtu}`),
      pathMtu: async (server) => {
        await this.#did(`ask ${name} ${server}`);
        return this.learnt;
      },
      ipv6Up: () => this.#did(`ipv6-up ${name}`),
      ipv6Down: () => this.#did(`ipv6-down ${name}`),
      remember: (farewell) => {
        this.remembered.push(farewell);
        return this.#did(`remember ${name}`);
      },
      down: () => this.#did(`down ${name}`),
    };
  }

  async #did(entry: string): Promise<void> {
    this.log.push(entry);
    await (this.hooks.get(entry) ?? this.hooks.get(entry.split(' ')[0] ?? ''))?.();
  }
}
