/**
 * The messages of `/crons` (docs/protocol.md, section 7): groups of entries, each a schedule and the job it enqueues.
 *
 * @module
 */

import * as v from "valibot";
import { lastDate } from "./integer.ts";
import { checkUniqueWhile, jobPatchSchema, type NewJob, newJobSchema } from "./new-job.ts";
import { checkMeta } from "./meta.ts";
import { checkName } from "./names.ts";
import { checkTags } from "./tags.ts";
import { requestU64 } from "./request-integer.ts";
import { bool, optional, text, u32 } from "./schema.ts";

/** An entry as it is asked for. */
export interface CronEntryRequest {
  readonly name: string;
  /** Empty for an entry with an interval. */
  readonly expression: string;
  /** What was given of an interval. */
  readonly interval?: CronIntervalRequest;
  /** An IANA name; null is the group's, or else the machine's. */
  readonly timezone: string | null;
  /** Null leaves it as it is. */
  readonly paused: boolean | null;
  /** What it enqueues; the payload is filled in by who cuts it out of the body. */
  readonly job: NewJob;
}

/** An interval, as far as it was given. */
export interface CronIntervalRequest {
  readonly everyMs?: number | null | undefined;
  /** The first time; null is now. */
  readonly startAt?: number | null | undefined;
  readonly catchUp?: boolean | null | undefined;
  readonly backlog?: number | null | undefined;
}

