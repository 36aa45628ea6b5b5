/**
 * How long a failed job waits before it is tried again.
 *
 * @module
 */

import type { Random } from "../../async/clock.ts";
import type { Backoff } from "../../protocol/job.ts";

/** Instants and delays saturate here: later than any date, and still an exact integer. */
const farFuture = Number.MAX_SAFE_INTEGER;

/**
 * The delay in ms after the `attempts`-th failure (1 for the first), from the protocol's formula:
 * `trunc(attempts^exponent × 1000 + baseMs + r × jitterMs × attempts)` with one `r` in [0, 1).
 *
 * Never negative; saturates instead of wrapping around.
 */
export function retryDelay(backoff: Backoff, attempts: number, random: Random): number {
  const power = attempts ** Math.fround(backoff.exponent) * 1000;
  const delay = power + backoff.baseMs + random() * backoff.jitterMs * attempts;
  return Math.min(Math.trunc(Math.max(0, delay)), farFuture);
}

/** `instant + delayMs`, saturating. */
export function later(instant: number, delayMs: number): number {
  return Math.min(instant + delayMs, farFuture);
}
