/**
 * Since when the ready jobs of queues have been ready: found without a look at each of them.
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

/** A place in the order of queues, budget sets and priorities. */
export interface ReadyPlace {
  readonly queue: string;
  readonly budgetSet: string;
  /** The priority that the next look begins with. */
  readonly next: number;
}

/** Before all. */
export const firstPlace: ReadyPlace = { queue: "", budgetSet: "", next: 0 };

/** The first job of a priority of a budget set, and the place behind that priority. */
export interface ReadySince extends ReadyPlace {
  /** Since when it has been ready, in ms since the epoch. */
  readonly since: number;
}

/** More than any priority is. */
const pastPriorities = 65_536;

/** The ready job that comes first from a place on: in the same budget set, the same queue, or another one. */
function firstFrom(queue: string, budgetSet: string, next: string): string {
  const select = (where: string, order: string) =>
    `(SELECT seq FROM jobs WHERE ${isReady} AND ${where} ORDER BY ${order}, seq LIMIT 1)`;
  // Three of them: SQLite goes over all jobs of a priority to find what is behind the three values together.
  return `coalesce(
    ${select(`queue = ${queue} AND budget_set = ${budgetSet} AND priority >= ${next}`, "priority")},
    ${select(`queue = ${queue} AND budget_set > ${budgetSet}`, "budget_set, priority")},
    ${select(`queue > ${queue}`, "queue, budget_set, priority")})`;
}

const isSameSet = "jobs.queue = walk.queue AND jobs.budget_set = walk.budget_set";

const walkReady = `WITH RECURSIVE walk (step, queue, budget_set, next, since, looks) AS (
    SELECT 1, queue, budget_set, priority + 1, ready_at, 1 FROM jobs WHERE seq = ${
  firstFrom("?", "?", "?")
}
    UNION ALL
    SELECT step + 1, jobs.queue, jobs.budget_set,
      CASE WHEN ${isSameSet} AND looks >= ${mostPriorities - 1} THEN ${pastPriorities}
        ELSE jobs.priority + 1 END,
      jobs.ready_at, CASE WHEN ${isSameSet} THEN looks + 1 ELSE 1 END
    FROM walk JOIN jobs ON jobs.seq = ${firstFrom("walk.queue", "walk.budget_set", "walk.next")}
    WHERE step < ?
  )
  SELECT queue, budget_set AS "budgetSet", next, since FROM walk ORDER BY step`;

/**
 * The first ready jobs of each priority and budget set, of one queue after the other, as {@linkcode oldestReady} finds them: of
 * any number of queues with one statement.
 *
 * @param from Where the last piece ended; `firstPlace` at the start.
 * @param limit How many at most; there are no more if there are fewer.
 */
export function* listOldestReady(from: ReadyPlace, limit: number): Transition<ReadySince[]> {
  const { queue, budgetSet, next } = from;
  return yield* rows<ReadySince>(
    walkReady,
    [queue, budgetSet, next, queue, budgetSet, queue, limit],
  );
}
