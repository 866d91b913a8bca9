/** What flows: rates over an interval, and totals over all dials, from counters that begin at zero with each dial. */
import type { ConnectionStatus } from '../daemon/status.ts';
import type { Instant } from '../protocol/deadlines.ts';

/** Since the connection was first measured. */
export interface Totals {
  readonly receivedOctets: number;
  readonly sentOctets: number;
  readonly receivedPackets: number;
  readonly sentPackets: number;
}

const NO_TOTALS: Totals = { receivedOctets: 0, sentOctets: 0, receivedPackets: 0, sentPackets: 0 };

const COUNTED = Object.keys(NO_TOTALS) as readonly (keyof Totals)[];

export interface Measurement {
  /** Bit/s; null: nothing can flow, or there is nothing to compare with yet. */
  readonly rx_rate: number | null;
  readonly tx_rate: number | null;
  /** Octets. */
  readonly rx_total: number;
  readonly tx_total: number;
  readonly rx_packets: number;
  readonly tx_packets: number;
  readonly echo_rtt_ms: number | null;
  /** What the rates are averages of, seconds. */
  readonly interval_s: number;
}

/** What is used of the read model. */
export type Measured = Pick<ConnectionStatus, 'state' | 'counters' | 'tunnel' | 'session' | 'echoRoundTripMs'>;

export class Meter {
  #totals: Totals;
  #dial = '';
  #seen: Totals = NO_TOTALS;
  #before: { readonly totals: Totals; readonly at: Instant } | undefined;
  #echoRoundTripMs: number | null = null;
  #isUp = false;

  /** @param totals of earlier runs */
  constructor(totals: Totals = NO_TOTALS) {
    this.#totals = totals;
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** Takes in what has been counted; the oftener, the less is lost with the end of a dial. */
  look(status: Measured): void {
    const { state, counters, tunnel, session, echoRoundTripMs } = status;
    this.#isUp = state === 'up';
    this.#echoRoundTripMs = this.#isUp ? echoRoundTripMs : null;
    if (counters === null) return;
    const dial = `${tunnel?.localId}/${session?.localId}`;
    const counted = read(counters);
    const isSame = dial === this.#dial && COUNTED.every((name) => counted[name] >= this.#seen[name]);
    const before = isSame ? this.#seen : NO_TOTALS;
    this.#totals = combine((name) => this.#totals[name] + counted[name] - before[name]);
    this.#seen = counted;
    this.#dial = dial;
  }

  /** Ends an interval. */
  measure(now: Instant, intervalMs: number): Measurement {
    const { receivedOctets, sentOctets, receivedPackets, sentPackets } = this.#totals;
    const before = this.#before;
    this.#before = { totals: this.#totals, at: now };
    const rate = (name: keyof Totals) =>
      !this.#isUp || before === undefined || now <= before.at
        ? null
        : Math.round(((this.#totals[name] - before.totals[name]) * 8000) / (now - before.at));
    return {
      rx_rate: rate('receivedOctets'),
      tx_rate: rate('sentOctets'),
      rx_total: receivedOctets,
      tx_total: sentOctets,
      rx_packets: receivedPackets,
      tx_packets: sentPackets,
      echo_rtt_ms: this.#echoRoundTripMs,
      interval_s: intervalMs / 1000,
    };
  }
}

export const combine = (value: (name: keyof Totals) => number): Totals => ({
  receivedOctets: value('receivedOctets'),
  sentOctets: value('sentOctets'),
  receivedPackets: value('receivedPackets'),
  sentPackets: value('sentPackets'),
});

const read = (counters: Readonly<Record<string, number>>): Totals => combine((name) => counters[name] ?? 0);
