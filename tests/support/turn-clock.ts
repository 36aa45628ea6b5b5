/**
 * A clock on which time flies: each look at it is 6 ms later, and it counts the turns that work leaves to others.
 *
 * @module
 */

import { type Clock, systemClock } from "../../src/async/clock.ts";

/** The clock, and how many turns were left so far. */
export interface TurnClock extends Clock {
  turns: number;
}

/** Creates one. Its timers are real. */
export function createTurnClock(): TurnClock {
  let now = 0;
  const clock: TurnClock = {
    ...systemClock,
    turns: 0,
    monotonic: () => now += 6,
    setTimer(callback, delayMs) {
      if (delayMs === 0) clock.turns++;
      return systemClock.setTimer(callback, delayMs);
    },
  };
  return clock;
}
