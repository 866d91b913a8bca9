/** When the daemon is looked at: after its events, in between, and at the end of each interval of measurements. */
import type { EventView } from '../daemon/events.ts';
import type { Alarm, Clock } from '../ports/clock.ts';
import type { Serve } from '../ports/control-channel.ts';
import type { Instant } from '../protocol/deadlines.ts';
import { factsNow, follow, statusNow } from './asking.ts';
import type { Contents, Place } from './contents.ts';

/** After an event: what it is about has settled by then, and what comes with it is one document. */
const SOON_MS = 50;
/** Once more: what an event sets in motion takes a moment. */
const LATER_MS = 1000;
/** The longest without a look: not everything that changes is an event. */
const LOOK_MS = 10_000;
/** After the start, until what nobody has heard of is taken for gone. */
const SETTLED_MS = 60_000;

export interface WatchParts {
  readonly serve: Serve;
  readonly clock: Clock;
  /** Connections that may come back though nobody has heard of them yet. Rejected: that cannot be told now. */
  readonly configured: () => Promise<readonly string[]>;
  readonly contents: Contents;
  /** `isSurveyed`: it is known what an earlier run has left. */
  readonly place: () => Place & { readonly isSurveyed: boolean };
  readonly event: (event: EventView) => void;
  readonly tell: (kind: 'connection-added' | 'connection-removed', connection: string) => void;
  /** There may be something to publish. */
  readonly looked: () => void;
}

export class Watch {
  readonly #parts: WatchParts;
  readonly #look: Alarm;
  readonly #measure: Alarm;
  readonly #clean: Alarm;
  #lookAt: Instant = Number.POSITIVE_INFINITY;
  #isEventful = false;
  #hasLooked = false;
  #unfollow: () => void = () => undefined;

  constructor(parts: WatchParts) {
    const { clock } = parts;
    this.#parts = parts;
    this.#look = clock.alarm(() => this.look());
    this.#measure = clock.alarm(() => this.measure());
    this.#clean = clock.alarm(() => this.#takeAway());
  }

  begin(): void {
    const { serve, clock } = this.#parts;
    this.#unfollow = follow(serve, (event) => {
      this.#parts.event(event);
      if (event.stage === 'hanging-up') this.look(); // what has been counted is soon gone
      this.soon();
    });
    this.measure();
    this.#clean.set(clock.now() + SETTLED_MS);
  }

  end(): void {
    this.#unfollow();
    this.#look.close();
    this.#measure.close();
    this.#clean.close();
  }

  /** Something has happened. */
  soon(): void {
    this.#isEventful = true;
    this.#lookBy(this.#parts.clock.now() + SOON_MS);
  }

  look(): void {
    const { clock, serve, contents, place, tell, looked } = this.#parts;
    this.#lookAt = Number.POSITIVE_INFINITY;
    this.#lookBy(clock.now() + (this.#isEventful ? LATER_MS : LOOK_MS));
    this.#isEventful = false;
    const status = statusNow(serve);
    if (status === undefined) return;
    const { added, removed } = contents.update(status, factsNow(serve), place());
    if (this.#hasLooked) for (const name of added) tell('connection-added', name);
    for (const name of removed) tell('connection-removed', name);
    this.#hasLooked = true;
    looked();
  }

  /** Ends an interval, and begins the next one. */
  measure(): void {
    const { clock, contents, place, looked } = this.#parts;
    this.#measure.set(clock.now() + place().settings.intervalMs);
    this.look();
    contents.measure(clock.now(), place());
    looked();
  }

  #lookBy(at: Instant): void {
    if (at >= this.#lookAt) return;
    this.#lookAt = at;
    this.#look.set(at);
  }

  #takeAway(): void {
    const { clock, configured, contents, place } = this.#parts;
    this.#clean.set(clock.now() + SETTLED_MS);
    if (!place().isSurveyed) return;
    configured().then(
      (names) => {
        this.#clean.set(undefined);
        contents.clean(names, place());
        this.look();
      },
      () => undefined,
    );
  }
}
