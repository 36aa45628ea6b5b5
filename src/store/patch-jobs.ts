/**
 * Patching waiting and running jobs.
 *
 * @module
 */

import type { JobPatch } from "../protocol/patch.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isFinished } from "../protocol/status.ts";
import { lockRows } from "./dialect.ts";
import { toPatched } from "./job-rules.ts";
import { findVisibleJob, jobRows } from "./jobs.ts";
import { metadataColumns } from "./jobs-table.ts";
import { moveAlone } from "./move-job.ts";
import { isUnfinished } from "./status-sql.ts";
import { replaceTags } from "./tags.ts";
import { withExtras } from "./trait-tables.ts";
import type { Transition } from "./transition.ts";
import { type JobSelection, whereMatches } from "./where.ts";

/** Rows read at a time. */
const readSize = 1000;

/**
 * Patches one job that is not finished.
 *
 * @returns The job as it is now, which for a finished one is unchanged; undefined when there is none.
 * @throws {StaleReadError} If it changed between reading and writing.
 */
export function* patchJob(
  id: string,
  patch: JobPatch,
  now: number,
): Transition<JobRecord | undefined> {
  const job = yield* findVisibleJob(id, now);
  if (job === undefined || isFinished(job.status)) return job;
  const patched = yield* patchAlone(job, patch, now);
  return (yield* withExtras([patched]))[0];
}

function* patchAlone(job: JobRecord, patch: JobPatch, now: number): Transition<JobRecord> {
  let patched = toPatched(job, patch, now);
  if (patch.tags !== undefined) patched = yield* replaceTags(patched, patch.tags ?? []);
  yield* moveAlone(job, patched, "changed");
  return patched;
}

/**
 * Patches all unfinished jobs of a selection in one transaction.
 *
 * @returns How many there were.
 * @throws {StaleReadError} If one of them changed between reading and writing.
 */
export function* patchJobs(
  selection: JobSelection,
  patch: JobPatch,
  now: number,
): Transition<number> {
  let count = 0;
  yield* visitJobs(selection, function* (job) {
    yield* patchAlone(job, patch, now);
    count++;
  });
  return count;
}

/** Visits the unfinished jobs of a selection, oldest first. */
export function* visitJobs(
  selection: JobSelection,
  visit: (job: JobRecord) => Transition<void>,
): Transition<void> {
  const where = whereMatches(selection);
  let from = -1;
  while (true) {
    const jobs = yield* jobRows(
      `SELECT ${metadataColumns} FROM jobs WHERE ${where.sql} AND ${isUnfinished} AND seq > ?
       ORDER BY seq LIMIT ? ${lockRows}`,
      [...where.params, from, readSize],
    );
    for (const job of jobs) yield* visit(job);
    if (jobs.length < readSize) return;
    from = jobs.at(-1)!.seq;
  }
}
