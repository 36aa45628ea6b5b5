/**
 * Giving other work its turns.
 *
 * @module
 */

import type { Clock } from "./clock.ts";

/** How long a piece of work may hold the event loop, in ms. */
export const turnMs = 10;

/** When a piece of work ends, and how others get a turn. */
export interface Turns {
  /** Whether it is time to pause. */
  isOver(): boolean;
  /** Resolves when others had a turn; another one begins. */
  pause(): Promise<void>;
}

/**
 * Begins the first turn of a long piece of work.
 *
 * @param lengthMs How long each is; default {@linkcode turnMs}.
 */
export function createTurns(clock: Clock, lengthMs: number = turnMs): Turns {
  let until = clock.monotonic() + lengthMs;
  return {
    isOver: () => clock.monotonic() >= until,
    async pause() {
      await pause(clock);
      until = clock.monotonic() + lengthMs;
    },
  };
}

/**
 * Waits until other work had a turn.
 *
 * By a timer: `clock.defer` comes back before Deno looks at its sockets, so that a loop of it starves them.
 */
export function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(resolve, 0));
}
