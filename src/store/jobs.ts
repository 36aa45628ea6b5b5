/**
 * The statements on jobs that several transitions share.
 *
 * @module
 */

import type { JobRecord, RawPayload } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import type { SqlValue } from "./database.ts";
import { lockRows } from "./dialect.ts";
import { keyOfId } from "./job-key.ts";
import { changingMembers, columnOf, metadataColumns } from "./jobs-table.ts";
import { type KeyedRow, withTextKeys } from "./text-bytes.ts";
import { deleteTraits } from "./trait-tables.ts";
import { run, runEach, type Transition } from "./transition.ts";

/** Reads jobs: the select list of the statement is that of whole jobs, or of jobs without their payloads. */
export function* jobRows<Row extends JobRecord = JobRecord>(
  sql: string,
  params: readonly SqlValue[],
): Transition<Row[]> {
  // Yields its step itself, and not by way of `rows`: every job that is read passes here.
  return withTextKeys<Row>((yield { kind: "rows", sql, params }) as unknown as KeyedRow[]);
}

/**
 * The job of an id, whatever its status.
 *
 * @param select The statement up to its condition, such as `SELECT … FROM jobs`.
 * @param end What stands behind the condition.
 */
export function* jobOfId(
  select: string,
  id: string,
  end: string = "",
): Transition<JobRecord | undefined> {
  const seq = keyOfId(id);
  if (seq !== undefined) {
    const [job] = yield* jobRows(`${select} WHERE seq = ? AND id = ? ${end}`, [seq, id]);
    if (job !== undefined) return job;
  }
  return (yield* jobRows(`${select} WHERE named = 1 AND id = ? ${end}`, [id]))[0];
}

const selectMetadata = `SELECT ${metadataColumns} FROM jobs`;

/** One job without its payload, whatever its status; others that want to change it wait. */
export function findJob(id: string): Transition<JobRecord | undefined> {
  return jobOfId(selectMetadata, id, lockRows);
}

/** The same, unless its retention has ended at `now`, in ms since the epoch. */
export function* findVisibleJob(id: string, now: number): Transition<JobRecord | undefined> {
  const job = yield* findJob(id);
  return isExpired(job, now) ? undefined : job;
}

/** Whether the retention of a job ended by `now`, in ms since the epoch: nobody sees it any more. */
export function isExpired(job: JobRecord | undefined, now: number): boolean {
  return job !== undefined && job.purgeAt !== null && job.purgeAt <= now;
}

/** What can change in a job's life. */
const changingColumns = changingMembers.map((member) => `${columnOf[member]} = ?`).join(", ");
/** That it is still the same job in the same status, and the same delivery of it. */
const isUnchanged = "seq = ? AND status = ? AND deliveries = ?";
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
    before.seq,
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
export function* deleteJob(job: JobRecord): Transition<boolean> {
  const { seq, status, deliveries } = job;
  if ((yield* run(`DELETE FROM jobs WHERE ${isUnchanged}`, [seq, status, deliveries])) === 0) {
    return false;
  }
  yield* deleteBelongings([job]);
  return true;
}

/** Deletes the error records of jobs. */
export function* deleteErrors(jobs: readonly Pick<JobRecord, "id">[]): Transition<void> {
  yield* runEach("DELETE FROM errors WHERE job_id = ?", jobs.map(({ id }) => [id]));
}

/**
 * Writes what a job that is put anew has besides its state: perhaps another payload. And the deliveries that it had count no
 * more towards those that it may have.
 */
export function* renewRow(seq: number, payload: RawPayload | undefined): Transition<void> {
  yield* run("UPDATE jobs SET releases = deliveries WHERE seq = ?", [seq]);
  if (payload !== undefined) yield* writePayload(seq, payload);
}

/** Gives a job another payload. */
export function* writePayload(seq: number, payload: RawPayload): Transition<void> {
  const isText = typeof payload === "string";
  yield* run("UPDATE jobs SET payload_json = ?, payload_pack = ? WHERE seq = ?", [
    isText ? payload : null,
    isText ? null : payload,
    seq,
  ]);
}

/** Deletes what other tables hold of jobs that were deleted. */
export function* deleteBelongings(
  jobs: readonly Pick<JobRecord, "id" | "seq" | "traits">[],
): Transition<void> {
  yield* deleteErrors(jobs);
  yield* runEach("DELETE FROM bindings WHERE job_id = ?", jobs.map(({ id }) => [id]));
  yield* deleteTraits(jobs);
}
