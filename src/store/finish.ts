/**
 * The ends of a run: in flight → completed or gone, in flight → scheduled, dead or gone.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import type { ReadyJob } from "./due.ts";
import { deleteJobs, findJob, metadataColumns, updateJob } from "./jobs-table.ts";
import { listQueues } from "./read.ts";
import { returnTokens } from "./tokens.ts";
import { each, rows, run, type Transition } from "./transition.ts";
import { moveKey } from "./unique.ts";

/** What a failed run leaves behind. */
export interface FailureNote {
  readonly message: string;
  readonly errorType: string | null;
  readonly backtrace: string | null;
}

/**
 * Completes jobs in flight and gives the ids that were not.
 *
 * `keep` gives the record as it is kept, or undefined when the job is deleted at once.
 * `deleteByDefault` says that a job without a retention of its own is one of those.
 */
export function* completeJobs(
  ids: readonly string[],
  keep: (job: JobRecord) => JobRecord | undefined,
  deleteByDefault: boolean,
): Transition<string[]> {
  let rest = ids;
  if (deleteByDefault) {
    // The common end of a job costs one statement: nothing of it is read, nothing hangs on it.
    const deleted = yield* each(
      `DELETE FROM jobs WHERE id = ? AND status = 2 AND attempts = 0 AND retention IS NULL
         AND budgets IS NULL`,
      ids.map((id) => [id]),
    );
    rest = ids.filter((_, index) => deleted[index] === 0);
  }
  const missing: string[] = [];
  const drawn: (string | null)[] = [];
  for (const id of rest) {
    const job = yield* findJob(id);
    if (job?.status !== status.inFlight) missing.push(id);
    else {
      const kept = keep(job);
      if (kept === undefined) yield* deleteJobs([id]);
      else {
        yield* updateJob(kept, status.inFlight);
        yield* moveKey(kept);
      }
      drawn.push(job.budgets);
    }
  }
  yield* returnTokens(drawn);
  return missing;
}

/**
 * Ends the run of a job in flight as failed: counts the attempt and writes its error record.
 *
 * `decide` gives the record with its new status; `deleted` says that nothing of it is kept. Gives that
 * record, or undefined when the job is not in flight.
 */
export function* failJob(
  id: string,
  note: FailureNote,
  decide: (job: JobRecord) => { readonly job: JobRecord; readonly deleted: boolean },
): Transition<JobRecord | undefined> {
  const job = yield* findJob(id);
  if (job?.status !== status.inFlight) return undefined;
  const { job: failed, deleted } = decide(job);
  yield* returnTokens([job.budgets]);
  if (deleted) {
    yield* deleteJobs([id]);
    return failed;
  }
  yield* updateJob(failed, status.inFlight);
  yield* moveKey(failed);
  yield* run(
    `INSERT INTO errors (job_id, attempt, message, error_type, backtrace, dequeued_at, failed_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [
      id,
      failed.attempts,
      withoutNul(note.message),
      withoutNul(note.errorType),
      withoutNul(note.backtrace),
      failed.dequeuedAt ?? failed.failedAt,
      failed.failedAt,
    ],
  );
  return failed;
}

/** U+0000 ends a text for some drivers, and PostgreSQL takes none at all: its picture U+2400 is kept instead. */
export function withoutNul(text: string | null): string | null {
  return text?.replaceAll("\0", "\u2400") ?? null;
}

/** Hands jobs in flight back uncharged: in flight → ready. Gives those that draw on budgets. */
export function* releaseJobs(ids: readonly string[]): Transition<ReadyJob[]> {
  const released = yield* each(
    `UPDATE jobs SET status = 1 WHERE id = ? AND status = 2
       AND unique_key IS NULL AND budgets IS NULL`,
    ids.map((id) => [id]),
  );
  const bound: ReadyJob[] = [];
  for (const id of ids.filter((_, index) => released[index] === 0)) {
    const job = yield* findJob(id);
    if (job?.status !== status.inFlight) continue;
    const ready = { ...job, status: status.ready };
    yield* updateJob(ready, status.inFlight);
    yield* moveKey(ready);
    if (job.budgets !== null) bound.push(ready);
  }
  yield* returnTokens(bound.map(({ budgets }) => budgets));
  return bound;
}

/** What a crash left in flight goes back uncharged: in flight → ready. */
export function* recoverJobs(): Transition<void> {
  for (const queue of yield* listQueues()) {
    const letGo = yield* rows<JobRecord>(
      `SELECT ${metadataColumns} FROM jobs
       WHERE queue = ? AND status = 2 AND unique_while = 'queued' ORDER BY id`,
      [queue],
    );
    yield* run("UPDATE jobs SET status = 1 WHERE queue = ? AND status = 2", [queue]);
    for (const job of letGo) yield* moveKey({ ...job, status: status.ready });
  }
  yield* run("UPDATE budgets SET drawn = 0 WHERE drawn > 0");
}
