/** The meters of all connections, and their totals as text that outlives the process. */
import * as z from 'zod/mini';
import { combine, Meter, type Totals } from './measurements.ts';

/** Where that text is kept; written rarely, for it may be flash. */
export interface TotalsStore {
  /** undefined: there is none yet. @throws when it cannot be read */
  load(): Promise<string | undefined>;
  /** All or nothing: after a crash there is the one text or the other. @throws when it cannot be written */
  save(text: string): Promise<void>;
}

/** Connections that are remembered: names come and go. */
const MOST = 256;

const count = z.number().check(z.refine((value) => Number.isSafeInteger(value) && value >= 0));
const TEXT = z.object({
  version: z.literal(1),
  connections: z.record(
    z.string(),
    z.object({ receivedOctets: count, sentOctets: count, receivedPackets: count, sentPackets: count }),
  ),
});

export class Meters {
  readonly #meters = new Map<string, Meter>();
  /** Totals of earlier runs of connections that have not been seen yet. */
  readonly #kept = new Map<string, Totals>();
  #saved = this.text;

  /** @returns false: the text is none of ours, and totals begin at zero */
  load(text: string): boolean {
    const parsed = TEXT.safeParse(parse(text));
    if (!parsed.success) return false;
    for (const [name, totals] of Object.entries(parsed.data.connections).slice(-MOST)) this.#kept.set(name, totals);
    this.#saved = this.text;
    return true;
  }

  of(name: string): Meter {
    const meter = this.#meters.get(name) ?? new Meter(this.#kept.get(name));
    this.#kept.delete(name);
    this.#meters.set(name, meter);
    return meter;
  }

  /** A connection is no more: another one by that name begins at zero. */
  forget(name: string): void {
    this.#meters.delete(name);
    this.#kept.delete(name);
  }

  /** What is to be saved; undefined: nothing has changed since it was last taken. */
  takeUnsaved(): string | undefined {
    const { text } = this;
    if (text === this.#saved) return undefined;
    this.#saved = text;
    return text;
  }

  get text(): string {
    const all = [...this.#kept, ...[...this.#meters].map(([name, { totals }]) => [name, totals] as const)];
    const connections = Object.fromEntries(
      all
        .filter(([, totals]) => Object.values(totals).some((counted) => counted > 0))
        .slice(-MOST)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, totals]) => [name, combine((counted) => totals[counted])]),
    );
    return `${JSON.stringify({ version: 1, connections })}\n`;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
