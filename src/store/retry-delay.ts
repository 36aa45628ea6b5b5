/**
 * How long a failed job waits before it is tried again.
 *
 * @module
 */

import type { Backoff } from "../protocol/job.ts";
import { farFuture } from "./add-saturating.ts";

/**
 * The delay in ms after the `attempts`-th failure (1 for the first), from the protocol's formula:
 * `trunc(attempts^exponent × 1000 + baseMs + jitter × jitterMs × attempts)`.
 *
 * From 0 to `farFuture`.
 *
 * @param jitter A random number in [0, 1).
 */
export function retryDelay(backoff: Backoff, attempts: number, jitter: number): number {
  const power = attempts ** Math.fround(backoff.exponent) * 1000;
  const delay = power + backoff.baseMs + jitter * backoff.jitterMs * attempts;
  return Math.min(Math.trunc(Math.max(0, delay)), farFuture);
}
