/**
 * The body of `PATCH /jobs/{id}` and `PATCH /jobs`: what is absent stays, null goes back to the default.
 *
 * @module
 */

import * as v from "valibot";
import { backoffSchema, toBackoffWire } from "./backoff.ts";
import type { Backoff } from "./job.ts";
import { checkName } from "./names.ts";
import { optional, text, u16, u32, u64 } from "./schema.ts";
import { max16, max32, maxExact, whole } from "./whole.ts";

/** What to change of a job's retention; null goes back to the broker's default. */
export interface RetentionPatch {
  /** Kept after success, in ms. */
  readonly completedMs?: number | null | undefined;
  /** Kept after death, in ms. */
  readonly deadMs?: number | null | undefined;
}

/** What to change of a job; what is left out stays. */
export interface JobPatch {
  /** The queue it moves to. */
  readonly queue?: string | undefined;
  /** 0 to 65535, lower runs first. */
  readonly priority?: number | undefined;
  /** When it becomes ready, in ms since the epoch; null is now. A running job keeps running. */
  readonly readyAt?: number | null | undefined;
  /** Retries before it is dead; null is the broker's default. */
  readonly retryLimit?: number | null | undefined;
  /** Delay between tries; null is the broker's default. */
  readonly backoff?: Backoff | null | undefined;
  /** How long it is kept when finished, member by member; null is the broker's default for both. */
  readonly retention?: RetentionPatch | null | undefined;
}

/** A patch as it was asked for: nulls that cannot be granted are still in it, for {@linkcode checkPatch} to find. */
export interface PatchRequest extends Omit<JobPatch, "queue" | "priority"> {
  readonly queue?: string | null | undefined;
  readonly priority?: number | null | undefined;
}

/** Reads the body. */
export const patchSchema: v.GenericSchema<unknown, PatchRequest> = v.pipe(
  v.object({
    queue: optional(text),
    priority: optional(u16),
    ready_at: optional(u64),
    retry_limit: optional(u32),
    backoff: optional(backoffSchema),
    retention: optional(
      v.object({ completed_ms: optional(u64), dead_ms: optional(u64) }, "an object"),
    ),
  }, "an object"),
  v.transform(({ queue, priority, ready_at, retry_limit, backoff, retention }): PatchRequest => ({
    queue,
    priority,
    readyAt: ready_at,
    retryLimit: retry_limit,
    backoff,
    retention: retention && { completedMs: retention.completed_ms, deadMs: retention.dead_ms },
  })),
);

/** Says why a well-formed patch cannot be applied, in the words and the order of the protocol. */
export function checkPatch({ queue, priority }: PatchRequest): string | undefined {
  if (queue === null) return "queue cannot be null";
  const badName = queue === undefined ? undefined : checkName("queue", queue);
  return badName ?? (priority === null ? "priority cannot be null" : undefined);
}

/** Writes the body. Throws `RangeError` for numbers that cannot be sent. */
export function toPatchWire({ retention, ...patch }: JobPatch): object {
  return {
    queue: patch.queue,
    priority: whole("priority", patch.priority, max16),
    ready_at: whole("readyAt", patch.readyAt, maxExact),
    retry_limit: whole("retryLimit", patch.retryLimit, max32),
    backoff: patch.backoff && toBackoffWire(patch.backoff),
    retention: retention && {
      completed_ms: whole("retention.completedMs", retention.completedMs, maxExact),
      dead_ms: whole("retention.deadMs", retention.deadMs, maxExact),
    },
  };
}
