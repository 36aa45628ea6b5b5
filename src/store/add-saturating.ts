/**
 * Instants that do not overflow.
 *
 * @module
 */

/** Later than any date, and still an exact integer: what peers send to say "never". */
export const farFuture: number = Number.MAX_SAFE_INTEGER;

/** The instant `delayMs` after another one; never later than {@linkcode farFuture}. Both in ms. */
export function addSaturating(instant: number, delayMs: number): number {
  return Math.min(instant + delayMs, farFuture);
}
