/**
 * How long things took: count, mean, standard deviation and a histogram, in one pass and without keeping the samples.
 *
 * Samples are added by Welford's method, distributions by that of Chan, Golub and LeVeque: both are stable where sums of
 * squares are not.
 *
 * | Buckets | Hold                 |
 * | ------- | -------------------- |
 * | 0–59    | 0 s to 59 s          |
 * | 60–118  | 1 min to 59 min      |
 * | 119–141 | 1 h to 23 h          |
 * | 142–147 | 1 d to 6 d and longer |
 *
 * @module
 */

/** How many buckets a histogram has. */
const bucketCount = 148;

/** The bucket of a span in ms. */
export function bucketOf(ms: number): number {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return seconds;
  if (seconds < 3600) return 59 + Math.floor(seconds / 60);
  if (seconds < 86_400) return 118 + Math.floor(seconds / 3600);
  return Math.min(141 + Math.floor(seconds / 86_400), bucketCount - 1);
}

/** What is shown of a distribution; spans are in ms. */
export interface ShownDistribution {
  readonly count: number;
  readonly meanMs: number;
  /** The standard deviation of a sample; 0 for fewer than two. */
  readonly stdMs: number;
  readonly histogram: readonly number[];
}

/** A distribution as it is stored: count, mean, sum of squared deviations, and how many are in each bucket that has any. */
type Stored = readonly [
  count: number,
  mean: number,
  squares: number,
  buckets: readonly (readonly [bucket: number, count: number])[],
];

/** Spans of time in ms. */
export class Distribution {
  #count = 0;
  #mean = 0;
  /** The sum of the squares of the deviations from the mean. */
  #squares = 0;
  #buckets: number[] | undefined;

  /** Adds a span in ms; a negative one, of a clock that was set back, counts as 0. */
  add(ms: number): void {
    const value = ms > 0 ? ms : 0;
    this.#count++;
    const deviation = value - this.#mean;
    this.#mean += deviation / this.#count;
    this.#squares += deviation * (value - this.#mean);
    const buckets = this.#buckets ??= new Array<number>(bucketCount).fill(0);
    buckets[bucketOf(value)]!++;
  }

  /** Adds all that another one has. */
  merge(other: Distribution): void {
    if (other.#count === 0) return;
    const count = this.#count + other.#count;
    const difference = other.#mean - this.#mean;
    this.#mean += difference * other.#count / count;
    this.#squares += other.#squares + difference ** 2 * this.#count * other.#count / count;
    this.#count = count;
    const buckets = this.#buckets ??= new Array<number>(bucketCount).fill(0);
    for (const [bucket, more] of other.#buckets!.entries()) buckets[bucket]! += more;
  }

  /** The text that is stored. */
  toText(): string {
    const buckets = (this.#buckets ?? []).map((count, bucket) => [bucket, count] as const)
      .filter(([, count]) => count > 0);
    return JSON.stringify([this.#count, this.#mean, this.#squares, buckets] satisfies Stored);
  }

  /** The distribution that was stored. */
  static fromText(text: string): Distribution {
    const [count, mean, squares, buckets] = JSON.parse(text) as Stored;
    const distribution = new Distribution();
    distribution.#count = count;
    distribution.#mean = mean;
    distribution.#squares = squares;
    if (count > 0) {
      distribution.#buckets = new Array<number>(bucketCount).fill(0);
      for (const [bucket, count] of buckets) distribution.#buckets[bucket] = count;
    }
    return distribution;
  }

  /** What is shown of it. */
  show(): ShownDistribution {
    return {
      count: this.#count,
      meanMs: this.#mean,
      stdMs: this.#count > 1 ? Math.sqrt(this.#squares / (this.#count - 1)) : 0,
      histogram: this.#buckets ?? new Array<number>(bucketCount).fill(0),
    };
  }
}
