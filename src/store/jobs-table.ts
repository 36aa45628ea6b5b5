/**
 * The statements on one job that several transitions share.
 *
 * @module
 */

import { type JobField, type JobFieldRow, jobFields } from "../protocol/job-fields.ts";
import type { JobRecord } from "../protocol/record.ts";
import { each, rows, run, type Transition } from "./transition.ts";

/** The column behind each member of a {@linkcode JobRecord}. */
export const columnOf: Readonly<Record<keyof JobRecord, string>> = {
  ...Object.fromEntries(jobFields.map(({ name, wire }) => [name, wire])) as Record<
    JobFieldRow["name"],
    string
  >,
  payloadJson: "payload_json",
  payloadPack: "payload_pack",
};

/** The members that are known of every new job, and those that only some have. */
export const newMembers: readonly (keyof JobRecord)[] = membersOf(({ always, enqueue, rare }) =>
  !rare && (always || enqueue)
);
export const rareMembers: readonly (keyof JobRecord)[] = membersOf(({ rare }) => rare);

/** The members that can change in a job's life, besides those that taking it changes. */
export const changingMembers: readonly (keyof JobRecord)[] = membersOf(({ patch, changes }) =>
  patch || changes
);

function membersOf(has: (field: JobField) => boolean | undefined): readonly (keyof JobRecord)[] {
  const fields: readonly JobField[] = jobFields;
  return fields.filter(has).map(({ name }) => name as keyof JobRecord);
}

/** The select list of a whole job; `replaced` puts another expression in the place of a column. */
export function jobColumns(replaced: Partial<Record<keyof JobRecord, string>> = {}): string {
  return selectList({ ...columnOf, ...replaced });
}

const { payloadJson: _json, payloadPack: _pack, ...metadata } = columnOf;

/** The select list of a job without its payload. */
export const metadataColumns: string = selectList(metadata);

function selectList(columns: Readonly<Record<string, string>>): string {
  return Object.entries(columns).map(([member, expression]) => `${expression} AS "${member}"`)
    .join(", ");
}

const updateSql = `UPDATE jobs SET ${
  changingMembers.map((member) => `${columnOf[member]} = ?`).join(", ")
} WHERE id = ? AND status = ?`;

/** Writes what can change in a job's life, if it still stands at `from`. */
export function* updateJob(job: JobRecord, from: number): Transition<void> {
  yield* run(updateSql, [...changingMembers.map((member) => job[member]!), job.id, from]);
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
