/**
 * Trying finished jobs again: dead or completed → ready, with all retries before them. The error records and the history that
 * they have stay.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { isFinished, status } from "../protocol/status.ts";
import { lockRows } from "./dialect.ts";
import { type BudgetLedger, createBudgetLedger } from "./budget-ledger.ts";
import { findVisibleJob, isExpired, jobRows, renewRow } from "./jobs.ts";
import { metadataColumns } from "./jobs-table.ts";
import { moveJob } from "./move-job.ts";
import { toNewStay } from "./new-stay.ts";
import { hasStatus } from "./status-sql.ts";
import { withExtras } from "./trait-tables.ts";
import { traits } from "./traits.ts";
import { StaleReadError, type Transition } from "./transition.ts";
import { type JobSelection, whereMatches } from "./where.ts";

/** What came of trying a job again: the job as it is; that it is not finished is no reason to change it. */
export interface RetriedJob {
  readonly isRetried: boolean;
  readonly job: JobRecord;
}

/**
 * Tries a job again.
 *
 * @returns Undefined if there is none.
 * @throws {StaleReadError} If it changed between reading and writing.
 */
export function* retryJob(id: string, now: number): Transition<RetriedJob | undefined> {
  const job = yield* findVisibleJob(id, now);
  if (job === undefined) return undefined;
  if (!isFinished(job.status)) return { isRetried: false, job };
  const ledger = createBudgetLedger();
  const retried = yield* retryFinished(job, now, ledger);
  yield* ledger.flush();
  return { isRetried: true, job: (yield* withExtras([retried]))[0]! };
}

const isOver = hasStatus([status.dead, status.completed]);

/**
 * Tries the finished jobs of a selection again, in one transaction.
 *
 * @returns How many there were.
 * @throws {StaleReadError} If one of them changed between reading and writing.
 */
export function* retryJobs(selection: JobSelection, now: number): Transition<number> {
  const { sql, params } = whereMatches(selection);
  const jobs = yield* jobRows(
    `SELECT ${metadataColumns} FROM jobs WHERE ${sql} AND ${isOver} ORDER BY seq ${lockRows}`,
    params,
  );
  const ledger = createBudgetLedger();
  const visible = jobs.filter((job) => !isExpired(job, now));
  for (const job of visible) yield* retryFinished(job, now, ledger);
  yield* ledger.flush();
  return visible.length;
}

function* retryFinished(job: JobRecord, now: number, ledger: BudgetLedger): Transition<JobRecord> {
  const stay = toNewStay(job, {}, now);
  const retried = { ...stay, traits: stay.traits | traits.retried };
  if (!(yield* moveJob(job, retried, { ledger, cause: "requeued" }))) {
    throw new StaleReadError(`Job ${job.id} was changed meanwhile`);
  }
  yield* renewRow(job.seq, undefined);
  return retried;
}
