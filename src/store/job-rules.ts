/**
 * The life of a job: rules that compute its next state. A transition writes that state only if the job has not changed
 * since the rule read it.
 *
 * | From                  | Event                         | To                  | What changes besides           |
 * | --------------------- | ----------------------------- | ------------------- | ------------------------------ |
 * | –                     | enqueue, due later            | scheduled           | all                            |
 * | –                     | enqueue                       | ready               | all                            |
 * | –                     | enqueue, waits for others     | blocked             | all                            |
 * | scheduled             | due                           | ready               | –                              |
 * | ready                 | take                          | in flight           | `dequeuedAt`, `deliveries`, who holds it |
 * | in flight             | success, retained             | completed           | `completedAt`, `purgeAt`       |
 * | in flight             | success, not retained         | deleted             |                                |
 * | in flight             | failure with a retry left     | scheduled           | `attempts`, `failedAt`, `readyAt` |
 * | in flight             | failure, last or killed       | dead (or deleted)   | `attempts`, `failedAt`, `purgeAt` |
 * | in flight, leased     | lease lost with a retry left  | ready               | `attempts`, `failedAt`, no lease |
 * | in flight, leased     | lease lost, no retry left     | dead (or deleted)   | `attempts`, `failedAt`, `purgeAt`, no lease |
 * | scheduled, ready, blocked | cancel                    | dead (or deleted)   | `attempts`, `failedAt`, `purgeAt` |
 * | in flight             | cancel                        | in flight           | it is to be cancelled          |
 * | in flight, to be cancelled | success                  | as any success without a next queue |               |
 * | in flight, to be cancelled | all that leads back to a queue, its time is over | dead (or deleted) | `attempts`, `failedAt`, `purgeAt` |
 * | dead, completed       | retry                         | ready               | a new stay, error records stay |
 * | in flight             | timeout                       | ready               | nobody holds it, no lease, `releases` |
 * | in flight             | stream ended, broker gone     | ready               | nobody holds it; under a lease nothing happens |
 * | in flight             | release                       | ready               | nobody holds it, `releases`    |
 * | in flight             | release, due later            | scheduled           | the same, and `readyAt`        |
 * | ready                 | patch, due later              | scheduled           | `readyAt`                      |
 * | scheduled             | patch, due now                | ready               | `readyAt`                      |
 * | blocked               | patch                         | blocked             | `readyAt`: when it is due, once it waits for nothing |
 * | dead                  | requeue of its group          | ready               | `attempts`, `failedAt`, `readyAt`, `purgeAt`, perhaps its queue |
 * | blocked               | waits for nothing any more    | ready               | `readyAt`, unless it was told  |
 * | blocked               | the same, due later           | scheduled           | –                              |
 * | blocked               | what it waited for is dead    | dead (or deleted)   | `attempts`, `failedAt`, `purgeAt` |
 * | in flight             | success, and a next queue     | ready, scheduled    | `queue`, a new stay: see below |
 * | any                   | put anew                      | ready, scheduled    | what was given, a new stay     |
 * | any                   | put anew, with jobs to wait for | blocked           | the same                       |
 * | completed, dead       | retention ended               | deleted             |                                |
 * | any                   | delete                        | deleted             |                                |
 *
 * Take, due, stream ended, and waiting for nothing need no decision: they are plain statements. Who gets a new stay in a
 * queue has all of its retries before it again (`new-stay.ts`).
 *
 * @module
 */

import { toBatchText } from "../protocol/batch.ts";
import { toBindingsText } from "../protocol/binding.ts";
import type { NewJob } from "../protocol/new-job.ts";
import type { FailureReport } from "../protocol/failure.ts";
import { fromBackoffText, toBackoffText } from "../protocol/backoff.ts";
import { toInstant } from "../protocol/integer.ts";
import type { Backoff, Retention } from "../protocol/job.ts";
import type { JobMeta } from "../protocol/meta.ts";
import type { JobPatch } from "../protocol/patch.ts";
import { type JobRecord, newRecord } from "../protocol/record.ts";
import { fromRetentionText, type RetentionPatch, toRetentionText } from "../protocol/retention.ts";
import { status } from "../protocol/status.ts";
import { addSaturating } from "./add-saturating.ts";
import { retryDelay } from "./retry-delay.ts";
import { hasMembers } from "./meta-table.ts";
import { traits } from "./traits.ts";

/** The rules for jobs that do not bring their own. */
export interface JobDefaults {
  /** Retries before a job is dead. */
  readonly defaultRetryLimit: number;
  /** The delay between two tries. */
  readonly defaultBackoff: Backoff;
  /** How long a completed job is kept, in ms; 0 deletes it at once. */
  readonly defaultCompletedRetentionMs: number;
  /** How long a dead job is kept, in ms; 0 deletes it at once. */
  readonly defaultDeadRetentionMs: number;
}

/** What the end of a run depends on. */
export interface FinishTerms {
  /** In ms since the epoch. */
  readonly now: number;
  readonly defaults: JobDefaults;
}

/** What a failure depends on. */
export interface FailureTerms extends FinishTerms {
  /** A random number in [0, 1), for the retry's delay. */
  readonly jitter: number;
  /** Whether a retry that is left begins at once, in the old place of the job. */
  readonly retriesAtOnce?: boolean;
}

