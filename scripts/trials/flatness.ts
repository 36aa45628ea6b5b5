/**
 * Whether a figure stays where it is. The first third of a soak warms up; the second and the last are compared.
 *
 * @module
 */

/** How far a figure may grow from the second third to the last. */
export interface Tolerance {
  /** By this part of itself. */
  readonly ratio: number;
  /** And by this much, in the unit of the figure: what is small may double without meaning anything. */
  readonly amount: number;
}

/** What was found. */
export interface Flatness {
  /** The median of the second third. */
  readonly before: number;
  /** The median of the last third. */
  readonly after: number;
  readonly flat: boolean;
}

/**
 * Compares the medians of the second and the last third, as a single high sample is no growth.
 *
 * @throws {RangeError} If there are fewer than three samples.
 */
export function toFlatness(samples: readonly number[], { ratio, amount }: Tolerance): Flatness {
  if (samples.length < 3) {
    throw new RangeError(`${samples.length} samples were taken, expected 3 or more`);
  }
  const third = Math.floor(samples.length / 3);
  const before = percentile(samples.slice(-2 * third, -third), 0.5);
  const after = percentile(samples.slice(-third), 0.5);
  return { before, after, flat: after <= before * (1 + ratio) + amount };
}

/** The value below which a part of the samples lies; 1 gives the largest. */
export function percentile(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}
