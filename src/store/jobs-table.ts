/**
 * The columns of a job.
 *
 * @module
 */

import { type JobField, type JobFieldRow, jobFields } from "../protocol/job-fields.ts";
import type { JobRecord } from "../protocol/record.ts";

/** A member of a record that a column stands behind. */
export type ColumnMember = Exclude<keyof JobRecord, "largeBytes" | "extra">;

/** The column behind each member of a {@linkcode JobRecord}. */
export const columnOf: Readonly<Record<ColumnMember, string>> = {
  ...Object.fromEntries(jobFields.map(({ name, wire }) => [name, wire])) as Record<
    JobFieldRow["name"],
    string
  >,
  seq: "seq",
  traits: "traits",
  payloadJson: "payload_json",
  payloadPack: "payload_pack",
};

/** The members that only some new jobs have. */
export const rareMembers: readonly ColumnMember[] = membersOf(({ rare }) => rare);

/** The members that can change in a job's life, besides those that taking it changes. */
export const changingMembers: readonly ColumnMember[] = [
  ...membersOf(({ patch, changes }) => patch || changes),
  "traits",
];

function membersOf(has: (field: JobField) => boolean | undefined): readonly ColumnMember[] {
  const fields: readonly JobField[] = jobFields;
  return fields.filter(has).map(({ name }) => name as ColumnMember);
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
