/**
 * Waiting that can be cut short.
 *
 * @module
 */

import type { Clock } from "./clock.ts";

/** Resolves after so long, or is rejected with the reason of `signal` as soon as that is aborted. */
export function wait(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const abort = () => {
      disarm();
      reject(signal.reason);
    };
    const disarm = clock.setTimer(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal.addEventListener("abort", abort, { once: true });
  });
}
