/**
 * How far runs are that have no lease, as their workers say it: a row is about one delivery, and shown while that is in
 * flight. A later delivery of the job writes over it; it goes with the job. Runs under leases have theirs with the lease
 * (`leases-table.ts`).
 *
 * @module
 */

import type { JobExtra, JobProgress } from "../protocol/job-extra.ts";
import { isOneOf } from "./dialect.ts";
import { isInFlight } from "./status-sql.ts";
import { removeRows, traits, type TraitTable } from "./traits.ts";
import { rows } from "./transition.ts";

/** How far runs without leases are. */
export const progressTable: TraitTable = {
  trait: traits.progressing,
  hiddenWhenTaken: true,
  remove: (jobs) => removeRows("job_progress", jobs),
  *read(seqs) {
    const found = yield* rows<{ job: number; progress: string }>(
      `SELECT job_progress.job AS job, job_progress.progress AS progress
       FROM job_progress CROSS JOIN jobs
       WHERE ${isOneOf("job_progress.job", "integers")} AND jobs.seq = job_progress.job
         AND jobs.deliveries = job_progress.delivery AND jobs.${isInFlight}`,
      [JSON.stringify(seqs)],
    );
    return new Map<number, JobExtra>(
      found.map(({ job, progress }) => [job, { progress: JSON.parse(progress) as JobProgress }]),
    );
  },
};
