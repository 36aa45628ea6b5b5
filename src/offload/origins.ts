/**
 * How many requests go to one origin at a time. Who is too many waits in the queue, so that the place here is free for requests
 * to others.
 *
 * @module
 */

import type { Random } from "../async/clock.ts";

/** Counts the requests of each origin. */
export interface Origins {
  /**
   * Takes a place.
   *
   * @returns Undefined if there is one, which is given back by `leave`; else how long to wait, in ms.
   */
  enter(origin: string): number | undefined;
  /** Gives a place back. */
  leave(origin: string): void;
}

/** What is known of an origin that is asked. */
interface Place {
  running: number;
  /** How many were sent away since a place was last taken. */
  refused: number;
}

/** The wait grows with the crowd: whoever comes back has the broker do some work. */
const leastMs = 250;
const mostMs = 30_000;

/** Creates the counter. */
export function createOrigins(most: number, random: Random): Origins {
  const places = new Map<string, Place>();
  return {
    enter(origin) {
      const place = places.get(origin) ?? { running: 0, refused: 0 };
      if (place.running < most) {
        place.running++;
        place.refused = Math.max(0, place.refused - 1);
        places.set(origin, place);
        return undefined;
      }
      const crowd = ++place.refused / most;
      return Math.round(Math.min(mostMs, leastMs * (1 + crowd)) * (1 + random()) / 2);
    },
    leave(origin) {
      const place = places.get(origin);
      if (place !== undefined && --place.running === 0) places.delete(origin);
    },
  };
}
