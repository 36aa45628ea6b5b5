/**
 * The rules of cron entries: what is kept of a request, which job an entry enqueues, and when it is due next.
 *
 * The store does not parse expressions. When an expression comes round is computed before, outside of any transaction, and
 * looked up in {@linkcode Occurrences}.
 *
 * @module
 */

import { fromBatchText } from "../protocol/batch.ts";
import { type BindingRequest, fromBindingsText } from "../protocol/binding.ts";
import type { CronEntryPatch, CronEntryRequest } from "../protocol/cron.ts";
import type { CronEntryRecord, CronGroupRecord, CronTemplate } from "../protocol/cron-record.ts";
import { fieldsWith, type NamesWith } from "../protocol/job-fields.ts";
import { type NewJob, toStoredFields } from "../protocol/new-job.ts";
import { type CronInterval, nextOfInterval } from "./cron-intervals.ts";

/** An expression and the IANA time zone that it is read in; null is that of the machine. */
export interface CronSchedule {
  readonly expression: string;
  readonly timezone: string | null;
}

/** When schedules come round after a certain instant. */
export interface Occurrences {
  /** That instant, in ms since the epoch. */
  readonly now: number;
  /** In ms since the epoch, null for never; undefined if it has not been computed yet. */
  nextOf(schedule: CronSchedule): number | null | undefined;
}

/** An entry to be kept. */
export interface CronDraft {
  readonly name: string;
  /** Empty for an entry with an interval. */
  readonly expression: string;
  readonly timezone: string | null;
  /** When it comes round, if that is not what an expression says. */
  readonly interval: CronInterval;
  /** Null leaves it as it is. */
  readonly paused: boolean | null;
  readonly template: CronTemplate;
  readonly bindings: readonly BindingRequest[];
}

/** Makes a draft of the request of an entry. */
export function toDraft({ job, interval, ...entry }: CronEntryRequest): CronDraft {
  const { uniqueKey, uniqueWhile } = job;
  const scope = uniqueKey === null ? null : "queued";
  // A scope without a key is shown, and has no effect (docs/protocol.md, section 7.2).
  const template = { ...toStoredFields(job), uniqueWhile: uniqueWhile ?? scope };
  return { ...entry, interval: toCronInterval(interval), bindings: job.budgets, template };
}

function toCronInterval(interval: CronEntryRequest["interval"]): CronInterval {
  const { everyMs = null, startAt = null, catchUp, backlog } = interval ?? {};
  return { everyMs, startAt, catchUp: catchUp === true ? 1 : 0, backlog: backlog ?? 0 };
}

/** The job that an entry enqueues at `now`. */
export function toCronJob(entry: CronEntryRecord, now: number): NewJob {
  const fields = pickFields(entry);
  return {
    ...fields,
    payload: entry.payloadJson ?? entry.payloadPack ?? "null",
    readyAt: now,
    delayMs: null,
    // A scope without a key is shown, and has no effect.
    uniqueWhile: entry.uniqueKey === null ? null : entry.uniqueWhile,
    batch: entry.batch === null ? null : fromBatchText(entry.batch),
    budgets: fromBindingsText(entry.budgets)
      .map((binding) => ({ ...binding, createWith: null, bucket: false })),
    dependsOn: [],
    strictDependencies: null,
    tags: entry.tags === null ? [] : JSON.parse(entry.tags),
    meta: entry.meta === null ? null : JSON.parse(entry.meta),
  };
}

/**
 * The request that makes an entry what a patch wants it to be.
 *
 * A start that was given once counts no more, unless the patch gives it anew. An expression takes the place of an interval,
 * and an interval that of an expression.
 */
