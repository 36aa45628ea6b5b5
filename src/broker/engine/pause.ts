/**
 * Giving other work a turn.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";

/** How long a piece of a long call may hold the event loop, in ms. */
export const turnMs = 10;

/**
 * Waits until other work had a turn.
 *
 * By a timer: `clock.defer` comes back before Deno looks at its sockets, so that a loop of it starves them.
 */
export function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(resolve, 0));
}
