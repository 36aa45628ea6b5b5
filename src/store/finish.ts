/**
 * The ends of a run: in flight → completed or gone, in flight → scheduled, dead or gone, in flight → ready.
 *
 * @module
 */

import type { Failure } from "../protocol/failure.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { type BudgetLedger, createBudgetLedger } from "./budget-ledger.ts";
import type { ReadyJob } from "./changes.ts";
import { isOneOf, lockRows } from "./dialect.ts";
import { type FailureTerms, type FinishTerms, toCompleted, toFailed } from "./job-rules.ts";
import { findJob, jobRows } from "./jobs.ts";
import { metadataColumns } from "./jobs-table.ts";
import { deleteBroker, deleteHolder, listGoneBrokers } from "./holders.ts";
import { moveJob } from "./move-job.ts";
import { listQueues } from "./read.ts";
import { isInFlight } from "./status-sql.ts";
import { toBytes } from "./text-bytes.ts";
import { report, rows, run, runEach, type Transition } from "./transition.ts";

/**
 * Completes jobs in flight.
 *
 * @returns The ids that were not in flight.
 */
export function* completeJobs(
  ids: readonly string[],
  terms: FinishTerms,
): Transition<string[]> {
  let rest = ids;
  if (terms.defaults.defaultCompletedRetentionMs === 0) {
    // The usual end of a job costs one statement: it has no errors or bindings that would have to be deleted too.
    const deleted = yield* runEach(
      `DELETE FROM jobs WHERE id = ? AND ${isInFlight} AND attempts = 0 AND retention IS NULL
         AND budgets IS NULL`,
      ids.map((id) => [id]),
    );
    rest = ids.filter((_, index) => deleted[index] === 0);
    const count = ids.length - rest.length;
    if (count > 0) {
      const gone = rest.length === 0 ? ids : ids.filter((_, index) => deleted[index] === 1);
      const jobs = gone.map((id) => ({ id }));
      yield report({ kind: "jobs", from: status.inFlight, to: undefined, count, jobs });
    }
  }
  if (rest.length === 0) return [];
  const missing: string[] = [];
  const ledger = createBudgetLedger();
  for (const id of rest) {
    const job = yield* findJob(id);
    const done = job?.status === status.inFlight &&
      (yield* moveJob(job, toCompleted(job, terms), ledger));
    if (!done) missing.push(id);
  }
  yield* ledger.flush();
  return missing;
}

/**
 * Ends the run of a job in flight as failed: counts the attempt and writes its error record.
 *
 * @returns The job as it is now, or was before it was deleted; undefined when it was not in flight.
 */
export function* failJob(
  id: string,
  failure: Failure,
  terms: FailureTerms,
): Transition<JobRecord | undefined> {
  const job = yield* findJob(id);
  if (job?.status !== status.inFlight) return undefined;
  const { job: failed, deleted } = toFailed(job, failure, terms);
  const ledger = createBudgetLedger();
  if (!(yield* moveJob(job, deleted ? undefined : failed, ledger))) return undefined;
  yield* ledger.flush();
  if (!deleted) yield* insertError(failed, failure);
  return failed;
}

function* insertError(job: JobRecord, failure: Failure): Transition<void> {
  yield* run(
    `INSERT INTO errors (job_id, attempt, message, error_type, backtrace, dequeued_at, failed_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [
      job.id,
      job.attempts,
      toBytes(failure.message),
      toBytes(failure.errorType ?? null),
      toBytes(failure.backtrace ?? null),
      job.dequeuedAt ?? job.failedAt,
      job.failedAt,
    ],
  );
}

const ofHolder = `${isOneOf("id", "texts")} AND holder = ? AND ${isInFlight}`;
const releasePlain = `UPDATE jobs SET status = ${status.ready}, holder = NULL
  WHERE ${ofHolder} AND unique_key IS NULL AND budgets IS NULL
  RETURNING id, queue, priority, budgets`;

/**
 * Gives back the jobs of a stream, without counting an attempt: in flight → ready. Then deletes the stream's row.
 *
 * @param holder The row of `holders` that stands for it.
 * @param ids The jobs that it was given and may not have finished. Jobs that it does not hold any more stay as they are.
 */
export function* releaseHolder(holder: number, ids: readonly string[]): Transition<void> {
  if (ids.length > 0) {
    const params = [JSON.stringify(ids), holder];
    yield* reportReady(yield* rows<ReadyJob>(releasePlain, params));
    const others = yield* jobRows(
      `SELECT ${metadataColumns} FROM jobs WHERE ${ofHolder} ${lockRows}`,
      params,
    );
    const ledger = createBudgetLedger();
    for (const job of others) yield* release(job, ledger);
    yield* ledger.flush();
  }
  yield* deleteHolder(holder);
}

function* release(job: JobRecord, ledger: BudgetLedger): Transition<void> {
  yield* moveJob(job, { ...job, status: status.ready }, ledger);
}

function* reportReady(jobs: readonly ReadyJob[]): Transition<void> {
  if (jobs.length === 0) return;
  yield report({
    kind: "jobs",
    from: status.inFlight,
    to: status.ready,
    count: jobs.length,
    jobs,
  });
}

/** Jobs in flight without a holder, or whose holder belongs to no registered broker. */
const isOrphan = `${isInFlight} AND (holder IS NULL OR NOT EXISTS (
  SELECT 1 FROM holders JOIN brokers ON brokers.id = holders.broker WHERE holders.id = jobs.holder))`;
const recoverPlain = `UPDATE jobs SET status = ${status.ready}, holder = NULL
  WHERE queue = ? AND ${isOrphan} AND unique_key IS NULL AND budgets IS NULL
  RETURNING id, queue, priority, budgets`;

/**
 * Gives back the jobs of brokers that are gone, without counting an attempt: in flight → ready. Jobs of other brokers stay
 * in flight.
 *
 * @param broker The broker that recovers the jobs.
 * @param seenBefore Brokers that were last seen before this instant are gone, in ms since the epoch; with `farFuture` all
 * others are.
 */
export function* recoverJobs(broker: number, seenBefore: number): Transition<void> {
  for (const gone of yield* listGoneBrokers(broker, seenBefore)) yield* deleteBroker(gone);
  const ledger = createBudgetLedger();
  for (const queue of yield* listQueues()) {
    yield* reportReady(yield* rows<ReadyJob>(recoverPlain, [queue]));
    const others = yield* jobRows(
      `SELECT ${metadataColumns} FROM jobs WHERE queue = ? AND ${isOrphan} ORDER BY id ${lockRows}`,
      [queue],
    );
    for (const job of others) yield* release(job, ledger);
  }
  yield* ledger.flush();
}
