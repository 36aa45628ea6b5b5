/**
 * What time alone changes: scheduled → ready when due, finished → gone when its retention ends.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { deleteJobs } from "./jobs-table.ts";
import { each, rows, type Transition } from "./transition.ts";

/** How many jobs one promotion moves; the rest follow in the next transaction, so that others get a turn. */
const promotionSize = 200;

/** How many jobs one reaping deletes. */
const reapingSize = 1000;

/** When a kind of work is due next, in ms since the epoch; undefined when there is none. */
export type DueAt = number | undefined;

/** What a job that became ready means for who waits for it. */
export type ReadyJob = Pick<JobRecord, "id" | "queue" | "priority" | "budgets">;

/** Promotes scheduled jobs due at `now`, and gives them. */
export function* promoteJobs(now: number): Transition<ReadyJob[]> {
  const due = yield* rows<ReadyJob>(
    `SELECT id, queue, priority, budgets FROM jobs WHERE status = 0 AND ready_at <= ?
     ORDER BY ready_at LIMIT ?`,
    [now, promotionSize],
  );
  yield* each(
    "UPDATE jobs SET status = 1 WHERE id = ? AND status = 0",
    due.map(({ id }) => [id]),
  );
  return due;
}

/** When the next scheduled job is due. */
export function* nextPromotion(): Transition<DueAt> {
  return yield* earliest("SELECT min(ready_at) AS at FROM jobs WHERE status = 0");
}

/** Deletes finished jobs whose retention ended at `now`. Gives whether there may be more. */
export function* reapJobs(now: number): Transition<boolean> {
  const expired = yield* rows<{ id: string }>(
    "SELECT id FROM jobs WHERE purge_at <= ? LIMIT ?",
    [now, reapingSize],
  );
  yield* deleteJobs(expired.map(({ id }) => id));
  return expired.length === reapingSize;
}

/** When the next finished job's retention ends. */
export function* nextReaping(): Transition<DueAt> {
  return yield* earliest("SELECT min(purge_at) AS at FROM jobs WHERE purge_at IS NOT NULL");
}

function* earliest(sql: string): Transition<DueAt> {
  const [row] = yield* rows<{ at: number | null }>(sql);
  return row?.at ?? undefined;
}
