/**
 * How long to wait before trying again: it doubles up to a limit, and a random part of it differs for each caller.
 *
 * @module
 */

import type { Random } from "./clock.ts";

/** The first delay and the longest one, in ms. */
export interface BackoffRange {
  /** The longest delay after the first failure. */
  readonly baseMs: number;
  /** The longest delay there is. */
  readonly maxMs: number;
}

/**
 * The delay after some failures in a row: `min(maxMs, baseMs × 2^(failures − 1))`, less a random part of up to a half.
 * Not more than a half, so that a peer that is down is not called twice in one moment.
 *
 * @param failures How many, from 1.
 * @param range The first delay and the longest one.
 * @param random Decides the random part.
 * @returns The delay in whole ms.
 */
export function backoffMs(
  failures: number,
  range: BackoffRange,
  random: Random,
): number {
  const { baseMs, maxMs } = range;
  const ceilingMs = Math.min(maxMs, baseMs * 2 ** (failures - 1));
  return Math.round(ceilingMs * (1 + random()) / 2);
}
