/**
 * Since when the ready jobs of a queue have been ready: found without a look at each of them.
 *
 * @module
 */

import { nextBudgetSet } from "./read.ts";
import { isReady } from "./status-sql.ts";
import { rows, type Transition } from "./transition.ts";

/** What one piece found, and where the next one begins; undefined at the end. */
export interface OldestPiece {
  /** In ms since the epoch; infinite if it found none. */
  readonly readyAt: number;
  readonly next: string | undefined;
}

/** Look-ups of one piece. */
const looksOfPiece = 20;

/** Priorities of one budget set that are looked at, the most urgent first: few use more. */
const mostPriorities = 20;

/**
 * The instant from which the ready job of a queue has been ready that came first, of each priority and budget set. One that
 * came later and was ready earlier is not seen, as a job that was put off may be.
 *
 * @param after The budget set where the last piece ended; undefined at the start.
 */
export function* oldestReady(queue: string, after: string | undefined): Transition<OldestPiece> {
  let readyAt = Infinity;
  let looks = 0;
  let last = after;
  for (;;) {
    const set = yield* nextBudgetSet(queue, last);
    if (set === undefined) return { readyAt, next: undefined };
    let priority = -1;
    for (let count = 0; count < mostPriorities; count++, looks++) {
      const [first] = yield* rows<{ readonly priority: number; readonly since: number }>(
        `SELECT priority, ready_at AS since FROM jobs
         WHERE queue = ? AND ${isReady} AND budget_set = ? AND priority > ?
         ORDER BY priority, seq LIMIT 1`,
        [queue, set, priority],
      );
      if (first === undefined) break;
      readyAt = Math.min(readyAt, first.since);
      priority = first.priority;
    }
    last = set;
    if (looks >= looksOfPiece) return { readyAt, next: last };
  }
}
