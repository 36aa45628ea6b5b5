/**
 * A gate before pieces of work that take much memory or time: few are under way at once, and others get turns between two.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import { createTurns } from "./turns.ts";

/** Runs work when it is its turn, first come, first served. */
export type Gate = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Creates a gate that lets so many through at once. */
export function createGate(clock: Clock, most: number): Gate {
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
