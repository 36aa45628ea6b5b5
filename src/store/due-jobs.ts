/**
 * Changes that time alone makes: scheduled → ready when due, finished → deleted when the retention ends.
 *
 * @module
 */

import { status } from "../protocol/status.ts";
import type { ChangedJob, ReadyJob } from "./changes.ts";
import { countCompleted } from "./counts.ts";
import { claimRows } from "./dialect.ts";
import { deleteBelongings } from "./jobs.ts";
import { outcomes, settle } from "./settle.ts";
import { takeTurn } from "./shares.ts";
import { hasStatus, isScheduled } from "./status-sql.ts";
import { hasTrait, traits } from "./traits.ts";
import { changedOf, report, rows, runEach, type Transition } from "./transition.ts";

/** How many jobs one promotion moves; the rest follow in the next transaction, so that others get a turn. */
const promotionSize = 200;

/** How many jobs one reaping deletes. */
const reapingSize = 1000;

/** When a kind of work is due next, in ms since the epoch; undefined when there is none. */
export type DueAt = number | undefined;

/**
 * Promotes scheduled jobs that are due.
 *
 * @param now In ms since the epoch.
 * @returns Whether there may be more.
 */
export function* promoteJobs(now: number): Transition<boolean> {
  const due = yield* rows<ReadyJob>(
    `SELECT id, seq, queue, type, traits, priority, budgets FROM jobs
     WHERE ${isScheduled} AND ready_at <= ? ORDER BY ready_at LIMIT ? ${claimRows}`,
    [now, promotionSize],
  );
  const counts = yield* runEach(
    `UPDATE jobs SET status = ${status.ready} WHERE seq = ? AND ${isScheduled} AND ready_at <= ?`,
    due.map(({ seq }) => [seq, now]),
  );
  const jobs = changedOf(due, counts);
  if (jobs.length > 0) {
    yield report({ kind: "jobs", from: status.scheduled, to: status.ready, jobs, cause: "due" });
  }
  return due.length === promotionSize;
}

/** When the next scheduled job is due. */
export function* nextPromotion(): Transition<DueAt> {
  return yield* earliest(`SELECT min(ready_at) AS at FROM jobs WHERE ${isScheduled}`);
}

/**
 * Deletes finished jobs whose retention has ended.
 *
 * @param now In ms since the epoch.
 * @returns Whether there may be more.
 */
export function* reapJobs(now: number): Transition<boolean> {
  const expired = yield* rows<ChangedJob & { readonly status: number }>(
    `SELECT id, seq, queue, type, traits, status FROM jobs WHERE purge_at <= ? LIMIT ? ${claimRows}`,
    [now, reapingSize],
  );
  const counts = yield* runEach(
    "DELETE FROM jobs WHERE seq = ? AND status = ? AND purge_at <= ?",
    expired.map(({ seq, status }) => [seq, status, now]),
  );
  const gone = changedOf(expired, counts);
  yield* deleteBelongings(gone);
  for (const from of new Set(gone.map(({ status }) => status))) {
    const jobs = gone.filter(({ status }) => status === from);
    yield report({ kind: "jobs", from, to: undefined, jobs, cause: "expired" });
  }
  const lost = gone.filter((job) => job.status === status.dead && hasTrait(job, traits.awaited));
  // Without terms: what follows of it is no part of this piece.
  if (lost.length > 0) {
    yield* settle(lost.map(({ id, seq }) => ({ id, seq, outcome: outcomes.lost })), undefined);
  }
  return expired.length === reapingSize;
}

/**
 * Deletes the completed jobs that completed first, some at a time, until so many are left. They are counted while no other
 * broker does this: else each of them would delete the surplus once more.
 *
 * @returns How many are still to go.
 */
export function* trimCompleted(limit: number): Transition<number> {
  yield* takeTurn("trim completed jobs");
  const surplus = (yield* countCompleted()) - limit;
  if (surplus <= 0) return 0;
  const oldest = yield* rows<ChangedJob>(
    `SELECT id, seq, queue, type, traits FROM jobs
     WHERE completed_at IS NOT NULL AND ${hasStatus([status.completed])}
     ORDER BY completed_at, seq LIMIT ? ${claimRows}`,
    [Math.min(surplus, reapingSize)],
  );
  const counts = yield* runEach(
    `DELETE FROM jobs WHERE seq = ? AND ${hasStatus([status.completed])}`,
    oldest.map(({ seq }) => [seq]),
  );
  const jobs = changedOf(oldest, counts);
  yield* deleteBelongings(jobs);
  if (jobs.length > 0) {
    yield report({ kind: "jobs", from: status.completed, to: undefined, jobs, cause: "expired" });
  }
  return jobs.length === 0 ? 0 : surplus - jobs.length;
}

/** When the next finished job's retention ends. */
export function* nextReaping(): Transition<DueAt> {
  return yield* earliest("SELECT min(purge_at) AS at FROM jobs WHERE purge_at IS NOT NULL");
}

/** The first instant that a statement finds, as `at`. */
export function* earliest(sql: string): Transition<DueAt> {
  const [row] = yield* rows<{ at: number | null }>(sql);
  return row?.at ?? undefined;
}