export function toPatchedEntry(entry: CronEntryRecord, patch: CronEntryPatch): CronEntryRequest {
  const { paused, expression, timezone, interval, job } = patch;
  const before = { ...entry, catchUp: entry.catchUp === 1 };
  const kept = expression !== undefined && interval.everyMs == null ? {} : {
    everyMs: before.everyMs,
    startAt: before.startAt,
    catchUp: before.catchUp,
    backlog: before.backlog,
  };
  const given = Object.entries(interval).filter(([, value]) => value !== undefined);
  return {
    name: entry.name,
    expression: expression ?? (interval.everyMs == null ? entry.expression : ""),
    timezone: timezone === undefined ? entry.timezone : timezone,
    interval: { ...kept, ...Object.fromEntries(given) },
    paused: paused ?? null,
    job: { ...toCronJob(entry, 0), readyAt: null, ...job },
  };
}

const cronNames = fieldsWith("cron").map(({ name }) => name) as NamesWith<"cron">[];

/** The fields that the template of an entry has. */
function pickFields(entry: CronEntryRecord): Pick<CronEntryRecord, NamesWith<"cron">> {
  return Object.fromEntries(cronNames.map((name) => [name, entry[name]])) as Pick<
    CronEntryRecord,
    NamesWith<"cron">
  >;
}

/** A new group. */
export function toNewGroup(name: string, pausedAt: number | null): CronGroupRecord {
  const paused = pausedAt === null ? 0 : 1;
  return { name, timezone: null, paused, pausedAt, resumedAt: null };
}

/** A group or an entry, paused or not. The instant is kept only when something changes. */
export function toPaused<Item extends CronGroupRecord>(
  item: Item,
  paused: boolean,
  now: number,
): Item {
  if ((item.paused === 1) === paused) return item;
  return paused ? { ...item, paused: 1, pausedAt: now } : { ...item, paused: 0, resumedAt: now };
}

/** What becomes of a group while an entry of it changes. */
export interface GroupChange {
  readonly group: CronGroupRecord;
  readonly groupBefore: CronGroupRecord;
}

/** The entry that a draft leads to, but for when it is due. */
export function toEntry(
  { name, expression, timezone, interval, paused, template }: CronDraft,
  existing: CronEntryRecord | undefined,
  { group, now }: { readonly group: CronGroupRecord; readonly now: number },
): Omit<CronEntryRecord, "nextAt"> {
  const lastAt = existing?.lastAt ?? null;
  const entry = {
    ...template,
    ...interval,
    group: group.name,
    name,
    expression,
    timezone,
    lastAt,
    count: existing?.count ?? 0,
    lastJobId: existing?.lastJobId ?? null,
  };
  if (existing === undefined) {
    // Unlike a group, an entry that is created paused has no `pausedAt` (docs/protocol.md, section 7.5).
    return { ...entry, paused: paused === true ? 1 : 0, pausedAt: null, resumedAt: null };
  }
  const { pausedAt, resumedAt } = existing;
  const before = { ...entry, paused: existing.paused, pausedAt, resumedAt };
  return paused === null ? before : toPaused(before, paused, now);
}

/**
 * When an entry is due next. An entry with the same schedule (expression and time zone) stays due when it was, so that a
 * deploy may put the same entry again. Times in a pause are skipped, also when the pause ends before the entry is checked.
 *
 * @returns The instant, or the schedule whose next time has to be computed first.
 */
export function toNextAt(
  { expression, timezone, interval }: CronSchedule & { readonly interval: CronInterval },
  existing: CronEntryRecord | undefined,
  { group, groupBefore }: GroupChange,
  occurrences: Occurrences,
): number | null | CronSchedule {
  const wasPaused = existing?.paused === 1 || groupBefore.paused === 1;
  const { now } = occurrences;
  const { everyMs } = interval;
  if (everyMs !== null) {
    return nextOfInterval({ ...interval, everyMs }, existing, { wasPaused, now });
  }
  const zone = timezone ?? group.timezone;
  if (existing !== undefined) {
    const isSame = existing.expression === expression &&
      (existing.timezone ?? groupBefore.timezone) === zone;
    const isMissed = wasPaused && existing.nextAt !== null && existing.nextAt <= now;
    if (isSame && !isMissed) return existing.nextAt;
  }
  const schedule = { expression, timezone: zone };
  const nextAt = occurrences.nextOf(schedule);
  return nextAt === undefined ? schedule : nextAt;
}
