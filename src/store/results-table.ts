/**
 * What jobs came to. A row stays as long as somebody may ask for it:
 *
 * | The job                                   | Its row goes                                                   |
 * | ----------------------------------------- | -------------------------------------------------------------- |
 * | is completed and kept: it has the trait   | when it is deleted or begins anew, if no other job may ask     |
 * | is gone, and others waited for it         | with the last of these (`dependencies-table.ts`)               |
 * | is gone, and nobody waited                | there is none                                                  |
 *
 * @module
 */

import type { JobExtra } from "../protocol/job-extra.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isOneOf } from "./dialect.ts";
import { type TraitedJob, traits, type TraitTable } from "./traits.ts";
import { rows, run, runEach, type Transition } from "./transition.ts";

/** A job, and the JSON text of what it came to. */
export interface JobResultRow extends Pick<JobRecord, "id" | "seq"> {
  readonly result: string;
}

const insertResult = `INSERT INTO results (job, id, result) VALUES (?, ?, ?)
  ON CONFLICT (job) DO UPDATE SET result = excluded.result`;

/** Keeps what jobs came to. */
export function* insertResults(jobs: readonly JobResultRow[]): Transition<void> {
  yield* runEach(insertResult, jobs.map(({ seq, id, result }) => [seq, id, result]));
}

/** A completed job whose result is kept with it. */
export function toResulted(job: JobRecord): JobRecord {
  return { ...job, traits: job.traits | traits.resulted };
}

/** That a row of `results` is of use to no other job. */
export const isUnasked: string =
  "NOT EXISTS (SELECT 1 FROM dependencies WHERE parent = results.job)";

/** That the job of a row of `results` is not there, or is none that has it. */
export const isUnkept: string = `NOT EXISTS (
  SELECT 1 FROM jobs WHERE jobs.seq = results.job AND (jobs.traits & ${traits.resulted}) <> 0)`;

/** Deletes the results of jobs that have lost theirs, or are deleted; those that others may ask for stay. */
export function* dropResults(jobs: readonly Pick<TraitedJob, "seq">[]): Transition<void> {
  yield* run(`DELETE FROM results WHERE ${isOneOf("job", "integers")} AND ${isUnasked}`, [
    JSON.stringify(jobs.map(({ seq }) => seq)),
  ]);
}

/** The results of completed jobs. */
export const resultTable: TraitTable = {
  trait: traits.resulted,
  remove: dropResults,
  *read(seqs, room) {
    const found = yield* rows<{ job: number; bytes: number; result: string | null }>(
      `SELECT job, octet_length(result) AS bytes,
         CASE WHEN sum(octet_length(result)) OVER (ORDER BY job) <= ? THEN result END AS result
       FROM results WHERE ${isOneOf("job", "integers")}`,
      [Math.min(room.resultBytes, Number.MAX_SAFE_INTEGER), JSON.stringify(seqs)],
    );
    const shown = new Map<number, JobExtra>();
    for (const { job, bytes, result } of found) {
      room.resultBytes -= bytes;
      if (result !== null) shown.set(job, { result: JSON.parse(result) });
    }
    return shown;
  },
};
