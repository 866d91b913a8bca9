/** Whether the link is looped back: our own magic number comes in, again and again (RFC 1661 §6.4). */

/** Signs before we believe it. By chance: once in 2^96 links. */
const SIGNS = 3;

export class LoopWatch {
  #signs = 0;
  #cameBack: number | undefined;

  /**
   * A Configure-Request came in.
   * @param magic its magic number
   * @param own the one in our last request
   * @returns whether this proves a loop
   */
  request(magic: number | undefined, own: number | undefined): boolean {
    // The same number twice is one sign: what is looped may be repeated as well.
    if (magic === undefined || magic !== own || magic === this.#cameBack) return false;
    this.#cameBack = magic;
    return this.#sign();
  }
  /** An Echo-Request of our own came in; whether this proves a loop. */
  echo(): boolean {
    return this.#sign();
  }
  /** An Echo-Reply came in: somebody else is there. */
  reply(): void {
    this.#signs = 0;
  }

  #sign(): boolean {
    this.#signs++;
    return this.#signs >= SIGNS;
  }
}
