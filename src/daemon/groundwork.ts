/** What one dial needs of the machine, and its removal: the pinned route, the socket, the device, its routes. */
import type { DataPath, DataPathRequest, DataPlane } from '../ports/data-path.ts';
import type { Host } from '../ports/host.ts';
import { HostError } from '../ports/host-error.ts';
import type { ConnectionNetwork, Installed, Uplink } from '../ports/network.ts';
import type { Candidate, LinkUp, Path, PathMtu } from '../protocol/client-io.ts';
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
  /** The network says how large datagrams to that address may be, octets. */
  pathMtu(server: string, mtu: number): void;
  /** The lane wants its owner to look. */
  attention(): void;
  /** The uplink is another: dial over it, at once. */
  undermined(failure: Failure): void;
  /** The device is gone: the dial has failed, and the next one waits like any other. */
  deviceLost(failure: Failure): void;
  /** Something a person should know. */
  notice(level: 'info' | 'warn', words: string): void;
}

/** What this machine did not take. */
export interface Losses {
  /** Packets that came through the tunnel. */
  readonly undelivered: number;
  /** Datagrams to the server. */
  readonly sendErrors: number;
  /** What the machine said to the last of each, where it said something. */
  readonly why: { readonly undelivered: string | undefined; readonly sendErrors: string | undefined };
}

/** What is shown of a data path. */
export type DataPathView = Pick<DataPath, 'backend' | 'device' | 'features' | 'counters'>;

/** Calls are made one at a time, except `send`, `deliver` and `close`. All but `release` throw HostError. */
export class Groundwork {
  readonly #settings: ConnectionSettings;
  readonly #host: Host;
  readonly #beforeDial: (server: string) => Promise<void>;
  readonly #happenings: Happenings;
  readonly #sockets: Sockets;
  readonly #network: ConnectionNetwork;
  #dataPath: DataPath | undefined;
  /** Packets of the tunnel that came while there was no device. */
  #undelivered = 0;
  #whyUndelivered: string | undefined;
  /** What the user has been told already of what is slower than it could be. */
  readonly #told = new Set<string>();

  /** @param beforeDial what has to be done once there is a way to a server's address; never rejects */
  constructor(
    settings: ConnectionSettings,
    host: Host,
    beforeDial: (server: string) => Promise<void>,
    happenings: Happenings,
  ) {
    this.#settings = settings;
    this.#host = host;
    this.#beforeDial = beforeDial;
    this.#happenings = happenings;
    this.#sockets = new Sockets(happenings);
    this.#network = host.network.connection(settings.name, settings.routing, (failure) =>
      happenings.undermined(failure),
    );
  }

  get installed(): Installed {
    return this.#network.installed;
  }
  get dataPath(): DataPathView | undefined {
    return this.#dataPath;
  }
  get losses(): Losses {
    const { count: sendErrors, last } = this.#sockets.sendErrors;
    const why = { undelivered: this.#dataPath?.whyDropped ?? this.#whyUndelivered, sendErrors: last };
    return { undelivered: this.#undelivered + (this.#dataPath?.dropped ?? 0), sendErrors, why };
  }

  /** Pins the server's route and opens a socket on the uplink it leads over; port 0: any. */
  async prepare(candidate: Candidate, localPort: number): Promise<Path> {
    const uplink = await this.#network.pin(candidate.address);
    await this.#beforeDial(candidate.address); // it may need the very port
    const { mark } = this.#settings.routing;
    const place = { local: { address: uplink.source, port: localPort }, device: uplink.device, mark };
    const { socket, local } = await this.#sockets.open((await this.#plane()).datagrams, place);
    return { socket, local, uplink: uplink.device, mtu: pathMtuOf(uplink) };
  }

  async repin(server: Endpoint, socket: number): Promise<PathMtu> {
    const uplink = await this.#network.pin(server.address);
    this.#sockets.at(socket).bindTo(uplink.device);
    return pathMtuOf(uplink);
  }

  pathMtu(server: string): Promise<PathMtu | undefined> {
    return this.#network.pathMtu(server);
  }

  remember(farewell: FarewellRecord): Promise<void> {
    return this.#network.remember({ ...farewell, mark: this.#settings.routing.mark });
  }

  /** Makes the device and everything that belongs to it. When PPP agreed on other addresses, the device stays. */
  async linkUp(link: LinkUp, { lane, socket, peer }: Way): Promise<void> {
    if (this.#dataPath !== undefined) this.#dataPath.agreed?.();
    else
      this.#dataPath = await this.#open({
        device: this.#settings.routing.device,
        mtu: link.mtu,
        lane,
        socket: this.#sockets.at(socket),
        peer,
        udpChecksums: this.#settings.udpChecksums,
        attention: () => this.#happenings.attention(),
        datagram: (message) => this.#happenings.datagram(socket, message, peer),
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
    this.#whyUndelivered = dataPath?.whyDropped ?? this.#whyUndelivered;
    await this.#network.down();
  }

  send(socket: number, bytes: Uint8Array, to: Endpoint): void {
    const isData = (bytes[0] ?? 0) < 0x80; // the T bit (RFC 2661 §3.1)
    if (isData && this.#dataPath?.takes?.(bytes)) return;
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

  async #plane(): Promise<DataPlane> {
    const plane = await this.#host.dataPlane(this.#settings.dataPath);
    for (const words of plane.missing) this.#tell('info', words);
    return plane;
  }

  /** The first that works; where the user named one, no other is tried. */
  async #open(request: DataPathRequest): Promise<DataPath> {
    const { backends } = await this.#plane();
    for (const [index, backend] of backends.entries())
      try {
        return await backend.open(request);
      } catch (error) {
        if (!(error instanceof HostError) || index === backends.length - 1) throw error;
        this.#tell('info', `data path ${backend.name} is not used: ${error.failure.detail}`);
      }
    throw new HostError('device-failed', `this machine has no data path "${this.#settings.dataPath}"`);
  }

  /** Once: every dial would find the same. */
  #tell(level: 'info' | 'warn', words: string): void {
    if (this.#told.has(words)) return;
    this.#told.add(words);
    this.#happenings.notice(level, words);
  }
}

const pathMtuOf = ({ mtu, mtuFrom }: Uplink): PathMtu => ({ octets: mtu, from: mtuFrom });
