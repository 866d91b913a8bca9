/** When the broker is told once more what it was told: for those who were not there to hear it. */
import type { MqttSettings } from '../daemon/mqtt-settings.ts';
import type { Alarm, Clock } from '../ports/clock.ts';
import type { Entropy } from '../protocol/machine.ts';
import type { Outbox } from './outbox.ts';
import { RANK, type Rank } from './retained.ts';

/** Home Assistant has just started: everybody it knows hears so at the same time. */
const BIRTH_MS = { least: 1000, more: 4000 };
/** Whoever has just learnt by discovery where to listen listens by then. */
const LEARNT_MS = 5000;

export interface RepeatsParts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly outbox: Outbox;
  readonly settings: () => MqttSettings;
}

export class Repeats {
  readonly #parts: RepeatsParts;
  readonly #birth: Alarm;
  readonly #learnt: Alarm;

  constructor(parts: RepeatsParts) {
    const { clock } = parts;
    this.#parts = parts;
    this.#birth = clock.alarm(() => {
      this.#sayAgain((rank) => rank >= RANK.availability);
      this.announced();
    });
    this.#learnt = clock.alarm(() => this.#sayAgain((rank) => rank !== RANK.discovery));
  }

  /** Home Assistant has started. */
  born(): void {
    const [random = 0] = this.#parts.entropy(1);
    this.#birth.set(this.#parts.clock.now() + BIRTH_MS.least + (random / 255) * BIRTH_MS.more);
  }

  /** What was said together with the discovery, and is not retained, has been missed by those whom that told of it. */
  announced(): void {
    const { retain, discovery } = this.#parts.settings();
    if (!retain && discovery) this.#learnt.set(this.#parts.clock.now() + LEARNT_MS);
  }

  close(): void {
    this.#birth.close();
    this.#learnt.close();
  }

  #sayAgain(isMeant: (rank: Rank) => boolean): void {
    const { outbox } = this.#parts;
    outbox.retained.all(isMeant);
    outbox.pump();
  }
}
