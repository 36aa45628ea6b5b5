/**
 * Changing waiting and running jobs.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { findJob, metadataColumns, updateJob } from "./jobs-table.ts";
import { rows, type Transition } from "./transition.ts";
import { type JobSelection, whereMatches } from "./where.ts";

/** Rows read at a time. */
const chunkSize = 1000;

/** Gives a job as it is to be; the same object when nothing changes. */
export type Change = (job: JobRecord) => JobRecord;

/**
 * Changes one job that is not finished.
 *
 * Gives the job as it is now, which for a finished one is unchanged; undefined when there is none.
 */
export function* changeJob(
  id: string,
  change: Change,
  now: number,
): Transition<JobRecord | undefined> {
  const job = yield* findJob(id);
  if (job === undefined || (job.purgeAt !== null && job.purgeAt <= now)) return undefined;
  if (job.status >= status.completed) return job;
  const changed = change(job);
  if (changed !== job) yield* updateJob(changed, job.status);
  return changed;
}

/** Changes all unfinished jobs of a selection in one transaction and gives their number. */
export function* changeJobs(selection: JobSelection, change: Change): Transition<number> {
  let count = 0;
  yield* visitJobs(selection, function* (job) {
    const changed = change(job);
    if (changed !== job) yield* updateJob(changed, job.status);
    count++;
  });
  return count;
}

/** Goes through the unfinished jobs of a selection by id. */
export function* visitJobs(
  selection: JobSelection,
  visit: (job: JobRecord) => Transition<void>,
): Transition<void> {
  const where = whereMatches(selection);
  let from = "";
  while (true) {
    const jobs = yield* rows<JobRecord>(
      `SELECT ${metadataColumns} FROM jobs WHERE ${where.sql} AND status < 3 AND id > ?
       ORDER BY id LIMIT ?`,
      [...where.params, from, chunkSize],
    );
    for (const job of jobs) yield* visit(job);
    if (jobs.length < chunkSize) return;
    from = jobs.at(-1)!.id;
  }
}
