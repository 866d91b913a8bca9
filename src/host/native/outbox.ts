/** The sending half of a socket: what is not taken at once is lost and counted, or waits a while, by how dear it is. */
import { constants } from 'node:os';
import type { Endpoint } from '../../protocol/machine.ts';
import { errorName, type Native } from './koffi.ts';
import { sockaddrOf } from './sockaddr.ts';
import { MSG_DONTWAIT, MSG_NOSIGNAL } from './socket-table.ts';
import { throwLater } from './throw-later.ts';

export interface OutboxParts {
  readonly native: Native;
  readonly fd: number;
  /**
   * What the network says of an earlier datagram fails the next call, whatever that is. This hears it out.
   * @returns whether there was anything, so that the call is worth another try
   */
  readonly heedErrors: () => boolean;
  /** Wants {@link Outbox.flush} called when there is room, or does not any more. */
  readonly watchWritable: (isWanted: boolean) => void;
}

export class Outbox {
  readonly errors: { count: number; last: string | undefined } = { count: 0, last: undefined };
  readonly #parts: OutboxParts;
  #isClosed = false;
  /** Whom we send to, mostly. */
  #to: { readonly endpoint: Endpoint; readonly sockaddr: Uint8Array } | undefined;
  #waiting: { readonly bytes: Uint8Array; readonly to: Endpoint }[] = [];
  #waitingOctets = 0;
  #thenWritable: (() => void)[] = [];

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** @param expendable lost where others wait: when the socket is full */
  send(bytes: Uint8Array, to: Endpoint, expendable: boolean): void {
    if (this.#isClosed) return;
    const isFull = this.#waiting.length > 0 || this.#transmit(bytes, to) === EAGAIN;
    if (!isFull) return;
    if (expendable || this.#waitingOctets + bytes.length > MOST_WAITING_OCTETS) this.noteLoss(TOO_SLOW);
    else {
      this.#waiting.push({ bytes: bytes.slice(), to });
      this.#waitingOctets += bytes.length;
      this.#parts.watchWritable(true);
    }
  }

  /** @returns octets sent, or the negative error number */
  sendMessage(msghdr: number): number {
    const { native, fd } = this.#parts;
    if (this.#isClosed) return -EBADF;
    const sent = native.libc.sendmsg(fd, msghdr, FLAGS);
    if (sent >= 0) return sent;
    const errno = native.errno();
    if (!this.#isOfEarlier(errno)) return -errno;
    const again = native.libc.sendmsg(fd, msghdr, FLAGS);
    return again >= 0 ? again : -native.errno();
  }

  /** @returns how many were sent, or the negative error number of the first */
  sendMessages(mmsghdrs: number, count: number): number {
    const { native, fd } = this.#parts;
    if (this.#isClosed) return -EBADF;
    const sent = native.libc.sendmmsg(fd, mmsghdrs, count, FLAGS);
    if (sent >= 0) return sent;
    const errno = native.errno();
    if (!this.#isOfEarlier(errno)) return -errno;
    const again = native.libc.sendmmsg(fd, mmsghdrs, count, FLAGS);
    return again >= 0 ? again : -native.errno();
  }

  whenWritable(call: () => void): void {
    if (this.#isClosed) return;
    this.#thenWritable.push(call);
    this.#parts.watchWritable(true);
  }

  noteLoss(why: string, count = 1): void {
    this.errors.count += count;
    this.errors.last = why;
  }

  /** There is room in the socket: first for what waits here, then for others. */
  flush(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (this.#transmit(first.bytes, first.to) === EAGAIN) return;
      this.#waiting.shift();
      this.#waitingOctets -= first.bytes.length;
    }
    const calls = this.#thenWritable;
    this.#thenWritable = [];
    this.#parts.watchWritable(false);
    for (const call of calls)
      try {
        if (!this.#isClosed) call();
      } catch (error) {
        throwLater(error);
      }
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#thenWritable = [];
  }

  /** @returns EAGAIN, or anything else: sent, or lost and counted */
  #transmit(bytes: Uint8Array, to: Endpoint): number {
    let errno = this.#try(bytes, to);
    if (errno !== 0 && this.#isOfEarlier(errno)) errno = this.#try(bytes, to);
    if (errno !== 0 && errno !== EAGAIN) this.noteLoss(`send ${errorName(errno)} ${to.address}:${to.port}`);
    return errno;
  }

  /** Whether a call may have failed for what the network said of an earlier datagram, so that it is worth another try. */
  #isOfEarlier(errno: number): boolean {
    return errno !== EAGAIN && (this.#parts.heedErrors() || OF_EARLIER.has(errno));
  }

  #try(bytes: Uint8Array, to: Endpoint): number {
    const { native, fd } = this.#parts;
    const sockaddr = this.#sockaddrOf(to);
    return native.libc.sendto(fd, bytes, bytes.length, FLAGS, sockaddr, sockaddr.length) < 0 ? native.errno() : 0;
  }

  #sockaddrOf(endpoint: Endpoint): Uint8Array {
    const { address, port } = endpoint;
    if (this.#to?.endpoint.port !== port || this.#to.endpoint.address !== address)
      this.#to = { endpoint, sockaddr: sockaddrOf(this.#parts.native, endpoint) };
    return this.#to.sockaddr;
  }
}

const { EAGAIN, EBADF, ECONNREFUSED, EHOSTUNREACH, EMSGSIZE, ENETUNREACH } = constants.errno;
/** What ICMP says of an earlier datagram; told once, also where the error queue had no room for it. */
const OF_EARLIER: ReadonlySet<number> = new Set([ECONNREFUSED, EHOSTUNREACH, EMSGSIZE, ENETUNREACH]);

const FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL;

const TOO_SLOW = 'the uplink is slower than what is to be sent';
/** Octets that wait in our own memory once the kernel takes no more, at most. */
const MOST_WAITING_OCTETS = 256 * 1024;
