/**
 * Cron groups from the wire's spelling to the one users see.
 *
 * @module
 */

import * as v from "valibot";
import { backoffSchema } from "./backoff.ts";
import { batchSchema } from "./batch.ts";
import { type Job, type UniqueWhile, uniqueWhiles } from "./job.ts";
import { retentionSchema } from "./retention.ts";
import { bool, optional, readAs, text, u16, u32, u64 } from "./schema.ts";

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
>;

/** A cron entry as the broker tells of it. Instants are ms since the epoch. */
export interface CronEntry {
  /** What it is called in its group. */
  readonly name: string;
  /** When it enqueues, as it was asked for. */
  readonly expression: string;
  /** Its own time zone, if it has one. */
  readonly timezone?: string;
  /** Whether it rests; it does as well while its group does. */
  readonly paused: boolean;
  /** When it was last paused. */
  readonly pausedAt?: number;
  /** When it was last resumed. */
  readonly resumedAt?: number;
  /** What it enqueues. */
  readonly job: CronJob;
  /** When it enqueues next, if ever. */
  readonly nextEnqueueAt?: number;
  /** When it last enqueued, if it did. */
  readonly lastEnqueueAt?: number;
}

/** A cron group as the broker tells of it. Instants are ms since the epoch. */
export interface CronGroup {
  /** What it is called. */
  readonly name: string;
  /** The time zone of the entries that have none, if it was given. */
  readonly timezone?: string;
  /** Whether all of it rests. */
  readonly paused: boolean;
  /** When it was last paused. */
  readonly pausedAt?: number;
  /** When it was last resumed. */
  readonly resumedAt?: number;
  /** Its entries. */
  readonly entries: readonly CronEntry[];
}

const anObject = "an object";

const jobSchema: v.GenericSchema<unknown, CronJob> = v.pipe(
  v.object({
    type: text,
    queue: text,
    priority: u16,
    payload: v.optional(v.unknown()),
    retry_limit: optional(u32),
    backoff: optional(backoffSchema),
    retention: optional(retentionSchema),
    unique_key: optional(text),
    unique_while: optional(
      v.picklist(uniqueWhiles, "a unique scope") as v.GenericSchema<unknown, UniqueWhile>,
    ),
    batch: optional(batchSchema),
    budgets: optional(v.array(v.object({ key: text, cost: u32 }, anObject), "a list")),
  }, anObject),
  v.transform(({ payload, retry_limit, unique_key, unique_while, ...wire }): CronJob => ({
    ...present({
      ...wire,
      retryLimit: retry_limit,
      uniqueKey: unique_key,
      uniqueWhile: unique_while,
    }) as CronJob,
    payload,
  })),
);

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
    expression: text,
    job: jobSchema,
    next_enqueue_at: optional(u64),
    last_enqueue_at: optional(u64),
  }, anObject),
  v.transform(({ paused_at, resumed_at, next_enqueue_at, last_enqueue_at, ...wire }) =>
    present({
      ...wire,
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

/** Reads the answer of `GET /crons`. */
export function readCronNames(value: unknown): string[] {
  return readAs(namesSchema, value).crons;
}
