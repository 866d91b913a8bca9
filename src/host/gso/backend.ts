/**
 * The data path `tun-gso`: a TUN device and a UDP socket, with as many packets moved by one system call as the kernel will take.
 *
 *     kernel ─super-packet─► TUN ─► Segmenter ─► sendmsg(UDP_SEGMENT) ─► server
 *     kernel ◄─super-packet─ TUN ◄─ Coalescer ◄─ recvmmsg(UDP_GRO)    ◄─ server
 *
 * All in one thread, woken by libuv or, while packets come, in its place (native/standby.ts). Each of the kernel's offers is probed by
 * itself, and what is missing costs speed, nothing else.
 */
import { close } from 'node:fs';
import type { DataPath, DataPathBackend, DataPathRequest, Feature } from '../../ports/data-path.ts';
import { HostError } from '../../ports/host-error.ts';
import { errorWords, type Native } from '../native/koffi.ts';
import { sockaddrOf } from '../native/sockaddr.ts';
import { NativeSocket } from '../native/udp.ts';
import { type Watch, watch } from '../native/watch.ts';
import { Inbound } from './inbound.ts';
import { Outbound } from './outbound.ts';
import { Sender } from './sender.ts';
import { openTunDevice, type TunDevice, type Unwanted } from './tun-device.ts';
import { EBADFD } from './tun-table.ts';
import { Writer } from './writer.ts';

export interface TunGsoOptions {
  readonly native: Native;
  /** For tests and for finding faults: what is to be done without, though the kernel may have it. */
  readonly unwanted?: Unwanted;
}

export function tunGsoBackend({ native, unwanted = () => undefined }: TunGsoOptions): DataPathBackend {
  return {
    name: 'tun-gso',
    async open(request) {
      const { socket, device } = request;
      if (!(socket instanceof NativeSocket)) throw new HostError('device-failed', 'the socket is not one of koffi');
      const tun = openTunDevice(native, device, unwanted);
      try {
        return new GsoPath(native, tun, socket, request, unwanted);
      } catch (error) {
        native.libc.close(tun.fd);
        throw error;
      }
    },
  };
}

class GsoPath implements DataPath {
  readonly backend = 'tun-gso';
  readonly device: string;
  readonly #tun: TunDevice;
  readonly #socket: NativeSocket;
  readonly #request: DataPathRequest;
  readonly #inbound: Inbound;
  readonly #writer: Writer;
  readonly #outbound: Outbound;
  readonly #watch: Watch;
  readonly #coalescing: Feature;
  #isClosed = false;
  #closed: Promise<void> | undefined;
  #isLost = false;
  /** For room in the socket. */
  #isWaiting = false;