/** What to change of an entry; what is left out stays. */
export interface CronEntryPatch {
  readonly paused?: boolean | undefined;
  readonly expression?: string | undefined;
  /** Null is the group's. */
  readonly timezone?: string | null | undefined;
  readonly interval: CronIntervalRequest;
  /** Fields of its job; the payload is filled in by who cuts it out of the body. */
  readonly job?: Partial<NewJob> | undefined;
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

const intervalFields = {
  every_ms: optional(requestU64),
  start_at: optional(requestU64),
  catch_up: optional(bool),
  backlog: optional(u32),
};

interface IntervalWire {
  readonly every_ms?: number | null | undefined;
  readonly start_at?: number | null | undefined;
  readonly catch_up?: boolean | null | undefined;
  readonly backlog?: number | null | undefined;
}

function toInterval({ every_ms, start_at, catch_up, backlog }: IntervalWire): CronIntervalRequest {
  return { everyMs: every_ms, startAt: start_at, catchUp: catch_up, backlog };
}

/** Whether a member of a body is there, and not null. */
function has(body: unknown, member: string): boolean {
  return typeof body === "object" && body !== null &&
    (body as Readonly<Record<string, unknown>>)[member] != null;
}

/** An entry, its expression read by a schema. */
function entryWith(expression: v.GenericSchema<unknown, string | null | undefined>) {
  return v.pipe(
    v.object({
      name: text,
      expression,
      ...intervalFields,
      timezone: optional(text),
      paused: optional(bool),
      job: newJobSchema,
    }, "an object"),
    v.transform((
      { name, expression, timezone, paused, job, ...interval },
    ): CronEntryRequest => ({
      name,
      expression: expression ?? "",
      ...Object.values(interval).some((value) => value != null) && {
        interval: toInterval(interval),
      },
      timezone: timezone ?? null,
      paused: paused ?? null,
      job,
    })),
  );
}

const withExpression: v.GenericSchema<unknown, CronEntryRequest> = entryWith(text);
const withInterval: v.GenericSchema<unknown, CronEntryRequest> = entryWith(optional(text));

/** Reads an entry, payload excepted. Its expression is left out only if it has an interval. */
export const cronEntrySchema: v.GenericSchema<unknown, CronEntryRequest> = v.lazy((entry) =>
  has(entry, "every_ms") ? withInterval : withExpression
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

const pauseSchema: v.GenericSchema<unknown, CronEntryPatch> = v.pipe(
  v.object({ paused: bool }, "an object"),
  v.transform(({ paused }): CronEntryPatch => ({ paused, interval: {} })),
);

const patchFields = {
  expression: v.optional(text),
  timezone: optional(text),
  ...intervalFields,
  job: v.optional(jobPatchSchema),
};

const changeSchema: v.GenericSchema<unknown, CronEntryPatch> = v.pipe(
  v.object({ paused: v.optional(bool), ...patchFields }, "an object"),
  v.transform(({ paused, expression, timezone, job, ...interval }): CronEntryPatch => ({
    paused,
    expression,
    timezone,
    job,
    interval: toInterval(interval),
  })),
);

/** Reads a patch of an entry, payload excepted. Where nothing else is named, `paused` has to be. */
export const cronEntryPatchSchema: v.GenericSchema<unknown, CronEntryPatch> = v.lazy((body) =>
  typeof body === "object" && body !== null &&
    Object.keys(patchFields).some((member) => member in body)
    ? changeSchema
    : pauseSchema
);

/** Shorter intervals would keep the broker busy with one entry. */
const leastEveryMs = 100;

/** A hundred years: what comes later is not a number that every JSON parser reads. */
const mostEveryMs = 3_155_760_000_000;

/** Times of an interval that may lie before the start of a new entry, if they are made up for. */
const mostMissed = 10_000;

/** Says why an entry cannot come round at an interval; undefined also if it has an expression and nothing of one. */
export function checkCronInterval(
  { expression, interval = {} }: Pick<CronEntryRequest, "expression" | "interval">,
  now: number,
): string | undefined {
  const { everyMs, startAt, catchUp, backlog } = interval;
  if (everyMs == null) {
    const extra = startAt != null ? "start_at" : catchUp ? "catch_up" : backlog ? "backlog" : "";
    return extra === "" ? undefined : `${extra} is for entries with every_ms`;
  }
  if (expression !== "") return "expression and every_ms cannot be combined";
  if (everyMs < leastEveryMs) return `every_ms must be at least ${leastEveryMs}, got ${everyMs}`;
  if (everyMs > mostEveryMs) return `every_ms must be at most ${mostEveryMs}, got ${everyMs}`;
  if (startAt != null && startAt > lastDate) {
    return `start_at must be at most ${lastDate}, got ${startAt}`;
  }
  if (!catchUp) return backlog ? "backlog is for entries with catch_up" : undefined;
  const missed = startAt == null ? 0 : Math.floor((now - startAt) / everyMs);
  if (missed <= mostMissed || (backlog ?? 0) > 0 && backlog! <= mostMissed) return undefined;
  return `start_at is ${missed} times every_ms ago, at most ${mostMissed} are made up for: set a backlog of at most ${mostMissed}`;
}

/** Says why a group cannot be called so. */
export function checkCronGroupName(name: string): string | undefined {
  return checkName("cron group name", name);
}

/** Says why a well-formed entry cannot be, in the words and the order of the protocol; what takes more than a look is left out. */
export function checkCronEntry({ name, job }: CronEntryRequest): string | undefined {
  const badName = checkName("cron entry name", name) ?? checkName("type", job.type) ??
    checkName("queue", job.queue) ?? checkTags(job.tags) ?? checkMeta(job.meta);
  if (badName !== undefined) return badName;
  if (job.readyAt !== null) return "ready_at is not supported for cron entries";
  if (job.dependsOn.length > 0) return "depends_on is not supported for cron entries";
  if (job.uniqueKey !== null && job.batch !== null) {
    return "unique_key and batch cannot be combined";
  }
  return checkUniqueWhile(job.uniqueWhile);
}

/** Entries of a group: all are read and written at once. */
const mostEntries = 1000;

/** Says why a group cannot have so many entries. */
export function checkEntryCount(count: number): string | undefined {
  if (count <= mostEntries) return undefined;
  return `a cron group of ${count} entries, at most ${mostEntries} are kept`;
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
