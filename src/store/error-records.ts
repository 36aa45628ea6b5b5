/**
 * The error records of a job.
 *
 * @module
 */

import type { ErrorRecord } from "../protocol/error-record.ts";
import type { FailureReport } from "../protocol/failure.ts";
import type { PageQuery } from "../protocol/query.ts";
import type { JobRecord } from "../protocol/record.ts";
import { deleteErrors } from "./jobs.ts";
import { fromBytes, toBytes } from "./text-bytes.ts";
import { hasTrait, traits } from "./traits.ts";
import { rows, run, type Transition } from "./transition.ts";

const columns = `attempt, message, error_type AS "errorType", backtrace,
  dequeued_at AS "dequeuedAt", failed_at AS "failedAt"`;

interface Row extends Omit<ErrorRecord, "message" | "errorType" | "backtrace"> {
  readonly message: Uint8Array;
  readonly errorType: Uint8Array | null;
  readonly backtrace: Uint8Array | null;
}

/** Reads up to `limit` records after (or, newest first, before) the attempt `from`. */
export function* listErrors(
  id: string,
  { from, order, limit }: PageQuery<number>,
): Transition<ErrorRecord[]> {
  const cursor = from === undefined ? "" : `AND attempt ${order === "asc" ? ">" : "<"} ?`;
  const found = yield* rows<Row>(
    `SELECT ${columns} FROM errors WHERE job_id = ? ${cursor} ORDER BY attempt ${order} LIMIT ?`,
    from === undefined ? [id, limit] : [id, from, limit],
  );
  return found.map(toRecord);
}

/** Reads the record of one attempt. */
export function* findError(id: string, attempt: number): Transition<ErrorRecord | undefined> {
  const found = yield* rows<Row>(
    `SELECT ${columns} FROM errors WHERE job_id = ? AND attempt = ?`,
    [id, attempt],
  );
  return found.map(toRecord)[0];
}

/** Reads the last record of a job; undefined if it has none. */
export function* findLastError(
  { id, failedAt }: Pick<JobRecord, "id" | "failedAt">,
): Transition<ErrorRecord | undefined> {
  if (failedAt === null) return undefined;
  const [last] = yield* listErrors(id, { from: undefined, order: "desc", limit: 1 });
  return last;
}

/** A job that shows its last error record. */
export function withLastError(job: JobRecord, lastError: ErrorRecord): JobRecord {
  return { ...job, extra: { ...job.extra, lastError } };
}

/** How much memory an error record takes, about, in characters. */
export function errorSize(error: ErrorRecord | undefined): number {
  if (error === undefined) return 0;
  const { message, errorType = "", backtrace = "" } = error;
  return message.length + errorType.length + backtrace.length;
}

function toRecord({ message, errorType, backtrace, ...row }: Row): ErrorRecord {
  return {
    ...row,
    message: fromBytes(message),
    errorType: fromBytes(errorType) ?? undefined,
    backtrace: fromBytes(backtrace) ?? undefined,
  };
}

/**
 * Writes the record of the last attempt of a job.
 *
 * @param job The job as it is now.
 * @param failure What it failed of.
 * @param before The job before it failed.
 */
export function* insertError(
  job: JobRecord,
  failure: FailureReport,
  before: Pick<JobRecord, "id" | "attempts" | "failedAt" | "traits">,
): Transition<void> {
  let attempt = job.attempts;
  // Its records go on behind those that it had, though its attempts began anew.
  if (hasTrait(before, traits.retried)) attempt = yield* nextAttempt(job.id);
  // It was put anew since it failed last, and counts from the start again.
  else if (before.attempts === 0 && before.failedAt !== null) yield* deleteErrors([before]);
  yield* run(
    `INSERT INTO errors (job_id, attempt, message, error_type, backtrace, dequeued_at, failed_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [
      job.id,
      attempt,
      toBytes(failure.message),
      toBytes(failure.errorType ?? null),
      toBytes(failure.backtrace ?? null),
      job.dequeuedAt ?? job.failedAt,
      job.failedAt,
    ],
  );
}

function* nextAttempt(id: string): Transition<number> {
  const [row] = yield* rows<{ last: number | null }>(
    "SELECT max(attempt) AS last FROM errors WHERE job_id = ?",
    [id],
  );
  return (row?.last ?? 0) + 1;
}
