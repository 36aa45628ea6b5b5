/**
 * Taking jobs: ready → in flight, in the order of delivery.
 *
 * @module
 */

import { createBasket, type Demand, type Pick } from "./demand.ts";
import { findFree, freeStep } from "./free-jobs.ts";
import type { Line } from "./line-cursor.ts";
import { type LinePicks, takeInLine } from "./take-in-line.ts";
import { markTaken } from "./taken.ts";
import type { Transition } from "./transition.ts";

/**
 * Takes jobs for each demand in turn, lowest priority number first, oldest first within a priority.
 *
 * Gives each demand its jobs, already marked in flight at `now`: fewer than it has room for when there are no more, or
 * when their payloads are large. Jobs that draw on budgets are taken from `lines` and from no other line, so that
 * what is parked elsewhere costs nothing.
 */
export function* takeJobs(
  demands: readonly Demand[],
  now: number,
  lines: readonly Line[],
): Transition<LinePicks> {
  if (lines.length > 0) return yield* takeInLine(demands, now, lines);
  const picks: Pick[] = [];
  for (const demand of demands) picks.push(yield* takeFree(demand, now));
  return { picks, news: [], shut: [] };
}

function* takeFree({ queues, limit }: Demand, now: number): Transition<Pick> {
  const basket = createBasket(limit);
  let exhausted = false;
  while (!exhausted && basket.room() > 0) {
    const wanted = Math.min(freeStep, basket.room());
    const found = yield* findFree(queues, wanted, now);
    yield* markTaken(found, now);
    for (const job of found) basket.add(job);
    exhausted = found.length < wanted;
  }
  return { jobs: basket.jobs, exhausted };
}
