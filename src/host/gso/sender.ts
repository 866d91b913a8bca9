/** Hands datagrams to the kernel, as many with one system call as it will take: UDP_SEGMENT, else sendmmsg, else one by one. */
import { constants } from 'node:os';
import type { Feature } from '../../ports/data-path.ts';
import { type Arena, errorWords, type Native } from '../native/koffi.ts';
import { SOL_UDP, UDP_SEGMENT } from '../native/socket-table.ts';
import type { NativeSocket } from '../native/udp.ts';
import { MOST_SEGMENTS, type SegmentQueue } from './segment-queue.ts';
import type { Unwanted } from './tun-device.ts';

/** What is used of a socket. */
export type Outlet = Pick<NativeSocket, 'sendMessage' | 'sendMessages' | 'noteLoss' | 'canSegment'>;

export class Sender {
  readonly #native: Native;
  readonly #outlet: Outlet;
  /** One message per segment, and then the one for UDP_SEGMENT. Only what they gather differs from time to time. */
  readonly #messages: Arena;
  readonly #control: Arena;
  readonly #name: Arena;
  readonly #missing: { udpSegment: string | undefined; sendmmsg: string | undefined };
  /** Segments of so many octets were refused the last time that several of them were to leave as one message. */
  #refused: { readonly octets: number; readonly why: string } | undefined;
  /**
   * Messages of large segments until one of these goes alone, as a scout. Linux decides on "don't fragment" by the length of the whole
   * message, so segments that leave together leave without (IPv4), and a router that has no room for them cuts them up and says
   * nothing. One that goes alone now and then makes it speak.
   */
  #untilScout = 0;

