/**
 * Ready jobs that draw on no budget, of one queue or of all.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import type { Position } from "./backlog.ts";
import { claimRows } from "./dialect.ts";
import { jobRows } from "./jobs.ts";
import { takenColumns } from "./mark-taken.ts";
import { isReady } from "./status-sql.ts";
import type { Transition } from "./transition.ts";

/** Rows that are read at a time. */
export const unbudgetedRead = 100;

const select = `SELECT ${takenColumns} FROM jobs WHERE`;
const inOrder = `ORDER BY priority, id LIMIT ? ${claimRows}`;
const fromAnyQueue = `${select} ${isReady} AND budget_set = '' ${inOrder}`;
const fromAnyQueueAfter =
  `${select} ${isReady} AND budget_set = '' AND (priority, id) > (?, ?) ${inOrder}`;
const fromOneQueue = `${select} queue = ? AND ${isReady} AND budget_set = '' ${inOrder}`;

/**
 * The first of them in the order of delivery.
 *
 * @param queue The queue to read; all when undefined.
 * @param limit How many at most.
 * @param now When they are taken, in ms since the epoch.
 */
export function* findUnbudgeted(
  queue: string | undefined,
  limit: number,
  now: number,
): Transition<JobRecord[]> {
  return yield* queue === undefined
    ? jobRows(fromAnyQueue, [now, limit])
    : jobRows(fromOneQueue, [now, queue, limit]);
}

/** Those of all queues that stand behind a position in the order of delivery. */
export function* findUnbudgetedAfter(
  { priority, id }: Position,
  limit: number,
  now: number,
): Transition<JobRecord[]> {
  return yield* jobRows(fromAnyQueueAfter, [now, priority, id, limit]);
}
