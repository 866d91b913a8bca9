/** What a part of the benchmark is: something that can be measured by itself, with figures and a page of its own. */
import type { Ground } from './ground.ts';
import type { Table } from './table.ts';

export interface Part {
  /** Names it on the command line, and its files. */
  readonly name: string;
  /** One line for the list of all parts. */
  readonly words: string;
  /** Something hangs if it takes longer than that: it is given up. */
  readonly limitMs: number;
  measure(stage: Stage): Promise<Findings>;
}

/** What a part is given. */
export interface Stage {
  /** Just a glance: once, and briefly. */
  readonly isQuick: boolean;
  readonly say: (words: string) => void;
  /** Nothing of one measurement is there during the next. */
  alone<T>(measure: (ground: Ground) => Promise<T>): Promise<T>;
}

/** What came out, before it is known how long it took. */
export interface Findings {
  /** All samples, as they are written down. */
  readonly figures: object;
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
  /** The page beside the figures, in Markdown, without its head; asked for once everything has been measured. */
  readonly page: string;
  /** Pictures on that page: SVG by file name. */
  readonly pictures?: Readonly<Record<string, string>>;
}

export interface Goal {
  readonly words: string;
  readonly found: string;
  readonly reached: boolean;
}
