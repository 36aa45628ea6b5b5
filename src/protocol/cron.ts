/**
 * The messages of `/crons` (docs/protocol.md, section 7): groups of entries, each a schedule and the job it enqueues.
 *
 * @module
 */

import * as v from "valibot";
import { checkUniqueWhile, type NewJob, newJobSchema } from "./new-job.ts";
import { checkName } from "./names.ts";
import { bool, optional, text } from "./schema.ts";
import { checkTags } from "./tags.ts";

/** An entry as it is asked for. */
export interface CronEntryRequest {
  readonly name: string;
  readonly expression: string;
  /** An IANA name; null is the group's, or else the machine's. */
  readonly timezone: string | null;
  /** Null leaves it as it is. */
  readonly paused: boolean | null;
  /** What it enqueues; the payload is filled in by who cuts it out of the body. */
  readonly job: NewJob;
}

/** A group as it is asked for; what it has besides goes. */
export interface CronGroupRequest {
  readonly paused: boolean | null;
  readonly timezone: string | null;
  readonly entries: readonly CronEntryRequest[];
}

/** What to change of a group; what is left out stays. */
export interface CronGroupPatch {
  readonly paused?: boolean | null | undefined;
  /** Null is the machine's. */
  readonly timezone?: string | null | undefined;
}

/** Reads an entry, payload excepted. */
export const cronEntrySchema: v.GenericSchema<unknown, CronEntryRequest> = v.pipe(
  v.object({
    name: text,
    expression: text,
    timezone: optional(text),
    paused: optional(bool),
    job: newJobSchema,
  }, "an object"),
  v.transform(({ timezone, paused, ...entry }): CronEntryRequest => ({
    ...entry,
    timezone: timezone ?? null,
    paused: paused ?? null,
  })),
);

/** Reads a group, payloads excepted. */
export const cronGroupSchema: v.GenericSchema<unknown, CronGroupRequest> = v.pipe(
  v.unknown(),
  // Every list has a member 'entries', which JavaScript gave it.
  v.check((value) => !Array.isArray(value), "an object"),
  v.object({
    paused: optional(bool),
    timezone: optional(text),
    entries: v.array(cronEntrySchema, "a list"),
  }, "an object"),
  v.transform(({ paused, timezone, entries }): CronGroupRequest => ({
    paused: paused ?? null,
    timezone: timezone ?? null,
    entries,
  })),
);

/** Reads a patch of a group. */
export const cronGroupPatchSchema: v.GenericSchema<unknown, CronGroupPatch> = v.object(
  { paused: optional(bool), timezone: optional(text) },
  "an object",
);

/** Reads a patch of an entry. */
export const cronEntryPatchSchema: v.GenericSchema<unknown, { readonly paused: boolean }> = v
  .object({ paused: bool }, "an object");

/** Says why a group cannot be called so. */
export function checkCronGroupName(name: string): string | undefined {
  return checkName("cron group name", name);
}

/** Says why a well-formed entry cannot be, in the words and the order of the protocol; what takes more than a look is left out. */
export function checkCronEntry({ name, job }: CronEntryRequest): string | undefined {
  const badName = checkName("cron entry name", name) ?? checkName("type", job.type) ??
    checkName("queue", job.queue) ?? checkTags(job.tags);
  if (badName !== undefined) return badName;
  if (job.readyAt !== null) return "ready_at is not supported for cron entries";
  if (job.dependsOn.length > 0) return "depends_on is not supported for cron entries";
  if (job.uniqueKey !== null && job.batch !== null) {
    return "unique_key and batch cannot be combined";
  }
  return checkUniqueWhile(job.uniqueWhile);
}

/** The first name that is given to two entries, as a refusal. */
export function checkDuplicateNames(entries: readonly CronEntryRequest[]): string | undefined {
  const seen = new Set<string>();
  for (const { name } of entries) {
    if (seen.has(name)) return `duplicate cron entry name: ${JSON.stringify(name)}`;
    seen.add(name);
  }
  return undefined;
}

/** The 404 of every call on one group. */
export function cronGroupNotFound(group: string): string {
  return `cron group '${group}' not found`;
}

/** The 404 of every call on one entry. */
export function cronEntryNotFound(group: string, entry: string): string {
  return `cron entry '${entry}' not found in group '${group}'`;
}

/** The 409 of a second entry of one name. */
export function cronEntryExists(group: string, entry: string): string {
  return `cron entry '${entry}' already exists in group '${group}'`;
}
