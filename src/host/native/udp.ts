/** UDP sockets of our own, through system calls: bound to their uplink, many datagrams a call, and open to a data path that wants them in place. */
import { constants } from 'node:os';
import type { Feature } from '../../ports/data-path.ts';
import type { DatagramHandlers, DatagramPort, DatagramSocket, Place } from '../../ports/datagram.ts';
import { HostError } from '../../ports/host-error.ts';
import type { Endpoint } from '../../protocol/machine.ts';
import { ErrorQueue } from './error-queue.ts';
import { Inbox, SLOTS } from './inbox.ts';
import type { Native } from './koffi.ts';
import { Outbox } from './outbox.ts';
import { sockaddrOf } from './sockaddr.ts';
import { bindToDevice, featuresOf, type Missing, openSocket, type SocketFeature } from './socket-options.ts';
import { throwLater } from './throw-later.ts';
import { type Watch, watch } from './watch.ts';

export interface NativeUdpOptions {
  /** Features not to be used, for tests. */
  readonly without?: readonly SocketFeature[];
}

/** For whoever wants to see the datagrams of one peer before anybody else, where they lie. */
export interface Intake {
  readonly peer: Endpoint;
  /**
   * One datagram: `bytes` from `from` up to `to`, good until `end`.
   * @returns false: not for me; it then goes the ordinary way
   */
  segment(bytes: Uint8Array, from: number, to: number): boolean;
  /**
   * A short cut: the next datagrams, `most` of `octets` each, lie where the last one lay, from `from` on and without gaps.
   * @returns how many are taken if they simply go on where the last one ended; the next one is then offered by itself
   */
  follow?(from: number, octets: number, most: number): number;
  /** Nothing follows in this batch: what was kept as a view must be used or copied now. */
  end(): void;
}

/** Sockets of one port share the memory they receive into. */
export function nativeUdp(native: Native, { without = [] }: NativeUdpOptions = {}): DatagramPort {
  let shared: Shared | undefined;
  return {
    open: async (place, handlers) => {
      shared ??= { native, inbox: new Inbox(native), errors: new ErrorQueue(native) };
      return new NativeSocket(shared, place, handlers, without);
    },
  };
}

interface Shared {
  readonly native: Native;
  readonly inbox: Inbox;
  readonly errors: ErrorQueue;
}

export class NativeSocket implements DatagramSocket {
  readonly native: Native;
  readonly family: 4 | 6;
  readonly local: Endpoint;
  readonly #shared: Shared;
  readonly #handlers: DatagramHandlers;
  readonly #missing: Missing;
  readonly #watch: Watch;
  readonly #outbox: Outbox;
  #fd: number;
  /** The device it is bound to, as it was then: another may have got its name. */
  #bound: { readonly name: string; readonly index: number } | undefined;
  #intake: Intake | undefined;
  #intakePeer: Uint32Array = new Uint32Array();

