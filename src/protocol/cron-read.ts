/**
 * Cron groups from the wire's spelling to the one users see.
 *
 * @module
 */

import * as v from "valibot";
import { fieldsSchema } from "./fields-schema.ts";
import type { Job } from "./job.ts";
import { fieldsWith, metaField, tagsField } from "./job-fields.ts";
import { answerKinds } from "./job-read.ts";
import { bool, optional, readAs, text, u32, u64 } from "./schema.ts";

/** The job that an entry enqueues. */
export type CronJob = Pick<
  Job,
  | "type"
  | "queue"
  | "priority"
  | "payload"
  | "retryLimit"
  | "backoff"
  | "retention"
  | "uniqueKey"
  | "uniqueWhile"
  | "batch"
  | "budgets"
  | "tags"
  | "meta"
>;

/** A cron entry, as an answer of the broker shows it. Instants are in ms since the epoch. */
export interface CronEntry {
  /** Its name in the group. */
  readonly name: string;
  /** When it enqueues, as it was given; left out if it comes round at an interval. */
  readonly expression?: string;
  /** The interval, in ms, if it has one. */
  readonly everyMs?: number;
  /** The first time of the interval, if it was given. */
  readonly startAt?: number;
  /** Whether each time that was missed is made up for. */
  readonly catchUp?: boolean;
  /** How many of the last intervals are made up for at most, if there is a limit. */
  readonly backlog?: number;
  /** How many jobs came from it, if it comes round at an interval. */
  readonly count?: number;
  /** The last job that came from it, if it comes round at an interval. */
  readonly lastJobId?: string;
  /** Its own time zone, if it has one. */
  readonly timezone?: string;
  /** Whether it is paused itself. It enqueues nothing either while its group is paused. */
  readonly paused: boolean;
  /** When it was last paused. */
  readonly pausedAt?: number;
  /** When it was last resumed. */
  readonly resumedAt?: number;
  /** The job that it enqueues. */
  readonly job: CronJob;
  /** When it enqueues next, if ever. */
  readonly nextEnqueueAt?: number;
  /** When it last enqueued, if it did. */
  readonly lastEnqueueAt?: number;
}

/** A cron group, as an answer of the broker shows it. Instants are in ms since the epoch. */
export interface CronGroup {
  /** Its name. */
  readonly name: string;
  /** The time zone of the entries that have none, if it was given. */
  readonly timezone?: string;
  /** Whether all of its entries are paused. */
  readonly paused: boolean;
  /** When it was last paused. */
  readonly pausedAt?: number;
  /** When it was last resumed. */
  readonly resumedAt?: number;
  /** Its entries. */
  readonly entries: readonly CronEntry[];
}

const anObject = "an object";

const jobSchema: v.GenericSchema<unknown, CronJob> = fieldsSchema([
  ...fieldsWith("cron"),
  tagsField,
  metaField,
], {
  kinds: answerKinds,
  start: (wire) => ({ payload: (wire as CronJob).payload }) as CronJob,
});

const pausable = {
  name: text,
  timezone: optional(text),
  paused: bool,
  paused_at: optional(u64),
  resumed_at: optional(u64),
};

const entrySchema: v.GenericSchema<unknown, CronEntry> = v.pipe(
  v.object({
    ...pausable,
    expression: optional(text),
    every_ms: optional(u64),
    start_at: optional(u64),
    catch_up: optional(bool),
    backlog: optional(u32),
    count: optional(u64),
    last_job_id: optional(text),
    job: jobSchema,
    next_enqueue_at: optional(u64),
    last_enqueue_at: optional(u64),
  }, anObject),
  v.transform((
    {
      paused_at,
      resumed_at,
      next_enqueue_at,
      last_enqueue_at,
      every_ms,
      start_at,
      catch_up,
      last_job_id,
      ...wire
    },
  ) =>
    present({
      ...wire,
      everyMs: every_ms,
      startAt: start_at,
      catchUp: catch_up,
      lastJobId: last_job_id,
      pausedAt: paused_at,
      resumedAt: resumed_at,
      nextEnqueueAt: next_enqueue_at,
      lastEnqueueAt: last_enqueue_at,
    }) as CronEntry
  ),
);

const groupSchema: v.GenericSchema<unknown, CronGroup> = v.pipe(
  v.object({ ...pausable, entries: v.array(entrySchema, "a list") }, anObject),
  v.transform(({ paused_at, resumed_at, ...wire }) =>
    present({ ...wire, pausedAt: paused_at, resumedAt: resumed_at }) as CronGroup
  ),
);

const namesSchema: v.GenericSchema<unknown, { readonly crons: string[] }> = v.object(
  { crons: v.array(text, "a list") },
  anObject,
);

const timesSchema: v.GenericSchema<unknown, { readonly times: number[] }> = v.object(
  { times: v.array(u64, "a list") },
  anObject,
);

/** Without the members that are absent. */
function present(item: object): object {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value != null));
}

/** Reads an entry. Throws `MessageError` naming the field, as the others. */
export function readCronEntry(value: unknown): CronEntry {
  return readAs(entrySchema, value);
}

/** Reads a group. */
export function readCronGroup(value: unknown): CronGroup {
  return readAs(groupSchema, value);
}

/** Reads the answer of `GET /crons/{group}/entries/{entry}/next`. */
export function readNextTimes(value: unknown): number[] {
  return readAs(timesSchema, value).times;
}

/** Reads the answer of `GET /crons`. */
export function readCronNames(value: unknown): string[] {
  return readAs(namesSchema, value).crons;
}
