/**
 * One call in the kernel: the descriptors that stand for its UDP socket, its tunnel, its session, its PPP channel and its device.
 *
 * The UDP socket is one of its own, at the very place of the engine's, but connected to the server: the kernel sends nothing through
 * a socket that is not. It could be the engine's, were it not that the kernel never gives a socket back: it would remain this
 * tunnel's for as long as the engine says its last words through it, and closed to the next one. What comes from the server arrives
 * at ours from the moment it is connected until it is closed. All else exists before that, so that no packet finds half of it.
 */
import { close, closeSync } from 'node:fs';
import { HostError } from '../../ports/host-error.ts';
import type { LaneIds } from '../../protocol/data-lane.ts';
import type { Endpoint } from '../../protocol/machine.ts';
import { concat, uint } from '../../wire/bytes.ts';
import { PROTOCOL } from '../../wire/ppp-frame.ts';
import { errorWords, type Native } from '../native/koffi.ts';
import { sockaddrOf } from '../native/sockaddr.ts';
import {
  AF_INET,
  AF_INET6,
  IPV6_V6ONLY,
  SO_BINDTODEVICE,
  SO_MARK,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_IPV6,
  SOL_SOCKET,
} from '../native/socket-table.ts';
import type { NativeSocket } from '../native/udp.ts';
import { pppol2tpAddress } from './address.ts';
import { discardRequest } from './frames.ts';
import {
  AF_PPPOX,
  L2TP_STATS,
  NPMODE_DROP,
  NPMODE_PASS,
  PPPIOCATTCHAN,
  PPPIOCCONNECT,
  PPPIOCGCHAN,
  PPPIOCGL2TPSTATS,
  PPPIOCNEWUNIT,
  PPPIOCSNPMODE,
  PPPOL2TP_SO_REORDERTO,
  PPPOL2TP_SO_SENDSEQ,
  PX_PROTO_OL2TP,
  SO_NO_CHECK,
  SO_REUSEADDR,
  SOL_PPPOL2TP,
} from './pppol2tp-table.ts';
import { openPppDevice } from './probe.ts';

export interface SessionPlace {
  readonly ids: LaneIds;
  readonly peer: Endpoint;
  /** The engine's socket: its place, its uplink and its mark are taken over. */
  readonly engine: Pick<NativeSocket, 'fd' | 'local'>;
  /** Whether data messages have UDP checksums; over IPv6 they always have (RFC 8200 §8.1). */
  readonly udpChecksums: boolean;
}

export class KernelSession {
  /** Reads and writes LCP and authentication. */
  readonly channel: number;
  /** Reads and writes the network protocols; the device lives as long as it is open. */
  readonly unit: number;
  /** Everything from the server that the kernel leaves to us: control messages, and data messages of other calls. */
  readonly udp: number;
  /** The device's name at first, `ppp7`. */
  readonly device: string;
  readonly #native: Native;
  readonly #place: SessionPlace;
  readonly #session: number;
  /** All of them, in the order in which they were opened. */
  readonly #fds: number[] = [];
  #closed: Promise<void> | undefined;

