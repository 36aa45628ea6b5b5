/**
 * A job from the wire's spelling to the one users see.
 *
 * @module
 */

import * as v from "valibot";
import { batchSchema } from "./batch.ts";
import { backoffSchema } from "./backoff.ts";
import { type Job, type UniqueWhile, uniqueWhiles } from "./job.ts";
import { retentionSchema } from "./retention.ts";
import { type JobStatus, jobStatuses } from "./status.ts";
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
    unique_while: optional(
      v.picklist(uniqueWhiles, "a unique scope") as v.GenericSchema<unknown, UniqueWhile>,
    ),
    batch: optional(batchSchema),
    budgets: optional(v.array(v.object({ key: text, cost: u32 }, "an object"), "a list")),
  }, "an object"),
  v.transform((wire): Job => {
    const job: { -readonly [Member in keyof Job]: Job[Member] } = {
      id: wire.id,
      type: wire.type,
      queue: wire.queue,
      priority: wire.priority,
      status: wire.status,
      readyAt: wire.ready_at,
      attempts: wire.attempts,
    };
    // One by one, and not spread into the literal: this runs for every job that a client ever sees.
    if ("payload" in wire) job.payload = wire.payload;
    if (wire.retry_limit != null) job.retryLimit = wire.retry_limit;
    if (wire.backoff != null) job.backoff = wire.backoff;
    if (wire.dequeued_at != null) job.dequeuedAt = wire.dequeued_at;
    if (wire.failed_at != null) job.failedAt = wire.failed_at;
    if (wire.retention != null) job.retention = wire.retention;
    if (wire.purge_at != null) job.purgeAt = wire.purge_at;
    if (wire.completed_at != null) job.completedAt = wire.completed_at;
    if (wire.unique_key != null) job.uniqueKey = wire.unique_key;
    if (wire.unique_while != null) job.uniqueWhile = wire.unique_while;
    if (wire.batch != null) job.batch = wire.batch;
    if (wire.budgets != null) job.budgets = wire.budgets;
    return job;
  }),
);

/** Reads a job of an answer or a frame. Throws `MessageError` naming the field. */
export function readJob(value: unknown): Job {
  return readAs(jobSchema, value);
}