  /** Use {@link nativeUdp}. @throws HostError */
  constructor(shared: Shared, place: Place, handlers: DatagramHandlers, without: readonly SocketFeature[]) {
    const { native } = shared;
    const { fd, family, local, missing } = openSocket(native, place, without);
    this.native = native;
    this.family = family;
    this.local = local;
    this.#shared = shared;
    this.#handlers = handlers;
    this.#missing = missing;
    this.#fd = fd;
    this.#outbox = new Outbox({
      native,
      fd,
      heedErrors: () => this.#heedErrors(),
      watchWritable: (isWanted) => this.#watch.change(isWanted ? BOTH : READABLE),
    });
    try {
      if (missing['bind-to-device'] === undefined) this.#bound = deviceNow(native, place.device);
      this.#watch = watch(native, fd, READABLE, (readable, writable, failed) =>
        this.#ready(readable, writable, failed),
      );
    } catch (error) {
      native.libc.close(fd);
      throw error;
    }
  }

  /** For system calls and options; -1 once it is closed. Not to be closed or watched by others. */
  get fd(): number {
    return this.#fd;
  }
  get features(): readonly Feature[] {
    return featuresOf(this.#missing);
  }
  /** Whether the kernel takes many datagrams of one size with one call (UDP_SEGMENT). Whether the uplink does, only a call can tell. */
  get canSegment(): boolean {
    return this.#missing['udp-segment'] === undefined;
  }
  get sendErrors(): { readonly count: number; readonly last: string | undefined } {
    return this.#outbox.errors;
  }

  send(bytes: Uint8Array, to: Endpoint, expendable = false): void {
    this.#outbox.send(bytes, to, expendable);
  }

  /**
   * Sends a gather message that the caller has prepared.
   * @param msghdr address of a struct msghdr; it and all it points to stay where they are until this returns
   * @returns octets sent, or the negative error number (EAGAIN: full, see {@link whenWritable}; EIO, EINVAL: the uplink cannot segment).
   *   Nothing is counted: see {@link noteLoss}
   */
  sendMessage(msghdr: number): number {
    return this.#outbox.sendMessage(msghdr);
  }

  /**
   * Sends several, as {@link sendMessage}.
   * @param mmsghdrs address of `count` structs mmsghdr
   * @returns how many were sent, at least one, or the negative error number of the first
   */
  sendMessages(mmsghdrs: number, count: number): number {
    return this.#outbox.sendMessages(mmsghdrs, count);
  }

  /** Calls once, when there is room in the socket again; never, if it is closed before. */
  whenWritable(call: () => void): void {
    this.#outbox.whenWritable(call);
  }

  /** Counts datagrams that could not be sent. */
  noteLoss(why: string, count = 1): void {
    this.#outbox.noteLoss(why, count);
  }

  /** The network has told another socket at this place how large datagrams to that address may be. Safe to call at any moment. */
  hearPathMtu(to: string, mtu: number): void {
    queueMicrotask(() => this.#tell(new Map([[to, mtu]])));
  }

  /** While there is one, it sees every datagram of its peer before anybody else. */
  attach(intake: Intake | undefined): void {
    this.#intake = intake;
    this.#intakePeer = intake === undefined ? new Uint32Array() : wordsOf(sockaddrOf(this.native, intake.peer));
  }

  /** @throws HostError `network-failed` it cannot leave the device that it is bound to, or there is no such device */
  bindTo(device: string): void {
    if (this.#fd < 0 || this.#bound === undefined) return;
    const wanted = deviceNow(this.native, device);
    if (wanted.name === this.#bound.name && wanted.index === this.#bound.index) return;
    const why = bindToDevice(this.native, this.#fd, device);
    if (why !== undefined)
      throw new HostError('network-failed', `the tunnel's socket cannot follow the uplink to ${device}: ${why}`);
    this.#bound = wanted;
  }

  close(): void {
    if (this.#fd < 0) return;
    this.#watch.close();
    this.#outbox.close();
    this.native.libc.close(this.#fd);
    this.#fd = -1;
    this.#intake = undefined;
  }

  /** Whatever goes wrong in one thing, the others are done. */
  #ready(readable: boolean, writable: boolean, failed: boolean): void {
    if (failed) guarded(() => this.#heedErrors());
    if (writable) guarded(() => this.#outbox.flush());
    // An error that found no room in the error queue is only cleared by receiving, and there is something: that is why there was no room.
    if ((readable || failed) && this.#fd >= 0) guarded(() => this.#receive());
  }

  /** So much at a time that the loop comes round to the others soon, but as a wake-up costs as much as some packets, not less. */
  #receive(): void {
    const { inbox } = this.#shared;
    const most = this.#missing['udp-gro'] === undefined ? SLOTS / 2 : SLOTS;
    for (let octets = 0, batches = 0; octets < ENOUGH_OCTETS && batches < MOST_BATCHES; batches++) {
      const before = octets;
      const count = inbox.receive(this.#fd, most);
      if (count < 0) {
        if (count !== -EAGAIN) this.#heedErrors();
        return;
      }
      for (let i = 0; i < count; i++) {
        octets += inbox.octetsOf(i);
        this.#take(i);
        if (this.#fd < 0) return;
      }
      guarded(() => this.#intake?.end());
      if (this.#fd < 0 || (count < most && octets - before < MUCH_OCTETS)) return;
    }
  }

  #take(i: number): void {
    const { inbox } = this.#shared;
    if (!inbox.isWhole(i)) return;
    const { bytes } = inbox;
    const step = inbox.segmentOctetsOf(i);
    const end = inbox.startOf(i) + inbox.octetsOf(i);
    let intake: Intake | undefined;
    let isFromPeer = false;
    let from = inbox.startOf(i);
    do {
      const to = Math.min(from + step, end);
      // What one datagram leads to may end all this, or let somebody else have the rest.
      if (intake !== this.#intake) {
        intake = this.#intake;
        isFromPeer = intake !== undefined && inbox.isFrom(i, this.#intakePeer);
      }
      let next = to;
      try {
        const whole = Math.floor((end - from) / step);
        const followed = isFromPeer ? (intake?.follow?.(from, step, whole) ?? 0) : 0;
        if (followed > 0) next = from + followed * step;
        else if (!isFromPeer || !intake?.segment(bytes, from, to)) {
          const sender = inbox.senderOf(i);
          if (sender !== undefined) this.#handlers.datagram(bytes.slice(from, to), sender);
        }
      } catch (error) {
        throwLater(error);
      }
      from = next;
    } while (from < end && this.#fd >= 0);
  }

  /** @returns whether the network has said anything */
  #heedErrors(): boolean {
    if (this.#fd < 0) return false;
    const mtus = this.#shared.errors.drain(this.#fd);
    // Later: whoever is told may close this socket, and a call may be under way.
    if (mtus !== undefined && mtus.size > 0) queueMicrotask(() => this.#tell(mtus));
    return mtus !== undefined;
  }

  #tell(mtus: ReadonlyMap<string, number>): void {
    for (const [to, mtu] of mtus) if (this.#fd >= 0) guarded(() => this.#handlers.pathMtu(to, mtu));
  }
}

function guarded(work: () => void): void {
  try {
    work();
  } catch (error) {
    throwLater(error);
  }
}

const { EAGAIN } = constants.errno;
const READABLE = { readable: true, writable: false };
const BOTH = { readable: true, writable: true };

/** A wake-up ends after so many octets, or after so many calls: TCP's acknowledgements of more would wait until the sender has run dry. */
const ENOUGH_OCTETS = 128 * 1024;
const MOST_BATCHES = 8;
/** To pass that on takes so long that more is likely to have come meanwhile. */
const MUCH_OCTETS = 16 * 1024;

const deviceNow = ({ libc }: Native, name: string) => ({ name, index: libc.if_nametoindex(name) });

const wordsOf = (sockaddr: Uint8Array): Uint32Array => new Uint32Array(sockaddr.buffer, 0, sockaddr.length / 4);
