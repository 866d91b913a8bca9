/**
 * A session that the kernel has: what remains for the engine, carried to it and from it.
 *
 * Whatever the kernel cannot know of the lane (whether IP may flow) it is told, and the lane what it cannot know of the kernel (how
 * packets are really framed, whether they are numbered, how many there were). All of that only changes when PPP says something,
 * and every word of PPP's comes by here.
 */
import { constants } from 'node:os';
import type { DataPath, DataPathRequest, Feature } from '../../ports/data-path.ts';
import type { LaneCounters } from '../../protocol/lane-counters.ts';
import { PLAIN_FRAMING, PROTOCOL } from '../../wire/ppp-frame.ts';
import { type Arena, errorWords, type Native } from '../native/koffi.ts';
import { NativeSocket } from '../native/udp.ts';
import { type Watch, watch } from '../native/watch.ts';
import { countersOf } from './device-counters.ts';
import { frameOf, messageOf, type Outlet } from './frames.ts';
import type { KernelSession } from './kernel-session.ts';
import { PathFeeler } from './path-feeler.ts';

/** Longer than any frame or datagram, octets. */
const LONGEST = 65_536;
/** Frames or datagrams read in one go, so that nothing else waits for long. */
const MOST_AT_ONCE = 64;
const READABLE = { readable: true, writable: false };

