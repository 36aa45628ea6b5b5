/**
 * Jobs for tests that never saw a broker.
 *
 * @module
 */

import { systemClock } from "../async/clock.ts";
import type { Job } from "../protocol/job.ts";

/** What a job is built from: a definition, or a type and a queue. */
export interface Buildable {
  /** Which handler runs it. */
  readonly type: string;
  /** The queue that it would wait in. */
  readonly queue: string;
}

/** How long the lease of such a job lasts, in ms. */
const leaseMs = 3_600_000;

/** The priority of a job that was given none. */
const usualPriority = 32_768;

/**
 * Builds a job as a worker gets it, without a broker: in flight, delivered for the first time, with an hour of its lease
 * left. The payload goes through JSON, as that of a real job does: a `Date` becomes a text.
 *
 * @param definition What kind of job it is.
 * @param payload What it is about.
 * @param more Members that are to be different, and what time it is, in ms since the epoch (the machine's by default).
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { buildJob } from "@millrace/millrace/testing";
 *
 * const greet = defineJob<{ name: string }>({ type: "greet", queue: "default" });
 * const job = buildJob(greet, { name: "Ada" }, { more: { attempts: 2 } });
 * console.log(job.status, job.attempts, job.payload); // in_flight 2 { name: "Ada" }
 * ```
 */
export function buildJob<Payload>(
  definition: Buildable,
  payload: Payload,
  { more = {}, now = systemClock.now() }: {
    readonly more?: Partial<Job> | undefined;
    readonly now?: number | undefined;
  } = {},
): Job<Payload> {
  return {
    id: crypto.randomUUID().replaceAll("-", "").slice(0, 25),
    type: definition.type,
    queue: definition.queue,
    priority: usualPriority,
    status: "in_flight",
    readyAt: now,
    attempts: 0,
    dequeuedAt: now,
    deliveries: 1,
    workerId: "test-worker",
    leaseExpiresAt: now + leaseMs,
    ...more,
    payload: JSON.parse(JSON.stringify(payload)) as Payload,
  } as Job<Payload>;
}
