/**
 * The portable data path: a TUN device opened through node-tuntap2's addon, one packet a read and one a write.
 *
 * The addon's own streams keep a thread of libuv's pool blocked in read(2), which starves name resolution and hangs the exit.
 * Here the file descriptor is non-blocking and watched by libuv as a pipe: no thread waits for it, and closing it removes the device.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { DataPath, DataPathBackend } from '../../ports/data-path.ts';
import { HostError } from '../../ports/host-error.ts';
import { DEV_NET_TUN, noDevNetTun } from '../dev-net-tun.ts';

const EBADFD = process.arch.startsWith('mips') ? 81 : 77; // errno.h
/** Longest packet a TUN device can hand over, octets. */
const LONGEST_PACKET = 65_535;

/** What is used of node-tuntap2's addon. */
export interface TunAddon {
  /** Turns an open /dev/net/tun into a new device and returns the name the kernel chose. The second argument asks for TAP. */
  tuntapInit(fd: number, isTap: boolean): string;
}

export interface TunOptions {
  /** Loads the addon; rejects when it is not there. */
  readonly loadAddon?: () => Promise<TunAddon>;
  /** Renames a device that is down. @throws HostError */
  readonly rename: (from: string, to: string) => Promise<void>;
}

/** What a TUN device is opened for. */
export interface TunRequest {
  /** Final name of the device, at most 15 characters. */
  readonly device: string;
  /** One packet that the kernel sends; its octets are only good until this returns. */
  readonly packet: (packet: Uint8Array) => void;
  readonly lost: (why: string) => void;
}

export function tunBackend(options: TunOptions): DataPathBackend {
  return {
    name: 'tun',
    async open({ device, lane, socket, peer, attention, lost }) {
      const packet = (packet: Uint8Array) => {
        const message = lane.encapsulate(packet);
        if (message !== undefined) socket.send(message, peer, true);
        if (lane.attention) attention();
      };
      return new TunPath(await openTun({ device, packet, lost }, options));
    },
  };
}

/** @throws HostError `device-failed` */
export async function openTun(request: TunRequest, { loadAddon = loadCompiled, rename }: TunOptions): Promise<Tun> {
  const addon = await load(loadAddon);
  const fd = openClone();
  try {
    const made = initialise(addon, fd);
    await rename(made, request.device);
    return new Tun(fd, request);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

class TunPath implements DataPath {
  readonly backend = 'tun';
  readonly features = [];
  readonly #tun: Tun;

  constructor(tun: Tun) {
    this.#tun = tun;
  }
  get device(): string {
    return this.#tun.device;
  }
  get dropped(): number {
    return this.#tun.dropped;
  }
  deliver(packet: Uint8Array): void {
    this.#tun.deliver(packet);
  }
  close(): Promise<void> {
    return this.#tun.close();
  }
}

/** A TUN device that lives as long as it is open. */
export class Tun {
  readonly device: string;
  /** Packets the kernel would not take. */
  dropped = 0;
  readonly #fd: number;
  readonly #pipe: Socket;
  #closed: Promise<void> | undefined;

  constructor(fd: number, { device, packet, lost }: TunRequest) {
    this.device = device;
    this.#fd = fd;
    this.#pipe = watch(fd, (bytes) => {
      try {
        packet(bytes);
      } catch (error) {
        lost(`${device}: ${firstLine(error)}`); // a mistake of ours costs this connection a redial, not the others their lives
      }
    });
    this.#pipe.on('error', (error) => {
      if (this.#closed === undefined) lost(`${device} ${whatBefell(error)}`);
    });
  }

  /** Hands one IP packet to the kernel, which may not want it. */
  deliver(packet: Uint8Array): void {
    if (this.#closed !== undefined) return;
    try {
      writeSync(this.#fd, packet);
    } catch {
      this.dropped++; // the device is down or the packet is none: IP copes with loss
    }
  }

  /** Safe to call twice. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      if (this.#pipe.destroyed) resolve();
      else this.#pipe.once('close', () => resolve()).destroy();
    });
    return this.#closed;
  }
}

/** Node's own wrapper of a libuv pipe. It has no public constructor that takes a descriptor of this kind. */
interface PipeWrap {
  open(fd: number): number | undefined;
}
interface PipeBinding {
  readonly Pipe: new (type: number) => PipeWrap;
  readonly constants: { readonly SOCKET: number };
}

/** Calls `read` with every packet; the octets are only good until it returns. */
function watch(fd: number, read: (packet: Uint8Array) => void): Socket {
  const { binding } = process as unknown as { binding(name: 'pipe_wrap'): PipeBinding };
  const { Pipe, constants: type } = binding('pipe_wrap');
  const handle = new Pipe(type.SOCKET);
  handle.open(fd);
  const options = {
    handle,
    readable: true,
    writable: false,
    onread: {
      buffer: Buffer.allocUnsafeSlow(LONGEST_PACKET),
      callback: (size: number, buffer: Uint8Array) => {
        read(buffer.subarray(0, size));
        return true;
      },
    },
  };
  return new Socket(options as unknown as SocketConstructorOpts).resume();
}

/** Loaded when the first device is wanted: the addon is optional, and the daemon says so only then. */
const loadCompiled = async (): Promise<TunAddon> =>
  (await import('node-tuntap2/dist/src/ts/linux/Tuntap2Addon.js')).default.default;

async function load(loadAddon: () => Promise<TunAddon>): Promise<TunAddon> {
  try {
    return await loadAddon();
  } catch (error) {
    const cure =
      "it is compiled when it is installed: run 'npm rebuild node-tuntap2' where a C++ compiler and python3 are";
    throw new HostError(
      'device-failed',
      `the native part of node-tuntap2 cannot be loaded; ${cure} (${firstLine(error)})`,
      { cause: error },
    );
  }
}

function openClone(): number {
  try {
    return openSync(DEV_NET_TUN, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    throw noDevNetTun((error as NodeJS.ErrnoException).code, firstLine(error), { cause: error });
  }
}

function initialise(addon: TunAddon, fd: number): string {
  try {
    return addon.tuntapInit(fd, false);
  } catch (error) {
    throw new HostError(
      'device-failed',
      `no TUN device could be made (run as root or with CAP_NET_ADMIN): ${firstLine(error)}`,
      { cause: error },
    );
  }
}

/** EBADFD is what the kernel says of a device that somebody removed; libuv has no name for it. */
const whatBefell = (error: NodeJS.ErrnoException): string =>
  error.errno === -EBADFD ? 'was removed by somebody else' : `cannot be read any more: ${error.message}`;

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
