/**
 * Giving other work a turn.
 *
 * @module
 */

import type { Clock } from "./clock.ts";

/**
 * Waits until other work had a turn.
 *
 * By a timer: `clock.defer` comes back before Deno looks at its sockets, so that a loop of it starves them.
 */
export function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(resolve, 0));
}
