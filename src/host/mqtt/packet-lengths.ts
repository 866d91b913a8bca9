/** How long the packets are that come in, known before they are there (MQTT §2.2.3, remaining length). */

/** A length of four octets at most: seven bits each, the least first, the eighth where another follows. */
const MOST_OCTETS = 4;

export class PacketLengths {
  /** Octets of the body that are still to come. */
  #body = 0;
  /** Octets of the length read so far; undefined: the type is next. */
  #octets: number | undefined;
  #length = 0;

  /** Reads on. @returns the greatest length that begins in these octets */
  greatest(octets: Uint8Array): number {
    let greatest = 0;
    for (let at = 0; at < octets.length; ) {
      if (this.#body > 0) {
        const skipped = Math.min(this.#body, octets.length - at);
        this.#body -= skipped;
        at += skipped;
        continue;
      }
      greatest = Math.max(greatest, this.#head(octets[at] ?? 0));
      at += 1;
    }
    return greatest;
  }

  /** One octet of a fixed header. @returns the length, once it is there */
  #head(octet: number): number {
    if (this.#octets === undefined) {
      this.#octets = 0;
      this.#length = 0;
      return 0;
    }
    this.#length += (octet & 0x7f) << (7 * this.#octets);
    this.#octets += 1;
    if ((octet & 0x80) !== 0 && this.#octets < MOST_OCTETS) return 0;
    this.#octets = undefined;
    this.#body = this.#length;
    return this.#length;
  }
}
