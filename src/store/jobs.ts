/**
 * The statements on jobs that several transitions share.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import type { SqlValue } from "./database.ts";
import { lockRows } from "./dialect.ts";
import { changingMembers, columnOf, metadataColumns } from "./jobs-table.ts";
import { type KeyedRow, withTextKeys } from "./text-bytes.ts";
import { run, runEach, type Transition } from "./transition.ts";

/** Reads jobs: the select list of the statement is that of whole jobs, or of jobs without their payloads. */
export function* jobRows(sql: string, params: readonly SqlValue[]): Transition<JobRecord[]> {
  // Yields its step itself, and not by way of `rows`: every job that is read passes here.
  return withTextKeys<JobRecord>((yield { kind: "rows", sql, params }) as unknown as KeyedRow[]);
}

/** One job without its payload, whatever its status; others that want to change it wait. */
export function* findJob(id: string): Transition<JobRecord | undefined> {
  return (yield* jobRows(`SELECT ${metadataColumns} FROM jobs WHERE id = ? ${lockRows}`, [id]))[0];
}

/** The same, unless its retention has ended at `now`, in ms since the epoch. */
export function* findVisibleJob(id: string, now: number): Transition<JobRecord | undefined> {
  const job = yield* findJob(id);
  return job !== undefined && job.purgeAt !== null && job.purgeAt <= now ? undefined : job;
}

/** What can change in a job's life. */
const changingColumns = changingMembers.map((member) => `${columnOf[member]} = ?`).join(", ");
/** That it is still the same job in the same status, and the same delivery of it. */
const isUnchanged = "id = ? AND status = ? AND deliveries = ?";
const updateHeld = `UPDATE jobs SET ${changingColumns} WHERE ${isUnchanged}`;
const updateUnheld = `UPDATE jobs SET ${changingColumns}, holder = NULL WHERE ${isUnchanged}`;

/**
 * Writes all fields of a job that can change, if its status and its delivery are still those that were read.
 *
 * @param before The job as it was read.
 * @param after The job as it is to be. Unless it is in flight, nobody holds it.
 * @returns Whether it did.
 */
export function* updateJob(before: JobRecord, after: JobRecord): Transition<boolean> {
  const changed = yield* run(after.status === status.inFlight ? updateHeld : updateUnheld, [
    ...changingMembers.map((member) => after[member]!),
    before.id,
    before.status,
    before.deliveries,
  ]);
  return changed === 1;
}

/**
 * Deletes a job with its errors and bindings, if its status and its delivery are still those that were read.
 *
 * @returns Whether it did.
 */
export function* deleteJob(
  { id, status, deliveries }: Pick<JobRecord, "id" | "status" | "deliveries">,
): Transition<boolean> {
  if ((yield* run(`DELETE FROM jobs WHERE ${isUnchanged}`, [id, status, deliveries])) === 0) {
    return false;
  }
  yield* deleteBelongings([id]);
  return true;
}

/** Deletes the errors and the bindings of jobs that were deleted. */
export function* deleteBelongings(ids: readonly string[]): Transition<void> {
  const sets = ids.map((id) => [id]);
  yield* runEach("DELETE FROM errors WHERE job_id = ?", sets);
  yield* runEach("DELETE FROM bindings WHERE job_id = ?", sets);
}
