/**
 * Cancelling jobs.
 *
 * | The job           | What becomes of it                                                                                   |
 * | ----------------- | ---------------------------------------------------------------------------------------------------- |
 * | waits             | is dead at once                                                                                      |
 * | is in flight      | is to be cancelled: its worker is told. It is completed if its run succeeds, and dead if the run fails, if the job would go back to a queue for whatever reason, or if its worker has no more time |
 * | is finished       | stays                                                                                                |
 * | is put anew meanwhile, whoever had it | is to be cancelled no more                                                       |
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { isFinished, status } from "../protocol/status.ts";
import { addSaturating } from "./add-saturating.ts";
import { type BudgetLedger, createBudgetLedger } from "./budget-ledger.ts";
import {
  cancelledType,
  deleteCancellation,
  findCancellation,
  toCancelFailure,
  writeCancellation,
} from "./cancellations-table.ts";
import { removeLinks } from "./dependencies-table.ts";
import { claimRows, isOneOf, lockRows } from "./dialect.ts";
import { type DueAt, earliest } from "./due-jobs.ts";
import { endUnwanted, isUnwanted } from "./end-unwanted.ts";
import { findLastError } from "./error-records.ts";
import { findWorker } from "./evict-jobs.ts";
import { endAsFailed } from "./finish.ts";
import type { FinishTerms } from "./job-rules.ts";
import { findVisibleJob, jobRows } from "./jobs.ts";
import { metadataColumns } from "./jobs-table.ts";
import { visitJobs } from "./patch-jobs.ts";
import { withExtras } from "./trait-tables.ts";
import { hasTrait, traits } from "./traits.ts";
import { report, rows, run, StaleReadError, type Transition } from "./transition.ts";
import type { JobSelection } from "./where.ts";

/** What somebody wants. */
export interface CancelWish {
  /** Undefined for the reason that was given before, or else none. */
  readonly reason: string | undefined;
  /** How long the worker of a job in flight has, in ms; undefined for as long as it takes. */
  readonly forceAfterMs: number | undefined;
}

/** What came of it. */
export interface CancelledJob {
  /** The job is dead of it; its worker is to be told; or it had ended before. */
  readonly outcome: "cancelled" | "requested" | "finished";
  /** The job without its payload, as it is now, or was before it was deleted. */
  readonly job: JobRecord;
}

const unsaid = "Cancelled";

/**
 * Cancels a job.
 *
 * @returns Undefined if there is none.
 * @throws {StaleReadError} If it changed between reading and writing.
 */
export function* cancelJob(
  id: string,
  wish: CancelWish,
  terms: FinishTerms,
): Transition<CancelledJob | undefined> {
  const found = yield* findVisibleJob(id, terms.now);
  if (found === undefined) return undefined;
  const ledger = createBudgetLedger();
  const { outcome, job } = yield* cancelFound(found, wish, { ...terms, ledger });
  yield* ledger.flush();
  return { outcome, job: (yield* withExtras([job]))[0]! };
}

/** How many jobs of a selection were cancelled, and of how many the workers are to be told. */
export interface CancelCounts {
  readonly cancelled: number;
  readonly requested: number;
}

/**
 * Cancels the jobs of a selection that are not finished, in one transaction.
 *
 * @throws {StaleReadError} If one of them changed between reading and writing.
 */
export function* cancelJobs(
  selection: JobSelection,
  wish: CancelWish,
  terms: FinishTerms,
): Transition<CancelCounts> {
  const counts = { cancelled: 0, requested: 0, finished: 0 };
  const ledger = createBudgetLedger();
  // What ends by a job that others wait for may end others of these, or let them run.
  let isAsRead = true;
  yield* visitJobs(selection, function* (read) {
    const job = isAsRead ? read : yield* findVisibleJob(read.id, terms.now);
    if (job === undefined) return;
    const isOpen = !isFinished(job.status);
    if (isOpen) counts[(yield* cancelFound(job, wish, { ...terms, ledger })).outcome]++;
    if (hasTrait(job, traits.awaited)) isAsRead = false;
  });
  yield* ledger.flush();
  return { cancelled: counts.cancelled, requested: counts.requested };
}

interface CancelTerms extends FinishTerms {
  /** The caller flushes it. */
  readonly ledger: BudgetLedger;
}

