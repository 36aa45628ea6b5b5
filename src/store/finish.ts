/**
 * The ends of a run: in flight → completed or gone, in flight → scheduled, dead or gone, in flight → ready.
 *
 * @module
 */

import type { Failure } from "../protocol/failure.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { type BudgetLedger, createBudgetLedger } from "./budget-ledger.ts";
import type { ChangedJob, ReadyJob } from "./changes.ts";
import type { SqlValue } from "./database.ts";
import { isOneOf, lockRows } from "./dialect.ts";
import { type FailureTerms, type FinishTerms, toCompleted, toFailed } from "./job-rules.ts";
import { findJob, jobRows } from "./jobs.ts";
import { metadataColumns } from "./jobs-table.ts";
import { deleteBroker, deleteHolder, listGoneBrokers } from "./holders.ts";
import { moveJob } from "./move-job.ts";
import { isInFlight } from "./status-sql.ts";
import { toBytes } from "./text-bytes.ts";
import { report, rows, run, StaleReadError, type Transition } from "./transition.ts";

/** A job that is to be completed. What is known of it beside its id is from when it was taken. */
export type RunningJob = ChangedJob | Pick<ChangedJob, "id">;

/** What completing jobs depends on. */
export interface CompleteTerms extends FinishTerms {
  /** Looks at each job by itself, instead of completing all that are plain with one statement. */
  readonly oneByOne: boolean;
}

const isPlain = `${isInFlight} AND attempts = 0 AND retention IS NULL AND budgets IS NULL`;
const deletePlain = (ofRows: string) =>
  `DELETE FROM jobs WHERE ${ofRows} AND queue = ? AND ${isPlain}`;
const deleteOne = deletePlain("seq = ?");
const deleteMany = deletePlain(isOneOf("seq", "integers"));

/**
 * Completes jobs in flight.
 *
 * @returns The ids that were not in flight.
 * @throws {StaleReadError} If it cannot tell which of the jobs were in flight. It can with `oneByOne`.
 */
export function* completeJobs(
  jobs: readonly RunningJob[],
  terms: CompleteTerms,
): Transition<string[]> {
  let rest: readonly RunningJob[] = jobs;
  if (terms.defaults.defaultCompletedRetentionMs === 0 && !terms.oneByOne) {
    rest = yield* completePlain(jobs);
  }
  if (rest.length === 0) return [];
  const missing: string[] = [];
  const ledger = createBudgetLedger();
  for (const { id } of rest) {
    const job = yield* findJob(id);
    const done = job?.status === status.inFlight &&
      (yield* moveJob(job, toCompleted(job, terms), ledger));
    if (!done) missing.push(id);
  }
  yield* ledger.flush();
  return missing;
}

/**
 * The usual end of jobs costs one statement for all: they have no errors or bindings that would have to be deleted too.
 *
 * @returns The jobs that are not plain, not known or not there.
 */
function* completePlain(jobs: readonly RunningJob[]): Transition<readonly RunningJob[]> {
  const known = jobs.filter((job): job is ChangedJob => "seq" in job);
  const done = new Set<string>();
  for (const part of byQueue(known)) {
    const gone = yield* deleteKnown(part);
    if (gone.length === jobs.length) return [];
    for (const { id } of gone) done.add(id);
  }
  return jobs.filter(({ id }) => !done.has(id));
}

/** Deletes those of the jobs, all of one queue, that are plain, and gives them. */
function* deleteKnown(jobs: readonly ChangedJob[]): Transition<readonly ChangedJob[]> {
  const { seq, queue } = jobs[0]!;
  const seqs = `[${jobs.map(({ seq }) => seq).join()}]`;
  const deleted = jobs.length === 1
    ? yield* run(deleteOne, [seq, queue])
    : yield* run(deleteMany, [seqs, queue]);
  let gone = jobs;
  if (deleted < jobs.length) {
    const found = yield* rows<{ seq: number }>(
      `SELECT seq FROM jobs WHERE ${isOneOf("seq", "integers")}`,
      [seqs],
    );
    const left = new Set(found.map(({ seq }) => seq));
    gone = jobs.filter(({ seq }) => !left.has(seq));
    if (gone.length !== deleted) throw new StaleReadError("A job was completed or deleted before");
  }
  if (gone.length > 0) {
    yield report({ kind: "jobs", from: status.inFlight, to: undefined, jobs: gone });
  }
  return gone;
}

/** A patch may have moved a job to another queue: it is deleted as one of the queue that it is counted under. */
function byQueue(jobs: readonly ChangedJob[]): Iterable<readonly ChangedJob[]> {
  const queue = jobs[0]?.queue;
  if (queue === undefined) return [];
  if (jobs.every((job) => job.queue === queue)) return [jobs];
  return Map.groupBy(jobs, (job) => job.queue).values();
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
  const ledger = createBudgetLedger();
  const failed = yield* endAsFailed(job, failure, { ...terms, ledger });
  yield* ledger.flush();
  return failed;
}

