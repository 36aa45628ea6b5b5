/**
 * Deleting jobs.
 *
 * @module
 */

import { deleteJobs } from "./jobs-table.ts";
import { rows, run, type Transition } from "./transition.ts";
import { type JobSelection, whereMatches } from "./where.ts";

/** What a deletion took away. */
export interface Removal {
  /** How many jobs there were. */
  readonly count: number;
  /** Which of them were in flight: their consumers have room again. */
  readonly inFlight: readonly string[];
}

/** Deletes one job, whatever its status. */
export function* removeJob(id: string): Transition<Removal> {
  const found = yield* rows<{ status: number }>("SELECT status FROM jobs WHERE id = ?", [id]);
  yield* deleteJobs([id]);
  return { count: found.length, inFlight: found[0]?.status === 2 ? [id] : [] };
}

/** Deletes every job of a selection in one transaction; all jobs when it selects by nothing. */
export function* removeJobs(selection: JobSelection): Transition<Removal> {
  const { sql, params } = whereMatches(selection);
  const inFlight = yield* rows<{ id: string }>(
    `SELECT id FROM jobs WHERE status = 2 AND ${sql}`,
    params,
  );
  yield* run(`DELETE FROM errors WHERE job_id IN (SELECT id FROM jobs WHERE ${sql})`, params);
  const count = yield* run(`DELETE FROM jobs WHERE ${sql}`, params);
  return { count, inFlight: inFlight.map(({ id }) => id) };
}
