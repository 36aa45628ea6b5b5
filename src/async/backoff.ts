/**
 * How long to wait before trying again: doubling, with a ceiling, and never the same for everybody.
 *
 * @module
 */

import type { Random } from "./clock.ts";

/** Where delays begin and where they stop growing, in ms. */
export interface BackoffRange {
  /** The longest delay after the first failure. */
  readonly baseMs: number;
  /** The longest delay there is. */
  readonly maxMs: number;
}

/**
 * The delay after so many failures in a row, in whole ms: `min(maxMs, baseMs × 2^(failures − 1))`, of which chance takes
 * away up to a half. A half and not all of it: a peer that is down is not called twice in one moment.
 */
export function backoffMs(
  failures: number,
  { baseMs, maxMs }: BackoffRange,
  random: Random,
): number {
  const ceilingMs = Math.min(maxMs, baseMs * 2 ** (failures - 1));
  return Math.round(ceilingMs * (1 + random()) / 2);
}