export class KernelPath implements DataPath {
  readonly backend = 'kernel';
  /** IP packets that reached the engine instead of the kernel, at the moment of the handover: there is no way to give them back. */
  dropped = 0;
  readonly #native: Native;
  readonly #session: KernelSession;
  readonly #request: DataPathRequest;
  readonly #arena: Arena;
  readonly #watches: Watch[] = [];
  readonly #feeler: PathFeeler | undefined;
  readonly #passage = new Map<number, boolean>();
  /** What the kernel had counted when the lane was last told. */
  #counted: Counted = {
    sentPackets: 0,
    sentOctets: 0,
    receivedPackets: 0,
    receivedOctets: 0,
    skipped: 0,
    reordered: 0,
  };
  /** Frames that passed the device and were no packets, written and read here. */
  readonly #own = { sentPackets: 0, sentOctets: 0, receivedPackets: 0, receivedOctets: 0 };
  /** Stands for the numbers of frames that the kernel has taken off. */
  #ns = 0;
  #isOver = false;

  /**
   * The kernel takes over.
   * @param session whose device has its final name; ours to close from now on, unless this throws
   * @throws HostError `device-failed`
   */
  constructor(native: Native, session: KernelSession, request: DataPathRequest) {
    this.#native = native;
    this.#session = session;
    this.#request = request;
    this.#arena = native.arena(LONGEST);
    const whenReadable = (fd: number, work: () => void) =>
      this.#watches.push(watch(native, fd, READABLE, this.#guarded(work)));
    try {
      whenReadable(session.channel, () => this.#readFrames('channel'));
      whenReadable(session.unit, () => this.#readFrames('unit'));
      whenReadable(session.udp, () => this.#readDatagrams());
      const { lane, mtu, socket } = request;
      this.#setPassages();
      session.begin(lane.sequencing ? lane.ns : undefined);
      this.#follow();
      if (socket instanceof NativeSocket)
        this.#feeler = new PathFeeler({ native, request, socket, udp: session.udp }, mtu);
    } catch (error) {
      this.#unwatch();
      throw error;
    }
  }

  /** Of the socket: whether the tunnel can leave by the uplink alone. */
  get features(): readonly Feature[] {
    const { socket } = this.#request;
    return socket instanceof NativeSocket ? socket.features.filter(({ name }) => name === 'bind-to-device') : [];
  }
  get device(): string {
    return this.#request.device;
  }

  deliver(): void {
    this.dropped++;
  }

  /** As long as nothing is numbered the socket does it better: what it sends says whether it fits the way (it is never fragmented). */
  takes(message: Uint8Array): boolean {
    const { lane } = this.#request;
    if (this.#isOver) return false;
    this.#count(); // a link on which packets come in is alive, whatever becomes of its echoes
    this.#follow();
    this.#feeler?.look();
    if (!lane.sequencing && !this.#session.isNumbering) return false;
    const frame = frameOf(message, lane.ids);
    if (frame === undefined) return false;
    const { length } = frame.bytes;
    if (this.#native.libc.write(this.#session[frame.outlet], frame.bytes, length) !== length) return false;
    if (frame.outlet === 'unit') this.#noteOwn('sent', length);
    return true;
  }

  counters(): Partial<LaneCounters> {
    this.#count();
    const { sentPackets, sentOctets, receivedPackets, receivedOctets, skipped, reordered } =
      this.#request.lane.counters;
    return { sentPackets, sentOctets, receivedPackets, receivedOctets, skipped, reordered };
  }

  agreed(): void {
    this.#follow();
  }

  async close(): Promise<void> {
    this.#count();
    this.#isOver = true;
    this.#unwatch();
    await this.#session.close(() => this.#readDatagrams());
  }

  /** Frames that are the engine's, as if they had come through the socket. */
  #readFrames(outlet: Outlet): void {
    const { lane, datagram } = this.#request;
    for (let i = 0; i < MOST_AT_ONCE && !this.#isOver; i++) {
      const octets = this.#native.libc.read(this.#session[outlet], this.#arena.bytes, LONGEST);
      if (octets <= 0) {
        this.#heedFailure(outlet, octets === 0 ? 0 : this.#native.errno());
        return;
      }
      if (outlet === 'unit') this.#noteOwn('received', octets);
      const frame = this.#arena.bytes.subarray(0, octets);
      const { skipped, reordered } = lane.counters;
      datagram(messageOf(frame, lane.ids, this.#session.isNumbering ? this.#ns++ & 0xffff : undefined));
      Object.assign(lane.counters, { skipped, reordered }); // the lane has only seen numbers that we made up
      this.#follow();
    }
  }

  /** @param errno 0: the end, which comes only when somebody else brings it about */
  #heedFailure(outlet: Outlet, errno: number): void {
    if (errno === EAGAIN) return;
    // A device that has lost its session ends as well.
    const isDevice = outlet === 'unit' && (errno !== 0 || countersOf(this.device) === undefined);
    const what = isDevice ? this.device : "the kernel's L2TP session";
    this.#lose(
      `${what} ${errno === 0 ? 'was removed by somebody else' : `cannot be read any more: ${errorWords(errno)}`}`,
    );
  }

  /** What the kernel does not understand: control messages, and data messages of no call that it knows. */
  #readDatagrams(): void {
    for (let i = 0; i < MOST_AT_ONCE; i++) {
      const octets = this.#native.libc.read(this.#session.udp, this.#arena.bytes, LONGEST);
      if (octets > 0) this.#request.datagram(this.#arena.bytes.slice(0, octets));
      // What the network says fails one call: that nobody listens there, once for each time it was asked, or that the path is narrow.
      else if (octets < 0) {
        if (this.#native.errno() === EAGAIN) return;
        if (!this.#isOver) this.#feeler?.look();
      }
    }
  }

  /** Brings the kernel in line with the lane, and the lane with the kernel. */
  #follow(): void {
    if (this.#isOver) return;
    const { lane, attention } = this.#request;
    this.#setPassages();
    const { addressControl, shortProtocol } = lane.framing;
    if (addressControl && !shortProtocol) return;
    // The kernel's L2TP compresses neither field. Both ends may leave it at that, but the MTU has to know.
    lane.setFraming(PLAIN_FRAMING);
    attention();
  }

  #setPassages(): void {
    const { lane } = this.#request;
    this.#let(PROTOCOL.ipv4, lane.ipv4Open);
    this.#let(PROTOCOL.ipv6, lane.ipv6Open);
  }

  #let(protocol: number, isOpen: boolean): void {
    if (this.#passage.get(protocol) === isOpen) return;
    this.#passage.set(protocol, isOpen);
    this.#session.setPassage(protocol, isOpen);
  }

  /** Adds to the lane's counters what the kernel has counted since the last time. */
  #count(): void {
    if (this.#isOver) return;
    const { lane, device } = this.#request;
    const all = countersOf(device);
    const numbered = this.#session.sequenceCounters;
    if (all === undefined || numbered === undefined) return; // somebody has renamed or removed it
    const own = this.#own;
    const now: Counted = {
      sentPackets: all.sentPackets - own.sentPackets,
      sentOctets: all.sentOctets - own.sentOctets,
      receivedPackets: all.receivedPackets - own.receivedPackets,
      receivedOctets: all.receivedOctets - own.receivedOctets,
      skipped: numbered.discarded,
      reordered: numbered.reordered,
    };
    for (const name of COUNTED) lane.counters[name] += now[name] - this.#counted[name];
    this.#counted = now;
  }

  /** @param octets of a frame with its protocol, which the device does not count */
  #noteOwn(way: 'sent' | 'received', octets: number): void {
    this.#own[`${way}Packets`]++;
    this.#own[`${way}Octets`] += octets - PROTOCOL_OCTETS;
  }

  #lose(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unwatch();
    this.#request.lost(why);
  }

  #unwatch(): void {
    for (const each of this.#watches) each.close();
    this.#feeler?.close();
  }

  /** A mistake of ours costs this connection a redial, not the others their lives. */
  #guarded(work: () => void): () => void {
    return () => {
      try {
        work();
      } catch (error) {
        this.#lose(`${this.device}: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
  }
}

const { EAGAIN } = constants.errno;

const PROTOCOL_OCTETS = 2;

const COUNTED = ['sentPackets', 'sentOctets', 'receivedPackets', 'receivedOctets', 'skipped', 'reordered'] as const;
type Counted = Record<(typeof COUNTED)[number], number>;
