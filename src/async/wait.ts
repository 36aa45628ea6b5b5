/**
 * Waiting that a signal can end.
 *
 * @module
 */

import type { Clock } from "./clock.ts";

/**
 * Waits.
 *
 * @param ms How long, in ms.
 * @param clock Whose timer to use.
 * @param signal Ends the wait: the promise is rejected with its reason.
 */
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
