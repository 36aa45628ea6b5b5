/**
 * The answers of the calls on leases.
 *
 * @module
 */

import * as v from "valibot";
import { type RefusedRun, refusedSchema } from "./ack.ts";
import type { Job } from "./job.ts";
import { readJob } from "./job-read.ts";
import { optional, readAs, text, texts, u32, u64 } from "./schema.ts";

/** A lease that goes on. */
export interface RenewedLease {
  /** The id of the job. */
  readonly id: string;
  /** When the lease ends now, in ms since the epoch. */
  readonly leaseExpiresAt: number;
  /** Why the job is to be cancelled, if somebody wants that. */
  readonly cancelReason?: string | undefined;
}

/** What came of heartbeats for many jobs. */
export interface HeartbeatResult {
  /** Those whose leases go on. */
  readonly jobs: readonly RenewedLease[];
  /** The ids of jobs that are not there. */
  readonly notFound: readonly string[];
  /** Those that are not with the caller, or not any more, and why. */
  readonly refused: readonly RefusedRun[];
}

/** Writes what came of heartbeats. */
export function toLeasesWire({ jobs, notFound, refused }: HeartbeatResult): object {
  const renewed = jobs.map(({ id, leaseExpiresAt, cancelReason }) => ({
    id,
    lease_expires_at: leaseExpiresAt,
    ...cancelReason !== undefined && { cancel_reason: cancelReason },
  }));
  if (notFound.length === 0 && refused.length === 0) return { jobs: renewed };
  return { jobs: renewed, not_found: notFound, refused };
}

/** Reads what came of heartbeats. */
export function readLeases(value: unknown): HeartbeatResult {
  const { jobs, not_found, refused } = readAs(leasesSchema, value);
  return {
    jobs: jobs.map(({ id, lease_expires_at, cancel_reason }) => ({
      id,
      leaseExpiresAt: lease_expires_at,
      ...cancel_reason != null && { cancelReason: cancel_reason },
    })),
    notFound: not_found ?? [],
    refused: refused ?? [],
  };
}

const leasesSchema = /* @__PURE__ */ v.object({
  jobs: /* @__PURE__ */ v.array(
    /* @__PURE__ */ v.object({
      id: text,
      lease_expires_at: u64,
      cancel_reason: /* @__PURE__ */ optional(text),
    }, "an object"),
    "a list",
  ),
  not_found: /* @__PURE__ */ optional(texts),
  refused: /* @__PURE__ */ optional(refusedSchema),
}, "an object");

/** Writes how many jobs were taken from their workers. */
export function toTimedOutWire(count: number): object {
  return { timed_out: count };
}

/** Reads jobs that were taken. */
export function readTakenJobs(value: unknown): Job[] {
  return readAs(takenSchema, value).jobs.map(readJob);
}

const takenSchema = /* @__PURE__ */ v.object({
  jobs: /* @__PURE__ */ v.array(/* @__PURE__ */ v.unknown(), "a list"),
}, "an object");

/** Reads how many jobs were taken from their workers. */
export function readTimedOut(value: unknown): number {
  return readAs(timedOutSchema, value).timed_out;
}

const timedOutSchema = /* @__PURE__ */ v.object({ timed_out: u32 }, "an object");
