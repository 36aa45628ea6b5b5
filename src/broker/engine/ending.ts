/**
 * How a job ended: by a change of it, or by what is read of it.
 *
 * @module
 */

import type { ErrorRecord } from "../../protocol/error-record.ts";
import type { FailureReport } from "../../protocol/failure.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { status } from "../../protocol/status.ts";
import { cancelledType } from "../../store/cancellations-table.ts";
import type { JobsChange } from "../../store/changes.ts";
import type { SeenJob } from "../../store/seen-jobs.ts";

/** How a job ended. */
export interface Ending {
  readonly id: string;
  readonly outcome: "completed" | "dead" | "deleted";
  /** Whether somebody cancelled it. */
  readonly isCancelled: boolean;
  /** The job without its payload, as it is, or was when it was deleted; undefined if nobody saw it. */
  readonly job: JobRecord | undefined;
  /** What it came to, as JSON text, if its worker has just said so. */
  readonly result: string | undefined;
  /** What it died of. */
  readonly error: ErrorRecord | undefined;
}

/** How a job has ended, by what is read of it; undefined if it has not. */
export function endingOf({ job, error }: SeenJob): Ending | undefined {
  if (job.status !== status.completed && job.status !== status.dead) return undefined;
  const outcome = job.status === status.completed ? "completed" : "dead";
  const isCancelled = error?.errorType === cancelledType;
  return { id: job.id, outcome, isCancelled, job, result: undefined, error };
}

/** What is known of a job when a change comes. */
export interface KnownJob {
  /** The job as it was seen last: after the change, if it is still there. */
  readonly seen: SeenJob | undefined;
  /** How it had ended before. */
  readonly ending: Ending | undefined;
  /** In ms since the epoch. */
  readonly now: number;
}

/** How a job ends by a change of it, or has ended before; undefined if it goes on. */
export function toEnding(
  { cause, to, results, failure }: JobsChange,
  id: string,
  { seen, ending, now }: KnownJob,
): Ending | undefined {
  const result = results?.get(id);
  if (to === status.completed || to === status.dead) {
    if (ending !== undefined) return ending; // It was tagged, or tracked.
    const outcome = to === status.completed ? "completed" : "dead";
    const isCancelled = cause === "cancelled";
    return { id, outcome, isCancelled, job: seen?.job, result, error: seen?.error };
  }
  if (to !== undefined) return undefined;
  if (ending !== undefined) return ending; // What is deleted now ended before.
  const job = seen?.job;
  const gone = { id, isCancelled: cause === "cancelled", result, error: undefined };
  if (cause === "succeeded") {
    const ended = job && end(job, { status: status.completed, completedAt: now });
    return { ...gone, outcome: "completed", job: ended };
  }
  if (cause === "removed" || cause === "expired") return { ...gone, outcome: "deleted", job };
  const dead = job &&
    end(job, { status: status.dead, attempts: job.attempts + 1, failedAt: now });
  const error = failure && toRecord(failure, dead, now);
  return { ...gone, outcome: "dead", job: dead, error };
}

/** A job that was deleted when it ended. What it had only while it ran, it has no more. */
function end(job: JobRecord, changes: Partial<JobRecord>): JobRecord {
  const { extra, ...rest } = job;
  if (extra === undefined) return { ...rest, ...changes };
  const { tags, tracked, meta, spawnedFrom } = extra;
  return { ...rest, ...changes, extra: { tags, tracked, meta, spawnedFrom } };
}

function toRecord(
  { message, errorType, backtrace }: FailureReport,
  job: JobRecord | undefined,
  failedAt: number,
): ErrorRecord {
  const attempt = job?.attempts ?? 1;
  return {
    attempt,
    message,
    errorType,
    backtrace,
    dequeuedAt: job?.dequeuedAt ?? failedAt,
    failedAt,
  };
}
