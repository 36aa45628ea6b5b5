/**
 * The life of a job. Every change of status is one of these functions; the store applies it only to a job
 * that still stands where the function expects it.
 *
 * | From                  | Event                         | To                  | What changes besides           |
 * | --------------------- | ----------------------------- | ------------------- | ------------------------------ |
 * | –                     | enqueue, due later            | scheduled           | all                            |
 * | –                     | enqueue                       | ready               | all                            |
 * | scheduled             | due                           | ready               | –                              |
 * | ready                 | take                          | in flight           | `dequeuedAt`                   |
 * | in flight             | success, retained             | completed           | `completedAt`, `purgeAt`       |
 * | in flight             | success, not retained         | deleted             |                                |
 * | in flight             | failure with a retry left     | scheduled           | `attempts`, `failedAt`, `readyAt` |
 * | in flight             | failure, last or killed       | dead (or deleted)   | `attempts`, `failedAt`, `purgeAt` |
 * | in flight             | worker gone, broker restarted | ready               | –                              |
 * | ready                 | patch, due later              | scheduled           | `readyAt`                      |
 * | scheduled             | patch, due now                | ready               | `readyAt`                      |
 * | completed, dead       | retention ended               | deleted             |                                |
 * | any                   | delete                        | deleted             |                                |
 *
 * Take, due, and worker gone need no decision and are plain statements of the store.
 *
 * @module
 */

import type { Random } from "../../async/clock.ts";
import { type NewJob, toStoredFields } from "../../protocol/new-job.ts";
import type { Failure } from "../../protocol/failure.ts";
import { fromBackoffText, toBackoffText } from "../../protocol/backoff.ts";
import type { Retention } from "../../protocol/job.ts";
import type { JobPatch, RetentionPatch } from "../../protocol/patch.ts";
import { type JobRecord, newRecord } from "../../protocol/record.ts";
import { status } from "../../protocol/status.ts";
import { fromRetentionText, toRetentionText } from "../../protocol/retention.ts";
import { withoutNul } from "../../store/finish.ts";
import { later, retryDelay } from "./retry.ts";
import type { Settings } from "./settings.ts";

/** – → scheduled or ready. */
export function created(job: NewJob, id: string, now: number): JobRecord {
  const readyAt = job.readyAt ?? now;
  return newRecord({
    ...toStoredFields(job),
    id,
    status: readyAt > now ? status.scheduled : status.ready,
    readyAt,
    uniqueKey: withoutNul(job.uniqueKey),
    uniqueWhile: job.uniqueKey === null ? null : job.uniqueWhile ?? "queued",
  });
}

/** In flight → completed; undefined when it is not kept. */
export function completed(job: JobRecord, now: number, settings: Settings): JobRecord | undefined {
  const keptMs = retentionOf(job).completedMs ??
    settings.defaultCompletedRetentionMs;
  if (keptMs === 0) return undefined;
  return { ...job, status: status.completed, completedAt: now, purgeAt: later(now, keptMs) };
}

/** In flight → scheduled or dead; `deleted` when a dead job is not kept. */
export function failed(
  job: JobRecord,
  failure: Failure,
  { now, random, settings }: { now: number; random: Random; settings: Settings },
): { readonly job: JobRecord; readonly deleted: boolean } {
  const attempts = job.attempts + 1;
  const retryLimit = job.retryLimit ?? settings.defaultRetryLimit;
  const base = { ...job, attempts, failedAt: now };
  const isDead = failure.kill === true || (failure.retryAt === undefined && attempts > retryLimit);
  if (!isDead) {
    const backoff = job.backoff === null ? settings.defaultBackoff : fromBackoffText(job.backoff);
    const readyAt = failure.retryAt ?? later(now, retryDelay(backoff, attempts, random));
    return { job: { ...base, status: status.scheduled, readyAt }, deleted: false };
  }
  const keptMs = retentionOf(job).deadMs ?? settings.defaultDeadRetentionMs;
  const purgeAt = keptMs === 0 ? null : later(now, keptMs);
  return { job: { ...base, status: status.dead, purgeAt }, deleted: keptMs === 0 };
}

/** A patch of a waiting or running job; only `readyAt` can change its status. */
export function patched(job: JobRecord, patch: JobPatch, now: number): JobRecord {
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
  if (readyAt === null) {
    return job.status === status.scheduled ? { status: status.ready, readyAt: now } : {};
  }
  if (job.status === status.inFlight) return { readyAt };
  return { status: readyAt > now ? status.scheduled : status.ready, readyAt };
}

/** Member by member: left out stays, null goes. */
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
