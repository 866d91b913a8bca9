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

/**
 * How many times one is another: what was measured at about the same time had the same machine, so each sample is compared with its
 * neighbour. Where one was measured several times as often as the other, those of one round are one.
 * @throws RangeError they cannot have been measured in the same rounds
 */
export function ratios(one: Summary, other: Summary): Summary {
  const count = Math.min(one.samples.length, other.samples.length);
  if (one.samples.length % count !== 0 || other.samples.length % count !== 0)
    throw new RangeError(`${one.samples.length} samples cannot be compared with ${other.samples.length}`);
  const others = inParts(other.samples, count);
  return summary(
    inParts(one.samples, count).map((sample, index) => sample / (others[index] ?? Number.NaN)),
    3,
  );
}

/** The median of each of `count` equal parts. */
function inParts(samples: readonly number[], count: number): number[] {
  const size = samples.length / count;
  return Array.from({ length: count }, (_, i) => summary(samples.slice(i * size, (i + 1) * size), 6).median);
}

export const rounded = (value: number, decimals = 1): number => Number(value.toFixed(decimals));
