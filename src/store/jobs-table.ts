/**
 * The statements on one job that several transitions share.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { each, rows, run, type Transition } from "./transition.ts";

/** The column behind each member of a {@linkcode JobRecord}. */
const columnOf: Readonly<Record<keyof JobRecord, string>> = {
  id: "id",
  type: "type",
  queue: "queue",
  priority: "priority",
  status: "status",
  readyAt: "ready_at",
  attempts: "attempts",
  retryLimit: "retry_limit",
  backoff: "backoff",
  dequeuedAt: "dequeued_at",
  failedAt: "failed_at",
  retention: "retention",
  purgeAt: "purge_at",
  completedAt: "completed_at",
  uniqueKey: "unique_key",
  uniqueWhile: "unique_while",
  batch: "batch",
  budgets: "budgets",
  payloadJson: "payload_json",
  payloadPack: "payload_pack",
};

/** The select list of a whole job; `replaced` puts another expression in the place of a column. */
export function jobColumns(replaced: Partial<Record<keyof JobRecord, string>> = {}): string {
  return Object.entries({ ...columnOf, ...replaced })
    .map(([member, expression]) => `${expression} AS "${member}"`).join(", ");
}

/** The select list of a job without its payload. */
export const metadataColumns: string = jobColumns()
  .slice(0, jobColumns().indexOf(`, ${columnOf.payloadJson} AS`));

const updateSql = `UPDATE jobs SET queue = ?, priority = ?, status = ?, ready_at = ?, attempts = ?,
  retry_limit = ?, backoff = ?, retention = ?, failed_at = ?, purge_at = ?, completed_at = ?
  WHERE id = ? AND status = ?`;

/** Writes what can change in a job's life, if it still stands at `from`. */
export function* updateJob(job: JobRecord, from: number): Transition<void> {
  yield* run(updateSql, [
    job.queue,
    job.priority,
    job.status,
    job.readyAt,
    job.attempts,
    job.retryLimit,
    job.backoff,
    job.retention,
    job.failedAt,
    job.purgeAt,
    job.completedAt,
    job.id,
    from,
  ]);
}

/** One job without its payload, whatever its status. */
export function* findJob(id: string): Transition<JobRecord | undefined> {
  return (yield* rows<JobRecord>(`SELECT ${metadataColumns} FROM jobs WHERE id = ?`, [id]))[0];
}

/** Deletes jobs with all that hangs on them. */
export function* deleteJobs(ids: readonly string[]): Transition<void> {
  const sets = ids.map((id) => [id]);
  yield* each("DELETE FROM errors WHERE job_id = ?", sets);
  yield* each("DELETE FROM bindings WHERE job_id = ?", sets);
  yield* each("DELETE FROM jobs WHERE id = ?", sets);
}
