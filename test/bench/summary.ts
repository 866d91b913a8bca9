/** What a number of measurements comes to. */

export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** In the order in which they were taken. */
  readonly samples: readonly number[];
}

/** @throws RangeError no samples */
export function summary(samples: readonly number[], decimals = 1): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (least === undefined || most === undefined) throw new RangeError('nothing was measured');
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? least) + (sorted[Math.ceil(middle)] ?? least)) / 2;
  const round = (value: number) => rounded(value, decimals);
  return { median: round(median), least: round(least), most: round(most), samples: samples.map(round) };
}

/** How many times one is another: each round's own ratio, for what was measured in one round had the same machine. */
export const ratios = (one: Summary, other: Summary): Summary =>
  summary(
    one.samples.map((sample, index) => sample / (other.samples[index] ?? Number.NaN)),
    3,
  );

export const rounded = (value: number, decimals = 1): number => Number(value.toFixed(decimals));