  /** The device is there, and down; nothing is sent or received yet. @throws HostError `device-failed` */
  constructor(native: Native, place: SessionPlace) {
    this.#native = native;
    this.#place = place;
    try {
      this.udp = this.#openUdp();
      this.#openPppol2tp('tunnel');
      this.#session = this.#openPppol2tp('session');
      this.#setInt(this.#session, SOL_PPPOL2TP, PPPOL2TP_SO_REORDERTO, REORDER_MS);
      this.channel = this.#keep(openPppDevice());
      const channel = Int32Array.of(0);
      this.#ioctl('PPPIOCGCHAN', this.#session, PPPIOCGCHAN, channel);
      this.#ioctl('PPPIOCATTCHAN', this.channel, PPPIOCATTCHAN, channel);
      this.unit = this.#keep(openPppDevice());
      const unit = Int32Array.of(-1); // any number
      this.#ioctl('PPPIOCNEWUNIT', this.unit, PPPIOCNEWUNIT, unit);
      this.#ioctl('PPPIOCCONNECT', this.channel, PPPIOCCONNECT, unit);
      this.device = `ppp${unit[0]}`;
    } catch (error) {
      for (const fd of this.#fds.reverse()) closeSync(fd);
      throw error;
    }
  }

  /**
   * From now on the kernel has the session.
   * @param ns sequence number of our next data message; undefined: they are not numbered. As the server does it, the kernel does it from then on
   * @throws HostError `device-failed`
   */
  begin(ns: number | undefined): void {
    const { libc } = this.#native;
    const { engine, peer } = this.#place;
    if (ns !== undefined) {
      this.#must('PPPOL2TP_SO_SENDSEQ', this.#setInt(this.#session, SOL_PPPOL2TP, PPPOL2TP_SO_SENDSEQ, 1));
      // The kernel begins with 0. What it is given before the socket is connected takes its number and is thrown away.
      for (let i = 0; i < ns; i++) libc.write(this.channel, NOTHING, NOTHING.length);
    }
    const address = sockaddrOf(this.#native, engine.local);
    // Both must be willing to share the place, and only while the second of them takes it: for everybody else it is taken.
    this.#setInt(engine.fd, SOL_SOCKET, SO_REUSEADDR, 1);
    this.#setInt(this.udp, SOL_SOCKET, SO_REUSEADDR, 1);
    const bound = libc.bind(this.udp, address, address.length);
    const errno = bound < 0 ? this.#native.errno() : 0;
    this.#setInt(engine.fd, SOL_SOCKET, SO_REUSEADDR, 0);
    if (bound < 0) throw this.#failed(`bind to ${engine.local.address} port ${engine.local.port}`, errno);
    const server = sockaddrOf(this.#native, peer);
    this.#must(`connect to ${peer.address}`, libc.connect(this.udp, server, server.length));
  }

  /** Whether packets of a protocol pass, either way: 0x21 IPv4, 0x57 IPv6. */
  setPassage(protocol: number, isOpen: boolean): void {
    if (this.#isClosed) return;
    const mode = isOpen ? NPMODE_PASS : NPMODE_DROP;
    this.#native.libc.ioctl(this.unit, PPPIOCSNPMODE, Int32Array.of(protocol, mode));
  }

  /** Whether the kernel numbers what it sends. */
  get isNumbering(): boolean {
    if (this.#isClosed) return false;
    const value = Int32Array.of(0);
    const octets = Uint32Array.of(value.byteLength);
    this.#native.libc.getsockopt(this.#session, SOL_PPPOL2TP, PPPOL2TP_SO_SENDSEQ, value, octets);
    return value[0] === 1;
  }

  /** Numbered data messages that came in another order than they were sent; undefined: there is no session any more. */
  get sequenceCounters(): { readonly discarded: number; readonly reordered: number } | undefined {
    if (this.#isClosed) return undefined;
    const bytes = new Uint8Array(L2TP_STATS.octets);
    const view = new DataView(bytes.buffer);
    if (this.#native.libc.ioctl(this.#session, PPPIOCGL2TPSTATS, bytes) < 0) return undefined;
    const at = (offset: number) => Number(view.getBigUint64(offset, this.#native.layout.isLittleEndian));
    return { discarded: at(L2TP_STATS.sequenceDiscards), reordered: at(L2TP_STATS.outOfOrder) };
  }

  /**
   * Removes device, session and tunnel; what the server sends is the engine's socket's again. Safe to call twice.
   * @param last called when nothing more is going to arrive at `udp`: what is there can be read now
   */
  close(last: () => void = () => undefined): Promise<void> {
    this.#closed ??= this.#close(last);
    return this.#closed;
  }

  /** From then on the numbers of its descriptors may be somebody else's. */
  get #isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** The kernel takes its time to remove a device: not in this thread. The UDP socket goes in no time. */
  async #close(last: () => void): Promise<void> {
    for (const fd of this.#fds.filter((each) => each !== this.udp).reverse())
      await new Promise<void>((resolve) => close(fd, () => resolve()));
    try {
      last();
    } finally {
      closeSync(this.udp);
    }
  }

  #openUdp(): number {
    const { libc } = this.#native;
    const { engine, peer, udpChecksums } = this.#place;
    const isIpv6 = peer.address.includes(':');
    const type = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    const udp = this.#keep(this.#must('a UDP socket', libc.socket(isIpv6 ? AF_INET6 : AF_INET, type, 0)));
    if (isIpv6) this.#setInt(udp, SOL_IPV6, IPV6_V6ONLY, 1);
    else if (!udpChecksums) this.#setInt(udp, SOL_SOCKET, SO_NO_CHECK, 1);
    const device = new Uint8Array(DEVICE_NAME_OCTETS);
    const octets = Uint32Array.of(device.length);
    if (libc.getsockopt(engine.fd, SOL_SOCKET, SO_BINDTODEVICE, device, octets) === 0 && octets[0] !== 0)
      this.#must('SO_BINDTODEVICE', libc.setsockopt(udp, SOL_SOCKET, SO_BINDTODEVICE, device, octets[0] ?? 0));
    const mark = Int32Array.of(0);
    if (libc.getsockopt(engine.fd, SOL_SOCKET, SO_MARK, mark, Uint32Array.of(4)) === 0 && mark[0] !== 0)
      this.#must('SO_MARK', libc.setsockopt(udp, SOL_SOCKET, SO_MARK, mark, 4));
    return udp;
  }

  #openPppol2tp(of: 'tunnel' | 'session'): number {
    const { libc } = this.#native;
    const { ids, peer } = this.#place;
    const fd = this.#must('a PPPoL2TP socket', libc.socket(AF_PPPOX, SOCK_DGRAM | SOCK_CLOEXEC, PX_PROTO_OL2TP));
    this.#keep(fd);
    const address = pppol2tpAddress(this.#native, of, { fd: this.udp, ids, peer });
    const id = of === 'tunnel' ? ids.localTunnelId : ids.localSessionId;
    this.#must(`${of} ${id}`, libc.connect(fd, address, address.length));
    return fd;
  }

  #keep(fd: number): number {
    this.#fds.push(fd);
    return fd;
  }

  #setInt(fd: number, level: number, name: number, value: number): number {
    return this.#native.libc.setsockopt(fd, level, name, Int32Array.of(value), 4);
  }

  #ioctl(what: string, fd: number, request: number, argument: Int32Array): void {
    this.#must(what, this.#native.libc.ioctl(fd, request, argument));
  }

  #must(what: string, result: number): number {
    if (result < 0) throw this.#failed(what, this.#native.errno());
    return result;
  }

  #failed(what: string, errno: number): HostError {
    return new HostError('device-failed', `the kernel's L2TP: ${what}: ${errorWords(errno)}`);
  }
}

/** A frame for whoever should get it to throw away. */
const NOTHING = concat(uint(2, PROTOCOL.lcp), discardRequest(8));

/**
 * How long a numbered message waits for one before it, ms. Without that the kernel throws away all that comes after a gap, five at
 * least, and one message that overtakes another is such a gap. Ours: longer than packets overtake each other on a way with several lanes.
 */
const REORDER_MS = 10;

/** IFNAMSIZ of linux/if.h. */
const DEVICE_NAME_OCTETS = 16;