/** The caller flushes the ledger: a transition has one, since each would write the level that it has read. */
function* endAsFailed(
  job: JobRecord,
  failure: Failure,
  { ledger, ...terms }: FailureTerms & { readonly ledger: BudgetLedger },
): Transition<JobRecord | undefined> {
  const { job: failed, deleted } = toFailed(job, failure, terms);
  if (!(yield* moveJob(job, deleted ? undefined : failed, ledger))) return undefined;
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

/** Jobs that one piece of a release gives back at most. */
const releaseSize = 500;

/** What giving jobs back depends on. */
export interface ReleaseTerms extends FinishTerms {
  /**
   * How often a job may be delivered beyond its retries without coming to an end; then it is dead. 0 for any number.
   */
  readonly maxDeliveries: number;
}

const isDeliverable = "deliveries <= coalesce(retry_limit, ?) + CAST(? AS BIGINT)";

/**
 * Gives jobs in flight back to their queues, without counting an attempt: in flight → ready. A job that was delivered too
 * often is dead instead: it may be what ends its workers.
 *
 * @param held The condition for the jobs, with its parameters; of those only some, if there are many.
 * @returns Whether there may be more.
 */
function* releaseSome(
  held: { readonly sql: string; readonly params: readonly SqlValue[] },
  terms: ReleaseTerms,
): Transition<boolean> {
  const { defaultRetryLimit } = terms.defaults;
  const limit = terms.maxDeliveries === 0 ? Number.MAX_SAFE_INTEGER : terms.maxDeliveries;
  const plain = yield* rows<ReadyJob>(
    `UPDATE jobs SET status = ${status.ready}, holder = NULL
     WHERE seq IN (SELECT seq FROM jobs WHERE ${held.sql} AND ${isInFlight}
         AND unique_key IS NULL AND budgets IS NULL AND ${isDeliverable} LIMIT ? ${lockRows})
     RETURNING id, seq, queue, type, priority, budgets`,
    [...held.params, defaultRetryLimit, limit, releaseSize],
  );
  if (plain.length > 0) {
    yield report({ kind: "jobs", from: status.inFlight, to: status.ready, jobs: plain });
  }
  if (plain.length === releaseSize) return true;
  // In the order of an index: in that of the key alone, SQLite reads the whole table.
  const others = yield* jobRows(
    `SELECT ${metadataColumns} FROM jobs WHERE ${held.sql} AND ${isInFlight}
     ORDER BY holder, seq LIMIT ? ${lockRows}`,
    [...held.params, releaseSize],
  );
  const ledger = createBudgetLedger();
  for (const job of others) {
    const mayRun = job.deliveries <= (job.retryLimit ?? defaultRetryLimit) + limit;
    if (mayRun) yield* moveJob(job, { ...job, status: status.ready }, ledger);
    else yield* endAsFailed(job, toDeliveryFailure(job), { ...terms, jitter: 0, ledger });
  }
  yield* ledger.flush();
  return others.length === releaseSize;
}

function toDeliveryFailure({ deliveries }: JobRecord): Failure {
  return {
    message: `Delivered ${deliveries} times, and each time the worker was gone before it reported`,
    errorType: "TooManyDeliveries",
    kill: true,
  };
}

/**
 * Gives back some jobs of a stream, and deletes the stream's row once it holds no more.
 *
 * @param holder The row of `holders` that stands for it.
 * @returns Whether it may hold more: then this has to run again.
 */
export function* releaseHolder(holder: number, terms: ReleaseTerms): Transition<boolean> {
  const hasMore = yield* releaseSome({ sql: "holder = ?", params: [holder] }, terms);
  if (!hasMore) yield* deleteHolder(holder);
  return hasMore;
}

/** Jobs in flight whose holder belongs to no registered broker. */
const isOrphan = `holder IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM holders JOIN brokers ON brokers.id = holders.broker WHERE holders.id = jobs.holder)`;

/**
 * Gives back some jobs of brokers that are gone, as {@linkcode releaseHolder}. Jobs of other brokers stay in flight.
 *
 * @param broker The broker that recovers the jobs.
 * @param seenBefore Brokers that were last seen before this instant are gone, in ms since the epoch; with `farFuture` all
 * others are.
 * @returns Whether there may be more: then this has to run again.
 */
export function* recoverJobs(
  broker: number,
  seenBefore: number,
  terms: ReleaseTerms,
): Transition<boolean> {
  for (const gone of yield* listGoneBrokers(broker, seenBefore)) yield* deleteBroker(gone);
  return yield* releaseSome({ sql: isOrphan, params: [] }, terms);
}