  constructor(native: Native, tun: TunDevice, socket: NativeSocket, request: DataPathRequest, unwanted: Unwanted) {
    const { lane, peer } = request;
    this.device = tun.name;
    this.#tun = tun;
    this.#socket = socket;
    this.#request = request;
    this.#coalescing = {
      name: 'coalescing',
      missing: tun.hasVnetHeader ? unwanted('coalescing') : 'there is no vnet header',
    };
    const isCoalescing = this.#coalescing.missing === undefined;
    const isUdpToo = isCoalescing && tun.offloads.has('uso'); // Linux has had both since 6.2
    const coalescing = { tcp4: isCoalescing, tcp6: isCoalescing, udp4: isUdpToo, udp6: isUdpToo };
    this.#writer = new Writer(native, tun, coalescing);
    this.#inbound = new Inbound({ native, lane, writer: this.#writer });
    const destination = sockaddrOf(native, peer);
    const sender = new Sender(native, socket, destination, unwanted);
    this.#outbound = new Outbound({ native, tun, lane, sender });
    socket.attach({
      peer,
      segment: (octets, from, to) => this.#arrived(octets, from, to),
      follow: (from, octets, most) => this.#followed(from, octets, most),
      end: () => this.#guarded(() => this.#arrivedAll()),
    });
    try {
      this.#watch = watch(native, tun.fd, READABLE, () => this.#woken());
    } catch (error) {
      socket.attach(undefined);
      throw error;
    }
  }

  get dropped(): number {
    return this.#writer.dropped;
  }
  get whyDropped(): string | undefined {
    return this.#writer.whyDropped;
  }
  get features(): readonly Feature[] {
    const { sender } = this.#outbound;
    const others = this.#socket.features.filter(({ name }) => name !== 'udp-segment'); // the sender knows more of it
    const { name, missing } = this.#coalescing;
    const coalescing = { name, missing: missing ?? this.#writer.refused };
    return [...this.#tun.features, coalescing, ...sender.features, ...others];
  }

  deliver(packet: Uint8Array): void {
    // What was gathered when it was lost has been overwritten since.
    if (!this.#isClosed && !this.#isLost) this.#inbound.deliver(packet);
  }

  /** Numbered messages leave in their order, also while the socket is full. */
  takes(message: Uint8Array): boolean {
    return !this.#isClosed && !this.#isLost && this.#outbound.takes(message);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** The kernel takes its time to remove a device: not in this thread. */
  #close(): Promise<void> {
    this.#isClosed = true;
    this.#socket.attach(undefined);
    this.#watch.close();
    return new Promise((resolve) => close(this.#tun.fd, () => resolve()));
  }

  #arrived(octets: Uint8Array, from: number, to: number): boolean {
    try {
      return this.#inbound.segment(octets, from, to);
    } catch (error) {
      this.#failed(error);
      return true;
    }
  }

  #followed(from: number, octets: number, most: number): number {
    try {
      return this.#inbound.follow(from, octets, most);
    } catch (error) {
      this.#failed(error);
      return most;
    }
  }

  /** What the kernel answers it mostly answers at once, TCP's acknowledgements above all: the loop need not come round for them. */
  #arrivedAll(): void {
    this.#inbound.end();
    if (this.#request.lane.attention) this.#request.attention();
    this.#readable();
  }

  /** As {@link #guarded}, without a function made for each packet. */
  #woken(): void {
    try {
      this.#readable(true);
    } catch (error) {
      this.#failed(error);
    }
  }

  #readable(isWoken = false): void {
    if (this.#isClosed || this.#isLost || this.#isWaiting) return;
    const turn = this.#outbound.turn(isWoken);
    if (this.#request.lane.attention) this.#request.attention();
    if (turn === 'full') this.#waitForSocket();
    else if (turn !== 'done') this.#gone(turn.error);
  }

  /** What the uplink does not take stays in the device's own queue, whose discipline knows best what to drop. */
  #waitForSocket(): void {
    this.#isWaiting = true;
    this.#watch.change(NEITHER);
    this.#socket.whenWritable(() => this.#guarded(() => this.#resume()));
  }

  #resume(): void {
    if (this.#isClosed) return;
    this.#isWaiting = !this.#outbound.resume();
    if (this.#isWaiting) this.#waitForSocket();
    else this.#watch.change(READABLE);
  }

  /** A mistake of ours costs this connection a redial, not the others their lives. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#lose(`${this.device}: ${error instanceof Error ? error.message : String(error)}`);
  }

  #gone(error: number): void {
    const befell = error === EBADFD ? 'was removed by somebody else' : `cannot be read any more: ${errorWords(error)}`;
    this.#lose(`${this.device} ${befell}`);
  }

  /** Says so once, and stands still until it is closed. */
  #lose(why: string): void {
    if (this.#isClosed || this.#isLost) return;
    this.#isLost = true;
    this.#watch.change(NEITHER);
    this.#socket.attach(undefined);
    this.#request.lost(why);
  }
}

const READABLE = { readable: true, writable: false };
const NEITHER = { readable: false, writable: false };
