/**
 * Limits how many pieces of work that take much memory or time are under way at once, and gives others turns between two.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import { createTurns } from "./turns.ts";

/** Runs work when it is its turn, first come, first served. */
export type Limiter = <Result>(work: () => Result | Promise<Result>) => Promise<Result>;

/** Creates a limiter that runs so many at once. */
export function createLimiter(clock: Clock, most: number): Limiter {
  const waiting: (() => void)[] = [];
  const turns = createTurns(clock);
  let underWay = 0;
  const leave = async () => {
    if (turns.isOver()) await turns.pause();
    const next = waiting.shift();
    if (next === undefined) underWay--;
    else next();
  };
  return async (work) => {
    if (underWay < most) underWay++;
    else await new Promise<void>((resolve) => void waiting.push(resolve));
    try {
      return await work();
    } finally {
      void leave();
    }
  };
}
