/**
 * The ends of a run: in flight → completed or gone, in flight → scheduled, dead or gone.
 *
 * @module
 */

import { type JobRecord, status } from "../protocol/record.ts";
import { deleteJobs, findJob, updateJob } from "./jobs-table.ts";
import { listQueues } from "./read.ts";
import { each, run, type Transition } from "./transition.ts";

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
      "DELETE FROM jobs WHERE id = ? AND status = 2 AND attempts = 0 AND retention IS NULL",
      ids.map((id) => [id]),
    );
    rest = ids.filter((_, index) => deleted[index] === 0);
  }
  const missing: string[] = [];
  for (const id of rest) {
    const job = yield* findJob(id);
    if (job?.status !== status.inFlight) missing.push(id);
    else {
      const kept = keep(job);
      if (kept === undefined) yield* deleteJobs([id]);
      else yield* updateJob(kept, status.inFlight);
    }
  }
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
  if (deleted) {
    yield* deleteJobs([id]);
    return failed;
  }
  yield* updateJob(failed, status.inFlight);
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
function withoutNul(text: string | null): string | null {
  return text?.replaceAll("\0", "\u2400") ?? null;
}

/** Hands jobs in flight back uncharged: in flight → ready. */
export function* releaseJobs(ids: readonly string[]): Transition<void> {
  yield* each("UPDATE jobs SET status = 1 WHERE id = ? AND status = 2", ids.map((id) => [id]));
}

/** What a crash left in flight goes back uncharged: in flight → ready. */
export function* recoverJobs(): Transition<void> {
  for (const queue of yield* listQueues()) {
    yield* run("UPDATE jobs SET status = 1 WHERE queue = ? AND status = 2", [queue]);
  }
}
