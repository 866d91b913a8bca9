/**
 * Waits in libuv's place for the next packet.
 *
 * From libuv through koffi's handle and Node to a callback is a long way, and a packet that wakes a machine that was asleep pays for it:
 * hardly anything on it is in the processor's caches. So who was told of something by libuv is told of the next directly. At the end of
 * the loop's turn, when everybody has had theirs, the watched descriptors are taken from libuv and waited for here, together with
 * libuv's own and no longer than libuv would have waited (what libuv has `uv_backend_fd` and `uv_backend_timeout` for). As soon as there
 * is anything else to do they are libuv's again.
 */
import type { Arena, Native } from './koffi.ts';
import type { PollOptions } from './libc.ts';
import { settle } from './settle.ts';
import type { UvLoop } from './uv-loop.ts';

/** One descriptor and its libuv handle. */
export interface Watched {
  readonly fd: number;
  readonly wanted: PollOptions;
  tell(readable: boolean, writable: boolean, failed: boolean): void;
  /** Has libuv watch it or not, as {@link Standby.isOn} says. */
  arrange(): void;
}

export class Standby {
  readonly #native: Native;
  readonly #loop: UvLoop;
  #watched: readonly Watched[] = [];
  #table: PollTable;
  #isDue = false;
  #isOn = false;
  readonly #turn = () => this.#takeTurn();

  constructor(native: Native, loop: UvLoop) {
    this.#native = native;
    this.#loop = loop;
    this.#table = new PollTable(native, loop.fd, []);
  }

  /** Whether it waits just now, so that libuv is not to watch what is watched here. */
  get isOn(): boolean {
    return this.#isOn;
  }

  add(watched: Watched): void {
    this.#set([...this.#watched, watched]);
  }

  remove(watched: Watched): void {
    this.#set(this.#watched.filter((each) => each !== watched));
  }

  /** To be called when libuv has told somebody of something. */
  follow(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    // Behind all that libuv has to tell in this turn; and one that counts as something to do would not let anybody wait.
    setImmediate(this.#turn).unref();
  }

  #set(watched: readonly Watched[]): void {
    this.#watched = watched;
    this.#table = new PollTable(this.#native, this.#loop.fd, watched);
  }

  #takeTurn(): void {
    this.#isDue = false;
    if (this.#loop.timeout() === 0) return;
    this.#isOn = true;
    try {
      for (const each of this.#watched) each.arrange();
      while (this.#wait());
    } finally {
      this.#isOn = false;
      for (const each of this.#watched) each.arrange();
    }
  }

  /** Tells whoever has something. @returns whether nobody else has anything to do */
  #wait(): boolean {
    const table = this.#table;
    this.#loop.updateTime(); // which it counts from; timers that are set look at the clock by themselves
    const timeout = this.#loop.timeout();
    if (timeout === 0 || this.#watched.length === 0) return false;
    table.describe();
    const count = this.#native.libc.poll(table.address, table.length, timeout);
    if (count <= 0) return false; // time is up, or a signal came
    table.tell();
    settle(); // what it throws, Node is to have at once, as it is in a callback of Node's
    return !table.isForOthers;
  }
}

/** Those who are watched, as poll(2) wants them: an array of struct pollfd, libuv's own descriptor last. */
class PollTable {
  readonly address: number;
  readonly length: number;
  readonly #watched: readonly Watched[];
  readonly #memory: Arena;
  readonly #fds: Int32Array;
  readonly #events: Int16Array;

  constructor(native: Native, loop: number, watched: readonly Watched[]) {
    this.length = watched.length + 1;
    this.#watched = watched;
    this.#memory = native.arena(this.length * POLLFD.octets);
    this.address = this.#memory.address;
    const { buffer, byteOffset } = this.#memory.bytes;
    this.#fds = new Int32Array(buffer, byteOffset, this.length * 2);
    this.#events = new Int16Array(buffer, byteOffset, this.length * 4);
    this.#put(watched.length, loop, POLLIN);
  }

  /** Writes down what is wanted now. */
  describe(): void {
    let k = 0;
    for (const { fd, wanted } of this.#watched) {
      const events = (wanted.readable ? POLLIN : 0) | (wanted.writable ? POLLOUT : 0);
      this.#put(k++, events === 0 ? -1 : fd, events); // poll(2) would tell of errors also where nothing is wanted
    }
  }

  /** Whether libuv has something, too. */
  get isForOthers(): boolean {
    return this.#came(this.length - 1) !== 0;
  }

  /** Tells everybody who has something. */
  tell(): void {
    for (let k = 0; k < this.#watched.length; k++) {
      const came = this.#came(k);
      if (came === 0) continue;
      this.#watched[k]?.tell((came & READABLE) !== 0, (came & WRITABLE) !== 0, (came & FAILED) !== 0);
    }
  }

  #put(k: number, fd: number, events: number): void {
    this.#fds[k * 2 + POLLFD.fd] = fd;
    this.#events[k * 4 + POLLFD.events] = events;
  }

  #came(k: number): number {
    return this.#events[k * 4 + POLLFD.revents] as number;
  }
}

/** struct pollfd: where in it, of 32 bits and of 16, its members are. */
const POLLFD = { octets: 8, fd: 0, events: 2, revents: 3 } as const;
const [POLLIN, POLLOUT, POLLERR, POLLHUP, POLLNVAL] = [0x01, 0x04, 0x08, 0x10, 0x20];
/** A call that reads or writes will say what POLLHUP is about. */
const [READABLE, WRITABLE] = [POLLIN | POLLHUP, POLLOUT | POLLHUP];
const FAILED = POLLERR | POLLNVAL;
