/**
 * Deleting jobs, whatever their status.
 *
 * @module
 */

import { budgetsOf } from "../protocol/binding.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { createBudgetLedger } from "./budget-ledger.ts";
import { lockRows } from "./dialect.ts";
import { findJob } from "./jobs.ts";
import { moveAlone } from "./move-job.ts";
import { isInFlight } from "./status-sql.ts";
import { report, rows, run, runEach, StaleReadError, type Transition } from "./transition.ts";
import { type Condition, type JobSelection, whereMatches } from "./where.ts";

/**
 * Deletes one job, whatever its status.
 *
 * @returns Whether there was one.
 * @throws {StaleReadError} If it changed between reading and writing.
 */
export function* removeJob(id: string): Transition<boolean> {
  const job = yield* findJob(id);
  if (job === undefined) return false;
  yield* moveAlone(job, undefined);
  return true;
}

/** A job to be deleted that the change lists. */
type ReportedJob = Pick<JobRecord, "id" | "status" | "budgets">;

/**
 * Deletes every job of a selection in one transaction; all jobs when it selects by nothing.
 *
 * @returns How many there were.
 * @throws {StaleReadError} If one of them moved on between counting and deleting.
 */
export function* removeJobs(selection: JobSelection): Transition<number> {
  const condition = whereMatches(selection);
  const { sql, params } = condition;
  const counts = yield* rows<{ status: number; count: number }>(
    `SELECT status, count(*) AS count FROM jobs WHERE ${sql} GROUP BY status`,
    params,
  );
  if (counts.length === 0) return 0;
  const reported = yield* listReported(condition);
  yield* run(`DELETE FROM errors WHERE job_id IN (SELECT id FROM jobs WHERE ${sql})`, params);
  for (const { status, count } of counts) {
    const deleted = yield* run(`DELETE FROM jobs WHERE ${sql} AND status = ?`, [...params, status]);
    if (deleted !== count) throw new StaleReadError("The jobs of a selection changed meanwhile");
  }
  const bound = reported.filter(({ budgets }) => budgets !== null);
  yield* runEach("DELETE FROM bindings WHERE job_id = ?", bound.map(({ id }) => [id]));
  const ledger = createBudgetLedger();
  for (const job of bound) if (job.status === status.inFlight) yield* ledger.refund(job);
  yield* ledger.flush();
  for (const { status: from, count } of counts) {
    const jobs = reported.filter((job) => job.status === from);
    yield report({ kind: "jobs", from, to: undefined, count, jobs });
  }
  const kept = bound.filter((job) => job.status === status.ready).flatMap(budgetsOf);
  if (kept.length > 0) {
    yield report({ kind: "budgets", keys: [...new Set(kept)], refunded: false });
  }
  return counts.reduce((sum, { count }) => sum + count, 0);
}

/**
 * The jobs in flight, and those that draw on budgets; most databases have none of the latter, and are not searched
 * for them.
 */
function* listReported({ sql, params }: Condition): Transition<ReportedJob[]> {
  const hasBindings = (yield* rows("SELECT 1 FROM bindings LIMIT 1")).length > 0;
  const isReported = hasBindings ? `(${isInFlight} OR budget_set <> '')` : isInFlight;
  return yield* rows<ReportedJob>(
    `SELECT id, status, budgets FROM jobs WHERE ${isReported} AND ${sql} ${lockRows}`,
    params,
  );
}
