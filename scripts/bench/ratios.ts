/**
 * The arithmetic of a comparison: what two checkouts took, round by round, to ratios and a decision.
 *
 * @module
 */

/** What one checkout took for a figure in one round. */
export interface Sample {
  readonly jobs: number;
  readonly ms: number;
  readonly cpuMs: number;
}

/** Both checkouts in one round, measured right after each other. */
export interface Pair {
  readonly ours: Sample;
  readonly theirs: Sample;
}

/** A median, the quartiles around it, and how far off it may be. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** The true median lies within this distance, 19 times of 20. */
  readonly error: number;
}

/** A figure over all rounds. Ratios are the median of those of each round; more than 1 means that ours is better. */
export interface Comparison {
  /** Jobs a second, medians. */
  readonly rate: { readonly ours: number; readonly theirs: number; readonly ratio: Spread };
  /** CPU time of a job in µs, medians. */
  readonly cpu: { readonly ours: number; readonly theirs: number; readonly ratio: Spread };
}

/**
 * The value below which a part of the values lies, with straight lines between them.
 *
 * @param part From 0 (the lowest) to 1 (the highest).
 * @throws {RangeError} If there are no values.
 */
export function quantile(values: readonly number[], part: number): number {
  if (values.length === 0) throw new RangeError("Cannot take a quantile of no values");
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at % 1);
}

/**
 * The value in the middle.
 *
 * @throws {RangeError} If there are no values.
 */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** How wide the interval of a median is, in quartile distances; by McGill, Tukey and Larsen (1978). */
const notch = 1.57;

/**
 * The median, the quartiles and the error. Of a single value nothing is known, so that its error has no limit.
 *
 * @throws {RangeError} If there are no values.
 */
export function toSpread(values: readonly number[]): Spread {
  const low = quantile(values, 0.25);
  const high = quantile(values, 0.75);
  const error = values.length === 1 ? Infinity : notch * (high - low) / Math.sqrt(values.length);
  return { median: median(values), low, high, error };
}

/** What a floor says of a ratio. */
export type Verdict = "passes" | "unsure" | "below";

/** More than the error, since a comparison judges a hundred ratios at once. */
const caution = 1.5;

/** Decides whether a ratio is below a floor. One that may well be 1 by its error may be noise: that is `unsure`. */
export function judge({ median, error }: Spread, floor: number): Verdict {
  if (median >= floor) return "passes";
  return median + caution * error < 1 ? "below" : "unsure";
}

/** The mean of ratios: of 2 and 0.5 it is 1. */
export function geometricMean(ratios: readonly number[]): number {
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}

/** Compares all rounds of a figure. */
export function compare(pairs: readonly Pair[]): Comparison {
  const over = (
    read: (sample: Sample) => number,
    toRatio: (ours: number, theirs: number) => number,
  ) => {
    const ours = pairs.map((pair) => read(pair.ours));
    const theirs = pairs.map((pair) => read(pair.theirs));
    const ratios = ours.map((value, round) => toRatio(value, theirs[round]!));
    return { ours: median(ours), theirs: median(theirs), ratio: toSpread(ratios) };
  };
  return {
    rate: over(({ jobs, ms }) => jobs / ms * 1000, (ours, theirs) => ours / theirs),
    cpu: over(({ jobs, cpuMs }) => cpuMs / jobs * 1000, (ours, theirs) => theirs / ours),
  };
}
