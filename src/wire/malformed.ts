/** Thrown while octets are read, caught by the layer that owns the datagram: what was wrong, where, and which line of which RFC says so. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
  readonly what: string;
  readonly at: number;
  readonly ref: string;

  /**
   * @param what plain words, without values that could be secret
   * @param at offset in octets from the start of what was being read
   * @param ref the rule that was broken, e.g. `RFC 2661 §4.1`
   */
  constructor(what: string, at: number, ref: string) {
    super(`${what} at octet ${at} (${ref})`);
    this.what = what;
    this.at = at;
    this.ref = ref;
  }
}
