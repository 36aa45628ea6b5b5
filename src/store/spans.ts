/**
 * How long things took, for quantiles: a mean and a histogram whose buckets are an eighth of a power of two wide, without
 * keeping the samples. A quantile is off by an eighth at most, whether it is of milliseconds or of days.
 *
 * | Spans                | Buckets                         |
 * | -------------------- | ------------------------------- |
 * | 0–15 ms              | one for each ms                 |
 * | 16–31 ms             | eight, of 2 ms                  |
 * | 32–63 ms             | eight, of 4 ms, and so on       |
 * | longer than 2^31 ms  | the last one, of 24.8 days      |
 *
 * @module
 */

/** The longest span that has a bucket, in ms. */
const longestMs = 2 ** 31 - 1;

/** The bucket of a span in whole ms, from 0 to {@linkcode longestMs}. */
function bucketOf(ms: number): number {
  if (ms < 16) return ms;
  const power = 28 - Math.clz32(ms);
  return power * 8 + (ms >> power);
}

/** Where a bucket begins, and how wide it is, in ms. */
function edgesOf(bucket: number): readonly [from: number, width: number] {
  if (bucket < 16) return [bucket, 1];
  const power = (bucket >> 3) - 1;
  return [((bucket & 7) + 8) * 2 ** power, 2 ** power];
}

/** What is told of spans, in ms. */
export interface ShownSpans {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** Spans of time. */
export class Spans {
  #count = 0;
  #sum = 0;
  /** How many are in each bucket, up to the last that has any. */
  readonly #buckets: number[] = [];

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Adds a span in ms; a negative one, of a clock that was set back, counts as 0. */
  add(ms: number): void {
    const span = ms > 0 ? Math.min(Math.floor(ms), longestMs) : 0;
    this.#sum += span;
    this.#put(bucketOf(span), 1);
  }

  /** Adds all that another one has. */
  merge(other: Spans): void {
    this.#sum += other.#sum;
    for (const [bucket, count] of other.#buckets.entries()) {
      if (count > 0) this.#put(bucket, count);
    }
  }

  /** The text that is stored: the sum, and each bucket that has any with its count. Empty for none. */
  toText(): string {
    if (this.#count === 0) return "";
    const parts = [this.#sum];
    for (const [bucket, count] of this.#buckets.entries()) {
      if (count > 0) parts.push(bucket, count);
    }
    return parts.join(" ");
  }

  /** Adds those of a text that was stored. */
  mergeText(text: string): void {
    if (text === "") return;
    const parts = text.split(" ");
    this.#sum += Number(parts[0]);
    for (let at = 1; at < parts.length; at += 2) {
      this.#put(Number(parts[at]), Number(parts[at + 1]));
    }
  }

  /** What is told of them; undefined for none. */
  show(): ShownSpans | undefined {
    if (this.#count === 0) return undefined;
    return {
      count: this.#count,
      meanMs: this.#sum / this.#count,
      p50Ms: this.#quantile(0.5),
      p95Ms: this.#quantile(0.95),
      p99Ms: this.#quantile(0.99),
    };
  }

  #put(bucket: number, count: number): void {
    const buckets = this.#buckets;
    while (buckets.length <= bucket) buckets.push(0);
    buckets[bucket]! += count;
    this.#count += count;
  }

  /** The span that a share of all do not exceed; those of one bucket lie in it evenly. */
  #quantile(share: number): number {
    const wanted = share * this.#count;
    let seen = 0;
    for (const [bucket, count] of this.#buckets.entries()) {
      if (count > 0 && seen + count >= wanted) {
        const [from, width] = edgesOf(bucket);
        return Math.floor(from + (width - 1) * (wanted - seen) / count);
      }
      seen += count;
    }
    return longestMs;
  }
}
