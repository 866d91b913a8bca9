/** Where one message ends and the next begins in what a stream brings. */
import { Malformed } from '../../../wire/malformed.ts';
import { lengthIn } from './blob.ts';
import { ATTRIBUTE_HEADER_OCTETS, HEADER_OCTETS } from './message.ts';

/** The longest attribute of a message, padding included, that ubusd takes from a client, octets. */
export const LONGEST_MESSAGE = 1024 * 1024;
/** ubusd adds the names of user and group to a call it passes on: one that was just short enough comes out longer. */
const ADDED_BY_UBUSD = 4096;

/** Cuts a stream into messages. Holds one unfinished message at most, in memory of its own. */
export class Frames {
  readonly #header = new Uint8Array(HEADER_OCTETS + ATTRIBUTE_HEADER_OCTETS);
  /** The message being put together: its header only, until that is whole. */
  #frame: Uint8Array = this.#header;
  #filled = 0;
  #input: Uint8Array = new Uint8Array();

  /** To be followed by `next` until that has no more. */
  push(octets: Uint8Array): void {
    this.#input = octets;
  }

  /**
   * The next message, header and all, a copy of its own; undefined until more comes.
   * @throws Malformed where the next one would begin cannot be told
   */
  next(): Uint8Array | undefined {
    for (;;) {
      const taken = this.#input.subarray(0, this.#frame.length - this.#filled);
      this.#frame.set(taken, this.#filled);
      this.#filled += taken.length;
      this.#input = this.#input.subarray(taken.length);
      if (this.#filled < this.#frame.length) return undefined;
      if (this.#frame === this.#header) {
        this.#frame = new Uint8Array(this.#announced());
        this.#frame.set(this.#header);
      }
      if (this.#filled === this.#frame.length) return this.#take();
    }
  }

  #take(): Uint8Array {
    const frame = this.#frame;
    this.#frame = this.#header;
    this.#filled = 0;
    return frame;
  }

  /** How long the message is going to be, octets. */
  #announced(): number {
    const length = lengthIn(new DataView(this.#header.buffer).getUint32(HEADER_OCTETS));
    if (length < ATTRIBUTE_HEADER_OCTETS || length > LONGEST_MESSAGE + ADDED_BY_UBUSD)
      throw new Malformed(`a message of ${length} octets`, HEADER_OCTETS, 'ubus message');
    return HEADER_OCTETS + length;
  }
}
