/**
 * Changing waiting and running jobs.
 *
 * @module
 */

import { type JobRecord, status } from "../protocol/record.ts";
import { findJob, metadataColumns, updateJob } from "./jobs-table.ts";
import { rows, type Transition } from "./transition.ts";
import { type JobSelection, whereMatches } from "./where.ts";

/** Rows changed between two reads of a bulk change. */
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
  const where = whereMatches(selection);
  let count = 0;
  let from = "";
  while (true) {
    const jobs = yield* rows<JobRecord>(
      `SELECT ${metadataColumns} FROM jobs WHERE ${where.sql} AND status < 3 AND id > ?
       ORDER BY id LIMIT ?`,
      [...where.params, from, chunkSize],
    );
    for (const job of jobs) {
      const changed = change(job);
      if (changed !== job) yield* updateJob(changed, job.status);
    }
    count += jobs.length;
    if (jobs.length < chunkSize) return count;
    from = jobs.at(-1)!.id;
  }
}
