/**
 * When a descriptor can be read or written: libuv's own poll, so that no thread ever waits for it.
 *
 * The callback does not run inside libuv's, but right after it in the same turn of the loop (setImmediate, under 1 µs more). That
 * makes every use of a watch safe at every moment. Of koffi's handle one cannot say that: it crashes the process when it is started
 * or stopped after it was closed, and when a second one watches the same descriptor; what its callback throws comes up later, in
 * somebody else's.
 */
import type { Native } from './koffi.ts';
import type { PollHandle, PollOptions } from './libc.ts';

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
  watched.add(fd);
  return new PollWatch(native, fd, wanted, ready);
}

const watched = new Set<number>();

class PollWatch implements Watch {
  readonly #fd: number;
  readonly #ready: Ready;
  #handle: PollHandle | undefined;
  #wanted: PollOptions;
  #readable = false;
  #writable = false;
  #failed = false;
  #isDue = false;
  // The handle holds on to this function, and with it to the watch and to itself, until it is closed.
  readonly #note = (status: number, { readable, writable }: PollOptions) => {
    this.#readable ||= readable;
    this.#writable ||= writable;
    this.#failed ||= status < 0;
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(this.#tell);
  };
  readonly #tell = () => {
    this.#isDue = false;
    const readable = this.#readable && this.#wanted.readable;
    const writable = this.#writable && this.#wanted.writable;
    const failed = this.#failed;
    this.#readable = this.#writable = this.#failed = false;
    if (this.#handle === undefined) return;
    if (failed) this.#start(); // libuv has given up on it
    if (readable || writable || failed) this.#ready(readable, writable, failed);
  };

  constructor(native: Native, fd: number, wanted: PollOptions, ready: Ready) {
    this.#fd = fd;
    this.#ready = ready;
    this.#wanted = wanted;
    this.#handle = native.poll(fd, { ...wanted }, this.#note);
    if (!isAnything(wanted)) this.#handle.stop();
  }

  change(wanted: PollOptions): void {
    const { readable, writable } = this.#wanted;
    if (wanted.readable === readable && wanted.writable === writable) return;
    this.#wanted = wanted;
    this.#start();
  }

  close(): void {
    if (this.#handle === undefined) return;
    this.#handle.close();
    this.#handle = undefined;
    watched.delete(this.#fd);
  }

  #start(): void {
    if (isAnything(this.#wanted)) this.#handle?.start(this.#wanted, this.#note);
    else this.#handle?.stop();
  }
}

const isAnything = ({ readable, writable }: PollOptions): boolean => readable || writable;
