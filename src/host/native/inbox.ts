/**
 * Receives datagrams, several with one call, each in a slot that holds the longest there can be: one datagram, reassembled from
 * fragments or not, or up to 64 of one size that the kernel received as one (UDP_GRO). Nothing is ever cut off.
 *
 * One inbox serves any number of sockets, for what it holds is only looked at until the next call. The slots cost memory only as
 * far as something has been received in them.
 */
import type { Endpoint } from '../../protocol/machine.ts';
import type { Arena, Native } from './koffi.ts';
import { summableMemory } from './quick-memory.ts';
import { endpointOf, SOCKADDR_OCTETS } from './sockaddr.ts';
import { MSG_CTRUNC, MSG_DONTWAIT, MSG_TRUNC, SOL_UDP, UDP_GRO } from './socket-table.ts';

/** Most messages of one call. */
export const SLOTS = 16;
const SLOT_OCTETS = 64 * 1024;
/** An IP packet behind the usual 10 octets of L2TP and PPP then begins at a multiple of 16, and its checksum is cheaper. */
const HEADROOM = 6;
const LONGEST_DATAGRAM = 65_527; // 65,535 (the payload of an IPv6 packet) without the UDP header
const NAME_OCTETS = 32;
const CONTROL_OCTETS = 64;

export class Inbox {
  /** Where the slots are; each message says where in here it is. */
  readonly bytes: Uint8Array;
  readonly #native: Native;
  readonly #arena: Arena;
  readonly #words: Uint32Array;
  /** Octets from one mmsghdr to the next. */
  readonly #stride: number;
  readonly #namesAt: number;
  readonly #controlsAt: number;
  readonly #slotsAt: number;
  /** Of the last sender who was asked for. */
  #senderWords: Uint32Array = new Uint32Array();
  #sender: Endpoint | undefined;
  /** Slots that the kernel has written in since they were made ready. */
  #used = SLOTS;

  constructor(native: Native) {
    const { mmsghdr, iovec } = native.layout;
    this.#native = native;
    this.#stride = mmsghdr.octets;
    const iovecsAt = SLOTS * mmsghdr.octets;
    this.#namesAt = iovecsAt + SLOTS * iovec.octets;
    this.#controlsAt = this.#namesAt + SLOTS * NAME_OCTETS;
    this.#slotsAt = Math.ceil((this.#controlsAt + SLOTS * CONTROL_OCTETS) / 64) * 64;
    this.#arena = native.adopt(summableMemory(this.#slotsAt + SLOTS * SLOT_OCTETS));
    this.bytes = this.#arena.bytes;
    this.#words = this.#arena.words;
    for (let i = 0; i < SLOTS; i++) this.#furnish(i, iovecsAt + i * iovec.octets);
  }

  /**
   * @param most messages, 1-{@link SLOTS}
   * @returns how many messages there are now, or the negative error number (EAGAIN: nothing has come)
   */
  receive(fd: number, most: number): number {
    for (let i = 0; i < this.#used; i++) this.#makeReady(i);
    const count = this.#native.libc.recvmmsg(fd, this.#arena.address, most, MSG_DONTWAIT, null);
    if (count < 0) {
      this.#used = 0;
      return -this.#native.errno();
    }
    this.#used = count;
    return count;
  }

  /** Where message `i` begins. */
  startOf(i: number): number {
    return this.#slotsAt + i * SLOT_OCTETS + HEADROOM;
  }
  /** Octets of message `i`. */
  octetsOf(i: number): number {
    return this.#words[(i * this.#stride + this.#native.layout.mmsghdr.len) >>> 2] as number;
  }
  /** Octets of each datagram in message `i` but the last, which may be shorter. */
  segmentOctetsOf(i: number): number {
    const { msghdr, cmsghdr, cmsgLen } = this.#native.layout;
    const words = this.#words;
    const controllen = this.#native.layout.getLong(words, i * this.#stride + msghdr.controllen);
    const at = (this.#controlsAt + i * CONTROL_OCTETS) >>> 2;
    const isSaid =
      controllen >= cmsgLen(4) &&
      words[at + (cmsghdr.level >>> 2)] === SOL_UDP &&
      words[at + (cmsghdr.type >>> 2)] === UDP_GRO;
    return isSaid ? (words[at + (cmsghdr.octets >>> 2)] as number) : this.octetsOf(i);
  }
  /** Cannot be false; if it were, nobody could tell what belongs to the message. */
  isWhole(i: number): boolean {
    const flags = this.#words[(i * this.#stride + this.#native.layout.msghdr.flags) >>> 2] as number;
    return (flags & (MSG_TRUNC | MSG_CTRUNC)) === 0;
  }
  /** @param sockaddr the words of a sockaddr: 4, or 7 of IPv6 */
  isFrom(i: number, sockaddr: Uint32Array): boolean {
    const at = (this.#namesAt + i * NAME_OCTETS) >>> 2;
    const words = this.#words;
    if (words[at] !== sockaddr[0]) return false; // family and port
    if (sockaddr.length === 4) return words[at + 1] === sockaddr[1];
    for (let word = 2; word < 7; word++) if (words[at + word] !== sockaddr[word]) return false; // all but the flow label
    return true;
  }
  /** Who sent message `i`; the same object as long as it is the same sender. */
  senderOf(i: number): Endpoint | undefined {
    if (this.#senderWords.length > 0 && this.isFrom(i, this.#senderWords)) return this.#sender;
    const { msghdr } = this.#native.layout;
    const at = this.#namesAt + i * NAME_OCTETS;
    const octets = this.#words[(i * this.#stride + msghdr.namelen) >>> 2] as number;
    this.#senderWords = this.#words.slice(at >>> 2, (at + octets) >>> 2);
    this.#sender = endpointOf(this.#native, this.bytes.subarray(at, at + octets));
    return this.#sender;
  }

  #furnish(i: number, iovecAt: number): void {
    const { msghdr, iovec, putLong } = this.#native.layout;
    const { address } = this.#arena;
    const at = i * this.#stride;
    putLong(this.#words, at + msghdr.name, address + this.#namesAt + i * NAME_OCTETS);
    putLong(this.#words, at + msghdr.iov, address + iovecAt);
    putLong(this.#words, at + msghdr.iovlen, 1);
    putLong(this.#words, at + msghdr.control, address + this.#controlsAt + i * CONTROL_OCTETS);
    putLong(this.#words, iovecAt + iovec.base, address + this.startOf(i));
    putLong(this.#words, iovecAt + iovec.len, LONGEST_DATAGRAM);
  }

  /** What the kernel has put into these is what it found, not what there is room for. */
  #makeReady(i: number): void {
    const { msghdr, putLong } = this.#native.layout;
    const at = i * this.#stride;
    this.#words[(at + msghdr.namelen) >>> 2] = SOCKADDR_OCTETS[6];
    putLong(this.#words, at + msghdr.controllen, CONTROL_OCTETS);
  }
}
