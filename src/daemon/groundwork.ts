/** What one dial needs of the machine, and its removal: the pinned route, the socket, the device, its routes. */
import type { DataPath, DataPathBackend } from '../ports/data-path.ts';
import type { Host } from '../ports/host.ts';
import { HostError } from '../ports/host-error.ts';
import type { ConnectionNetwork, Installed } from '../ports/network.ts';
import type { Candidate, LinkUp, Path } from '../protocol/client-io.ts';
import type { DataLane } from '../protocol/data-lane.ts';
import type { Failure } from '../protocol/failure.ts';
import type { FarewellRecord } from '../protocol/l2tp/farewell.ts';
import type { Endpoint } from '../protocol/machine.ts';
import type { ConnectionSettings } from './settings.ts';
import { Sockets } from './sockets.ts';

/** Where a packet of the tunnel goes. */
export interface Way {
  readonly lane: DataLane;
  readonly socket: number;
  readonly peer: Endpoint;
}

/** What may happen to the groundwork without having been asked for. */
export interface Happenings {
  datagram(socket: number, bytes: Uint8Array, from: Endpoint): void;
  /** The lane wants its owner to look. */
  attention(): void;
  /** The uplink is another: dial over it, at once. */
  undermined(failure: Failure): void;
  /** The device is gone: the dial has failed, and the next one waits like any other. */
  deviceLost(failure: Failure): void;
}

/** What this machine did not take. */
export interface Losses {
  /** Packets that came through the tunnel. */
  readonly undelivered: number;
  /** Datagrams to the server. */
  readonly sendErrors: number;
}

/** Calls are made one at a time, except `send`, `deliver` and `close`. All but `release` throw HostError. */
export class Groundwork {
  readonly #settings: ConnectionSettings;
  readonly #host: Host;
  readonly #happenings: Happenings;
  readonly #sockets: Sockets;
  readonly #network: ConnectionNetwork;
  #dataPath: DataPath | undefined;
  /** Packets of the tunnel that came while there was no device. */
  #undelivered = 0;

  constructor(settings: ConnectionSettings, host: Host, happenings: Happenings) {
    this.#settings = settings;
    this.#host = host;
    this.#happenings = happenings;
    this.#sockets = new Sockets(host.datagrams, (...datagram) => happenings.datagram(...datagram));
    this.#network = host.network.connection(settings.name, settings.routing, (failure) =>
      happenings.undermined(failure),
    );
  }

  get installed(): Installed {
    return this.#network.installed;
  }
  get dataPath(): { readonly backend: string; readonly device: string } | undefined {
    return this.#dataPath;
  }
  get losses(): Losses {
    return { undelivered: this.#undelivered + (this.#dataPath?.dropped ?? 0), sendErrors: this.#sockets.sendErrors };
  }

  /** Pins the server's route and opens a socket on the uplink it leads over; port 0: any. */
  async prepare(candidate: Candidate, localPort: number): Promise<Path> {
    const uplink = await this.#network.pin(candidate.address);
    const { socket, local } = await this.#sockets.open({ address: uplink.source, port: localPort });
    return { socket, local, uplink: uplink.device, uplinkMtu: uplink.mtu };
  }

  async repin(server: Endpoint): Promise<void> {
    await this.#network.pin(server.address);
  }

  remember(farewell: FarewellRecord): Promise<void> {
    return this.#network.remember(farewell);
  }

  /** Makes the device and everything that belongs to it. When PPP agreed on other addresses, the device stays. */
  async linkUp(link: LinkUp, { lane, socket, peer }: Way): Promise<void> {
    this.#dataPath ??= await this.#backend().open({
      device: this.#settings.routing.device,
      lane,
      transmit: (datagram) => {
        this.#sockets.send(socket, datagram, peer, true);
        if (lane.attention) this.#happenings.attention();
      },
      lost: (why) => this.#happenings.deviceLost({ code: 'device-failed', detail: why }),
    });
    await this.#network.up(link);
  }

  setMtu(mtu: number): Promise<void> {
    return this.#network.setMtu(mtu);
  }
  ipv6Up(interfaceId: Uint8Array): Promise<void> {
    return this.#network.ipv6Up(interfaceId);
  }
  ipv6Down(): Promise<void> {
    return this.#network.ipv6Down();
  }

  /** Removes everything but the sockets, through which tunnels still say their last words. */
  async release(): Promise<void> {
    const dataPath = this.#dataPath;
    this.#dataPath = undefined;
    await dataPath?.close();
    this.#undelivered += dataPath?.dropped ?? 0;
    await this.#network.down();
  }

  send(socket: number, bytes: Uint8Array, to: Endpoint): void {
    this.#sockets.send(socket, bytes, to);
  }
  /** Hands a packet that came through the tunnel to the kernel. */
  deliver(packet: Uint8Array): void {
    if (this.#dataPath === undefined) this.#undelivered++;
    else this.#dataPath.deliver(packet);
  }
  close(socket: number): void {
    this.#sockets.close(socket);
  }
  closeAll(): void {
    this.#sockets.closeAll();
  }

  #backend(): DataPathBackend {
    const { dataPath } = this.#settings;
    const backend = this.#host.dataPaths.find(({ name }) => dataPath === 'auto' || name === dataPath);
    if (backend === undefined) throw new HostError('device-failed', `this machine has no data path "${dataPath}"`);
    return backend;
  }
}
