/**
 * A job from the wire's spelling to the one users see.
 *
 * @module
 */

import * as v from "valibot";
import { backoffSchema } from "./backoff.ts";
import { type Job, type JobStatus, jobStatuses, type UniqueWhile, uniqueWhiles } from "./job.ts";
import { retentionSchema } from "./retention.ts";
import { optional, readAs, text, u16, u32, u64 } from "./schema.ts";

const jobSchema: v.GenericSchema<unknown, Job> = v.pipe(
  v.object({
    id: text,
    type: text,
    queue: text,
    priority: u16,
    status: v.picklist(jobStatuses, "a status") as v.GenericSchema<unknown, JobStatus>,
    payload: v.optional(v.unknown()),
    ready_at: u64,
    attempts: u32,
    retry_limit: optional(u32),
    backoff: optional(backoffSchema),
    dequeued_at: optional(u64),
    failed_at: optional(u64),
    retention: optional(retentionSchema),
    purge_at: optional(u64),
    completed_at: optional(u64),
    unique_key: optional(text),
    unique_while: optional(v.picklist(uniqueWhiles, "a unique scope") as v.GenericSchema<unknown, UniqueWhile>),
  }, "an object"),
  v.transform((wire): Job => ({
    id: wire.id,
    type: wire.type,
    queue: wire.queue,
    priority: wire.priority,
    status: wire.status,
    ...("payload" in wire && { payload: wire.payload }),
    readyAt: wire.ready_at,
    attempts: wire.attempts,
    ...(wire.retry_limit != null && { retryLimit: wire.retry_limit }),
    ...(wire.backoff != null && { backoff: wire.backoff }),
    ...(wire.dequeued_at != null && { dequeuedAt: wire.dequeued_at }),
    ...(wire.failed_at != null && { failedAt: wire.failed_at }),
    ...(wire.retention != null && { retention: wire.retention }),
    ...(wire.purge_at != null && { purgeAt: wire.purge_at }),
    ...(wire.completed_at != null && { completedAt: wire.completed_at }),
    ...(wire.unique_key != null && { uniqueKey: wire.unique_key }),
    ...(wire.unique_while != null && { uniqueWhile: wire.unique_while }),
  })),
);

/** Reads a job of an answer or a frame. Throws `MessageError` naming the field. */
export function readJob(value: unknown): Job {
  return readAs(jobSchema, value);
}
