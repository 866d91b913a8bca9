/** How control messages are counted, and how many of them may be on their way at once (RFC 2661 §5.8, Appendix A). */

/** The number `by` messages later: a free running counter modulo 65536. */
export const following = (number: number, by = 1): number => (number + by) & 0xffff;

/** How many messages `to` is ahead of `from`, 0-65535. */
export const distance = (from: number, to: number): number => (to - from) & 0xffff;

/**
 * Whether a received Ns names a message that was already received: the last one or one of the 32767 before it (§5.8).
 * @param expected the Ns of the message to be received next
 */
export const isDuplicate = (ns: number, expected: number): boolean => distance(following(ns), expected) <= 32767;

/** What a peer that announces no Receive Window Size must be taken to accept (§4.4.3). */
export const DEFAULT_WINDOW = 4;

/** The congestion window of Appendix A, under the receive window of the peer. */
export class SendWindow {
  #peerWindow = DEFAULT_WINDOW;
  /** CWND, in messages. */
  #congestion = 1;
  /** SSTHRESH, in messages. */
  #threshold = DEFAULT_WINDOW;
  /** Acknowledgements counted towards the next step of congestion avoidance. */
  #counted = 0;

  /** How many messages may be on their way without an acknowledgement, 1-65535. */
  get limit(): number {
    return this.#congestion;
  }
  /** The same when the congestion window is set aside. */
  get peerWindow(): number {
    return this.#peerWindow;
  }

  /** @param messages the peer's Receive Window Size; 0 is invalid (§5.8) and taken as not sent */
  announce(messages: number): void {
    this.#peerWindow = messages === 0 ? DEFAULT_WINDOW : messages;
    this.#threshold = this.#peerWindow;
    this.#congestion = Math.min(this.#congestion, this.#peerWindow);
  }

  /** An acknowledgement of something new has come, whatever the number of messages it covers. */
  acknowledged(): void {
    if (this.#congestion >= this.#peerWindow) return;
    if (this.#congestion < this.#threshold) {
      this.#congestion++;
    } else if (++this.#counted >= this.#congestion) {
      this.#congestion++;
      this.#counted = 0;
    }
  }

  /** The oldest message has to be sent again: something got lost. */
  retransmitted(): void {
    this.#threshold = Math.max(1, Math.floor(this.#congestion / 2));
    this.#congestion = 1;
    this.#counted = 0;
  }
}