function* cancelFound(
  job: JobRecord,
  { reason, forceAfterMs }: CancelWish,
  { ledger, ...terms }: CancelTerms,
): Transition<CancelledJob> {
  if (isFinished(job.status)) {
    const error = job.status === status.dead ? yield* findLastError(job) : undefined;
    return { outcome: error?.errorType === cancelledType ? "cancelled" : "finished", job };
  }
  if (job.status !== status.inFlight) {
    const failure = toCancelFailure(reason ?? unsaid);
    const move = { ledger, cause: "cancelled", jitter: 0 } as const;
    const free = job.status === status.blocked ? yield* unlinked(job) : job;
    const dead = yield* endAsFailed(free, failure, { ...terms, ...move });
    return { outcome: "cancelled", job: demand(dead) };
  }
  const wanted = yield* want(job, { reason, forceAfterMs }, terms.now);
  if (forceAfterMs !== 0) return { outcome: "requested", job: wanted };
  return { outcome: "cancelled", job: yield* takeAway(wanted, terms, ledger) };
}

/** A job that waits for others no more. */
function* unlinked(job: JobRecord): Transition<JobRecord> {
  yield* removeLinks([job]);
  return { ...job, traits: job.traits & ~traits.dependent };
}

/** Writes that a job in flight is to be cancelled. */
function* want(
  job: JobRecord,
  { reason, forceAfterMs }: CancelWish,
  now: number,
): Transition<JobRecord> {
  const before = isUnwanted(job) ? yield* findCancellation(job.seq) : undefined;
  const forceAt = Math.min(
    forceAfterMs === undefined ? Infinity : addSaturating(now, forceAfterMs),
    before?.forceAt ?? Infinity,
  );
  const cancellation = {
    reason: reason ?? before?.reason ?? unsaid,
    forceAt: forceAt === Infinity ? null : forceAt,
  };
  const marked = yield* run(
    `UPDATE jobs SET traits = traits | ${traits.unwanted}
     WHERE seq = ? AND status = ${status.inFlight} AND deliveries = ?`,
    [job.seq, job.deliveries],
  );
  if (marked === 0) throw new StaleReadError(`Job ${job.id} left flight meanwhile`);
  yield* writeCancellation(job.seq, cancellation);
  const unwanted = { ...job, traits: job.traits | traits.unwanted };
  // Who has no more time is told by losing the job.
  if (forceAfterMs !== 0) {
    yield report({
      kind: "jobs",
      from: status.inFlight,
      to: status.inFlight,
      jobs: [unwanted],
      cause: "cancel-asked",
      worker: yield* findWorker(job),
      reason: cancellation.reason,
    });
  }
  return unwanted;
}

function* takeAway(
  job: JobRecord,
  terms: FinishTerms,
  ledger: BudgetLedger,
): Transition<JobRecord> {
  return demand(yield* endUnwanted(job, terms, { ledger, worker: yield* findWorker(job) }));
}

function demand(job: JobRecord | undefined): JobRecord {
  if (job === undefined) throw new StaleReadError("A job was changed meanwhile");
  return job;
}

/** How many jobs one piece takes from their workers; the rest follow in the next transaction, so that others get a turn. */
const forceSize = 200;

/**
 * Takes jobs from their workers that were to be cancelled, and whose workers have no more time.
 *
 * @returns Whether there may be more.
 */
export function* forceCancellations(terms: FinishTerms): Transition<boolean> {
  const due = yield* rows<{ job: number }>(
    `SELECT job FROM cancellations WHERE force_at <= ? ORDER BY force_at LIMIT ? ${claimRows}`,
    [terms.now, forceSize],
  );
  if (due.length === 0) return false;
  const jobs = yield* jobRows(
    `SELECT ${metadataColumns} FROM jobs WHERE ${isOneOf("seq", "integers")} ${lockRows}`,
    [JSON.stringify(due.map(({ job }) => job))],
  );
  const bySeq = new Map(jobs.map((job) => [job.seq, job]));
  const ledger = createBudgetLedger();
  for (const { job: seq } of due) {
    const job = bySeq.get(seq);
    if (job?.status === status.inFlight && isUnwanted(job)) yield* takeAway(job, terms, ledger);
    // It would be due again and again.
    else yield* deleteCancellation(seq);
  }
  yield* ledger.flush();
  return due.length === forceSize;
}

/** When the next job is taken from its worker. */
export function* nextForce(): Transition<DueAt> {
  return yield* earliest("SELECT min(force_at) AS at FROM cancellations");
}
