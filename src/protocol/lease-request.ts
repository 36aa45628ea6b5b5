/**
 * The bodies of the calls on leases, as the broker reads them.
 *
 * @module
 */

import * as v from "valibot";
import type { JobProgress } from "./job-extra.ts";
import { checkLeaseMs, maxTakeCount, maxWaitMs } from "./limits.ts";
import { progressSchema } from "./progress.ts";
import { runFields, type RunList, toRunList } from "./release-request.ts";
import { optional, text, texts, u32 } from "./schema.ts";

/** The body of `POST /jobs/take`. */
export interface TakeManyRequest {
  /** The queues to take from; undefined is all. */
  readonly queues: readonly string[] | undefined;
  /** How many jobs at most. */
  readonly count: number;
  /** How long the leases last, in ms. */
  readonly leaseMs: number | undefined;
  /** How long to wait for a job, in ms. */
  readonly waitMs: number;
  /** What the worker calls itself; the header `worker-id` goes first. */
  readonly worker: string | undefined;
}

/** Reads the body of `POST /jobs/take`. */
export const takeManySchema: v.GenericSchema<unknown, TakeManyRequest> = v.pipe(
  v.object({
    queues: optional(texts),
    count: optional(u32),
    lease_ms: optional(u32),
    wait_ms: optional(u32),
    worker: optional(text),
  }, "an object"),
  v.transform((wire): TakeManyRequest => ({
    queues: wire.queues ?? undefined,
    count: wire.count ?? 1,
    leaseMs: wire.lease_ms ?? undefined,
    waitMs: wire.wait_ms ?? 0,
    worker: wire.worker ?? undefined,
  })),
);

/** The body of `POST /jobs/{id}/heartbeat`, but for the payload. */
export interface HeartbeatRequest {
  readonly token: string | undefined;
  readonly delivery: number | undefined;
  readonly leaseMs: number | undefined;
  readonly progress: JobProgress | undefined;
}

/** Reads the body of `POST /jobs/{id}/heartbeat`, but for the payload. */
export const heartbeatSchema: v.GenericSchema<unknown, HeartbeatRequest> = v.pipe(
  v.object({
    lease_token: optional(text),
    delivery: optional(u32),
    lease_ms: optional(u32),
    progress: optional(progressSchema),
  }, "an object"),
  v.transform((wire): HeartbeatRequest => ({
    token: wire.lease_token ?? undefined,
    delivery: wire.delivery ?? undefined,
    leaseMs: wire.lease_ms ?? undefined,
    progress: wire.progress ?? undefined,
  })),
);

/** The body of `POST /jobs/heartbeat`. */
export interface HeartbeatListRequest extends RunList {
  readonly leaseMs: number | undefined;
}

/** Reads the body of `POST /jobs/heartbeat`. */
export const heartbeatListSchema: v.GenericSchema<unknown, HeartbeatListRequest> = v.pipe(
  v.object({ ...runFields, lease_ms: optional(u32) }, "an object"),
  v.transform((wire): HeartbeatListRequest => ({
    ...toRunList(wire),
    leaseMs: wire.lease_ms ?? undefined,
  })),
);

/** Says what of a take cannot be granted; undefined if all can. */
export function checkTakeMany({ count, leaseMs, waitMs }: TakeManyRequest): string | undefined {
  if (count < 1 || count > maxTakeCount) {
    return `count must be between 1 and ${maxTakeCount}, got ${count}`;
  }
  if (waitMs > maxWaitMs) return `wait_ms must be between 0 and ${maxWaitMs}, got ${waitMs}`;
  return checkLeaseMs(leaseMs);
}
