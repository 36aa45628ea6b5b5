/** Where the lines of a chart are, and what is written beside them: round numbers, also of times. */

import { compact, count, shortSpan } from "./format.ts";

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];

/** Times that are round, in ms, between those that are round by tens. */
const roundTimes = [
  ...[1, 2, 5, 10, 20, 30].map((size) => size * second),
  ...[1, 2, 5, 10, 20, 30].map((size) => size * minute),
  ...[1, 2, 6, 12].map((size) => size * hour),
];

/**
 * A round number of which a few reach to the largest value.
 *
 * @param isSpan Whether it is a time in ms.
 */
export function stepTo(most: number, steps: number, isSpan: boolean): number {
  const least = most / steps;
  if (isSpan && least > second / 2) {
    return roundTimes.find((time) => time >= least) ?? day * stepTo(most / day, steps, false);
  }
  const size = 10 ** Math.floor(Math.log10(least));
  return size * ([1, 2, 5].find((times) => times * size >= least) ?? 10);
}

/** What is written beside a line, in a small place. */
export function tellStep(value: number, isSpan: boolean): string {
  return !isSpan ? compact(value) : value === 0 ? count(0) : shortSpan(value);
}
