/**
 * What some jobs have besides the fields of the protocol: extensions of this broker, one row each.
 *
 * A job that does not use an extension shows nothing of it, so that other clients see what they know. The store keeps
 * these things in tables of their own; a record has them only if it was read for an answer.
 *
 * @module
 */

import { type ErrorRecord, toErrorRecordWire } from "./error-record.ts";
import { type JobField, toWireName } from "./job-fields.ts";
import type { JobMeta } from "./meta.ts";

/** How far a run is: a number from 0 to 1, or that and some words. */
export type JobProgress = number | {
  /** From 0 to 1. */
  readonly value: number;
  /** What goes on, in up to 1000 characters. */
  readonly message: string;
};

/** What extensions add to a job. A member that is left out says that it has no such thing. */
export interface JobExtra {
  /** Who has it under a lease. */
  readonly workerId?: string | undefined;
  /** The token of its lease; only who gets the lease is told. */
  readonly leaseToken?: string | undefined;
  /** When its lease ends, in ms since the epoch. */
  readonly leaseExpiresAt?: number | undefined;
  /** How far its run is, if its worker says so while it has it under a lease. */
  readonly progress?: JobProgress | undefined;
  /** Its tags, in the order in which they were added. */
  readonly tags?: readonly string[] | undefined;
  /** Whether somebody tracks it. */
  readonly tracked?: boolean | undefined;
  /** The ids of the jobs that it waits for; the first 100. */
  readonly dependsOn?: readonly string[] | undefined;
  /** The ids of the jobs that wait for it; the first 100. */
  readonly dependents?: readonly string[] | undefined;
  /** What the jobs that it waited for came to, by the names that it gave them, or else by their ids. */
  readonly parentResults?: Readonly<Record<string, unknown>> | undefined;
  /** Whether one of these has more than is shown. */
  readonly moreLinks?: boolean | undefined;
  /** The job, or the cron entry, that it came from. */
  readonly spawnedFrom?: string | undefined;
  /** What it died of, as failures are grouped, if its failure was given a group. */
  readonly failureGroup?: string | undefined;
  /** Its last error record; only who asks for it is told. */
  readonly lastError?: ErrorRecord | undefined;
  /** How many bytes its payload has, if the listing left it out for its size. */
  readonly payloadBytes?: number | undefined;
  /** What it came to, if it is completed, its worker said so, and its retention keeps it: any JSON value. */
  readonly result?: unknown;
  /** Why it is to be cancelled, if it is in flight and somebody wants that. */
  readonly cancelReason?: string | undefined;
  /** When it is taken from its worker then, in ms since the epoch; left out for never. */
  readonly cancelForceAt?: number | undefined;
  /** What goes with it besides its payload. */
  readonly meta?: JobMeta | undefined;
}

/** A row. */
interface ExtraRow extends Omit<JobField, "wire"> {
  readonly name: keyof JobExtra;
}

const rows: readonly ExtraRow[] = [
  { name: "workerId", kind: "text" },
  { name: "leaseToken", kind: "text" },
  { name: "leaseExpiresAt", kind: "ms" },
  { name: "progress", kind: "progress" },
  { name: "tags", kind: "texts" },
  { name: "tracked", kind: "flag" },
  { name: "dependsOn", kind: "texts" },
  { name: "dependents", kind: "texts" },
  { name: "parentResults", kind: "values" },
  { name: "moreLinks", kind: "flag" },
  { name: "spawnedFrom", kind: "text" },
  { name: "failureGroup", kind: "text" },
  { name: "lastError", kind: "error" },
  { name: "payloadBytes", kind: "u32" },
  { name: "cancelReason", kind: "text" },
  { name: "cancelForceAt", kind: "ms" },
  { name: "meta", kind: "meta", extension: true },
  { name: "result", kind: "value", extension: true },
];

/** The rows, in the order of the wire. */
export const extraFields: readonly (JobField & { readonly name: keyof JobExtra })[] =
  /* @__PURE__ */ rows.map((row) => ({ ...row, wire: toWireName(row.name) }));

/**
 * The members that a job has, by their names on the wire.
 *
 * @param asksForExtensions Whether the caller asks for extensions: some of these it is told of only then.
 */
export function toExtraWire(
  extra: JobExtra,
  asksForExtensions: boolean,
): [wire: string, value: unknown][] {
  const members: [string, unknown][] = [];
  for (const { name, wire, kind, extension } of extraFields) {
    const value = extra[name];
    if (value === undefined || (extension && !asksForExtensions)) continue;
    members.push([wire, kind === "error" ? toErrorRecordWire(value as ErrorRecord) : value]);
  }
  return members;
}