/** – → scheduled or ready. */
export function toCreated(
  job: NewJob,
  { id, seq }: Pick<JobRecord, "id" | "seq">,
  now: number,
): JobRecord {
  const readyAt = toInstant(now, job.delayMs) ?? job.readyAt ?? now;
  const isText = typeof job.payload === "string";
  const record = newRecord(job, {
    id,
    seq,
    status: readyAt > now ? status.scheduled : status.ready,
    readyAt,
    uniqueWhile: job.uniqueKey === null ? null : job.uniqueWhile ?? "queued",
    batch: job.batch && toBatchText(job.batch),
    budgets: toBindingsText(job.budgets),
    payloadJson: isText ? job.payload as string : null,
    payloadPack: isText ? null : job.payload as Uint8Array<ArrayBuffer>,
  });
  if (job.batch?.collect && record.status === status.scheduled) {
    const created = toTagged(record, job);
    return { ...created, traits: created.traits | traits.collecting };
  }
  return toTagged(record, job);
}

function toTagged(record: JobRecord, { tags, meta }: NewJob): JobRecord {
  if (meta != null && hasMembers(meta)) return toDescribed(record, tags, meta);
  return tags.length === 0 ? record : { ...record, traits: traits.tagged, extra: { tags } };
}

function toDescribed(job: JobRecord, tags: readonly string[], meta: JobMeta): JobRecord {
  if (tags.length === 0) return { ...job, traits: traits.described, extra: { meta } };
  return { ...job, traits: traits.described | traits.tagged, extra: { tags, meta } };
}

/** A new job that keeps its history. */
export function toRecorded(job: JobRecord): JobRecord {
  return { ...job, traits: job.traits | traits.recorded };
}

/** In flight → completed; undefined when it is not kept. */
export function toCompleted(job: JobRecord, { now, defaults }: FinishTerms): JobRecord | undefined {
  const keptMs = retentionOf(job).completedMs ?? defaults.defaultCompletedRetentionMs;
  if (keptMs === 0) return undefined;
  const purgeAt = addSaturating(now, keptMs);
  // What it failed of before it was put anew is over.
  const isOver = job.attempts === 0 && (job.traits & traits.retried) === 0;
  const failedAt = isOver ? null : job.failedAt;
  return { ...job, status: status.completed, completedAt: now, purgeAt, failedAt };
}

/** In flight → scheduled, ready or dead, or blocked → dead; `deleted` when a dead job is not kept. */
export function toFailed(
  job: JobRecord,
  failure: FailureReport,
  { now, jitter, defaults, retriesAtOnce }: FailureTerms,
): { readonly job: JobRecord; readonly deleted: boolean } {
  const attempts = job.attempts + 1;
  const retryLimit = job.retryLimit ?? defaults.defaultRetryLimit;
  const base = { ...job, attempts, failedAt: now };
  const retryAt = toInstant(now, failure.delayMs) ?? failure.retryAt;
  const isExhausted = attempts > retryLimit &&
    (retryAt === undefined || failure.enforceLimit === true);
  const isDead = failure.kill === true || isExhausted;
  if (!isDead && retriesAtOnce) return { job: { ...base, status: status.ready }, deleted: false };
  if (!isDead) {
    const backoff = job.backoff === null ? defaults.defaultBackoff : fromBackoffText(job.backoff);
    const readyAt = retryAt ?? addSaturating(now, retryDelay(backoff, attempts, jitter));
    return { job: { ...base, status: status.scheduled, readyAt }, deleted: false };
  }
  const keptMs = retentionOf(job).deadMs ?? defaults.defaultDeadRetentionMs;
  if (keptMs === 0) return { job: { ...base, status: status.dead, purgeAt: null }, deleted: true };
  const purgeAt = addSaturating(now, keptMs);
  const dead = { ...base, status: status.dead, purgeAt, traits: base.traits | traits.grouped };
  return { job: dead, deleted: false };
}

/** In flight → ready or scheduled, uncharged. */
export function toReleased(
  job: JobRecord,
  { readyAt, now }: { readonly readyAt?: number | undefined; readonly now: number },
): JobRecord {
  const isLater = readyAt !== undefined && readyAt > now;
  return {
    ...job,
    status: isLater ? status.scheduled : status.ready,
    readyAt: readyAt ?? job.readyAt,
  };
}

/** A patch of a waiting or running job; only `readyAt` can change its status. */
export function toPatched(job: JobRecord, patch: JobPatch, now: number): JobRecord {
  return {
    ...job,
    queue: patch.queue ?? job.queue,
    priority: patch.priority ?? job.priority,
    ...rescheduled(job, patch.readyAt, now),
    retryLimit: patch.retryLimit === undefined ? job.retryLimit : patch.retryLimit,
    backoff: patch.backoff === undefined
      ? job.backoff
      : patch.backoff && toBackoffText(patch.backoff),
    retention: patch.retention === undefined
      ? job.retention
      : patch.retention && mergedRetention(job, patch.retention),
  };
}

function rescheduled(
  job: JobRecord,
  readyAt: number | null | undefined,
  now: number,
): { readonly status?: number; readonly readyAt?: number } {
  if (readyAt === undefined) return {};
  if (job.status === status.blocked) return { readyAt: readyAt ?? now };
  if (readyAt === null) {
    return job.status === status.scheduled ? { status: status.ready, readyAt: now } : {};
  }
  if (job.status === status.inFlight) return { readyAt };
  return { status: readyAt > now ? status.scheduled : status.ready, readyAt };
}

/** Merges member by member: one that is left out stays, null removes it. */
function mergedRetention(job: JobRecord, patch: RetentionPatch): string | null {
  const { completedMs, deadMs } = retentionOf(job);
  const merged = {
    completedMs: patch.completedMs === undefined ? completedMs : patch.completedMs ?? undefined,
    deadMs: patch.deadMs === undefined ? deadMs : patch.deadMs ?? undefined,
  };
  if (merged.completedMs === undefined && merged.deadMs === undefined) return null;
  return toRetentionText(merged);
}

function retentionOf(job: JobRecord): Retention {
  return job.retention === null ? {} : fromRetentionText(job.retention);
}
