/**
 * When a descriptor can be read or written: libuv's own poll, so that no other thread ever waits for it; and once that has told of
 * something, a poll in its place (standby.ts).
 *
 * The callback runs inside libuv's: to wait for another part of the loop's turn (setImmediate) is, on a machine that was asleep, a good
 * part of what a packet takes to get through. But this is koffi's handle, not one of Node's, so what Node does after each callback of
 * its own is done by us: process.nextTick and microtasks have their turn. And three things are seen to: the handle crashes the
 * process when it is started or stopped after it was closed, and when a second one watches the same descriptor; what its
 * callback throws comes up later, in somebody else's.
 */
import type { Native } from './koffi.ts';
import type { PollHandle, PollOptions } from './libc.ts';
import { settle } from './settle.ts';
import { Standby, type Watched } from './standby.ts';
import { throwLater } from './throw-later.ts';

/** A watch keeps the process alive while it waits for something. */
export interface Watch {
  /** Waits for something else from now on, or for nothing. */
  change(wanted: PollOptions): void;
  /** No call follows. Safe to call twice, and in the callback; the descriptor is the owner's to close, after this. */
  close(): void;
}

/**
 * Told again and again as long as it is so. What was not wished for is never true.
 * @param failed something is wrong with the descriptor; a call that uses it says what. Told again until that is settled or the watch closed
 */
export type Ready = (readable: boolean, writable: boolean, failed: boolean) => void;

/**
 * @param fd a socket or a character device: a descriptor that is closed, or a file, ends the process
 * @throws Error it is being watched already
 */
export function watch(native: Native, fd: number, wanted: PollOptions, ready: Ready): Watch {
  if (watched.has(fd)) throw new Error(`descriptor ${fd} has a watch already`);
  const made = new PollWatch(native, fd, wanted, ready);
  watched.add(fd);
  return made;
}

const watched = new Set<number>();

/** One for all of a thread, as the loop is. */
let standby: Standby | undefined;

class PollWatch implements Watch, Watched {
  readonly fd: number;
  wanted: PollOptions;
  readonly #ready: Ready;
  readonly #standby: Standby | undefined;
  #handle: PollHandle | undefined;
  // The handle holds on to this function, and with it to the watch and to itself, until it is closed.
  readonly #told = (status: number, { readable, writable }: PollOptions) => {
    if (this.#handle === undefined) return;
    const failed = status < 0;
    try {
      if (failed) this.arrange(); // libuv has given up on it
    } catch (error) {
      throwLater(error);
    }
    this.tell(readable, writable, failed);
    try {
      settle();
    } catch (error) {
      // There is nobody around this who would have it.
      setImmediate(() => {
        throw error;
      });
    }
    this.#standby?.follow();
  };

  constructor(native: Native, fd: number, wanted: PollOptions, ready: Ready) {
    this.fd = fd;
    this.wanted = wanted;
    this.#ready = ready;
    if (native.loop !== undefined) standby ??= new Standby(native, native.loop);
    this.#standby = native.loop && standby;
    this.#handle = native.poll(fd, { ...wanted }, this.#told);
    this.#standby?.add(this);
    if (!this.#isLibuvs) this.#handle.stop();
  }

  tell(readable: boolean, writable: boolean, failed: boolean): void {
    if (this.#handle === undefined) return;
    const [isReadable, isWritable] = [readable && this.wanted.readable, writable && this.wanted.writable];
    if (!isReadable && !isWritable && !failed) return;
    try {
      this.#ready(isReadable, isWritable, failed);
    } catch (error) {
      throwLater(error);
    }
  }

  change(wanted: PollOptions): void {
    const { readable, writable } = this.wanted;
    if (wanted.readable === readable && wanted.writable === writable) return;
    this.wanted = wanted;
    this.arrange();
  }

  close(): void {
    if (this.#handle === undefined) return;
    this.#handle.close();
    this.#handle = undefined;
    this.#standby?.remove(this);
    watched.delete(this.fd);
  }

  arrange(): void {
    if (this.#isLibuvs) this.#handle?.start(this.wanted, this.#told);
    else this.#handle?.stop();
  }

  /** Whether libuv is to watch it. */
  get #isLibuvs(): boolean {
    return (this.wanted.readable || this.wanted.writable) && this.#standby?.isOn !== true;
  }
}
