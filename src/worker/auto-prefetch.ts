/**
 * How many jobs are worth having here: about 50 ms of work.
 *
 * With too few, handlers are idle while the next jobs are under way. With too many, jobs wait here while other workers are
 * free. Neither how long handlers take nor how far the broker is has to be known: how long jobs wait here tells both.
 *
 * | What is seen                                                     | What follows                              |
 * | ---------------------------------------------------------------- | ----------------------------------------- |
 * | jobs wait for less than half of the aim, and all that may come is here | more, at most four times as many     |
 * | jobs wait for more than twice the aim                            | fewer, as many as would wait for the aim  |
 * | a job waits for longest, and none is begun                       | the least, and what waits too long is given back |
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";

/** How long a job is to wait here, in ms: longer than a way to the broker and back. */
const aimMs = 50;

/** A wait that is longer than this is too long, in ms: others could run the job. */
export const longestWaitMs = 500;

/** Time between two changes, in ms: what one has brought is not seen before. */
const stepMs = 50;

/** How much of the average the last wait makes. */
const weight = 0.2;

/** More are never asked for. */
const most = 2000;

/** Finds the prefetch of a worker. */
export interface AutoPrefetch {
  /** How many jobs the worker wants to have at a time. */
  readonly wanted: number;
  /** Jobs have come: so many are here now. */
  came(held: number): void;
  /**
   * A job is begun.
   *
   * @param waitedMs How long it waited here, in ms.
   * @returns Whether another number is wanted now.
   */
  began(waitedMs: number): boolean;
  /** Jobs wait too long. Wants the least from now on, until they do not. */
  shrink(): void;
}

/**
 * Creates what finds the prefetch.
 *
 * @param least How many it wants at first, and at least.
 * @param clock Measures the time between changes.
 */
export function createAutoPrefetch(least: number, clock: Clock): AutoPrefetch {
  const greatest = Math.max(least, most);
  let wanted = least;
  let isFull = false;
  let meanMs = 0;
  let changedAt = clock.monotonic();

  const set = (count: number): boolean => {
    const before = wanted;
    wanted = Math.min(Math.max(Math.ceil(count), least), greatest);
    changedAt = clock.monotonic();
    isFull = false;
    return wanted !== before;
  };

  return {
    get wanted() {
      return wanted;
    },
    came(held) {
      isFull ||= held >= wanted;
    },
    began(waitedMs) {
      meanMs += weight * (waitedMs - meanMs);
      if (clock.monotonic() - changedAt < stepMs) return false;
      if (meanMs < aimMs / 2 && isFull) return set(wanted * Math.min(4, aimMs / meanMs));
      if (meanMs > 2 * aimMs && wanted > least) return set(wanted * aimMs / meanMs);
      return false;
    },
    shrink() {
      meanMs = longestWaitMs;
      set(least);
    },
  };
}