  /** @param destination the server's address as the kernel has it (sockaddr_in or sockaddr_in6) */
  constructor(native: Native, outlet: Outlet, destination: Uint8Array, unwanted: Unwanted) {
    const { mmsghdr, msghdr, cmsghdr, putLong } = native.layout;
    this.#native = native;
    this.#outlet = outlet;
    this.#messages = native.arena((MOST_SEGMENTS + 1) * mmsghdr.octets);
    this.#control = native.arena(native.layout.cmsgSpace(2));
    this.#name = native.arena(destination.length);
    this.#name.bytes.set(destination);
    const { words } = this.#messages;
    const segmented = MOST_SEGMENTS * mmsghdr.octets;
    for (let at = 0; at <= segmented; at += mmsghdr.octets) {
      putLong(words, at + msghdr.name, this.#name.address);
      words[(at + msghdr.namelen) >> 2] = destination.length;
    }
    putLong(words, segmented + msghdr.control, this.#control.address);
    putLong(words, segmented + msghdr.controllen, this.#control.bytes.length);
    putLong(this.#control.words, cmsghdr.len, native.layout.cmsgLen(2));
    this.#control.words[cmsghdr.level >> 2] = SOL_UDP;
    this.#control.words[cmsghdr.type >> 2] = UDP_SEGMENT;
    const udpSegment = unwanted('udp-segment') ?? (outlet.canSegment ? undefined : 'this kernel does not have it');
    this.#missing = { udpSegment, sendmmsg: unwanted('sendmmsg') };
  }

  get features(): Feature[] {
    const { udpSegment, sendmmsg } = this.#missing;
    return [
      { name: 'udp-segment', missing: udpSegment ?? this.#refused?.why },
      { name: 'sendmmsg', missing: sendmmsg },
    ];
  }

  /** Counts a datagram that was not sent. */
  noteLoss(why: string): void {
    this.#outlet.noteLoss(why);
  }

  /**
   * Sends what is queued, and clears the queue once it is empty.
   * @param more others may follow: what could leave with them stays in the queue
   * @returns false: the socket takes no more just now; the rest is still queued
   */
  flush(queue: SegmentQueue, more = false): boolean {
    while (!queue.isEmpty) {
      const isLarge = queue.octets(queue.next) >= SMALLEST_SCOUT;
      const isScout = isLarge && this.#untilScout === 0;
      const count = isScout ? 1 : queue.nextGroup(more);
      if (count === 0) return true;
      const sent = this.#send(queue, count);
      queue.next += sent;
      if (isScout && sent > 0) this.#untilScout = MESSAGES_PER_SCOUT;
      else if (isLarge && sent > 0) this.#untilScout--;
      if (sent < count) return false;
    }
    queue.clear();
    return true;
  }

  /** @returns how many of the next `count` segments are done with, sent or lost; fewer: the socket is full */
  #send(queue: SegmentQueue, count: number): number {
    if (count > 1 && this.#missing.udpSegment === undefined) {
      const error = this.#sendSegmented(queue, count);
      if (error === EAGAIN) return 0;
      if (NOTHING_GOES.has(error)) {
        this.#outlet.noteLoss(errorWords(error), count);
        return count;
      }
      this.#note(queue.octets(queue.next), error);
      if (error === 0) return count;
      // The device that it leaves by cannot make checksums, as UDP_SEGMENT wants (Linux before 6.x); or nothing can.
      if (error === EIO || error === EOPNOTSUPP || error === ENOPROTOOPT)
        this.#missing.udpSegment = `the uplink does not take it: ${errorWords(error)}`;
      // EINVAL, EMSGSIZE: the path has just become too narrow for these. One by one they go in fragments.
      // EPERM: a firewall forbids it, which may look at the length, so those who are shorter have to ask for themselves.
    }
    return this.#sendSingly(queue, count);
  }

  /** What goes with small ones says nothing of large ones. */
  #note(octets: number, error: number): void {
    if (error !== 0) this.#refused = { octets, why: `refused just now: ${errorWords(error)}` };
    else if (this.#refused !== undefined && octets >= this.#refused.octets) this.#refused = undefined;
  }

  #sendSegmented(queue: SegmentQueue, count: number): number {
    const { layout } = this.#native;
    this.#point(MOST_SEGMENTS, queue.iovecsAt(queue.next), 2 * count);
    putHostU16(this.#control.bytes, layout.cmsghdr.octets, queue.octets(queue.next), layout.isLittleEndian);
    return Math.max(0, -this.#outlet.sendMessage(this.#messages.address + MOST_SEGMENTS * layout.mmsghdr.octets));
  }

  #sendSingly(queue: SegmentQueue, count: number): number {
    const { octets } = this.#native.layout.iovec;
    for (let k = 0; k < count; k++) {
      const at = queue.iovecsAt(queue.next + k);
      if (queue.isWhole(queue.next + k)) this.#point(k, at + octets, 1);
      else this.#point(k, at, 2);
    }
    let done = 0;
    while (done < count) {
      const sent = this.#transmit(done, count - done);
      if (sent > 0) done += sent;
      else {
        if (sent === -EAGAIN) return done;
        this.#outlet.noteLoss(errorWords(-sent));
        done++;
      }
    }
    return done;
  }

  /** @returns how many of the messages were sent, or the negative error number of the first */
  #transmit(first: number, count: number): number {
    const at = this.#messages.address + first * this.#native.layout.mmsghdr.octets;
    if (count > 1 && this.#missing.sendmmsg === undefined) {
      const sent = this.#outlet.sendMessages(at, count);
      if (sent > 0 || sent !== -ENOSYS) return sent;
      this.#missing.sendmmsg = errorWords(-sent);
    }
    const octets = this.#outlet.sendMessage(at);
    return octets < 0 ? octets : 1;
  }

  /** Says what a message is gathered from. */
  #point(message: number, address: number, iovecs: number): void {
    const { mmsghdr, msghdr, putLong } = this.#native.layout;
    const { words } = this.#messages;
    putLong(words, message * mmsghdr.octets + msghdr.iov, address);
    putLong(words, message * mmsghdr.octets + msghdr.iovlen, iovecs);
  }
}

const { EAGAIN, EBADF, EHOSTUNREACH, EIO, ENETDOWN, ENETUNREACH, ENOBUFS, ENODEV, ENOPROTOOPT, ENOSYS, EOPNOTSUPP } =
  constants.errno;

/** Octets that every path has room for. */
const SMALLEST_SCOUT = 1200;
/** Some 15 MB. */
const MESSAGES_PER_SCOUT = 256;

/** Nothing is taken just now, in no portions: the queue is full (ENOBUFS), there is no uplink. */
const NOTHING_GOES = new Set([ENOBUFS, ENETDOWN, ENETUNREACH, EHOSTUNREACH, ENODEV, EBADF]);

function putHostU16(bytes: Uint8Array, at: number, value: number, isLittleEndian: boolean): void {
  bytes[at] = isLittleEndian ? value : value >> 8;
  bytes[at + 1] = isLittleEndian ? value >> 8 : value;
}
